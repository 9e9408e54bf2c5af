"""Wall time and instants: daylight saving, days that begin at 03:00, in eight zones and six years."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.calendars import EVERY_DAY, Calendar, Layer, OpeningRule, Window
from queue_system.core.hours import business_date, day_bounds, instant_at, is_open, to_instants

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
ZONES = [
    "Europe/Berlin",
    "Europe/Istanbul",
    "Asia/Qatar",
    "Asia/Damascus",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "Australia/Lord_Howe",
]
YEARS = range(2022, 2028)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "instant"),
    [
        (SPRING, "01:59", "2027-03-28T00:59"),
        # 02:00 to 03:00 does not exist; every such time becomes the moment of the change.
        (SPRING, "02:00", "2027-03-28T01:00"),
        (SPRING, "02:30", "2027-03-28T01:00"),
        (SPRING, "02:59", "2027-03-28T01:00"),
        (SPRING, "03:00", "2027-03-28T01:00"),
        (SPRING, "03:01", "2027-03-28T01:01"),
        # 02:00 to 03:00 occurs twice; the first is used.
        (AUTUMN, "02:00", "2027-10-31T00:00"),
        (AUTUMN, "02:30", "2027-10-31T00:30"),
        (AUTUMN, "03:00", "2027-10-31T02:00"),
    ],
)
def test_instants_of_berlin_wall_times(day: date, clock: str, instant: str) -> None:
    hours, minutes = clock.split(":")
    assert instant_at(day, int(hours) * 60 + int(minutes), BERLIN) == utc(instant)


@pytest.mark.parametrize(
    ("day", "window", "minutes"),
    [
        (SPRING, Window(0, 1440, 1440), 23 * 60),
        (AUTUMN, Window(0, 1440, 1440), 25 * 60),
        (date(2027, 6, 1), Window(0, 1440, 1440), 24 * 60),
        (SPRING, Window(130, 170, 170), 0),
        (SPRING, Window(150, 300, 300), 120),
        (AUTUMN, Window(60, 180, 180), 180),
        (SPRING - timedelta(days=1), Window(20 * 60, 28 * 60, 28 * 60), 7 * 60),
        (AUTUMN - timedelta(days=1), Window(20 * 60, 28 * 60, 28 * 60), 9 * 60),
    ],
)
def test_length_of_windows_over_a_change(day: date, window: Window, minutes: int) -> None:
    opens, closes = to_instants(day, window, BERLIN)
    assert closes - opens == timedelta(minutes=minutes)


def test_the_door_opens_by_the_wall_clock_before_and_after_a_change() -> None:
    rule = OpeningRule(Layer.REGULAR, EVERY_DAY, time(10), time(17))
    hub = Calendar(BERLIN, (rule,))
    for day, opens in ((date(2027, 3, 27), "2027-03-27T09:00"), (SPRING, "2027-03-28T08:00")):
        assert to_instants(day, Window(600, 1020, 1020), BERLIN)[0] == utc(opens)
        assert is_open(utc(opens), hub)
        assert not is_open(utc(opens) - timedelta(minutes=1), hub)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_a_year_begins_where_the_one_before_ends(zone: str, year: int) -> None:
    place = ZoneInfo(zone)
    day, lengths = date(year, 1, 1), set()
    while day.year == year:
        begins, ends = day_bounds(day, place, time(3))
        assert day_bounds(day + timedelta(days=1), place, time(3))[0] == ends
        lengths.add(ends - begins)
        for instant in (begins, begins + timedelta(hours=12), ends - timedelta(seconds=1)):
            assert business_date(instant, place, time(3)) == day
        assert business_date(begins - timedelta(seconds=1), place, time(3)) == day - timedelta(days=1)
        day += timedelta(days=1)
    assert lengths <= {timedelta(hours=24) + timedelta(minutes=shift) for shift in (-60, -30, 0, 30, 60)}


@pytest.mark.parametrize(
    ("zone", "year", "changes"),
    [("Europe/Berlin", 2027, 2), ("Europe/Istanbul", 2027, 0), ("Asia/Qatar", 2027, 0), ("Asia/Damascus", 2027, 0)],
)
def test_zones_change_as_often_as_they_should(zone: str, year: int, changes: int) -> None:
    place, first = ZoneInfo(zone), date(year, 1, 1)
    bounds = [day_bounds(first + timedelta(days=ahead), place, time(3)) for ahead in range(365)]
    assert sum(ends - begins != timedelta(hours=24) for begins, ends in bounds) == changes


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2027-02-14T20:59", date(2027, 2, 14)),  # 23:59 in Doha
        ("2027-02-14T21:01", date(2027, 2, 14)),  # 00:01: the evening goes on
        ("2027-02-14T23:59", date(2027, 2, 14)),  # 02:59
        ("2027-02-15T00:00", date(2027, 2, 15)),  # 03:00
    ],
)
def test_the_business_date_changes_at_three(now: str, day: date) -> None:
    assert business_date(utc(now), ZoneInfo("Asia/Qatar"), time(3)) == day


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    day=st.dates(date(2022, 1, 1), date(2027, 12, 31)),
    starts=st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
    minutes=st.integers(0, 24 * 60),
    later=st.integers(0, 24 * 60),
)
def test_a_business_date_never_goes_back(zone: ZoneInfo, day: date, starts: time, minutes: int, later: int) -> None:
    now = instant_at(day, minutes, zone)
    assert business_date(now, zone, starts) <= business_date(now + timedelta(minutes=later), zone, starts)


@pytest.mark.parametrize("starts", [time(0), time(0, 30), time(2, 30), time(3), time(23, 30)])
@pytest.mark.parametrize("zone", ZONES)
def test_a_business_date_never_goes_back_around_the_changes_of_2027(zone: str, starts: time) -> None:
    place = ZoneInfo(zone)
    now = utc("2027-01-01T00:00")
    offset, last = now.astimezone(place).utcoffset(), date.min
    while now < utc("2028-01-01T00:00"):
        now += timedelta(hours=6)
        if now.astimezone(place).utcoffset() != offset:
            offset = now.astimezone(place).utcoffset()
            for minute in range(-48 * 60, 1, 5):
                day = business_date(now + timedelta(minutes=minute), place, starts)
                assert last <= day
                last = day


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    day=st.dates(date(2022, 1, 1), date(2027, 12, 31)),
    minutes=st.integers(0, 48 * 60 - 1),
)
def test_an_instant_is_the_first_at_which_the_wall_clock_has_come_so_far(
    zone: ZoneInfo, day: date, minutes: int
) -> None:
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    instant = instant_at(day, minutes, zone)
    assert instant.astimezone(zone).replace(tzinfo=None) >= wall
    assert (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None) < wall
