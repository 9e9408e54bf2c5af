"""Somebody who watches a simulated branch, forecasts every wait when the number is taken, and keeps what came of it."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from queue_system.core.waits.announce import STEP_MIN, Announced, Announcements
from queue_system.core.waits.durations import Durations, learnt
from queue_system.core.waits.forecast import SEED, Wait, forecast
from queue_system.core.waits.hall import Hall
from tests.kit.simulated_branch import MINUTE, Person, Plan


@dataclass
class Told:
    """A forecast and what became of it: whether the range was `told` and not only the place, `minutes` until the call, or until the visitor left (`came` is false)."""

    person: Person
    wait: Wait
    said: Announced | None
    people_before: int
    told: bool = True
    minutes: float = 0.0
    came: bool = True

    @property
    def held(self) -> bool:
        return self.said is not None and self.minutes <= self.said.range.most


class Rival(NamedTuple):
    """Another forecast: its mean squared error in minutes², and ours for the same people."""

    name: str
    error: float
    ours: float


class ToldWaits:
    """A witness; `told` are the people whose wait is over, in the order in which they took their numbers."""

    def __init__(self, plan: Plan, rounds: int) -> None:
        self.rounds = rounds
        self.announcements = Announcements()
        self.closings: list[datetime] = []
        self._seen: defaultdict[UUID, list[float]] = defaultdict(list)
        self._configured = {one.id: one.configured for one in plan.services}
        self._durations: dict[UUID, Durations] = {}
        self._known_on: datetime | None = None
        self._told: dict[UUID, Told] = {}

    @property
    def told(self) -> list[Told]:
        return list(self._told.values())

    def issued(self, person: Person, hall: Hall) -> None:
        # What is known of services is worked out anew each morning, as a night's work would do it.
        morning = hall.now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self._known_on != morning:
            self._known_on = morning
            self._durations = {one: learnt(self._seen[one], minutes) for one, minutes in self._configured.items()}
        wait = forecast(hall, self._durations, SEED, self.rounds).tickets[person.ticket.ticket_id]
        said = self.announcements.say(person.ticket.queue_id, wait)
        told = self.announcements.may_be_told(person.ticket.queue_id, len(self._seen[person.service.id]))
        self._told[person.ticket.ticket_id] = Told(person, wait, said, len(hall.waiting) - 1, told)

    def called(self, person: Person, at: datetime) -> None:
        self._over(person, at, came=True)

    def left(self, person: Person, at: datetime) -> None:
        self._over(person, at, came=False)

    def ended(self, person: Person, minutes: float) -> None:
        self._seen[person.service.id].append(minutes)

    def closed(self, at: datetime) -> None:
        self.closings.append(at)

    def _over(self, person: Person, at: datetime, *, came: bool) -> None:
        told = self._told[person.ticket.ticket_id]
        told.minutes, told.came = (at - person.issued_at) / MINUTE, came
        if told.said is not None:
            self.announcements.learn(told.said, told.minutes, came=came)


def counted(told: Iterable[Told]) -> list[Told]:
    """Those whose bound is counted: who were called, or left when it was over, and had more to wait for than a step."""
    return [
        one for one in told if one.said and one.said.p90 >= STEP_MIN and (one.came or one.minutes > one.said.range.most)
    ]


def coverage(told: Sequence[Told]) -> float:
    """The share of bounds that held."""
    return sum(one.held for one in told) / len(told)


def windows(told: Sequence[Told], size: int) -> list[float]:
    """The coverage of each `size` people after one another."""
    return [coverage(told[first : first + size]) for first in range(0, len(told) - size + 1, size)]


def best_rolling_average(told: Sequence[Told]) -> Rival:
    """The best average of the last waits of the day, chosen when all is known.

    Averages of the waits of the last 1 to 50 people who were called: in the branch, in the queue, in the queue and class.
    """
    groups: dict[str, Callable[[Told], Hashable]] = {
        "branch": lambda one: one.person.issued_at.date(),
        "queue": lambda one: (one.person.issued_at.date(), one.person.ticket.queue_id),
        "queue and class": lambda one: (
            one.person.issued_at.date(),
            one.person.ticket.queue_id,
            one.person.ticket.weight,
        ),
    }
    came = [one for one in told if one.came]
    calls = sorted((one.person.issued_at + one.minutes * MINUTE, place) for place, one in enumerate(came))
    compared: defaultdict[str, list[tuple[float, Told]]] = defaultdict(list)
    for name, group in groups.items():
        last: defaultdict[Hashable, list[float]] = defaultdict(list)
        known = 0
        for one in came:
            while calls[known][0] < one.person.issued_at:
                called = came[calls[known][1]]
                last[group(called)].append(called.minutes)
                known += 1
            for size in (1, 2, 3, 5, 10, 20, 50):
                if waits := last[group(one)][-size:]:
                    error = (one.minutes - sum(waits) / len(waits)) ** 2
                    compared[f"last {size} of the {name}"].append((error, one))
    rivals = [
        Rival(name, statistics.mean(error for error, _ in found), squared_error(one for _, one in found))
        for name, found in compared.items()
    ]
    return min(rivals, key=lambda rival: rival.error)


def squared_error(told: Iterable[Told]) -> float:
    """The mean squared error of the forecast's mean, in minutes², for those who were called."""
    return statistics.mean((one.minutes - one.wait.mean) ** 2 for one in told if one.came)
