"""Series: appointments that are repeated at the same wall time, each of them an appointment of its own.

Dates are always counted from the first one, so a series from 31 January is on the last day of shorter months and on the 31st
again afterwards. The wall time stays the same over a change of the clock.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count, islice, takewhile
from typing import Final
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


class Scope(StrEnum):
    """Which appointments of a series a change is meant for."""

    THIS = "this"
    FOLLOWING = "following"  # this one and all after it
    ALL = "all"  # all that are still to come


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An appointment of a series, by its number; `detached` ones were changed alone, `over` ones were called off or held.

    Changes of several appointments leave both as they are.
    """

    n: int
    starts_at: datetime
    detached: bool = False
    over: bool = False


def dates_of(first: date, rule: SeriesRule) -> tuple[date, ...]:
    """The dates of a series that begins on `first`, which is one of them.

    Raises Invalid("series-long") where they are more than MOST_DATES, ("series-end") where it ends before it begins.
    """
    if rule.until is not None and rule.until < first:
        raise Invalid("series-end", "until")
    found = _dates(first, rule)
    if rule.dates is not None:
        return tuple(islice(found, rule.dates))
    until = rule.until
    dates = tuple(takewhile(lambda day: until is None or day <= until, islice(found, MOST_DATES + 1)))
    if len(dates) > MOST_DATES:
        raise Invalid("series-long", "until")
    return dates


def instants_of(starts_at: datetime, rule: SeriesRule, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The beginnings of a series, UTC, whose first is at `starts_at`: the same wall time of `zone` on each date.

    On a day whose clock skips that time, it begins at the moment of the skip.
    """
    wall = starts_at.astimezone(zone)
    return tuple(instant_at(day, minutes_of(wall.time()), zone) for day in dates_of(wall.date(), rule))


def meant(occurrences: Iterable[Occurrence], n: int, scope: Scope, now: datetime) -> tuple[Occurrence, ...]:
    """The appointments that a change at number `n` is for; those that began before `now` stay."""
    found = [one for one in occurrences if not one.over and one.starts_at > now]
    if scope is Scope.THIS:
        return tuple(one for one in found if one.n == n)
    # The one that the change was made at is meant even if it was changed alone before.
    together = [one for one in found if one.n == n or not one.detached]
    return tuple(one for one in together if scope is Scope.ALL or one.n >= n)


def _dates(first: date, rule: SeriesRule) -> Iterator[date]:
    if rule.rhythm is Rhythm.WEEKLY:
        return (first + timedelta(weeks=step) for step in count(0, rule.every))
    months = (_month_after(first, step) for step in count(0, rule.every))
    if rule.rhythm is Rhythm.MONTHLY:
        return (date(year, month, min(first.day, _length(year, month))) for year, month in months)
    nth = (first.day - 1) // 7 + 1
    return (_nth_weekday(year, month, first.weekday(), nth) for year, month in months)


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
