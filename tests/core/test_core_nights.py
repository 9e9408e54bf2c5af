"""A night's work is due when the day of the last branch is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.nights import due_at, night_of

DOHA, WASHINGTON = ZoneInfo("Asia/Qatar"), ZoneInfo("America/New_York")
DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("places", "due"),
    [
        # Two in the morning in Doha.
        ([(DOHA, time(0))], datetime(2026, 11, 21, 23, tzinfo=UTC)),
        # A hall whose day ends at four.
        ([(DOHA, time(4))], datetime(2026, 11, 22, 2, tzinfo=UTC)),
        # The branch in the west is the last one.
        ([(DOHA, time(4)), (WASHINGTON, time(0))], datetime(2026, 11, 22, 7, tzinfo=UTC)),
        # No branch yet.
        ([], datetime(2026, 11, 22, 2, tzinfo=UTC)),
    ],
)
def test_it_is_due_after_the_last_day_is_over(places: list[tuple[ZoneInfo, time]], due: datetime) -> None:
    assert due_at(DAY, places) == due
    assert night_of(due, places) == DAY
    assert night_of(due.replace(hour=due.hour - 1), places) == date(2026, 11, 21)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.sets(st.sampled_from([DOHA, WASHINGTON])))
def test_the_night_is_the_newest_that_is_due(at: datetime, zones: set[ZoneInfo]) -> None:
    now, places = at.replace(tzinfo=UTC), [(zone, time(3)) for zone in zones]
    night = night_of(now, places)
    assert due_at(night, places) <= now < due_at(date.fromordinal(night.toordinal() + 1), places)
