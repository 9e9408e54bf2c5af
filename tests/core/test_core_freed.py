"""When a place that was given back returns: a lot decides among published hours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from queue_system.core.freed import DELAY, RELEASES, SPREAD, release_hours, returns_at

DOHA = ZoneInfo("Asia/Qatar")
BERLIN = ZoneInfo("Europe/Berlin")
EVENING = time(18)
FREED = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
IN_TEN_DAYS = FREED + timedelta(days=10)


def draws(starts_at: datetime = IN_TEN_DAYS, number: int = 3000) -> list[datetime]:
    found = [returns_at(f"lot {one}", FREED, starts_at, EVENING, DOHA) for one in range(number)]
    return [at for at in found if at is not None]


def test_the_same_lot_gives_the_same_moment_so_that_anybody_can_check_it() -> None:
    assert returns_at("a", FREED, IN_TEN_DAYS, EVENING, DOHA) == returns_at("a", FREED, IN_TEN_DAYS, EVENING, DOHA)
    # SHA-256 of "a" as a number, modulo 3 and then modulo 60, computed by hand.
    number = int("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", 16)
    day, minute = number % 3, number // 3 % 60
    assert returns_at("a", FREED, IN_TEN_DAYS, EVENING, DOHA) == datetime(2026, 11, 22 + day, 15, minute, tzinfo=UTC)


def test_every_published_hour_and_every_minute_of_it_is_as_likely() -> None:
    found = draws()
    days = Counter(at.date() for at in found)
    assert len(days) == RELEASES
    assert all(abs(count - len(found) / RELEASES) < 120 for count in days.values())
    minutes = Counter(at.minute for at in found)
    assert len(minutes) == SPREAD // timedelta(minutes=1)
    assert max(minutes.values()) < 90


def test_places_given_back_in_one_moment_return_in_another_order() -> None:
    assert draws() != sorted(draws())


def test_nothing_returns_at_once() -> None:
    shortly_before = datetime(2026, 11, 22, 13, 30, tzinfo=UTC)
    assert min(draws()) - FREED >= DELAY
    hours = release_hours(shortly_before, IN_TEN_DAYS, EVENING, DOHA)
    assert hours[0] == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def test_what_returns_has_its_time_still_before_it() -> None:
    tomorrow_morning = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
    found = draws(tomorrow_morning, 50)
    assert len(found) == 50
    assert all(at < tomorrow_morning for at in found)
    assert returns_at("a", FREED, datetime(2026, 11, 22, 15, 30, tzinfo=UTC), EVENING, DOHA) is None
    assert returns_at("a", FREED, FREED + timedelta(minutes=30), EVENING, DOHA) is None


def test_the_hour_is_that_of_the_wall_clock_also_when_clocks_change() -> None:
    before = datetime(2026, 10, 24, 6, 0, tzinfo=UTC)
    hours = release_hours(before, before + timedelta(days=9), EVENING, BERLIN)
    assert [at.astimezone(BERLIN).hour for at in hours] == [18, 18, 18]
    assert [at.hour for at in hours] == [16, 17, 17]
