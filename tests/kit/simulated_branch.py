"""A branch of which everything is made by chance: a morning rush, three queues, priorities, appointments, breaks, and
sometimes a counter that closes unforeseen. Its counters call by `core.dispatch.choose`.

What forecasts may know is in the `Hall` that a `Witness` gets with each new ticket. What they do not know: that one clerk is
quicker than another, that on some days everything takes longer, who will walk in, who will give up, which counter closes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Protocol
from uuid import UUID

from queue_system.core.dispatch import CallingRules, Waiting, choose
from queue_system.core.waits.hall import Arrival, Away, Counter, Hall, InLine, Visit

OPENS = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = CallingRules.of((1, 3, 4, 10), call_early_min=5, guard_min=60)
WALKIN, APPOINTMENT, PRIORITY, EMERGENCY = 1.0, 3.0, 4.0, 10.0
# Bookings of the next two hours are told to the forecast.
AHEAD = timedelta(hours=2)

_QUEUES = tuple(UUID(int=n) for n in (1, 2, 3))
_SERVICES = tuple(UUID(int=n) for n in (11, 12, 13, 14))


@dataclass(frozen=True)
class Service:
    """A service: what is configured, and the minutes that it really takes; its share of those who come.

    They are lognormal with this `deviation`, or exponential without one.
    """

    id: UUID
    queue_id: UUID
    configured: float
    mean: float
    deviation: float | None
    share: float


@dataclass(frozen=True)
class Clerk:
    """A counter and whoever works there: the queues, how long a visit takes compared with others, minutes of the break."""

    queues: frozenset[UUID]
    slowness: float = 1.0
    break_from: float | None = None
    break_for: float = 30.0


@dataclass(frozen=True)
class Plan:
    """A branch. Rates are people an hour, in each hour of the day from the first on; `booked` are appointments an hour.

    `priority` is the share of people with a class of weight 4; `patience` the minutes after which people give up, on
    average (None: never); `absent` the share who do not come when called; `closes` the probability that on a day one
    counter closes for an hour and a half; `moods` how much longer or shorter everything takes on one day than another.
    """

    services: tuple[Service, ...]
    clerks: tuple[Clerk, ...]
    rates: tuple[float, ...]
    booked: float = 0.0
    shows: float = 0.85
    priority: float = 0.0
    emergencies: float = 0.0
    absent: float = 0.0
    patience: float | None = None
    closes: float = 0.0
    moods: float = 0.0


@dataclass(eq=False)
class Person:
    """Somebody who came: the ticket, the service, when the number was taken."""

    ticket: Waiting
    service: Service
    issued_at: datetime


class Witness(Protocol):
    """Somebody who watches a branch; `at` are instants in UTC."""

    def issued(self, person: Person, hall: Hall) -> None:
        """Somebody has taken a number and is in the hall's line."""

    def called(self, person: Person, at: datetime) -> None:
        """Somebody was called."""

    def left(self, person: Person, at: datetime) -> None:
        """Somebody gave up."""

    def ended(self, person: Person, minutes: float) -> None:
        """A visit kept its counter for so long."""

    def closed(self, at: datetime) -> None:
        """A counter has closed unforeseen."""


@dataclass
class _Desk:
    clerk: Clerk
    person: Person | None = None
    called_at: datetime = OPENS
    closed_until: datetime | None = None


def run(plan: Plan, days: int, seed: int, witness: Witness) -> None:
    """Let the branch work for so many days."""
    for day in range(days):
        _Day(plan, random.Random(f"{seed} {day}"), day, witness).run()


