"""Past days of a demonstration: made-up visits, from which the forecast of waits has learnt how long visits take."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from ..actions.calling import call_next, finish
from ..actions.counters import Desk, close_counter, open_counter
from ..actions.tickets import TicketOrder, issue_ticket
from ..clock import FrozenClock
from ..core import hours
from ..core.waits.announce import ENOUGH_VISITS
from ..store.database import Database
from ..store.log import Actor
from ..store.queries.settings import BranchSettings, ServiceView

#: So many visits to each queue are a little more than the forecast asks for.
VISITS: Final = ENOUGH_VISITS + 2
#: The organisation must have been installed before the first of these days.
DAYS_BACK: Final = 10
LAST_VISIT: Final = timedelta(minutes=10)

Visit: TypeAlias = tuple[datetime, Desk, ServiceView]


def serve(database: Database, branch: BranchSettings, clerks: Sequence[UUID]) -> None:
    """Serve visitors on past days, each clerk at a counter with a queue of its own, until each has had VISITS."""
    desks = list(_desks(branch, clerks))
    clock = database.clock
    try:
        for visits in _days(branch, desks, clock.now()):
            _serve_day(database, branch, visits)
    finally:
        database.clock = clock


def _serve_day(database: Database, branch: BranchSettings, visits: Sequence[Visit]) -> None:
    """Call each visitor at once; the clerks come with the first one, and go after the last."""
    at_counter: dict[Desk, UUID] = {}
    for at, desk, service in visits:
        database.clock = FrozenClock(at)
        if desk not in at_counter:
            database.write_in_now(branch.id, open_counter, desk)
        clerk = Actor("staff", str(desk.staff_id))
        order = TicketOrder(branch.id, service.id, branch.default_language, "reception", clerk)
        database.write_in_now(branch.id, issue_ticket, order)
        called = database.write_in_now(branch.id, call_next, replace(desk, expected=at_counter.get(desk)), "done")
        if called is not None:
            at_counter[desk] = called.id
    database.clock = FrozenClock(database.clock.now() + LAST_VISIT)
    for desk, ticket_id in at_counter.items():
        database.write_in_now(branch.id, finish, replace(desk, expected=ticket_id))
        database.write_in_now(branch.id, close_counter, desk)


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


def _days(branch: BranchSettings, desks: Sequence[tuple[Desk, ServiceView]], now: datetime) -> Iterator[list[Visit]]:
    """The visits of each past day, in the order of time; most take a little less than what is planned."""
    chance = random.Random(1)  # noqa: S311 - a demonstration is the same each time
    today = branch.timetable.business_date(now)
    still = dict.fromkeys((desk for desk, _ in desks), VISITS)
    for day in (today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)):
        visits: list[Visit] = []
        for desk, service in desks:
            for window in hours.windows(day, branch.calendar, service.id):
                at, closes = hours.to_instants(day, window, branch.zone)
                while still[desk] and at < closes - LAST_VISIT and branch.timetable.takes_tickets(at, service.id):
                    visits.append((at, desk, service))
                    still[desk] -= 1
                    at += timedelta(minutes=round(service.duration_min * chance.uniform(0.3, 0.8), 1))
        if visits:
            yield sorted(visits, key=lambda one: one[0])
