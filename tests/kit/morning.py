"""A day of the embassy in which anything may be tried, its calls computed again, and ways to spoil its log."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from queue_system.actions import bookings, calling, counters, raising, staff, tickets, transferring
from queue_system.actions import settings as changing
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.counters import Desk
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.errors import DomainError
from queue_system.core.replayed import Called, Verdict
from queue_system.core.tickets import OPEN, TicketState
from queue_system.settings.branch import Branch
from queue_system.settings.edits import difference
from queue_system.settings.organisation import Profile
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import line
from queue_system.store.queries.replays import replayed
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.values import branch_at, common_at
from queue_system.store.tables import ORGANISATION, Entry, table
from tests.kit.hall import Hall

ENTRY = table(Entry)
COUNTERS = ("c3", "c4", "c5")
#: The counter of most tests, which serves the queue of `attest-single`.
AT = 1
SERVICES = ("attest-single", "verify-doc", "edu-attest", "consular-reg", "death")
CLASSES = ("walkin", "elderly", "disability", "bereavement")
#: Who comes: few emergencies, because before them nothing else counts.
COMING = (*("walkin",) * 8, "elderly", "walkin", "disability", "walkin", "walkin", "elderly", "walkin", "bereavement")
STEPS = (
    "next",
    "next",
    "next",
    "by_hand",
    "issue",
    "issue",
    "booked",
    "press",
    "absent",
    "absent",
    "take_back",
    "back",
)
RARER = ("send_to_one", "send_to_one", "raise", "leave", "send_on", "settings", "sit", "clerk", "take_over")
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"when": "waiting", "waits_min": 10},
    {"when": "fewer", "calls": 2, "last_min": 60, "whose": "branch"},
    {"when": "fewer", "calls": 1, "last_min": 20},
    {"when": "share", "calls": 1, "others": 2},
)
PRESSES = (calling.recall, calling.start_serving, calling.finish, calling.park)
LANGUAGES = ("ar", "en")
#: A skill that services can need, and the profile that `change_profile` makes.
SKILL = "notary"
CHANGING = "changing"


class Morning:
    """A day of the embassy in which anything may be tried; what is refused changes nothing."""

    def __init__(self, hall: Hall, clerks: list[UUID], clock: FrozenClock) -> None:
        self.hall, self.clerks, self.clock = hall, clerks, clock

    def do(self, step: str, counter: int, which: int, minutes: int) -> None:
        with contextlib.suppress(DomainError):
            getattr(self, step)(counter, which)
        self.clock.move(timedelta(minutes=minutes, seconds=which % 7))

    def tried(self, action: Callable[..., Any], *args: Any) -> Any:
        return self.hall.db.write_in_now(self.hall.branch.id, action, *args)

    def here(self, counter: int) -> Desk:
        counter_id = self.hall.counter(COUNTERS[counter])
        current = self.hall.db.read_now(line.at_counter, self.hall.branch.id, counter_id)
        return Desk(self.hall.branch.id, counter_id, self.clerks[counter], current.id if current else None)

    def some(self, which: int, *states: TicketState) -> UUID:
        known = self.hall.db.read_now(line.open_tickets, self.hall.branch.id)
        fitting = [one for one in known if one.state in (states or OPEN)] or known
        return fitting[which % len(fitting)].id if fitting else self.hall.branch.id

    def sit(self, counter: int, which: int) -> None:
        self.tried(counters.close_counter if which % 4 == 0 else counters.open_counter, self.here(counter))

    def take_over(self, counter: int, which: int) -> None:
        """A colleague sits down where somebody has gone without leaving the counter."""
        other = self.clerks[(counter + 1 + which % 2) % len(COUNTERS)]
        self.tried(counters.take_over, replace(self.here(counter), staff_id=other))

    def clerk(self, counter: int, which: int) -> None:
        """Somebody learns or forgets a skill or a language, or gets another calling profile."""
        self.change_clerk(
            counter,
            skills=[SKILL] if which % 2 else [],
            languages=[language for place, language in enumerate(LANGUAGES) if which // 2 >> place & 1],
            profile=CHANGING if which // 8 % 2 else None,
        )

    def change_clerk(
        self, counter: int, skills: Sequence[str] = (), languages: Sequence[str] = (), profile: str | None = None
    ) -> None:
        self.hall.db.write_now(staff.change_calling, f"clerk-{counter}", skills, languages, profile)

    def issue(self, _: int, which: int) -> None:
        priority, language = COMING[which // 7 % len(COMING)], LANGUAGES[which // 3 % 2]
        self.hall.issue(SERVICES[which % len(SERVICES)], priority=priority, language=language)

    def booked(self, _: int, which: int) -> None:
        """Somebody comes to an appointment, in time or late."""
        now, service = self.clock.now(), self.hall.service(SERVICES[which % 2])
        starts_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        order = HoldOrder(self.hall.branch.id, service, starts_at, "عمر", f"+97456{which:06d}", "ar", VISITOR)
        held = self.tried(bookings.hold_slot, order)
        self.tried(bookings.confirm_booking, self.hall.branch.id, held.id, VISITOR)
        self.clock.set(max(now, starts_at + timedelta(minutes=25 if which % 3 == 0 else -9)))
        self.tried(tickets.check_in, self.hall.branch.id, held.id, SYSTEM)

    def next(self, counter: int, which: int) -> None:
        self.tried(calling.call_next, self.here(counter), ("done", "absent", None)[which % 3])

    def by_hand(self, counter: int, which: int) -> None:
        states = (TicketState.WAITING, TicketState.PARKED)[which % 2]
        self.tried(calling.call_ticket, self.here(counter), self.some(which // 2, states), "done", "unwell")

    def press(self, counter: int, which: int) -> None:
        self.tried(PRESSES[which % len(PRESSES)], self.here(counter))

    def absent(self, counter: int, _: int) -> None:
        self.tried(calling.mark_absent, self.here(counter))

    def take_back(self, counter: int, _: int) -> None:
        self.tried(calling.take_back, self.here(counter))

    def back(self, _: int, which: int) -> None:
        queues = list(self.hall.branch.queues)
        missed = self.hall.db.read_now(line.missed_tickets, self.hall.branch, queues, 5)
        ticket = missed[which % len(missed)].id if missed else self.some(which, TicketState.PARKED)
        self.tried(calling.resume, self.hall.branch.id, ticket, SYSTEM)

    def send_to_one(self, counter: int, which: int) -> None:
        """To one counter or person alone."""
        other = (counter + 1 + which % 2) % len(COUNTERS)
        service = self.hall.service(SERVICES[which % len(SERVICES)])
        place = self.hall.counter(COUNTERS[other])
        goal = Goal(service, counter_id=place) if which % 3 else Goal(service, staff_id=self.clerks[other])
        self.tried(transferring.transfer, self.here(counter), goal)

    def send_on(self, counter: int, which: int) -> None:
        service = self.hall.service(SERVICES[which % len(SERVICES)])
        self.tried(transferring.transfer, self.here(counter), Goal(service))

    def leave(self, _: int, which: int) -> None:
        self.tried(tickets.leave, self.hall.branch.id, self.some(which, TicketState.WAITING), VISITOR)

    def raise_(self, _: int, which: int) -> None:
        ticket, priority = self.some(which, TicketState.WAITING), CLASSES[1 + which % 3]
        self.tried(raising.raise_ticket, self.hall.branch.id, ticket, priority, "seen", SYSTEM)

    def settings(self, _: int, which: int) -> None:
        edit_settings(self.hall, which)

    def __getattr__(self, name: str) -> Any:
        if name == "raise":
            return self.raise_
        raise AttributeError(name)


def edit_settings(hall: Hall, which: int) -> None:
    """One of some edits that change who is called: by the branch, or by the organisation for all its branches."""
    match which % 7:
        case 0:
            change_rules(hall, max_wait_guard_min=(20, 45, 60, 90)[which // 4 % 4])
        case 1:
            change_rules(hall, missed_rejoin_after_calls=(None, 1, 3)[which // 4 % 3])
        case 2:
            change_queues(hall, COUNTERS[which // 4 % 3], which // 12)
        case 3:
            change_weight(hall, CLASSES[1 + which // 4 % 2], 1.0 + which % 3 / 2)
        case 4:
            change_profile(hall, COUNTERS[which // 4 % 3], CONDITIONS[which // 12 % len(CONDITIONS)])
        case 5:
            match = ("prefer", "only", "prefer", "off")[which // 4 % 4]
            change_rules(hall, language_match=match, language_first_min=(5, 20)[which // 16 % 2])
        case 6:
            need_skill(hall, SERVICES[which // 4 % len(SERVICES)], needed=which // 20 % 4 > 0)


def change_rules(hall: Hall, **rules: Any) -> None:
    def after(before: Branch) -> Branch:
        return before.changed(queue_rules=before.queue_rules.changed(**rules))

    save(hall.db, hall.branch.id, after)


def change_queues(hall: Hall, counter: str, which: int) -> None:
    """Take one queue from a counter, or give it another, as the number says."""

    def after(before: Branch) -> Branch:
        every, known = list(before.queues), before.counters[counter].queues
        one = every[which % len(every)]
        queues = tuple(slug for slug in known if slug != one) if one in known else (*known, one)
        return before.changed(counters=before.counters | {counter: before.counters[counter].changed(queues=queues)})

    save(hall.db, hall.branch.id, after)


def change_profile(hall: Hall, counter: str, condition: dict[str, Any]) -> None:
    """Let a counter call the last of its queues first under a condition, which looks at its first one."""

    def after(before: Branch) -> Branch:
        queues = before.counters[counter].queues
        step = {"queues": [queues[-1]]} | condition | ({"watched": queues[0]} if condition else {})
        profile = {"slug": CHANGING, "names": {"ar": "متغير", "en": "changing"}, "steps": [step]}
        here = before.counters[counter].changed(calling_profile=CHANGING)
        return before.changed(
            calling_profiles=before.calling_profiles | {CHANGING: profile},
            counters=before.counters | {counter: here},
        )

    save(hall.db, hall.branch.id, after)


def need_skill(hall: Hall, service: str, *, needed: bool = True) -> None:
    """Let a service need the skill, or no longer."""

    def after(before: Branch) -> Branch:
        changed = before.services[service].changed(skills=(SKILL,) if needed else ())
        skills = before.skills | {SKILL: {"ar": "توثيق", "en": "Notary"}}
        return before.changed(skills=skills, services=before.services | {service: changed})

    save(hall.db, hall.branch.id, after)


def change_weight(hall: Hall, priority: str, weight: float) -> None:
    def after(before: Profile) -> Profile:
        known = before.catalogue.priorities
        changed = known | {priority: known[priority].changed(weight=weight)}
        return before.changed(catalogue=before.catalogue.changed(priorities=changed))

    save(hall.db, ORGANISATION, after)


def save(db: Database, place: UUID, after: Callable[[Any], Any]) -> None:
    def edits(tx: Tx) -> Any:
        before: Any = common_at(StoredRows(tx)) if place == ORGANISATION else branch_at(StoredRows(tx), place)
        return difference(before, after(before))

    wanted = db.read_now(edits)
    told = db.read_now(changing.preview, place, wanted)
    db.write_now(changing.save, place, wanted, told.sha256, actor=SYSTEM, person=None)


def all_calls(hall: Hall, clock: FrozenClock) -> list[Called]:
    return hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))


def not_reproduced(calls: list[Called]) -> list[Called]:
    return [call for call in calls if call.verdict is not Verdict.REPRODUCED]


def spoil(hall: Hall, instead: dict[str, Any]) -> None:
    """Exchange who was called, in all entries after the numbers were given."""
    rows = hall.db.read_now(Tx.rows, sa.select(ENTRY).where(ENTRY.c.subject.in_(list(instead))))
    later = [row for row in rows if row.kind != "ticket.issued"]
    others = {row.seq: instead[row.subject] for row in later}
    change_log(
        hall,
        *(
            sa.update(ENTRY)
            .where(ENTRY.c.branch_id == row.branch_id, ENTRY.c.seq == row.seq)
            .values(subject=str(others[row.seq].id), data=row.data | {"code": others[row.seq].code})
            for row in later
        ),
    )


def alter(hall: Hall, kind: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change the data of all entries of a kind."""
    rows = hall.db.read_now(Tx.rows, sa.select(ENTRY).where(ENTRY.c.kind == kind))
    change_log(
        hall,
        *(
            sa.update(ENTRY)
            .where(ENTRY.c.branch_id == row.branch_id, ENTRY.c.seq == row.seq)
            .values(data=change(row.data))
            for row in rows
        ),
    )


def change_log(hall: Hall, *statements: sa.Executable) -> None:
    """Run statements that the log refuses, as somebody at the database could."""
    embedded = hall.db.dialect.is_embedded
    with hall.db.migrating() as connection:
        for trigger in ("entry_no_update", "entry_no_delete") if embedded else ("entry_append_only", "entry_pruned"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}{'' if embedded else ' ON entry'}")
        for statement in statements:
            connection.execute(statement)
