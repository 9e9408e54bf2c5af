"""Closed parts of days, exceptions that open anyway, rules with dates, retired services, and what decided a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from queue_system.core.calendars import (
    EVERY_DAY,
    LAST_IN_MONTH,
    Calendar,
    Closure,
    Layer,
    OpeningRule,
    Outing,
    Season,
)
from queue_system.core.decisions import DecidedBy, decided_by, may_change
from queue_system.core.hours import next_opening, outing_on, windows, working_hours
from tests.core.test_core_hours import at

DOHA = ZoneInfo("Asia/Qatar")
SUNDAY = date(2026, 11, 22)
MONDAY, TUESDAY = SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=2)
PASSPORTS, HAJJ = UUID(int=1), UUID(int=2)
HOLIDAY = {"ar": "عطلة", "en": "Holiday"}
INVENTORY = {"ar": "جرد", "en": "Inventory"}
REGULAR = OpeningRule(Layer.REGULAR, EVERY_DAY, time(8), time(14), time(13))
RAMADAN = Season("ramadan", date(2027, 2, 8), date(2027, 3, 9), provisional=True)


def one_day(layer: Layer, opens: int, closes: int, day: date = SUNDAY, **more: object) -> OpeningRule:
    return replace(
        OpeningRule(layer, EVERY_DAY, time(opens), time(closes), first=day, last=day),
        **more,  # type: ignore[arg-type]
    )


def calendar(*rules: OpeningRule, closures: tuple[Closure, ...] = (), **more: object) -> Calendar:
    return replace(Calendar(DOHA, (REGULAR, *rules), (), closures), **more)  # type: ignore[arg-type]


def shown(day: date, of: Calendar, service_id: UUID | None = None) -> list[str]:
    return [f"{window.opens:%H:%M}–{window.closes:%H:%M}" for window in windows(day, of, service_id)]


# ---------------------------------------------------------------- parts of days


@pytest.mark.parametrize(
    ("closes", "opens", "left"),
    [
        (time(13), None, ["08:00–13:00"]),
        (None, time(10), ["10:00–14:00"]),
        (time(10), time(12), ["08:00–10:00", "12:00–14:00"]),
        (time(15), None, ["08:00–14:00"]),
        (time(7), None, []),
    ],
)
def test_a_closure_of_a_part_of_the_day_leaves_the_rest(
    closes: time | None, opens: time | None, left: list[str]
) -> None:
    half = Closure(SUNDAY, MONDAY, closes=closes, opens=opens)
    embassy = calendar(closures=(half,))
    assert [shown(day, embassy) for day in (SUNDAY, MONDAY)] == [left, left]
    assert shown(TUESDAY, embassy) == ["08:00–14:00"]


def test_after_an_early_closing_no_ticket_is_given() -> None:
    (window,) = windows(SUNDAY, calendar(closures=(Closure(SUNDAY, SUNDAY, closes=time(12)),)))
    assert f"{window.last_ticket:%H:%M}" == "12:00"


def test_a_closure_until_the_evening_also_closes_the_night_that_follows() -> None:
    night = OpeningRule(Layer.REGULAR, EVERY_DAY, time(20), time(1))
    embassy = calendar(night, closures=(Closure(SUNDAY, SUNDAY, closes=time(13)),))
    assert shown(SUNDAY, embassy) == ["08:00–13:00"]


def test_a_part_of_the_day_is_closed_for_some_services_only() -> None:
    embassy = calendar(closures=(Closure(SUNDAY, SUNDAY, frozenset({PASSPORTS}), closes=time(11)),))
    assert shown(SUNDAY, embassy, PASSPORTS) == ["08:00–11:00"]
    assert shown(SUNDAY, embassy, HAJJ) == shown(SUNDAY, embassy) == ["08:00–14:00"]


def test_a_closed_part_of_the_day_also_shortens_an_outing() -> None:
    outing = Outing(SUNDAY, time(9), time(15), {"en": "Al Khor"}, 70)
    mobile = calendar(closures=(Closure(SUNDAY, SUNDAY, closes=time(12)),), outings=(outing,), only_goes_out=True)
    assert shown(SUNDAY, mobile) == ["09:00–12:00"]
    assert outing_on(SUNDAY, mobile) == outing


# ---------------------------------------------------------------- exceptions above closures


def test_an_exception_opens_a_closed_day_only_if_it_says_so() -> None:
    closed = (Closure(SUNDAY, SUNDAY),)
    short = one_day(Layer.EXCEPTION, 9, 12)
    assert shown(SUNDAY, calendar(short, closures=closed)) == []
    assert shown(SUNDAY, calendar(replace(short, opens_anyway=True), closures=closed)) == ["09:00–12:00"]


def test_breaks_still_count_on_a_day_that_opens_anyway() -> None:
    anyway = one_day(Layer.EXCEPTION, 9, 12, opens_anyway=True)
    pause = OpeningRule(Layer.BREAK, EVERY_DAY, time(10), time(11))
    assert shown(SUNDAY, calendar(anyway, pause, closures=(Closure(SUNDAY, SUNDAY),))) == ["09:00–10:00", "11:00–12:00"]


def test_an_exception_of_the_branch_does_not_open_a_service_that_is_closed_by_itself() -> None:
    closures = (Closure(SUNDAY, SUNDAY), Closure(SUNDAY, SUNDAY, frozenset({PASSPORTS})))
    anyway = one_day(Layer.EXCEPTION, 9, 12, opens_anyway=True)
    embassy = calendar(anyway, closures=closures)
    assert shown(SUNDAY, embassy, HAJJ) == ["09:00–12:00"]
    assert shown(SUNDAY, embassy, PASSPORTS) == []
    own = one_day(Layer.EXCEPTION, 16, 18, opens_anyway=True, service_id=PASSPORTS)
    assert shown(SUNDAY, calendar(anyway, own, closures=closures), PASSPORTS) == ["16:00–18:00"]


def test_an_exception_that_opens_one_service_leaves_the_others_closed() -> None:
    own = one_day(Layer.EXCEPTION, 9, 12, opens_anyway=True, service_id=PASSPORTS)
    embassy = calendar(own, closures=(Closure(SUNDAY, SUNDAY),))
    assert shown(SUNDAY, embassy, PASSPORTS) == ["09:00–12:00"]
    assert shown(SUNDAY, embassy, HAJJ) == shown(SUNDAY, embassy) == []


# ---------------------------------------------------------------- dates and recurrence in every layer


def test_new_weekly_hours_begin_on_their_first_day() -> None:
    old = replace(REGULAR, last=SUNDAY)
    new = replace(REGULAR, opens=time(10), first=MONDAY)
    changed = Calendar(DOHA, (old, new))
    assert shown(SUNDAY, changed) == ["08:00–14:00"]
    assert shown(MONDAY, changed) == ["10:00–14:00"]


def test_hours_of_a_service_from_a_date_on_leave_the_days_before_to_the_branch() -> None:
    own = OpeningRule(Layer.SERVICE, EVERY_DAY, time(12), time(14), service_id=HAJJ, first=MONDAY)
    assert [shown(day, calendar(own), HAJJ) for day in (SUNDAY, MONDAY)] == [["08:00–14:00"], ["12:00–14:00"]]


def test_in_the_week_between_a_service_of_every_second_week_is_closed() -> None:
    own = OpeningRule(Layer.SERVICE, frozenset({0}), time(9), time(12), service_id=HAJJ, every_weeks=2, anchor=MONDAY)
    week = timedelta(days=7)
    assert [shown(MONDAY + week * ahead, calendar(own), HAJJ) for ahead in range(3)] == [
        ["09:00–12:00"],
        [],
        ["09:00–12:00"],
    ]


def test_an_exception_of_the_first_saturday_of_a_month_leaves_the_other_saturdays_alone() -> None:
    saturdays = OpeningRule(Layer.EXCEPTION, frozenset({5}), time(9), time(12), in_month=1)
    embassy = calendar(saturdays)
    assert shown(date(2026, 12, 5), embassy) == ["09:00–12:00"]
    assert shown(date(2026, 12, 12), embassy) == ["08:00–14:00"]


def test_a_break_on_the_last_monday_of_a_month_counts_on_that_day_only() -> None:
    meeting = OpeningRule(Layer.BREAK, frozenset({0}), time(12), time(14), in_month=LAST_IN_MONTH)
    embassy = calendar(meeting)
    assert shown(date(2026, 11, 30), embassy) == ["08:00–12:00"]
    assert shown(MONDAY, embassy) == ["08:00–14:00"]


def test_a_retired_service_opens_no_more_after_its_last_day() -> None:
    embassy = calendar(ends={PASSPORTS: SUNDAY})
    assert [shown(day, embassy, PASSPORTS) for day in (SUNDAY, MONDAY)] == [["08:00–14:00"], []]
    assert shown(MONDAY, embassy, HAJJ) == shown(MONDAY, embassy) == ["08:00–14:00"]
    assert next_opening(at(SUNDAY, "15:00"), embassy, PASSPORTS) is None


# ---------------------------------------------------------------- what decided


def test_each_layer_is_named_where_it_decides() -> None:
    fasting = OpeningRule(Layer.SEASON, EVERY_DAY, time(9), time(12), season="ramadan")
    own = OpeningRule(Layer.SERVICE, EVERY_DAY, time(10), time(11), service_id=HAJJ)
    short = one_day(Layer.EXCEPTION, 9, 10, names=INVENTORY)
    embassy = calendar(fasting, own, short, seasons=(RAMADAN,), ends={PASSPORTS: MONDAY})
    assert decided_by(MONDAY, embassy).by is DecidedBy.REGULAR
    assert decided_by(MONDAY, embassy, HAJJ).by is DecidedBy.SERVICE
    found = decided_by(RAMADAN.first, embassy)
    assert (found.by, found.season, found.provisional) == (DecidedBy.SEASON, "ramadan", True)
    assert (decided_by(SUNDAY, embassy).by, decided_by(SUNDAY, embassy).names) == (DecidedBy.EXCEPTION, INVENTORY)
    assert decided_by(TUESDAY, embassy, PASSPORTS).by is DecidedBy.RETIRED
    assert decided_by(SUNDAY, Calendar(DOHA, ())).by is DecidedBy.NOTHING


def test_a_closed_day_is_told_by_its_holiday_even_where_nothing_would_be_open() -> None:
    holiday = Closure(SUNDAY, SUNDAY, provisional=True, names=HOLIDAY)
    for embassy in (calendar(closures=(holiday,)), Calendar(DOHA, (), closures=(holiday,))):
        found = decided_by(SUNDAY, embassy)
        assert (found.by, found.names, found.provisional) == (DecidedBy.CLOSURE, HOLIDAY, True)


def test_a_closure_or_break_that_shortens_nothing_has_not_decided() -> None:
    late = Closure(SUNDAY, SUNDAY, closes=time(18), names=HOLIDAY)
    pause = one_day(Layer.BREAK, 17, 18, names=INVENTORY)
    assert decided_by(SUNDAY, calendar(pause, closures=(late,))).by is DecidedBy.REGULAR
    early = replace(late, closes=time(12))
    assert decided_by(SUNDAY, calendar(closures=(early,))).names == HOLIDAY
    assert decided_by(SUNDAY, calendar(one_day(Layer.BREAK, 12, 14, names=INVENTORY))).names == INVENTORY


def test_a_weekly_break_belongs_to_the_weekly_hours() -> None:
    pause = OpeningRule(Layer.BREAK, EVERY_DAY, time(12), time(13))
    assert decided_by(SUNDAY, calendar(pause)).by is DecidedBy.REGULAR


def test_an_exception_has_decided_a_holiday_that_it_opens() -> None:
    anyway = one_day(Layer.EXCEPTION, 9, 12, opens_anyway=True)
    assert decided_by(SUNDAY, calendar(anyway, closures=(Closure(SUNDAY, SUNDAY),))).by is DecidedBy.EXCEPTION


def test_an_outing_is_named_by_its_place() -> None:
    outing = Outing(SUNDAY, time(9), time(15), {"en": "Al Khor"}, 70)
    found = decided_by(SUNDAY, calendar(outings=(outing,)))
    assert (found.by, found.names) == (DecidedBy.OUTING, {"en": "Al Khor"})
    assert decided_by(MONDAY, calendar(outings=(outing,), only_goes_out=True)).by is DecidedBy.NOTHING


# ---------------------------------------------------------------- days that may change


def test_days_around_a_provisional_stretch_may_change_where_it_has_hours() -> None:
    fasting = OpeningRule(Layer.SEASON, EVERY_DAY, time(9), time(12), season="ramadan")
    day = timedelta(days=1)
    around = [RAMADAN.first - 2 * day, RAMADAN.first - day, RAMADAN.first, RAMADAN.last + day, RAMADAN.last + 2 * day]
    embassy = calendar(fasting, seasons=(RAMADAN,))
    assert [may_change(when, embassy) for when in around] == [False, True, True, True, False]
    assert not may_change(RAMADAN.first, calendar(seasons=(RAMADAN,)))
    confirmed = calendar(fasting, seasons=(replace(RAMADAN, provisional=False),))
    assert not may_change(RAMADAN.first, confirmed)


def test_a_provisional_closure_of_one_service_says_nothing_of_the_others() -> None:
    embassy = calendar(closures=(Closure(MONDAY, MONDAY, frozenset({HAJJ}), provisional=True),))
    assert may_change(SUNDAY, embassy, HAJJ)
    assert not may_change(SUNDAY, embassy, PASSPORTS)
    assert not may_change(SUNDAY, embassy)


# ---------------------------------------------------------------- members


def test_a_member_without_hours_of_its_own_works_all_day_but_for_its_breaks_and_closures() -> None:
    def works(*rules: OpeningRule, closures: tuple[Closure, ...] = ()) -> list[tuple[int, int]]:
        found = working_hours(SUNDAY, calendar(*rules, closures=closures), HAJJ)
        return [(one.start // 60, one.end // 60) for one in found]

    own_break = OpeningRule(Layer.BREAK, EVERY_DAY, time(12), time(13), service_id=HAJJ)
    break_of_all = OpeningRule(Layer.BREAK, EVERY_DAY, time(10), time(11))
    assert works() == [(0, 24)]
    # It is on its way while the branch is closed, and services have the breaks of all.
    assert works(own_break, break_of_all) == [(0, 12), (13, 24)]
    morning = Closure(SUNDAY, SUNDAY, frozenset({HAJJ}), opens=time(9))
    assert works(own_break, closures=(morning,)) == [(9, 12), (13, 24)]
    assert works(one_day(Layer.SERVICE, 9, 15, service_id=HAJJ), own_break) == [(9, 12), (13, 15)]


def test_an_exception_or_a_season_of_a_member_says_nothing_of_other_days() -> None:
    regular = OpeningRule(Layer.REGULAR, EVERY_DAY, time(8), time(14))
    exception = OpeningRule(Layer.EXCEPTION, EVERY_DAY, time(10), time(12), service_id=HAJJ, first=MONDAY, last=MONDAY)
    fasting = OpeningRule(Layer.SERVICE, EVERY_DAY, time(9), time(11), season="ramadan", service_id=HAJJ)
    own = OpeningRule(Layer.SERVICE, frozenset({MONDAY.weekday()}), time(9), time(15), service_id=HAJJ)

    def works(day: date, *rules: OpeningRule) -> list[tuple[int, int]]:
        found = working_hours(day, calendar(regular, *rules, seasons=(RAMADAN,)), HAJJ)
        return [(one.start // 60, one.end // 60) for one in found]

    # As without any line: also in the evening, when a service may be open after the branch.
    assert works(SUNDAY, exception) == works(SUNDAY) == [(0, 24)]
    assert works(MONDAY, exception) == [(10, 12)]
    assert works(SUNDAY, fasting) == [(0, 24)]
    assert works(RAMADAN.first, fasting) == [(9, 11)]
    # Its own week speaks of every day.
    assert works(SUNDAY, own, exception) == []
    assert works(MONDAY, own, exception) == [(10, 12)]
    assert works(MONDAY + timedelta(days=7), own, exception) == [(9, 15)]
