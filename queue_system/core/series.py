"""Series: appointments that are repeated at the same wall time, each of them an appointment of its own.

Dates are always counted from one of them, so a series from 31 January is on the last day of shorter months and on the 31st
again afterwards. The wall time stays the same over a change of the clock.
"""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from .calendars import LAST_IN_MONTH, minutes_of
from .errors import Invalid
from .hours import instant_at

#: A year of weeks. Nobody can promise more, and a preview of all dates stays one page.
MOST_DATES: Final = 52
MOST_WEEKS: Final = 12


class Rhythm(StrEnum):
    """How a series goes on from its first date."""

    WEEKLY = "weekly"  # the same weekday, every so many weeks
    MONTHLY = "monthly"  # the same day of the month
    NTH_WEEKDAY = "nth_weekday"  # the same weekday of the month, such as the second Tuesday; the fifth is the last


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """A rhythm with its end: after `dates` dates, or with the last one not after `until`; one of both is given.

    `every` counts weeks or months. Raises Invalid("series-end") without an end or with two, "series-long", "series-every".
    """

    rhythm: Rhythm
    every: int = 1
    dates: int | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if (self.dates is None) == (self.until is None):
            raise Invalid("series-end", "until")
        if self.dates is not None and not 1 <= self.dates <= MOST_DATES:
            raise Invalid("series-long", "dates")
        if not 1 <= self.every <= MOST_WEEKS:
            raise Invalid("series-every", "every")


@dataclass(frozen=True, slots=True)
class Course:
    """How a series runs: number `n` is on `day` at `minutes` after midnight by the clock on the wall, the others follow.

    Numbers begin with 1. `every` counts weeks or months, as in SeriesRule.
    """

    rhythm: Rhythm
    every: int
    n: int
    day: date
    minutes: int

    def day_of(self, n: int) -> date:
        """The day of number `n`, also of one before the number from which the days are counted."""
        return date_at(self.day, self.rhythm, (n - self.n) * self.every)

    def starts_at(self, n: int, zone: ZoneInfo) -> datetime:
        """The beginning of number `n`, UTC; on a day whose clock skips that time, the moment of the skip."""
        return instant_at(self.day_of(n), self.minutes, zone)

    def changed(self, n: int, wall: datetime) -> Course:
        """The course with number `n` at another local time; its own day stays the one to count from if the day stays.

        Otherwise a series from the 31st that is changed in February would go on on the 28th.
        """
        if wall.date() == self.day_of(n):
            return Course(self.rhythm, self.every, self.n, self.day, minutes_of(wall.time()))
        return Course(self.rhythm, self.every, n, wall.date(), minutes_of(wall.time()))


class Scope(StrEnum):
    """Which appointments of a series a change is meant for."""

    THIS = "this"
    FOLLOWING = "following"  # this one and all after it
    ALL = "all"  # all that are still to come


class Chance(StrEnum):
    """What stands in the way of an appointment at a time, if anything."""

    FREE = "free"
    TAKEN = "taken"
    AWAY = "away"  # whoever it is to be with is not there
    CLOSED = "closed"  # all day
    NOT_THEN = "not_then"  # open, but no appointment begins at that time
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An appointment of a series, by its number; `detached` ones were changed alone, `over` ones were called off or held.

    Changes of several appointments leave both as they are.
    """

    n: int
    starts_at: datetime
    detached: bool = False
    over: bool = False


def course_of(starts_at: datetime, rule: SeriesRule, zone: ZoneInfo) -> Course:
    """The course of a series whose first appointment is at `starts_at`."""
    wall = starts_at.astimezone(zone)
    return Course(rule.rhythm, rule.every, 1, wall.date(), minutes_of(wall.time()))


def dates_of(first: date, rule: SeriesRule) -> tuple[date, ...]:
    """The dates of a series that begins on `first`, which is one of them.

    Raises Invalid("series-long") where they are more than MOST_DATES, ("series-end") where it ends before it begins.
    """
    until = rule.until
    if until is None:
        return tuple(date_at(first, rule.rhythm, step * rule.every) for step in range(rule.dates or 0))
    if until < first:
        raise Invalid("series-end", "until")
    found = (date_at(first, rule.rhythm, step * rule.every) for step in range(MOST_DATES + 1))
    dates = tuple(takewhile(lambda day: day <= until, found))
    if len(dates) > MOST_DATES:
        raise Invalid("series-long", "until")
    return dates


def date_at(first: date, rhythm: Rhythm, step: int) -> date:
    """The date that is `step` weeks or months after `first` in the rhythm of a series, or before it."""
    if rhythm is Rhythm.WEEKLY:
        return first + timedelta(weeks=step)
    year, month = _month_after(first, step)
    if rhythm is Rhythm.MONTHLY:
        return date(year, month, min(first.day, _length(year, month)))
    return _nth_weekday(year, month, first.weekday(), (first.day - 1) // 7 + 1)


def meant(occurrences: Iterable[Occurrence], n: int, scope: Scope, now: datetime) -> tuple[Occurrence, ...]:
    """The appointments that a change at number `n` is for; those that began before `now` stay."""
    found = [one for one in occurrences if not one.over and one.starts_at > now]
    if scope is Scope.THIS:
        return tuple(one for one in found if one.n == n)
    # The one that the change was made at is meant even if it was changed alone before.
    together = [one for one in found if one.n == n or not one.detached]
    return tuple(one for one in together if scope is Scope.ALL or one.n >= n)


def fingerprint(dates: Iterable[tuple[int, UUID | None, datetime | None, datetime | None]]) -> str:
    """What a list of dates was made from, so that whoever confirms it confirms what was shown.

    Of each date: its number, its appointment, when that is now, and when it is to be.
    """
    lines = [f"{n} {booking} {_in_utc(now)} {_in_utc(then)}" for n, booking, now, then in dates]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _in_utc(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(UTC).isoformat()


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    if nth == LAST_IN_MONTH:
        last = date(year, month, _length(year, month))
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _month_after(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
