"""Past days of a demonstration: made-up visitors who waited, were called by the rule, and came or did not.

The forecast of waits learns from them how long visits take, and the pages about a past day have something to show. Visitors
of the last of these days were told how long they would wait, because by then enough visits were known.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import Concatenate, Final, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from ..actions.calling import call_next, start_serving
from ..actions.counters import Desk, close_counter, open_counter
from ..actions.tickets import TicketOrder, issue_ticket
from ..clock import FrozenClock
from ..core import hours
from ..core.dispatch import is_emergency
from ..core.tickets import ORDINARY
from ..core.waits.announce import ENOUGH_VISITS
from ..store.database import Database, Tx
from ..store.log import Actor
from ..store.queries.classes import given_by_staff
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, ServiceView
from .telling import Telling

P = ParamSpec("P")
R = TypeVar("R")

#: They came on the last days on which the hall was open. The last one is enough to see whether waits came true, and the
#: others teach the forecast.
DAYS: Final = 3
#: Visitors of each queue: before the last day more than the forecast asks for, because some do not come when called.
VISITS: Final = (ENOUGH_VISITS + 8) * DAYS // (DAYS - 1)
#: The organisation must have been installed before the first of these days.
DAYS_BACK: Final = 10
#: Nobody came so shortly before closing.
LAST_ARRIVAL: Final = timedelta(minutes=30)
#: Visitors came a little faster than they were served, so that a line grew.
PRESSURE: Final = 1.1
#: Visits took this part of the planned time.
SHORTEST, LONGEST = 0.3, 0.8
WALK: Final = timedelta(seconds=30)
PATIENCE: Final = timedelta(minutes=2)
STAYS_AWAY: Final = 0.05
#: Some have a class for whom waiting is hard.
HAS_A_CLASS: Final = 0.08


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who comes for a service."""

    service: ServiceView


@dataclass(frozen=True, slots=True)
class Begin:
    """Whoever was called to a counter has come."""

    desk: Desk


@dataclass(frozen=True, slots=True)
class Press:
    """A clerk calls the next visitor; `became` is told of one who was called and not served."""

    desk: Desk
    became: str | None = None


#: What happens, in the order of time; the number decides where two things happen at once.
Event: TypeAlias = tuple[datetime, int, Arrival | Begin | Press]


def serve(database: Database, branch: BranchSettings, clerks: Sequence[UUID]) -> None:
    """Let VISITS people come for each of some queues on the last open days; each clerk is at a counter for one of them."""
    desks = list(_desks(branch, clerks))
    clock = database.clock
    chance = random.Random(1)  # noqa: S311 - a demonstration is the same each time
    try:
        for arrivals in _days(branch, desks, clock.now(), chance):
            _Day(database, branch, [desk for desk, _ in desks], chance).go(arrivals)
    finally:
        database.clock = clock


class _Day:
    """One past day: the clerks come with the first visitor, and go when the last one has been served."""

    def __init__(
        self, database: Database, branch: BranchSettings, desks: Sequence[Desk], chance: random.Random
    ) -> None:
        self._database = database
        self._branch = branch
        self._chance = chance
        self._at_counter: dict[Desk, TicketView | None] = dict.fromkeys(desks)
        self._events: list[Event] = []
        self._numbers = itertools.count()

    def go(self, arrivals: Sequence[tuple[datetime, ServiceView]]) -> None:
        self._events = [(at, next(self._numbers), Arrival(service)) for at, service in arrivals]
        heapify(self._events)
        self._database.clock = FrozenClock(self._events[0][0])
        self._telling = Telling(self._database, self._branch)
        for desk in self._at_counter:
            self._write(open_counter, desk)
        while self._events:
            at, _, event = heappop(self._events)
            self._database.clock = FrozenClock(at)
            if isinstance(event, Arrival):
                self._arrive(event.service)
            elif isinstance(event, Begin):
                self._begin(event.desk)
            else:
                self._press(event.desk, event.became)
        for desk in self._at_counter:
            self._write(close_counter, desk)

    def _arrive(self, service: ServiceView) -> None:
        priority = self._class()
        order = TicketOrder(
            self._branch.id,
            service.id,
            self._branch.default_language,
            "reception",
            Actor("staff", str(next(iter(self._at_counter)).staff_id)),
            priority=priority,
            told=self._telling.told(service, priority),
        )
        self._write(issue_ticket, order)
        for desk, ticket in self._at_counter.items():
            if ticket is None and service.queue_id in self._branch.counters[desk.counter_id].queues:
                self._press(desk, None)
                return

    def _class(self) -> str:
        if self._chance.random() >= HAS_A_CLASS:
            return ORDINARY
        today = self._branch.timetable.business_date(self._database.clock.now())
        given = [
            slug
            for slug in given_by_staff(self._branch, today)
            if not is_emergency(self._branch.priorities[slug].weight)
        ]
        return self._chance.choice(given) if given else ORDINARY

    def _begin(self, desk: Desk) -> None:
        ticket = self._write(start_serving, self._here(desk))
        self._at_counter[desk] = ticket
        planned = self._branch.services[ticket.service_id].duration_min
        self._later(timedelta(minutes=planned * self._chance.uniform(SHORTEST, LONGEST)), Press(desk))

    def _press(self, desk: Desk, became: str | None) -> None:
        called = self._write(call_next, self._here(desk), became)
        self._at_counter[desk] = called
        if called is None:
            return
        if self._chance.random() < STAYS_AWAY:
            self._later(PATIENCE, Press(desk, "absent"))
        else:
            self._later(WALK, Begin(desk))

    def _here(self, desk: Desk) -> Desk:
        ticket = self._at_counter[desk]
        return replace(desk, expected=ticket.id if ticket else None)

    def _later(self, after: timedelta, event: Begin | Press) -> None:
        heappush(self._events, (self._database.clock.now() + after, next(self._numbers), event))

    def _write(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        return self._database.write_in_now(self._branch.id, work, *args, **kwargs)


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


def _days(
    branch: BranchSettings, desks: Sequence[tuple[Desk, ServiceView]], now: datetime, chance: random.Random
) -> Iterator[list[tuple[datetime, ServiceView]]]:
    """Who came on each of the last open days, in the order of time."""
    today = branch.timetable.business_date(now)
    open_days = [
        day
        for day in (today - timedelta(days=back) for back in range(1, DAYS_BACK + 1))
        if all(hours.windows(day, branch.calendar, service.id) for _, service in desks)
    ][:DAYS]
    for number, day in enumerate(reversed(open_days)):
        arrivals = []
        for _, service in desks:
            people = VISITS * (number + 1) // len(open_days) - VISITS * number // len(open_days)
            arrivals += [(at, service) for at in _arrivals(branch, service, day, people, chance)]
        yield sorted(arrivals, key=itemgetter(0))


def _arrivals(
    branch: BranchSettings, service: ServiceView, day: date, people: int, chance: random.Random
) -> Iterator[datetime]:
    """When they came for a service on a day, from its opening on."""
    opens, closes = hours.to_instants(day, hours.windows(day, branch.calendar, service.id)[0], branch.zone)
    visit = timedelta(minutes=service.duration_min * (SHORTEST + LONGEST) / 2) + WALK
    stretch = min(people * visit / PRESSURE, closes - LAST_ARRIVAL - opens)
    for _ in range(people):
        yield opens + stretch * chance.random()
