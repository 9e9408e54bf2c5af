"""Rules of every n weeks and of the n-th weekday of a month, compared with a calendar that is counted by hand."""

from __future__ import annotations

import calendar as months
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.calendars import EVERY_DAY, LAST_IN_MONTH, Layer, OpeningRule
from queue_system.core.recurrence import is_in_month, may_coincide, recurs

SUNDAY = date(2026, 11, 29)
MONDAY_IS_FIRST, SATURDAY_IS_FIRST, SUNDAY_IS_FIRST = 0, 5, 6
PLAIN = OpeningRule(Layer.REGULAR, EVERY_DAY, time(9), time(12))

days = st.dates(date(2020, 1, 1), date(2036, 12, 31))
places = st.none() | st.integers(1, 5)
rules = st.builds(
    lambda every, anchor, place, first, last: replace(
        PLAIN,
        every_weeks=every if place is None else 1,
        anchor=anchor if place is None else None,
        in_month=place,
        first=first,
        last=last,
    ),
    st.integers(1, 4),
    days,
    places,
    st.none() | days,
    st.none() | days,
)


def fortnightly(anchor: date, weeks: int = 2) -> OpeningRule:
    return replace(PLAIN, every_weeks=weeks, anchor=anchor)


def test_every_second_week_depends_on_the_day_on_which_weeks_begin() -> None:
    rule = fortnightly(SUNDAY)
    sundays_and_mondays = [SUNDAY + timedelta(days=ahead) for ahead in range(16) if ahead % 7 in (0, 1)]

    def held(week_starts: int) -> list[str]:
        return [f"{day:%d %b}" for day in sundays_and_mondays if recurs(rule, day, week_starts)]

    assert held(SUNDAY_IS_FIRST) == ["29 Nov", "30 Nov", "13 Dec", "14 Dec"]
    assert held(MONDAY_IS_FIRST) == ["29 Nov", "07 Dec", "13 Dec"]


@given(anchor=days, weeks=st.integers(1, 4), week_starts=st.integers(0, 6), ahead=st.integers(-400, 400))
def test_weeks_are_counted_from_that_of_the_anchor_in_both_directions(
    anchor: date, weeks: int, week_starts: int, ahead: int
) -> None:
    day = anchor + timedelta(days=ahead)

    def first_of_week(of: date) -> date:
        while of.weekday() != week_starts:
            of -= timedelta(days=1)
        return of

    apart = (first_of_week(day) - first_of_week(anchor)).days // 7
    assert recurs(fortnightly(anchor, weeks), day, week_starts) == (apart % weeks == 0)


@given(day=days, place=st.integers(1, 5))
def test_the_nth_weekday_is_the_nth_of_those_in_the_month(day: date, place: int) -> None:
    _, length = months.monthrange(day.year, day.month)
    same = [number for number in range(1, length + 1) if day.replace(day=number).weekday() == day.weekday()]
    wanted = same[-1] if place == LAST_IN_MONTH else same[place - 1]
    assert is_in_month(day, place) == (day.day == wanted)


@pytest.mark.parametrize("week_starts", [MONDAY_IS_FIRST, SATURDAY_IS_FIRST, SUNDAY_IS_FIRST])
@given(one=rules, other=rules, day=days)
def test_rules_that_cannot_coincide_never_hold_on_one_day(
    week_starts: int, one: OpeningRule, other: OpeningRule, day: date
) -> None:
    def holds(rule: OpeningRule) -> bool:
        in_dates = (rule.first is None or rule.first <= day) and (rule.last is None or day <= rule.last)
        return in_dates and recurs(rule, day, week_starts)

    if holds(one) and holds(other):
        assert may_coincide(one, other, week_starts)


def test_what_never_meets_is_known_not_to_coincide() -> None:
    def coincide(one: OpeningRule, other: OpeningRule) -> bool:
        return may_coincide(one, other, SUNDAY_IS_FIRST)

    week = timedelta(days=7)
    assert not coincide(fortnightly(SUNDAY), fortnightly(SUNDAY + week))
    assert not coincide(fortnightly(SUNDAY), fortnightly(SUNDAY + week, 4))
    assert coincide(fortnightly(SUNDAY), fortnightly(SUNDAY + week, 3))
    assert coincide(fortnightly(SUNDAY), PLAIN)
    assert not coincide(replace(PLAIN, in_month=1), replace(PLAIN, in_month=LAST_IN_MONTH))
    assert coincide(replace(PLAIN, in_month=4), replace(PLAIN, in_month=LAST_IN_MONTH))
    assert not coincide(replace(PLAIN, last=SUNDAY), replace(PLAIN, first=SUNDAY + timedelta(days=1)))
