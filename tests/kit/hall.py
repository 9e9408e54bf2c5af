"""A hall with people: the embassy installed, staff, devices; made once and copied for each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from queue_system.actions import bookings, calling, counters, staff, tickets
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.counters import Desk
from queue_system.actions.tickets import Issued, TicketOrder
from queue_system.clock import FrozenClock
from queue_system.store.database import Database, Tx
from queue_system.store.editing import editing, editing_catalogue
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.settings import BranchSettings, branch_ids, branch_settings
from queue_system.store.tables import ORGANISATION, Branch, table
from tests.kit.furnished import furnish_with

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Hall:
    """A branch of an installed organisation, and shorthands for actions in it."""

    db: Database
    branch: BranchSettings

    def service(self, slug: str) -> UUID:
        return self.branch.service(slug).id

    def counter(self, slug: str) -> UUID:
        return self.branch.counter(slug).id

    def issue(
        self,
        service: str = "attest-single",
        *,
        request_id: str | None = None,
        priority: str = "walkin",
        language: str = "ar",
    ) -> Issued:
        order = TicketOrder(
            branch_id=self.branch.id,
            service_id=self.service(service),
            language=language,
            source="kiosk",
            actor=SYSTEM,
            request_id=request_id,
            priority=priority,
        )
        return self.db.write_in_now(self.branch.id, tickets.issue_ticket, order)

    def check_in(self, service: str, clock: FrozenClock, early: timedelta = timedelta()) -> TicketView:
        """Book the next full hour, come `early`, and check in; the clock is set to that moment."""
        starts_at = clock.now().replace(minute=0) + timedelta(hours=1)
        order = HoldOrder(
            self.branch.id, self.service(service), starts_at, "سامر الحموي", "+97455512345", "ar", VISITOR
        )
        held = self.db.write_in_now(self.branch.id, bookings.hold_slot, order)
        self.db.write_in_now(self.branch.id, bookings.confirm_booking, self.branch.id, held.id, VISITOR)
        clock.set(starts_at - early)
        return self.db.write_in_now(self.branch.id, tickets.check_in, self.branch.id, held.id, SYSTEM).ticket

    def person(self, login: str, roles: tuple[tuple[UUID, str], ...] | None = None) -> UUID:
        """Add a member of staff with the password PASSWORD; an officer of this branch unless `roles` says otherwise."""
        from queue_system.web.passwords import hash_password

        new = staff.NewStaff(
            login=login,
            name=f"{login} name",
            password=hash_password(PASSWORD),
            language="ar",
            roles=roles if roles is not None else ((self.branch.id, "officer"),),
        )
        return self.db.write_now(staff.create_staff, new)

    def administrator(self, login: str = "admin") -> UUID:
        return self.person(login, ((ORGANISATION, "administrator"),))

    def at(self, staff_id: UUID, counter: str = "c4", expected: UUID | None = None) -> Desk:
        return Desk(self.branch.id, self.counter(counter), staff_id, expected)

    def sit(self, staff_id: UUID, counter: str = "c4") -> Desk:
        """Open a counter for somebody."""
        here = self.at(staff_id, counter)
        self.db.write_in_now(self.branch.id, counters.open_counter, here)
        return here

    def call_next(self, here: Desk, became: str | None = "done") -> TicketView | None:
        """Call the next visitor; the one before has been served, unless `became` says otherwise."""
        return self.db.write_in_now(self.branch.id, calling.call_next, here, became)

    def give_up(self, here: Desk, clock: FrozenClock) -> TicketView:
        """Call the visitor at a counter as often and as long as the branch's rule asks; nobody comes."""
        rule = line.absence_rule(self.branch)
        for _ in range(rule.calls - 1):
            clock.move(line.recall_rule(self.branch).pause)
            self.db.write_in_now(self.branch.id, calling.recall, here)
        clock.move(rule.after)
        return self.db.write_in_now(self.branch.id, calling.mark_absent, here)


def furnish(db: Database, profile: str = "embassy", branch: str | None = None) -> Hall:
    """Install a profile into an empty database, and use its first branch or the named one."""
    furnish_with(db, profile)
    return enter(db, branch)


def enter(db: Database, branch: str | None = None) -> Hall:
    """The hall of an installed organisation."""
    ids = db.read_now(branch_ids)
    return Hall(db, db.read_now(branch_settings, ids[branch] if branch else next(iter(ids.values()))))


def change_settings(db: Database, *changes: sa.Executable | Callable[[Tx], Any]) -> None:
    """Change settings of the whole organisation with statements, or with functions that run some."""

    def work(tx: Tx) -> None:
        with editing_catalogue(tx):
            for change in changes:
                change(tx) if callable(change) else tx.execute(change)

    db.write_now(work)


def edit(hall: Hall, change: Callable[[Tx], Any]) -> None:
    """Edit settings of the branch as the office does."""

    def work(tx: Tx) -> None:
        with editing(tx, [hall.branch.id]):
            change(tx)

    hall.db.write_now(work)


def set_branch(hall: Hall, **said: object) -> None:
    """Set further settings of the branch, such as its calling code; None removes one."""
    branches = table(Branch)
    here = branches.c.id == hall.branch.id

    def change(tx: Tx) -> None:
        data = dict(tx.scalar(sa.select(branches.c.data).where(here))) | said
        known = {name: value for name, value in data.items() if value is not None}
        tx.execute(sa.update(branches).where(here).values(data=known))

    edit(hall, change)


def one_call_is_enough(hall: Hall) -> None:
    """From now on a visitor who is not here after one call is a no-show, whatever the profile says."""
    set_rules(hall, no_show_after_calls=1, no_show_after_min=0)


def set_rules(hall: Hall, **said: object) -> None:
    """Set rules of the branch's queues besides those of its profile."""
    branches = table(Branch)
    rules = hall.branch.queue_rules.model_dump(exclude_unset=True) | said
    changed = sa.update(branches).where(branches.c.id == hall.branch.id).values(queue_rules=rules)
    edit(hall, lambda tx: tx.execute(changed))
