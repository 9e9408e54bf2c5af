"""What decides when a branch or a service is open: weekly rules in layers, seasons, exceptions, closures, outings.

All times are local wall time. `core/hours.py` answers questions about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

DAY_MINUTES: Final = 24 * 60
EVERY_DAY: Final = frozenset(range(7))
#: In `OpeningRule.in_month`: the last such weekday of a month.
LAST_IN_MONTH: Final = 5


class Layer(StrEnum):
    """A layer replaces those before it; breaks are subtracted from the result."""

    REGULAR = "regular"
    SEASON = "season"
    SERVICE = "service"
    EXCEPTION = "exception"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class OpeningRule:
    """One line of the opening hours, in local wall time; `closes <= opens` runs over midnight.

    `days` are weekdays, Monday = 0. `season`, `service_id`, `first` and `last` (both included) narrow the
    rule; None does not. Members (`core/members.py`) have hours as services have, by their own id in `service_id`.
    A `last_ticket` of None means that tickets are given until closing.

    With `every_weeks` n > 1 it holds in the week of `anchor` and in every n-th week before and after it; with
    `in_month` on the n-th such weekday of a month (LAST_IN_MONTH: the last one). `opens_anyway`: of an exception, it
    holds on closed days too. `names` say why.
    """

    layer: Layer
    days: frozenset[int]
    opens: time
    closes: time
    last_ticket: time | None = None
    season: str | None = None
    service_id: UUID | None = None
    first: date | None = None
    last: date | None = None
    every_weeks: int = 1
    anchor: date | None = None
    in_month: int | None = None
    opens_anyway: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Season:
    """A stretch of days with hours of its own, both ends included; provisional until it is confirmed."""

    slug: str
    first: date
    last: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, both ends included, on which the branch or only some services are closed.

    With `closes` or `opens` it is a part of each day: closed from `closes`, or until `opens`, or between the two.
    """

    first: date
    last: date
    service_ids: frozenset[UUID] | None = None
    provisional: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    closes: time | None = None
    opens: time | None = None

    @property
    def whole_day(self) -> bool:
        """Whether the days are closed from morning to night."""
        return self.closes is None and self.opens is None

    def concerns(self, day: date, service_id: UUID | None) -> bool:
        """Whether it closes the service, or the branch if that is None, on `day` or on a part of it."""
        return self.first <= day <= self.last and (self.service_ids is None or service_id in self.service_ids)


@dataclass(frozen=True, slots=True)
class Outing:
    """A day on which a branch works elsewhere, all of it or some services; `capacity` visitors can come."""

    day: date
    opens: time
    closes: time
    place: Mapping[str, str]
    capacity: int
    service_ids: frozenset[UUID] | None = None

    def takes(self, service_id: UUID | None) -> bool:
        """Whether a service takes part."""
        return self.service_ids is None or service_id in self.service_ids


@dataclass(frozen=True, slots=True)
class Calendar:
    """Everything that decides when a branch is open, in the zone of the branch.

    A branch that `only_goes_out` has no doors of its own: it is open on the days of its outings alone. Weeks begin on
    `week_starts` (Monday = 0), which matters for rules of every n weeks. `ends` are the last days of services that are
    retired or will be.
    """

    zone: ZoneInfo
    rules: tuple[OpeningRule, ...]
    seasons: tuple[Season, ...] = ()
    closures: tuple[Closure, ...] = ()
    outings: tuple[Outing, ...] = ()
    only_goes_out: bool = False
    week_starts: int = 0
    ends: Mapping[UUID, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """An open stretch of one day in minutes of wall time after that day's midnight; beyond 1440 is the next morning.

    Tickets are given in `[start, last)`, visits take place in `[start, end)`. `last <= start` gives none.
    """

    start: int
    end: int
    last: int

    @property
    def opens(self) -> time:
        return _time_of(self.start)

    @property
    def closes(self) -> time:
        return _time_of(self.end)

    @property
    def last_ticket(self) -> time:
        return _time_of(self.last)


def minutes_of(wall: time) -> int:
    """Minutes after midnight."""
    return wall.hour * 60 + wall.minute


def _time_of(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
