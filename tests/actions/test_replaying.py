"""Every call is computed again from the log: on any day, with the settings of each moment. On both databases."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_system.actions import bookings, calling, counters, raising, tickets, transferring
from queue_system.actions import settings as changing
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.counters import Desk
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core import hours
from queue_system.core.errors import DomainError
from queue_system.core.replayed import Called, Verdict
from queue_system.core.tickets import OPEN, TicketState
from queue_system.settings.branch import Branch
from queue_system.settings.edits import difference
from queue_system.settings.organisation import Profile
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import line
from queue_system.store.queries.replays import replayed, replayed_days
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.values import branch_at, common_at
from queue_system.store.tables import ORGANISATION, Change, Entry, table
from tests.kit.hall import Hall

ENTRY = table(Entry)
COUNTERS = ("c3", "c4", "c5")
#: The counter of most tests, which serves the queue of `attest-single`.
AT = 1
SERVICES = ("attest-single", "verify-doc", "edu-attest", "consular-reg", "death")
CLASSES = ("walkin", "elderly", "disability", "bereavement")
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
RARER = ("send_to_one", "send_to_one", "raise", "leave", "send_on", "settings", "sit")
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"when": "waiting", "waits_min": 10},
    {"when": "fewer", "calls": 2, "last_min": 60, "whose": "branch"},
    {"when": "fewer", "calls": 1, "last_min": 20},
    {"when": "share", "calls": 1, "others": 2},
)
PRESSES = (calling.recall, calling.start_serving, calling.finish, calling.park)

a_step = st.tuples(st.sampled_from(STEPS + RARER), st.integers(0, 2), st.integers(0, 999), st.integers(0, 20))


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

    def issue(self, _: int, which: int) -> None:
        self.hall.issue(SERVICES[which % len(SERVICES)], priority=CLASSES[which // 7 % len(CLASSES)])

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
    match which % 5:
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
        profile = {"slug": "changing", "names": {"ar": "متغير", "en": "changing"}, "steps": [step]}
        here = before.counters[counter].changed(calling_profile="changing")
        return before.changed(
            calling_profiles=before.calling_profiles | {"changing": profile},
            counters=before.counters | {counter: here},
        )

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


@pytest.fixture
def morning(hall: Hall, clock: FrozenClock) -> Morning:
    clerks = [hall.person(f"clerk-{number}") for number in range(len(COUNTERS))]
    return Morning(hall, clerks, clock)


def all_calls(hall: Hall, clock: FrozenClock) -> list[Called]:
    return hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))


def not_reproduced(calls: list[Called]) -> list[Called]:
    return [call for call in calls if call.verdict is not Verdict.REPRODUCED]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_call_of_any_day_is_reproduced(morning: Morning, clock: FrozenClock) -> None:
    hall, seen = morning.hall, []

    @settings(max_examples=12, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(a_step, min_size=25, max_size=70))
    def any_day(steps: list[tuple[str, int, int, int]]) -> None:
        opening = hours.next_opening(clock.now() + timedelta(hours=12), hall.branch.calendar)
        assert opening is not None
        clock.set(opening + timedelta(minutes=15))
        for counter in range(len(COUNTERS)):
            morning.do("sit", counter, 1, 0)
        for number in range(8):
            morning.do("issue", 0, number * 11, 0)
        # A visitor who goes to complete a form, and is called back.
        for step in (("next", AT, 0, 3), ("press", AT, PRESSES.index(calling.park), 0), ("by_hand", AT, 1, 0), *steps):
            morning.do(*step)
        today = hours.business_date(clock.now(), hall.branch.zone, hall.branch.day_starts)
        calls = hall.db.read_now(replayed_days, hall.branch, today - timedelta(days=1), today)
        assert not_reproduced(calls) == []
        seen.extend(calls)

    any_day()
    assert not_reproduced(all_calls(hall, clock)) == []
    codes = {call.reason.code for call in seen}
    assert {"waited-longest", "chosen-by-staff", "parked-back"} <= codes
    assert codes & {"skipped-back", "skipped"}


def test_the_settings_of_the_moment_count(morning: Morning, clock: FrozenClock) -> None:
    """A call stays reproduced after the rule was changed, by the branch and by the organisation, and changed again."""
    hall = morning.hall
    morning.sit(AT, 1)
    for guard, weight in ((20, 2.0), (60, 5.0), (90, 1.5)):
        change_rules(hall, max_wait_guard_min=guard)
        change_weight(hall, "elderly", weight)
        for priority in ("walkin", "walkin", "elderly"):
            hall.issue("attest-single", priority=priority)
            clock.move(timedelta(minutes=13))
        morning.next(AT, 0)
        morning.next(AT, 0)
    change_queues(hall, COUNTERS[AT], 0)
    calls = all_calls(hall, clock)
    assert len(calls) == 6
    assert "priority-class" in {call.reason.code for call in calls}
    assert not_reproduced(calls) == []
    assert not any(call.breaks_promise for call in calls)
    # Without the history of settings, the rule of now would say something else.
    hall.db.write_now(Tx.execute, sa.delete(table(Change)))
    assert not_reproduced(all_calls(hall, clock))


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.get("when", "always") + one.get("whose", ""))
def test_calls_by_a_profile_are_reproduced(morning: Morning, clock: FrozenClock, condition: dict[str, Any]) -> None:
    hall = morning.hall
    change_profile(hall, COUNTERS[AT], condition)
    morning.sit(AT, 1)
    own = hall.branch.counter(COUNTERS[AT]).queues
    services = [
        next(one.slug for one in hall.branch.services.values() if one.queue_id == queue) for queue in (own[0], own[-1])
    ]
    for service in services * 3:
        with contextlib.suppress(DomainError):
            hall.issue(service)
        clock.move(timedelta(minutes=4))
    for _ in range(5):
        morning.next(AT, 0)
        clock.move(timedelta(minutes=3))
    calls = all_calls(hall, clock)
    assert len(calls) == 5
    assert not_reproduced(calls) == []
    assert any(call.reason.code.startswith("profile-") for call in calls)


@pytest.mark.parametrize("closes", [True, False], ids=["closes", "stays"])
def test_calls_beside_a_reserved_ticket_are_reproduced(morning: Morning, clock: FrozenClock, closes: bool) -> None:
    """Whoever waits for one counter alone is passed by the others, until that counter closes."""
    hall = morning.hall
    other = next(place for place in (0, 2) if shares_queue(hall, place))
    for counter in (AT, other):
        morning.sit(counter, 1)
    first = hall.issue("attest-single").ticket
    for _ in range(3):
        hall.issue("attest-single")
        clock.move(timedelta(minutes=2))
    morning.next(AT, 0)
    goal = Goal(hall.service("attest-single"), counter_id=hall.counter(COUNTERS[other]))
    morning.tried(transferring.transfer, morning.here(AT), goal)
    morning.next(AT, 0)
    if closes:
        morning.sit(other, 0)
    else:
        morning.next(other, 0)
        morning.tried(calling.take_back, morning.here(other))
        morning.next(AT, 0)
    morning.next(AT if closes else other, 0)
    calls = all_calls(hall, clock)
    assert not_reproduced(calls) == []
    assert calls[-1].code == first.code
    assert len({call.code for call in calls[1:-1]} - {first.code}) >= 1


def shares_queue(hall: Hall, place: int) -> bool:
    queue = hall.branch.service("attest-single").queue_id
    return queue in hall.branch.counter(COUNTERS[place]).queues


def test_a_call_that_was_exchanged_is_reported(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    first, second = (hall.issue("attest-single").ticket for _ in range(2))
    clock.move(timedelta(minutes=5))
    morning.next(AT, 0)
    morning.next(AT, 0)
    assert not_reproduced(all_calls(hall, clock)) == []
    spoil(hall, {str(first.id): second, str(second.id): first})
    differing = not_reproduced(all_calls(hall, clock))
    assert [(call.verdict, call.code, call.expected) for call in differing] == [
        (Verdict.DIFFERS, second.code, first.code),
        (Verdict.DIFFERS, first.code, second.code),
    ][: len(differing)]
    assert differing


def test_a_reason_that_was_altered_is_reported(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    hall.issue("attest-single")
    clock.move(timedelta(minutes=5))
    morning.next(AT, 0)
    alter(hall, "ticket.called", lambda data: data | {"values": {"n": 7}})
    (call,) = not_reproduced(all_calls(hall, clock))
    assert call.verdict is Verdict.DIFFERS
    assert call.why is not None
    assert call.why.values == {"n": 5}


def test_a_call_by_hand_is_what_it_says(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    _, second = (hall.issue("attest-single").ticket for _ in range(2))
    morning.tried(calling.call_ticket, morning.here(AT), second.id, None, "unwell")
    (call,) = all_calls(hall, clock)
    assert (call.verdict, call.by_hand) == (Verdict.REPRODUCED, True)
    alter(hall, "ticket.called", lambda data: data | {"reason": "parked-back", "values": {}})
    (call,) = all_calls(hall, clock)
    assert call.verdict is Verdict.DIFFERS


def test_an_older_log_is_counted_apart(morning: Morning, clock: FrozenClock) -> None:
    """An entry about a press that was taken back, without the place of the ticket, as earlier versions wrote it."""
    hall = morning.hall
    morning.sit(AT, 1)
    hall.issue("attest-single")
    morning.next(AT, 0)
    morning.tried(calling.take_back, morning.here(AT))
    morning.next(AT, 0)
    assert not_reproduced(all_calls(hall, clock)) == []
    new = ("anchor_at", "skips", "others_first", "one_more")
    alter(hall, "ticket.taken_back", lambda data: {name: data[name] for name in data if name not in new})
    assert [call.verdict for call in all_calls(hall, clock)] == [Verdict.REPRODUCED, Verdict.UNKNOWN]


def test_calls_whose_line_is_no_longer_in_the_log_are_counted_apart(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    first = hall.issue("attest-single").ticket
    clock.move(timedelta(minutes=5))
    second = hall.issue("attest-single").ticket
    clock.move(timedelta(minutes=5))
    morning.next(AT, 0)
    morning.next(AT, 0)
    # As if the beginning of the day had been deleted in time.
    change_log(hall, sa.delete(ENTRY).where(ENTRY.c.kind == "ticket.issued", ENTRY.c.subject == str(second.id)))
    found = {call.code: call.verdict for call in all_calls(hall, clock)}
    assert found == {first.code: Verdict.UNKNOWN, second.code: Verdict.UNKNOWN}


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