class _Day:
    """One day of a branch: events in the order of time, until everybody was called or has left."""

    def __init__(self, plan: Plan, lot: random.Random, day: int, witness: Witness) -> None:
        self.plan, self.lot, self.witness = plan, lot, witness
        self.begins = OPENS + timedelta(days=day)
        self.ids = count(1 + day * 1_000_000)
        self.mood = math.exp(lot.gauss(0, plan.moods))
        self.desks = [_Desk(clerk) for clerk in plan.clerks]
        self.waiting: dict[UUID, Person] = {}
        self.booked: list[tuple[datetime, Service]] = []
        self.events: list[tuple[datetime, int, Callable[[datetime], None]]] = []

    def run(self) -> None:
        self._plan_walkins()
        self._plan_appointments()
        for desk in self.desks:
            if (away := self._break(desk)) is not None:
                self._later(away[1], partial(self._call, desk))
        if self.lot.random() < self.plan.closes:
            self._later(self._minute(self.lot.uniform(60, 240)), partial(self._close, self.lot.choice(self.desks)))
        while self.events:
            at, _, happens = heappop(self.events)
            happens(at)

    def _plan_walkins(self) -> None:
        """A Poisson process whose rate changes with the hour."""
        for hour, rate in enumerate(self.plan.rates):
            minute = self.lot.expovariate(rate / 60) if rate else 60.0
            while minute < 60:
                self._later(self._minute(60 * hour + minute), self._walk_in)
                minute += self.lot.expovariate(rate / 60)

    def _plan_appointments(self) -> None:
        """Booked times every few minutes; most come some minutes early, and some not at all."""
        if not self.plan.booked:
            return
        between = 60 / self.plan.booked
        for number in range(int(len(self.plan.rates) * self.plan.booked)):
            at, service = self._minute(round(number * between / 5) * 5), self._service()
            self.booked.append((at, service))
            if self.lot.random() < self.plan.shows:
                early = min(25.0, max(-8.0, self.lot.gauss(8, 6)))
                booking = self.booked[-1]
                self._later(max(self.begins, at - early * MINUTE), partial(self._check_in, booking))

    def _walk_in(self, at: datetime) -> None:
        chance = self.lot.random()
        weight = WALKIN
        if chance < self.plan.emergencies:
            weight = EMERGENCY
        elif chance < self.plan.emergencies + self.plan.priority:
            weight = PRIORITY
        self._join(at, self._service(), weight, at, appointment=False)

    def _check_in(self, booking: tuple[datetime, Service], at: datetime) -> None:
        self.booked.remove(booking)
        self._join(at, booking[1], APPOINTMENT, booking[0], appointment=True)

    def _join(self, at: datetime, service: Service, weight: float, anchor: datetime, *, appointment: bool) -> None:
        ticket = Waiting(UUID(int=next(self.ids)), service.queue_id, f"weight {weight:g}", weight, anchor, appointment)
        person = self.waiting[ticket.ticket_id] = Person(ticket, service, at)
        self.witness.issued(person, self._hall(at))
        if self.plan.patience is not None:
            self._later(at + self.lot.expovariate(1 / self.plan.patience) * MINUTE, partial(self._give_up, person))
        for desk in self.desks:
            if desk.person is None:
                self._call(desk, at)

    def _give_up(self, person: Person, at: datetime) -> None:
        if self.waiting.pop(person.ticket.ticket_id, None) is not None:
            self.witness.left(person, at)

    def _call(self, desk: _Desk, at: datetime) -> None:
        """Call the next visitor, if this counter calls now and somebody waits."""
        if desk.person is not None or any(away.since <= at < (away.until or at + MINUTE) for away in self._away(desk)):
            return
        choice = choose([one.ticket for one in self.waiting.values()], desk.clerk.queues, RULES, at)
        if choice is None:
            return
        desk.person, desk.called_at = self.waiting.pop(choice.ticket_id), at
        self.witness.called(desk.person, at)
        service = desk.person.service
        minutes = 1.5
        if self.lot.random() >= self.plan.absent:
            minutes = lasting(self.lot, service) * desk.clerk.slowness * self.mood
        self._later(at + minutes * MINUTE, partial(self._end, desk))

    def _end(self, desk: _Desk, at: datetime) -> None:
        if desk.person is not None:
            self.witness.ended(desk.person, (at - desk.called_at) / MINUTE)
        desk.person = None
        self._call(desk, at)

    def _close(self, desk: _Desk, at: datetime) -> None:
        desk.closed_until = at + 90 * MINUTE
        self._later(desk.closed_until, partial(self._call, desk))
        self.witness.closed(at)

    def _hall(self, at: datetime) -> Hall:
        """What is known at this moment; that a counter has closed, but not for how long."""
        counters = [
            Counter(
                desk.clerk.queues,
                None if desk.person is None else Visit(desk.person.service.id, desk.called_at),
                tuple(self._away(desk)) if desk.closed_until is None or desk.closed_until <= at else (Away(at),),
            )
            for desk in self.desks
        ]
        waiting = [InLine(one.ticket, one.service.id) for one in self.waiting.values()]
        arrivals = [
            Arrival(service.queue_id, service.id, APPOINTMENT, booked, self.plan.shows)
            for booked, service in self.booked
            if at < booked <= at + AHEAD
        ]
        return Hall(at, RULES, counters, waiting, arrivals)

    def _away(self, desk: _Desk) -> list[Away]:
        found = [] if desk.closed_until is None else [Away(desk.closed_until - 90 * MINUTE, desk.closed_until)]
        return found if (pause := self._break(desk)) is None else [*found, Away(*pause)]

    def _break(self, desk: _Desk) -> tuple[datetime, datetime] | None:
        begins = desk.clerk.break_from
        return None if begins is None else (self._minute(begins), self._minute(begins + desk.clerk.break_for))

    def _service(self) -> Service:
        services = self.plan.services
        return self.lot.choices(services, [one.share for one in services])[0]

    def _minute(self, minute: float) -> datetime:
        return self.begins + minute * MINUTE

    def _later(self, at: datetime, happens: Callable[[datetime], None]) -> None:
        heappush(self.events, (at, next(self.ids), happens))


