"""Absences that recur, such as a meeting every second Monday: on which days, by the rule by which opening hours recur."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from .errors import Invalid
from .recurrence import in_dates, recurs

#: How long after its first day an absence may recur: nobody plans a year ahead.
REACH: Final = timedelta(days=366)
MOST_WEEKS: Final = 12


@dataclass(frozen=True, slots=True)
class Repeats:
    """From `first` on, every `every_weeks` weeks on some weekdays (Monday = 0): so many `times`, or to the day `last`.

    Raises Invalid("block-repeats-end") without an end or with two, ("block-repeats-every") for weeks that cannot be.
    """

    first: date
    weekdays: frozenset[int]
    every_weeks: int = 1
    times: int | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if (self.times is None) == (self.last is None):
            raise Invalid("block-repeats-end", "times")
        if not 1 <= self.every_weeks <= MOST_WEEKS:
            raise Invalid("block-repeats-every", "every")

    @property
    def anchor(self) -> date:
        """The week from which the weeks are counted."""
        return self.first

    @property
    def in_month(self) -> None:
        """It does not recur by the month."""
        return

    def days(self, week_starts: int) -> tuple[date, ...]:
        """Its days; weeks begin on the weekday `week_starts`. Raises Invalid("block-repeats-long") where one is too far."""
        found: list[date] = []
        for day in self._all(week_starts):
            if self.times == len(found):
                break
            if day > self.first + REACH:
                raise Invalid("block-repeats-long", "last" if self.times is None else "times")
            found.append(day)
        if not found:
            raise Invalid("block-repeats-none", "last" if self.times is None else "times")
        return tuple(found)

    def _all(self, week_starts: int) -> Iterator[date]:
        """All its days, and one that is too far unless it ends before."""
        ahead = (self.first + timedelta(days=n) for n in range((REACH + timedelta(weeks=MOST_WEEKS + 1)).days))
        return (
            day
            for day in ahead
            if day.weekday() in self.weekdays and in_dates(self, day) and recurs(self, day, week_starts)
        )
