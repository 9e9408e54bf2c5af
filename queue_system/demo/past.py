"""The last open day of a demonstration: made-up visits, from which the forecast of waits has learnt how long visits take."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ..actions.calling import call_next, finish
from ..actions.counters import Desk, close_counter, open_counter
from ..actions.tickets import TicketOrder, issue_ticket
from ..clock import FrozenClock
from ..core import hours
from ..core.waits.announce import ENOUGH_VISITS
from ..store.database import Database
from ..store.log import SYSTEM
from ..store.queries.settings import BranchSettings, ServiceView

#: So many visits to each queue are a little more than the forecast asks for.
VISITS: Final = ENOUGH_VISITS + 2
#: The last open day is looked for so far back; the organisation must have been installed before it.
DAYS_BACK: Final = 10
LONGEST_DAY: Final = timedelta(hours=12)


def serve(database: Database, branch: BranchSettings, clerks: Sequence[UUID]) -> None:
    """Serve visitors on the last open day, each clerk at a counter with a queue of its own; nothing where none was open."""
    begins = _begins(branch, database.clock.now())
    desks = list(_desks(branch, clerks))
    if begins is None or not desks:
        return
    clock, database.clock = database.clock, FrozenClock(begins)
    try:
        for desk, _ in desks:
            database.write_in_now(branch.id, open_counter, desk)
        at_counter: dict[UUID, UUID] = {}
        for at, (desk, service) in _visits(branch, begins, desks):
            database.clock = FrozenClock(at)
            order = TicketOrder(branch.id, service.id, branch.default_language, "reception", SYSTEM)
            database.write_in_now(branch.id, issue_ticket, order)
            here = Desk(branch.id, desk.counter_id, desk.staff_id, at_counter.get(desk.counter_id))
            called = database.write_in_now(branch.id, call_next, here, "done")
            if called is not None:
                at_counter[desk.counter_id] = called.id
        for desk, service in desks:
            database.clock = FrozenClock(database.clock.now() + timedelta(minutes=service.duration_min))
            here = Desk(branch.id, desk.counter_id, desk.staff_id, at_counter.get(desk.counter_id))
            database.write_in_now(branch.id, finish, here)
            database.write_in_now(branch.id, close_counter, desk)
    finally:
        database.clock = clock


def _begins(branch: BranchSettings, now: datetime) -> datetime | None:
    """When the last open day before today began, UTC."""
    today = branch.timetable.business_date(now)
    for back in range(1, DAYS_BACK + 1):
        day = today - timedelta(days=back)
        for window in hours.windows(day, branch.calendar):
            return hours.to_instants(day, window, branch.zone)[0]
    return None


def _desks(branch: BranchSettings, clerks: Sequence[UUID]) -> Iterator[tuple[Desk, ServiceView]]:
    """For each clerk a counter, and a service of one of its queues that no other clerk serves."""
    left, taken = list(clerks), set[UUID]()
    for counter in branch.counters.values():
        service = next(
            (
                one
                for one in branch.services.values()
                if one.queue_id in counter.queues and one.queue_id not in taken and one.walk_in
            ),
            None,
        )
        if service is not None and left:
            taken.add(service.queue_id)
            yield Desk(branch.id, counter.id, left.pop(0)), service


def _visits(
    branch: BranchSettings, begins: datetime, desks: Sequence[tuple[Desk, ServiceView]]
) -> list[tuple[datetime, tuple[Desk, ServiceView]]]:
    """When each visit begins and where, the earliest first; most take a little less than what is planned."""
    chance = random.Random(1)  # noqa: S311 - a demonstration is the same each time
    found = []
    for desk, service in desks:
        at, visits = begins, 0
        while visits < VISITS and at < begins + LONGEST_DAY:
            if branch.timetable.takes_tickets(at, service.id):
                found.append((at, (desk, service)))
                visits += 1
            at += timedelta(minutes=round(service.duration_min * chance.uniform(0.3, 0.8), 1))
    return sorted(found, key=lambda one: one[0])
