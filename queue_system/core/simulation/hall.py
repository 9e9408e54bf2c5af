"""A past day as it can be played again: its people, its counters, its rule, and what chance may change of them.

Instants and lengths are whole microseconds since the day `starts`, as floats, so that sums and products stay exact below 2⁵³.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final
from uuid import UUID

from ..dispatch import CallingRules

TICK: Final = timedelta(microseconds=1)
MINUTE: Final = 60_000_000.0
HOUR: Final = 60 * MINUTE
NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a visit, from the line of a queue to a counter: it keeps the counter for `hold`.

    The person is in line again `after` the end of the stage before, or before it by the time that its clerk took to call the next
    one, but is there only when `away` is over. Then `others_first` others are called by counters of this queue, and with `afresh` the
    waiting counts anew. `ends`: the visit ended with it, so that the service tells how long it takes; a call that was missed, or a
    visit that went on elsewhere, has a length of its own. `missed`: nobody came, and the number was out of the line. Not `called`:
    nobody has seen how long it takes.
    """

    queue_id: UUID
    service_id: UUID
    hold: float
    after: float = 0.0
    ends: bool = True
    called: bool = True
    missed: bool = False
    others_first: int = 0
    afresh: bool = False
    away: float = 0.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes a number at `there`, and waits from `since` on: from then, or from the booked time if that is later.

    The rule counts from `anchor` with `weight`. Whoever has `patience` goes uncalled after so long.
    """

    there: float
    since: float
    anchor: float
    weight: float
    stages: tuple[Stage, ...]
    appointment: bool = False
    patience: float = NEVER


@dataclass(frozen=True, slots=True)
class Desk:
    """A counter of the day: its number, its queues, when it opens and closes, when it calls nobody, and how many it called."""

    number: int
    queues: frozenset[UUID]
    opens: float
    closes: float
    away: tuple[tuple[float, float], ...] = ()
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Waited:
    """A wait as it was: of a queue, in the local hour of arrival, in minutes."""

    queue_id: UUID
    hour: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a branch. `starts` (UTC) is a full hour of its zone, and `hours` are the local hours from then on. Times
    of the clock before `turn` are those of the next morning.

    `absent` are those who had an appointment and did not come. `closes` is the planned end of the day. `gaps` are the times that
    free counters took to call somebody who waited; `waited` are the waits as they were.
    """

    day: date
    starts: datetime
    zone: tzinfo
    hours: tuple[int, ...]
    closes: float
    rules: CallingRules
    people: tuple[Person, ...]
    desks: tuple[Desk, ...]
    absent: tuple[Person, ...] = ()
    gaps: tuple[float, ...] = (0.0,)
    waited: tuple[Waited, ...] = ()
    ordinary_weight: float = 1.0
    booked_weight: float = 1.0
    turn: time = time()

    def hour_of(self, at: float) -> int:
        """The local hour of an instant."""
        return self.hours[min(max(int(at // HOUR), 0), len(self.hours) - 1)]

    def at(self, local: time) -> float:
        """The instant of a time on the branch's clock."""
        day = self.day + timedelta(days=1) if local < self.turn else self.day
        return ticks(datetime.combine(day, local, self.zone) - self.starts)


def ticks(span: timedelta) -> float:
    """A span in whole microseconds."""
    return float(span // TICK)
