"""Series: which dates they have, and which of them a change is for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.errors import Invalid
from queue_system.core.recurrence import is_in_month
from queue_system.core.series import MOST_DATES, Occurrence, Rhythm, Scope, SeriesRule, course_of, dates_of, meant

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))


def test_scenario_11_a_weekly_series_keeps_its_wall_time_over_the_change_of_the_clock() -> None:
    first = datetime(2027, 3, 17, 14, 0, tzinfo=BERLIN)
    rule = SeriesRule(Rhythm.WEEKLY, dates=4)
    course = course_of(first, rule, BERLIN)
    found = [course.starts_at(n, BERLIN) for n in range(1, len(dates_of(course.day, rule)) + 1)]
    assert [one.astimezone(BERLIN).strftime("%d.%m. %H:%M") for one in found] == [
        "17.03. 14:00",
        "24.03. 14:00",
        "31.03. 14:00",
        "07.04. 14:00",
    ]
    assert [one.hour for one in found] == [13, 13, 12, 12]


def test_scenario_11_a_monthly_series_from_the_31st_does_not_creep() -> None:
    found = dates_of(date(2027, 1, 31), SeriesRule(Rhythm.MONTHLY, dates=5))
    assert [one.isoformat() for one in found] == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]


@given(days, st.integers(1, 12), st.integers(1, MOST_DATES))
def test_weeks_are_evenly_spaced(first: date, every: int, dates: int) -> None:
    found = dates_of(first, SeriesRule(Rhythm.WEEKLY, every, dates))
    assert found == tuple(first + step * every * timedelta(weeks=1) for step in range(dates))


@given(days, st.integers(1, 12), st.integers(1, MOST_DATES))
def test_months_have_the_day_of_the_first_date_or_their_last(first: date, every: int, dates: int) -> None:
    found = dates_of(first, SeriesRule(Rhythm.MONTHLY, every, dates))
    assert [_months(one) - _months(first) for one in found] == [step * every for step in range(dates)]
    for one in found:
        assert one.day == first.day or (one.day < first.day and (one + timedelta(days=1)).day == 1)


@given(days, st.integers(1, 12), st.integers(1, MOST_DATES))
def test_weekdays_of_the_month_are_those_of_opening_hours(first: date, every: int, dates: int) -> None:
    found = dates_of(first, SeriesRule(Rhythm.NTH_WEEKDAY, every, dates))
    assert [_months(one) - _months(first) for one in found] == [step * every for step in range(dates)]
    nth = (first.day - 1) // 7 + 1
    assert found[0] == first
    assert all(one.weekday() == first.weekday() and is_in_month(one, nth) for one in found)


def _months(day: date) -> int:
    return day.year * 12 + day.month


@given(days, st.integers(0, 400))
def test_a_last_day_ends_a_series(first: date, length: int) -> None:
    until = first + timedelta(days=length)
    rule = SeriesRule(Rhythm.WEEKLY, until=until)
    if length // 7 + 1 > MOST_DATES:
        with pytest.raises(Invalid, match="series-long"):
            dates_of(first, rule)
        return
    found = dates_of(first, rule)
    assert found[0] == first
    assert found[-1] <= until < found[-1] + timedelta(weeks=1)


@pytest.mark.parametrize(
    ("code", "given_"),
    [
        ("series-end", {}),
        ("series-end", {"dates": 3, "until": date(2027, 1, 1)}),
        ("series-long", {"dates": 53}),
        ("series-long", {"dates": 0}),
        ("series-every", {"dates": 3, "every": 13}),
    ],
)
def test_a_rule_that_cannot_be_is_refused(code: str, given_: dict[str, object]) -> None:
    with pytest.raises(Invalid, match=code):
        SeriesRule(Rhythm.WEEKLY, **given_)  # type: ignore[arg-type]


def test_a_series_does_not_end_before_it_begins() -> None:
    with pytest.raises(Invalid, match="series-end"):
        dates_of(date(2027, 1, 2), SeriesRule(Rhythm.WEEKLY, until=date(2027, 1, 1)))


def test_scenario_12_changes_of_several_leave_out_what_was_changed_alone_or_called_off() -> None:
    week = timedelta(weeks=1)
    members = [
        Occurrence(1, NOW - week),
        Occurrence(2, NOW + week),
        Occurrence(3, NOW + 2 * week, detached=True),
        Occurrence(4, NOW + 3 * week, over=True),
        Occurrence(5, NOW + 4 * week),
    ]

    def numbers(n: int, scope: Scope) -> list[int]:
        return [one.n for one in meant(members, n, scope, NOW)]

    assert numbers(2, Scope.THIS) == [2]
    assert numbers(2, Scope.FOLLOWING) == [2, 5]
    assert numbers(5, Scope.FOLLOWING) == [5]
    assert numbers(5, Scope.ALL) == [2, 5]
    assert numbers(3, Scope.THIS) == [3]
    assert numbers(3, Scope.FOLLOWING) == [3, 5]
    assert numbers(1, Scope.THIS) == []
    assert numbers(4, Scope.THIS) == []
