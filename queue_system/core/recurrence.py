"""On which days a weekly rule holds: its weekdays, within its dates, every n weeks or on the n-th weekday of a month.

"Every two weeks" depends on where a week begins: from Sunday 29 November 2026, a rule for Sundays and Mondays holds on
29 and 30 November where weeks begin on Sunday, but on 29 November and 7 December where they begin on Monday.
"""

from __future__ import annotations

from datetime import date, timedelta
from math import gcd
from typing import Protocol

from .calendars import LAST_IN_MONTH

WEEK = timedelta(days=7)


class Recurring(Protocol):
    """The part of a rule that says when it recurs, as in `core.calendars.OpeningRule`."""

    @property
    def first(self) -> date | None: ...
    @property
    def last(self) -> date | None: ...
    @property
    def every_weeks(self) -> int: ...
    @property
    def anchor(self) -> date | None: ...
    @property
    def in_month(self) -> int | None: ...


def in_dates(rule: Recurring, day: date) -> bool:
    """Whether `day` lies between the first and the last day of a rule."""
    return (rule.first is None or rule.first <= day) and (rule.last is None or day <= rule.last)


def recurs(rule: Recurring, day: date, week_starts: int) -> bool:
    """Whether it is a week, or a place in the month, of the rule; its weekdays and dates are not asked."""
    if rule.in_month is not None:
        return is_in_month(day, rule.in_month)
    if rule.every_weeks > 1 and rule.anchor is not None:
        return (week_of(day, week_starts) - week_of(rule.anchor, week_starts)) % rule.every_weeks == 0
    return True


def is_in_month(day: date, place: int) -> bool:
    """Whether `day` is the `place`-th (1 to 4), or with LAST_IN_MONTH the last, of its weekday in its month."""
    if place == LAST_IN_MONTH:
        return (day + WEEK).month != day.month
    return (day.day - 1) // 7 + 1 == place


def week_of(day: date, week_starts: int) -> int:
    """The number of the week that `day` is in; weeks begin on the weekday `week_starts` (Monday = 0)."""
    return (day.toordinal() - 1 - week_starts) // 7


def may_coincide(one: Recurring, other: Recurring, week_starts: int) -> bool:
    """Whether two rules for the same weekday can hold on the same day; in doubt it says yes."""
    if not _dates_meet(one, other):
        return False
    places = {one.in_month, other.in_month}
    if None not in places:
        # The last one may be the fourth, but never an earlier one.
        return len(places) == 1 or places == {4, LAST_IN_MONTH}
    if one.anchor is not None and other.anchor is not None:
        apart = week_of(one.anchor, week_starts) - week_of(other.anchor, week_starts)
        return apart % gcd(one.every_weeks, other.every_weeks) == 0
    return True


def _dates_meet(one: Recurring, other: Recurring) -> bool:
    starts = max(one.first or date.min, other.first or date.min)
    return starts <= min(one.last or date.max, other.last or date.max)
