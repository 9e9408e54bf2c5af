"""Days and times in the branch's zone and the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from queue_system.i18n import dates, isolates
from queue_system.i18n.words import words_for

QATAR, BERLIN = ZoneInfo("Asia/Qatar"), ZoneInfo("Europe/Berlin")
ARABIC, ENGLISH = words_for("ar", strict=True), words_for("en", strict=True)
SUNDAY = date(2026, 11, 22)
INSTANT = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


def test_an_arabic_day_has_both_names_of_the_month() -> None:
    assert dates.day(SUNDAY, ARABIC) == "الأحد 22 تشرين الثاني/نوفمبر 2026"
    assert dates.day(SUNDAY, ARABIC, "QA") == "الأحد 22 تشرين الثاني/نوفمبر 2026"
    assert dates.day(SUNDAY, ARABIC, "SY") == "الأحد 22 تشرين الثاني 2026"
    assert dates.day(SUNDAY, words_for("ar", "arab")) == "الأحد ٢٢ تشرين الثاني/نوفمبر ٢٠٢٦"


def test_every_month_has_two_different_arabic_names() -> None:
    both = [dates.day(date(2026, month, 1), ARABIC).split(" ", 2)[2] for month in range(1, 13)]
    assert both[0] == "كانون الثاني/يناير 2026"
    assert both[2] == "آذار/مارس 2026"
    assert both[11] == "كانون الأول/ديسمبر 2026"
    assert all(len(set(name.removesuffix(" 2026").split("/"))) == 2 for name in both)


def test_an_english_day() -> None:
    assert dates.day(SUNDAY, ENGLISH) == "Sunday 22 November 2026"
    assert dates.day(date(2027, 3, 1), ENGLISH, "QA") == "Monday 1 March 2027"


def test_today_and_tomorrow_are_said() -> None:
    assert isolates.strip(dates.near_day(SUNDAY, SUNDAY, ARABIC)) == "اليوم، الأحد 22 تشرين الثاني/نوفمبر 2026"
    assert isolates.strip(dates.near_day(SUNDAY, SUNDAY - timedelta(days=1), ARABIC, "SY")) == (
        "غدًا، الأحد 22 تشرين الثاني 2026"
    )
    assert isolates.strip(dates.near_day(SUNDAY, SUNDAY, ENGLISH)) == "Today, Sunday 22 November 2026"
    assert dates.near_day(SUNDAY, date(2026, 11, 20), ENGLISH) == "Sunday 22 November 2026"
    assert dates.near_day(SUNDAY, date(2026, 11, 23), ENGLISH) == "Sunday 22 November 2026"


def test_a_time_is_one_left_to_right_run_in_the_branchs_zone() -> None:
    assert dates.time(INSTANT, QATAR, ARABIC) == "\u206614:30\u2069"
    assert dates.time(INSTANT, BERLIN, ENGLISH) == "\u206612:30\u2069"
    assert dates.time(INSTANT, QATAR, words_for("ar", "arab")) == "\u2066١٤:٣٠\u2069"
    assert dates.time(datetime(2026, 11, 22, 21, 5, tzinfo=UTC), QATAR, ARABIC) == "\u206600:05\u2069"


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-10-24T23:59", "01:59"),
        ("2026-10-25T00:30", "02:30 CEST"),
        ("2026-10-25T01:30", "02:30 CET"),
        ("2026-10-25T02:00", "03:00"),
        ("2027-03-28T00:59", "01:59"),
        ("2027-03-28T01:00", "03:00"),
    ],
)
def test_the_repeated_hour_of_a_clock_change_is_told_apart(utc: str, expected: str) -> None:
    assert isolates.strip(dates.time(datetime.fromisoformat(utc).replace(tzinfo=UTC), BERLIN, ENGLISH)) == expected


def test_day_and_time_belong_to_the_same_zone() -> None:
    late = datetime(2026, 11, 21, 21, 30, tzinfo=UTC)
    assert dates.day_time(late, QATAR, ARABIC, "SY") == (
        "\u2068الأحد 22 تشرين الثاني 2026\u2069، الساعة \u206600:30\u2069"
    )
    assert isolates.strip(dates.day_time(late, BERLIN, ENGLISH)) == "Saturday 21 November 2026 at 22:30"


def test_a_range_of_times_is_said_in_words() -> None:
    end = INSTANT + timedelta(minutes=20)
    assert dates.time_range(INSTANT, end, QATAR, ARABIC) == "من \u206614:30\u2069 إلى \u206614:50\u2069"
    assert isolates.strip(dates.time_range(INSTANT, end, QATAR, ENGLISH)) == "14:30 to 14:50"


@pytest.mark.parametrize(
    ("count", "arabic", "english"),
    [
        (0, "أقل من دقيقة", "Less than a minute"),
        (1, "دقيقة واحدة", "1 minute"),
        (5, "5 دقائق", "5 minutes"),
        (45, "45 دقيقة", "45 minutes"),
        (60, "ساعة واحدة", "1 hour"),
        (62, "ساعة واحدة ودقيقتان", "1 hour 2 minutes"),
        (135, "ساعتان و15 دقيقة", "2 hours 15 minutes"),
        (300, "5 ساعات", "5 hours"),
    ],
)
def test_minutes_are_counted_nouns(count: int, arabic: str, english: str) -> None:
    assert isolates.strip(dates.minutes(count, ARABIC)) == arabic
    assert isolates.strip(dates.minutes(count, ENGLISH)) == english


@pytest.mark.parametrize(
    ("low", "high", "arabic", "english"),
    [
        (15, 30, "من 15 إلى 30 دقيقة", "15 to 30 minutes"),
        (5, 10, "من 5 إلى 10 دقائق", "5 to 10 minutes"),
        (1, 2, "من 1 إلى دقيقتين", "1 to 2 minutes"),
        (10, 10, "10 دقائق", "10 minutes"),
        (100, 103, "من 100 إلى 103 دقائق", "100 to 103 minutes"),
    ],
)
def test_the_noun_of_a_range_follows_the_second_number(low: int, high: int, arabic: str, english: str) -> None:
    assert isolates.strip(dates.minutes_range(low, high, ARABIC)) == arabic
    assert isolates.strip(dates.minutes_range(low, high, ENGLISH)) == english


def test_a_wall_time_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="must be aware"):
        dates.time(datetime(2026, 11, 22, 11, 30), QATAR, ARABIC)