def mixed_branch() -> Plan:
    """Three queues, six counters, all that makes a wait uncertain; half of the people wait for about twenty minutes."""
    return Plan(
        services=(
            Service(_SERVICES[0], _QUEUES[0], configured=8, mean=7, deviation=4, share=0.35),
            Service(_SERVICES[1], _QUEUES[0], configured=10, mean=13, deviation=9, share=0.15),
            Service(_SERVICES[2], _QUEUES[1], configured=10, mean=11, deviation=7, share=0.3),
            Service(_SERVICES[3], _QUEUES[2], configured=15, mean=16, deviation=11, share=0.2),
        ),
        clerks=(
            Clerk(frozenset(_QUEUES[:1]), 0.9, break_from=210),
            Clerk(frozenset(_QUEUES[:2]), 1.0, break_from=240),
            Clerk(frozenset(_QUEUES[:2]), 1.15, break_from=270),
            Clerk(frozenset(_QUEUES[1:]), 0.95, break_from=210),
            Clerk(frozenset(_QUEUES[1:]), 1.1, break_from=240),
            Clerk(frozenset(_QUEUES), 1.0, break_from=270),
        ),
        rates=(41, 39, 32, 26, 22, 20),
        booked=8,
        priority=0.1,
        emergencies=0.01,
        absent=0.04,
        patience=240,
        closes=0.3,
        moods=0.08,
    )


def plain_line(counters: int, mean: float, load: float, hours: int) -> Plan:
    """M/M/s: one queue, Poisson arrivals, exponential visits of this mean, nothing else."""
    service = Service(_SERVICES[0], _QUEUES[0], configured=mean, mean=mean, deviation=None, share=1.0)
    return Plan((service,), (Clerk(frozenset(_QUEUES[:1])),) * counters, (60 * counters * load / mean,) * hours)


def lasting(lot: random.Random, service: Service) -> float:
    """The minutes of one visit."""
    if service.deviation is None:
        return lot.expovariate(1 / service.mean)
    variance = math.log(1 + (service.deviation / service.mean) ** 2)
    return lot.lognormvariate(math.log(service.mean) - variance / 2, math.sqrt(variance))
