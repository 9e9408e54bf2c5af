"""Days on which an absence recurs: every n weeks on some weekdays, with one end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from queue_system.core.block_dates import Repeats
from queue_system.core.errors import Invalid

MONDAY = date(2026, 11, 23)
SUNDAY_FIRST, MONDAY_FIRST = 6, 0


def test_so_many_times_or_to_a_last_day() -> None:
    assert days(times=3) == ["11-23", "11-30", "12-07"]
    assert days(last=date(2026, 12, 7)) == ["11-23", "11-30", "12-07"]
    assert days(last=date(2026, 12, 6)) == ["11-23", "11-30"]


def test_on_several_weekdays_of_every_second_week() -> None:
    assert days(weekdays=frozenset({0, 3}), every_weeks=2, times=4) == ["11-23", "11-26", "12-07", "12-10"]


def test_where_a_week_begins_decides_which_days_are_in_the_same() -> None:
    # Sunday 29 November is in the week of Monday the 23rd only where weeks begin on Monday.
    rule = {"weekdays": frozenset({0, 6}), "every_weeks": 2, "times": 3}
    assert days(MONDAY_FIRST, **rule) == ["11-23", "11-29", "12-07"]
    assert days(SUNDAY_FIRST, **rule) == ["11-23", "12-06", "12-07"]


def test_the_first_day_need_not_be_one_of_the_weekdays() -> None:
    assert days(weekdays=frozenset({2}), times=2) == ["11-25", "12-02"]


@pytest.mark.parametrize(
    ("rule", "code", "field"),
    [
        ({}, "block-repeats-end", "times"),
        ({"times": 2, "last": MONDAY}, "block-repeats-end", "times"),
        ({"times": 2, "every_weeks": 0}, "block-repeats-every", "every"),
        ({"times": 2, "every_weeks": 13}, "block-repeats-every", "every"),
        ({"times": 54}, "block-repeats-long", "times"),
        ({"last": date(2027, 11, 29)}, "block-repeats-long", "last"),
        ({"last": date(9999, 12, 31)}, "block-repeats-long", "last"),
        ({"last": date(2026, 11, 22)}, "block-repeats-none", "last"),
        ({"times": 0}, "block-repeats-none", "times"),
    ],
)
def test_what_cannot_be_is_said_at_its_question(rule: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Invalid, match=code) as mistake:
        days(**rule)
    assert mistake.value.field == field


def test_a_year_ahead_is_not_too_far() -> None:
    assert days(times=53)[-1] == "11-22"


def days(week_starts: int = MONDAY_FIRST, **rule: Any) -> list[str]:
    return [f"{day:%m-%d}" for day in Repeats(MONDAY, **{"weekdays": frozenset({0})} | rule).days(week_starts)]
