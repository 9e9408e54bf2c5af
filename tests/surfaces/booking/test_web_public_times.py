"""Days and times as the pages for bookers offer them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from starlette.exceptions import HTTPException

from queue_system.core.slots import Slot
from queue_system.i18n import dates, isolates
from queue_system.i18n.words import words_for
from queue_system.store.queries.bookings import DaySlots
from queue_system.surfaces.booking.times import DayRow, read_day, read_start, row_label, soon, start_key

ARABIC, ENGLISH = words_for("ar", strict=True), words_for("en", strict=True)
SUNDAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_a_day_under_the_name_of_its_month() -> None:
    assert dates.weekday(SUNDAY, ARABIC) == "الأحد 22"
    assert dates.weekday(SUNDAY, words_for("ar", "arab")) == "الأحد ٢٢"
    assert dates.weekday(SUNDAY, ENGLISH) == "Sunday 22"
    assert dates.month(SUNDAY, ARABIC) == "تشرين الثاني/نوفمبر 2026"
    assert dates.month(SUNDAY, ARABIC, "SY") == "تشرين الثاني 2026"
    assert dates.month(SUNDAY, words_for("ar", "arab")) == "تشرين الثاني/نوفمبر ٢٠٢٦"
    assert dates.month(SUNDAY, ENGLISH) == "November 2026"


@pytest.mark.parametrize(
    ("days", "arabic", "english"),
    [
        ((0, 0), "اليوم، الأحد 22", "Today, Sunday 22"),
        ((1, 1), "غدًا، الاثنين 23", "Tomorrow, Monday 23"),
        ((2, 2), "الثلاثاء 24", "Tuesday 24"),
        ((5, 6), "من الجمعة 27 إلى السبت 28", "Friday 27 to Saturday 28"),
    ],
)
def test_a_line_of_the_list_of_days(days: tuple[int, int], arabic: str, english: str) -> None:
    first, last = (SUNDAY + timedelta(days=day) for day in days)
    row = DayRow(first, last)
    assert isolates.strip(row_label(row, SUNDAY, ARABIC)) == arabic
    assert isolates.strip(row_label(row, SUNDAY, ENGLISH)) == english


def test_a_day_in_passing() -> None:
    assert soon(SUNDAY, SUNDAY, ARABIC) == "اليوم"
    assert soon(SUNDAY + timedelta(days=1), SUNDAY, ARABIC) == "غدًا"
    assert soon(SUNDAY + timedelta(days=2), SUNDAY, ENGLISH) == "Tuesday 24 November 2026"


def test_addresses_of_times_are_instants() -> None:
    assert start_key(NOON) == "20261122T0900Z"
    assert read_start(start_key(NOON)) == NOON
    assert read_day("2026-11-22") == SUNDAY
    for wrong in ("", "20261122T0900", "20261122T2500Z", "0900", "٢٠٢٦١١٢٢T0900Zx"):
        with pytest.raises(HTTPException) as error:
            read_start(wrong)
        assert error.value.status_code == 404
    with pytest.raises(HTTPException):
        read_day("2026-02-30")


@pytest.mark.parametrize(
    ("minutes", "places", "expected"),
    [([0, 30, 60], [1, 1, 1], 2), ([0, 60, 120], [2, 3, 1], 6), ([], [], 0), ([30, 60, 90, 150], [4, 1, 2, 1], 7)],
)
def test_places_of_times_that_overlap_count_once(minutes: list[int], places: list[int], expected: int) -> None:
    found = tuple(
        Slot(NOON + timedelta(minutes=minute), NOON + timedelta(minutes=minute + 60), count)
        for minute, count in zip(minutes, places, strict=True)
    )
    assert DaySlots(SUNDAY, found).places == expected
