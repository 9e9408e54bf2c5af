"""What happens next at a branch: the rest of the day, closed days, seasons."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from queue_system.core.calendars import Calendar, Closure, Layer, OpeningRule, Season
from queue_system.core.coming import CLOSURES_AHEAD, SEASONS_AHEAD, Coming, What, next_days, rest_of

DOHA = ZoneInfo("Asia/Qatar")
SUNDAY = date(2026, 11, 22)
EVERY_DAY = frozenset(range(7))
OPEN = OpeningRule(Layer.REGULAR, EVERY_DAY, time(8, 30), time(14, 30), time(13, 30))
PRAYER = OpeningRule(Layer.BREAK, EVERY_DAY, time(11, 30), time(12), names={"en": "Prayer"})


def at(clock: str, day: date = SUNDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), DOHA).astimezone(UTC)


def calendar(*closures: Closure, seasons: tuple[Season, ...] = ()) -> Calendar:
    return Calendar(DOHA, (OPEN, PRAYER), seasons, closures)


def test_the_rest_of_a_day_is_told_in_its_order() -> None:
    found = rest_of(SUNDAY, calendar(), at("08:00"))
    assert [(one.what, one.at) for one in found] == [
        (What.OPENS, at("08:30")),
        (What.BREAK, at("11:30")),
        (What.LAST_TICKET, at("13:30")),
        (What.CLOSES, at("14:30")),
    ]
    assert (found[1].until, found[1].names) == (at("12:00"), {"en": "Prayer"})


def test_what_is_over_is_not_told() -> None:
    assert [one.what for one in rest_of(SUNDAY, calendar(), at("13:30"))] == [What.CLOSES]
    assert rest_of(SUNDAY, calendar(), at("14:30")) == []


def test_numbers_until_closing_need_no_line_of_their_own() -> None:
    until_closing = Calendar(DOHA, (OpeningRule(Layer.REGULAR, EVERY_DAY, time(8), time(14)),))
    assert [one.what for one in rest_of(SUNDAY, until_closing, at("09:00"))] == [What.CLOSES]


def test_a_closed_day_has_nothing_to_come() -> None:
    assert rest_of(SUNDAY, calendar(Closure(SUNDAY, SUNDAY)), at("07:00")) == []


def test_closures_are_told_two_weeks_ahead_and_until_their_last_day() -> None:
    last = SUNDAY + CLOSURES_AHEAD
    goes_on = Closure(SUNDAY - timedelta(days=2), SUNDAY + timedelta(days=1), provisional=True)
    found = next_days(
        SUNDAY,
        calendar(
            Closure(last, last, names={"en": "Feast"}),
            Closure(last + timedelta(days=1), last + timedelta(days=1)),
            Closure(SUNDAY - timedelta(days=1), SUNDAY - timedelta(days=1)),
            goes_on,
        ),
    )
    assert found == [
        Coming(What.CLOSURE, SUNDAY, last=goes_on.last, provisional=True),
        Coming(What.CLOSURE, last, names={"en": "Feast"}),
    ]


def test_a_closure_of_a_part_is_not_told_as_a_closed_day() -> None:
    found = next_days(SUNDAY, calendar(Closure(SUNDAY, SUNDAY, closes=time(12))))
    assert [one.what for one in found] == [What.PART_CLOSURE]


def test_a_season_is_told_before_it_begins() -> None:
    def seasons_seen(day: date) -> list[What]:
        first = SUNDAY + SEASONS_AHEAD
        return [
            one.what for one in next_days(day, calendar(seasons=(Season("ramadan", first, first + timedelta(29)),)))
        ]

    assert seasons_seen(SUNDAY - timedelta(days=1)) == []
    assert seasons_seen(SUNDAY) == [What.SEASON]
    assert seasons_seen(SUNDAY + SEASONS_AHEAD) == []
