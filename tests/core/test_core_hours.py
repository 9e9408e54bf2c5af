"""Layers of opening hours: which window applies on which day, and when tickets can be taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from queue_system.core.calendars import EVERY_DAY, Calendar, Closure, Layer, OpeningRule, Outing, Season, Window
from queue_system.core.hours import (
    is_open,
    last_closing,
    next_opening,
    open_until,
    outing_on,
    session_end,
    takes_tickets,
    turn_of_day,
    windows,
)
from queue_system.core.timetable import Timetable

DOHA = ZoneInfo("Asia/Qatar")
SUNDAY_TO_THURSDAY = frozenset({6, 0, 1, 2, 3})
PASSPORTS, HAJJ = UUID(int=1), UUID(int=2)

SUNDAY = date(2026, 11, 22)
FRIDAY = date(2026, 11, 27)
SATURDAY = date(2026, 11, 28)
RAMADAN = Season("ramadan", date(2027, 2, 8), date(2027, 3, 9), provisional=True)
RAMADAN_SUNDAY = date(2027, 2, 14)


def rule(
    layer: Layer,
    opens: str,
    closes: str,
    last_ticket: str | None = None,
    *,
    days: frozenset[int] = SUNDAY_TO_THURSDAY,
    season: str | None = None,
    service_id: UUID | None = None,
    first: date | None = None,
    last: date | None = None,
) -> OpeningRule:
    ticket = None if last_ticket is None else time.fromisoformat(last_ticket)
    doors = time.fromisoformat(opens), time.fromisoformat(closes)
    return OpeningRule(layer, days, *doors, ticket, season, service_id, first, last)


REGULAR = rule(Layer.REGULAR, "08:30", "14:30", "13:30")
IN_RAMADAN = rule(Layer.SEASON, "09:00", "14:00", "13:15", season="ramadan")
NIGHT = rule(Layer.SEASON, "20:30", "01:00", "00:15", season="ramadan")
COLLECTION = rule(Layer.SERVICE, "12:30", "14:30", service_id=PASSPORTS)


def shown(day: date, calendar: Calendar, service_id: UUID | None = None) -> list[tuple[str, str, str]]:
    return [
        (f"{window.opens:%H:%M}", f"{window.closes:%H:%M}", f"{window.last_ticket:%H:%M}")
        for window in windows(day, calendar, service_id)
    ]


def calendar(*rules: OpeningRule, closures: tuple[Closure, ...] = ()) -> Calendar:
    return Calendar(DOHA, rules, (RAMADAN,), closures)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), DOHA).astimezone(UTC)


def test_regular_hours_hold_on_their_weekdays_only() -> None:
    assert shown(SUNDAY, calendar(REGULAR)) == [("08:30", "14:30", "13:30")]
    assert shown(FRIDAY, calendar(REGULAR)) == []


def test_a_season_replaces_the_regular_week_from_its_first_to_its_last_day() -> None:
    embassy = calendar(REGULAR, IN_RAMADAN)
    assert shown(date(2027, 2, 7), embassy) == [("08:30", "14:30", "13:30")]
    assert shown(date(2027, 2, 8), embassy) == [("09:00", "14:00", "13:15")]
    assert shown(date(2027, 3, 9), embassy) == [("09:00", "14:00", "13:15")]
    assert shown(date(2027, 3, 10), embassy) == [("08:30", "14:30", "13:30")]


def test_a_weekday_that_the_season_does_not_name_is_closed() -> None:
    mondays = rule(Layer.SEASON, "09:00", "12:00", season="ramadan", days=frozenset({0}))
    assert shown(RAMADAN_SUNDAY, calendar(REGULAR, mondays)) == []
    assert shown(RAMADAN_SUNDAY + timedelta(days=1), calendar(REGULAR, mondays)) == [("09:00", "12:00", "12:00")]


def test_of_overlapping_seasons_the_one_that_began_last_holds() -> None:
    winter = Season("winter", date(2026, 12, 1), date(2027, 3, 31))
    rules = (REGULAR, rule(Layer.SEASON, "10:00", "13:00", season="winter"), IN_RAMADAN)
    both = Calendar(DOHA, rules, (RAMADAN, winter))
    assert shown(date(2027, 1, 3), both) == [("10:00", "13:00", "13:00")]
    assert shown(RAMADAN_SUNDAY, both) == [("09:00", "14:00", "13:15")]


def test_a_season_without_rules_changes_nothing() -> None:
    assert shown(RAMADAN_SUNDAY, calendar(REGULAR)) == [("08:30", "14:30", "13:30")]


def test_a_service_has_its_own_hours_and_no_other_service_has_them() -> None:
    embassy = calendar(REGULAR, COLLECTION)
    assert shown(SUNDAY, embassy, PASSPORTS) == [("12:30", "14:30", "14:30")]
    assert shown(SUNDAY, embassy, HAJJ) == [("08:30", "14:30", "13:30")]
    assert shown(SUNDAY, embassy) == [("08:30", "14:30", "13:30")]


def test_hours_of_a_service_hold_in_a_season_unless_it_has_seasonal_ones() -> None:
    assert shown(RAMADAN_SUNDAY, calendar(REGULAR, IN_RAMADAN, COLLECTION), PASSPORTS) == [("12:30", "14:30", "14:30")]
    seasonal = rule(Layer.SERVICE, "12:00", "13:00", service_id=PASSPORTS, season="ramadan")
    assert shown(RAMADAN_SUNDAY, calendar(REGULAR, COLLECTION, seasonal), PASSPORTS) == [("12:00", "13:00", "13:00")]
    assert shown(SUNDAY, calendar(REGULAR, seasonal), PASSPORTS) == [("08:30", "14:30", "13:30")]


def test_an_exception_replaces_the_hours_of_its_dates_and_speaks_for_its_weekdays_only() -> None:
    saturdays = rule(
        Layer.EXCEPTION, "10:00", "12:00", days=frozenset({5}), first=date(2026, 11, 1), last=date(2026, 11, 30)
    )
    short = rule(Layer.EXCEPTION, "08:30", "11:00", first=SUNDAY, last=SUNDAY)
    embassy = calendar(REGULAR, COLLECTION, saturdays, short)
    assert shown(SATURDAY, embassy) == [("10:00", "12:00", "12:00")]
    assert shown(SATURDAY + timedelta(days=7), embassy) == []
    assert shown(SUNDAY, embassy) == [("08:30", "11:00", "11:00")]
    assert shown(SUNDAY, embassy, PASSPORTS) == [("08:30", "11:00", "11:00")]
    assert shown(SUNDAY + timedelta(days=1), embassy) == [("08:30", "14:30", "13:30")]


def test_an_exception_of_a_service_goes_before_that_of_the_branch() -> None:
    branch = rule(Layer.EXCEPTION, "08:30", "11:00", first=SUNDAY, last=SUNDAY)
    own = rule(Layer.EXCEPTION, "16:00", "18:00", first=SUNDAY, last=SUNDAY, service_id=HAJJ)
    assert shown(SUNDAY, calendar(REGULAR, branch, own), HAJJ) == [("16:00", "18:00", "18:00")]
    assert shown(SUNDAY, calendar(REGULAR, branch, own), PASSPORTS) == [("08:30", "11:00", "11:00")]


def test_a_break_cuts_the_day_and_the_last_ticket_stays_at_the_end() -> None:
    forum = calendar(
        rule(Layer.REGULAR, "09:00", "17:30", "16:30", days=EVERY_DAY),
        rule(Layer.BREAK, "12:30", "14:00", days=frozenset({4})),
    )
    assert shown(FRIDAY, forum) == [("09:00", "12:30", "12:30"), ("14:00", "17:30", "16:30")]
    assert shown(SATURDAY, forum) == [("09:00", "17:30", "16:30")]
    assert not is_open(at(FRIDAY, "13:00"), forum)


def test_a_break_may_touch_the_edges_or_swallow_the_day() -> None:
    hours = rule(Layer.REGULAR, "09:00", "12:00", days=EVERY_DAY)
    early = rule(Layer.BREAK, "08:00", "09:30", days=EVERY_DAY)
    late = rule(Layer.BREAK, "11:30", "13:00", days=EVERY_DAY)
    beside = rule(Layer.BREAK, "12:00", "13:00", days=EVERY_DAY)
    whole = rule(Layer.BREAK, "09:00", "12:00", days=EVERY_DAY)
    assert shown(SUNDAY, calendar(hours, early, late)) == [("09:30", "11:30", "11:30")]
    assert shown(SUNDAY, calendar(hours, beside)) == [("09:00", "12:00", "12:00")]
    assert shown(SUNDAY, calendar(hours, whole)) == []


def test_a_break_of_one_service_or_season_leaves_the_others_alone() -> None:
    own = rule(Layer.BREAK, "10:00", "10:30", service_id=PASSPORTS)
    fasting = rule(Layer.BREAK, "12:00", "12:30", season="ramadan")
    embassy = calendar(REGULAR, own, fasting)
    assert len(windows(SUNDAY, embassy, PASSPORTS)) == 2
    assert len(windows(SUNDAY, embassy, HAJJ)) == 1
    assert len(windows(RAMADAN_SUNDAY, embassy, HAJJ)) == 2


def test_closures_close_the_branch_or_only_their_services() -> None:
    holiday = Closure(SUNDAY, SUNDAY + timedelta(days=1))
    fees = Closure(SUNDAY + timedelta(days=3), SUNDAY + timedelta(days=3), frozenset({PASSPORTS}))
    embassy = calendar(REGULAR, closures=(holiday, fees))
    opened = [bool(windows(SUNDAY + timedelta(days=ahead), embassy)) for ahead in range(4)]
    assert opened == [False, False, True, True]
    assert windows(fees.first, embassy, PASSPORTS) == ()
    assert windows(fees.first, embassy, HAJJ) != ()


def test_two_windows_a_day_stay_apart_and_overlapping_rules_become_one() -> None:
    evening = rule(Layer.REGULAR, "16:00", "20:00", "19:00")
    overlap = rule(Layer.REGULAR, "14:00", "15:00")
    assert shown(SUNDAY, calendar(evening, REGULAR)) == [("08:30", "14:30", "13:30"), ("16:00", "20:00", "19:00")]
    assert shown(SUNDAY, calendar(overlap, REGULAR)) == [("08:30", "15:00", "15:00")]
    inside = rule(Layer.REGULAR, "10:00", "12:00", "11:00")
    assert shown(SUNDAY, calendar(inside, REGULAR)) == [("08:30", "14:30", "13:30")]
    touching = rule(Layer.REGULAR, "14:30", "16:00", "15:30")
    assert shown(SUNDAY, calendar(REGULAR, touching)) == [("08:30", "16:00", "15:30")]


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    wifaq = calendar(IN_RAMADAN, NIGHT)
    assert windows(RAMADAN_SUNDAY, wifaq)[1] == Window(20 * 60 + 30, 25 * 60, 24 * 60 + 15)
    last_evening = date(2027, 3, 9)
    assert is_open(at(last_evening + timedelta(days=1), "00:59"), wifaq)
    assert not is_open(at(last_evening + timedelta(days=1), "01:00"), wifaq)
    assert takes_tickets(at(last_evening + timedelta(days=1), "00:14"), wifaq)
    assert not takes_tickets(at(last_evening + timedelta(days=1), "00:15"), wifaq)


def test_a_break_after_midnight_is_taken_out_of_the_night_window() -> None:
    pause = rule(Layer.BREAK, "23:45", "00:15", season="ramadan")
    short = rule(Layer.BREAK, "00:30", "00:40", season="ramadan")
    assert shown(RAMADAN_SUNDAY, calendar(NIGHT, pause, short)) == [
        ("20:30", "23:45", "23:45"),
        ("00:15", "00:30", "00:15"),
        ("00:40", "01:00", "00:15"),
    ]


DAY_STARTS = time(3)


def test_times_after_midnight_are_of_the_day_before_where_it_is_open_then() -> None:
    assert turn_of_day(SUNDAY, calendar(REGULAR), DAY_STARTS) == time(0)
    assert turn_of_day(FRIDAY, calendar(REGULAR), DAY_STARTS) == time(0)
    night = rule(Layer.SERVICE, "20:00", "02:00", service_id=HAJJ)
    assert turn_of_day(SUNDAY, calendar(REGULAR, night), DAY_STARTS) == DAY_STARTS
    until_midnight = rule(Layer.REGULAR, "16:00", "00:00")
    assert turn_of_day(SUNDAY, calendar(until_midnight), DAY_STARTS) == DAY_STARTS
    # Open longer than the business day: in the middle of the time in which it is closed.
    assert turn_of_day(SUNDAY, calendar(rule(Layer.REGULAR, "20:00", "06:00")), DAY_STARTS) == time(13)


def test_a_session_ends_with_its_business_day_not_with_the_doors() -> None:
    """Visitors inside at closing time are still served."""
    assert session_end(SUNDAY, calendar(REGULAR), DAY_STARTS) == at(SUNDAY + timedelta(days=1), "03:00")


def test_a_session_over_the_change_of_day_ends_when_its_window_closes() -> None:
    late = rule(Layer.REGULAR, "20:00", "06:00", days=EVERY_DAY)
    assert session_end(SUNDAY, calendar(late), DAY_STARTS) == at(SUNDAY + timedelta(days=1), "06:00")
    early = rule(Layer.REGULAR, "03:00", "06:00", days=EVERY_DAY)
    assert session_end(SUNDAY, calendar(early), DAY_STARTS) == at(SUNDAY + timedelta(days=1), "03:00"), "the next one"


def test_a_service_that_is_open_over_the_change_of_day_keeps_the_session() -> None:
    night = rule(Layer.SERVICE, "22:00", "05:00", service_id=HAJJ)
    assert session_end(SUNDAY, calendar(REGULAR, night), DAY_STARTS) == at(SUNDAY + timedelta(days=1), "05:00")


def test_a_hall_that_never_closes_ends_its_sessions_all_the_same() -> None:
    always = rule(Layer.REGULAR, "00:00", "00:00", days=EVERY_DAY)
    assert session_end(SUNDAY, calendar(always), DAY_STARTS) == at(SUNDAY + timedelta(days=2), "00:00")


def test_the_last_closing_is_that_of_the_day_on_which_the_window_opened() -> None:
    afternoon = rule(Layer.REGULAR, "16:00", "18:00")
    both = calendar(REGULAR, afternoon)
    assert last_closing(at(SUNDAY, "09:15"), both, DAY_STARTS) == at(SUNDAY, "18:00"), "one may come in the afternoon"
    night = calendar(rule(Layer.REGULAR, "20:00", "01:00", days=EVERY_DAY))
    assert last_closing(at(SUNDAY, "00:30"), night, DAY_STARTS) == at(SUNDAY, "01:00")
    own = calendar(REGULAR, COLLECTION, rule(Layer.SERVICE, "09:00", "11:00", service_id=HAJJ))
    assert last_closing(at(SUNDAY, "09:15"), own, DAY_STARTS, HAJJ) == at(SUNDAY, "11:00")


def test_a_time_outside_the_hours_lasts_as_long_as_its_session() -> None:
    """The hours were changed after the appointment was made."""
    monday = SUNDAY + timedelta(days=1)
    assert last_closing(at(SUNDAY, "20:00"), calendar(REGULAR), DAY_STARTS) == at(monday, "03:00")


def test_the_timetable_knows_the_earliest_day_that_is_not_over() -> None:
    table = Timetable(calendar(rule(Layer.REGULAR, "20:00", "06:00", days=EVERY_DAY)), DAY_STARTS)
    monday = SUNDAY + timedelta(days=1)
    assert table.first_live_day(at(monday, "02:59")) == SUNDAY
    assert table.first_live_day(at(monday, "05:59")) == SUNDAY, "the day has changed, the session has not"
    assert table.first_live_day(at(monday, "06:00")) == monday
    assert table.live_since(at(monday, "05:59")) == at(SUNDAY, "03:00")


def test_opening_equal_to_closing_is_a_whole_day() -> None:
    always = calendar(rule(Layer.REGULAR, "00:00", "00:00", days=EVERY_DAY))
    assert windows(SUNDAY, always) == (Window(0, 1440, 1440),)
    assert is_open(at(SUNDAY, "23:59"), always)


@pytest.mark.parametrize(
    ("clock", "opened", "tickets"),
    [
        ("08:29", False, False),
        ("08:30", True, True),
        ("13:29", True, True),
        ("13:30", True, False),
        ("14:29", True, False),
        ("14:30", False, False),
    ],
)
def test_doors_and_last_ticket(clock: str, opened: bool, tickets: bool) -> None:
    embassy = calendar(REGULAR)
    assert is_open(at(SUNDAY, clock), embassy) is opened
    assert takes_tickets(at(SUNDAY, clock), embassy) is tickets
    assert open_until(at(SUNDAY, clock), embassy) == (at(SUNDAY, "14:30") if opened else None)


def test_the_next_opening_jumps_over_weekend_and_closures() -> None:
    embassy = calendar(REGULAR, closures=(Closure(SUNDAY, SUNDAY),))
    assert next_opening(at(date(2026, 11, 19), "15:00"), embassy) == at(SUNDAY + timedelta(days=1), "08:30")
    assert next_opening(at(SUNDAY + timedelta(days=1), "08:30"), embassy) == at(SUNDAY + timedelta(days=2), "08:30")
    assert next_opening(at(SUNDAY + timedelta(days=1), "08:29"), embassy) == at(SUNDAY + timedelta(days=1), "08:30")


def test_no_next_opening_when_nothing_opens() -> None:
    assert next_opening(at(SUNDAY, "12:00"), calendar()) is None
    year = calendar(REGULAR, closures=(Closure(SUNDAY, SUNDAY + timedelta(days=365)),))
    assert next_opening(at(SUNDAY, "12:00"), year) is None


def test_rules_as_rows_of_text_work_as_well() -> None:
    row = OpeningRule("regular", EVERY_DAY, time(9), time(12))  # type: ignore[arg-type]
    assert shown(SUNDAY, calendar(row)) == [("09:00", "12:00", "12:00")]


# ---------------------------------------------------------------- days elsewhere

AL_KHOR = Outing(SATURDAY, time(9), time(15), {"en": "Al Khor"}, 70)


def test_a_branch_that_goes_out_is_open_on_its_days_only() -> None:
    mobile = replace(calendar(REGULAR), outings=(AL_KHOR,), only_goes_out=True)
    assert shown(SUNDAY, mobile) == []
    assert shown(SATURDAY, mobile, PASSPORTS) == [("09:00", "15:00", "15:00")]
    assert outing_on(SATURDAY, mobile, PASSPORTS) is AL_KHOR
    assert outing_on(SUNDAY, mobile) is None
    assert next_opening(at(SUNDAY, "08:00"), mobile) == at(SATURDAY, "09:00")


def test_services_that_go_along_are_not_at_home_on_that_day() -> None:
    away = replace(AL_KHOR, day=SUNDAY, opens=time(10), closes=time(12), service_ids=frozenset({HAJJ}))
    both = replace(calendar(REGULAR, COLLECTION), outings=(away,))
    assert shown(SUNDAY, both, HAJJ) == [("10:00", "12:00", "12:00")]
    assert shown(SUNDAY, both, PASSPORTS) == [("12:30", "14:30", "14:30")]
    assert outing_on(SUNDAY, both, HAJJ) is away
    assert outing_on(SUNDAY, both, PASSPORTS) is None
    assert outing_on(SUNDAY, both) is None, "others are at home"


def test_a_branch_whose_doors_are_shut_is_where_its_services_are() -> None:
    away = replace(AL_KHOR, service_ids=frozenset({HAJJ}))
    branch = replace(calendar(REGULAR), outings=(away,))
    assert outing_on(SATURDAY, branch) is away
    assert shown(SATURDAY, branch) == [("09:00", "15:00", "15:00")]
    assert shown(SATURDAY, branch, PASSPORTS) == []


def test_a_closed_day_is_closed_elsewhere_too() -> None:
    feast = Closure(SATURDAY, SATURDAY)
    mobile = replace(calendar(REGULAR, closures=(feast,)), outings=(AL_KHOR,), only_goes_out=True)
    assert shown(SATURDAY, mobile) == []
    assert outing_on(SATURDAY, mobile) is None
