"""The length of a branch's step cannot change while somebody has a place, because places are numbered in steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queue_system.actions import settings
from queue_system.actions.bookings import cancel_booking
from queue_system.actions.settings import UnfitSettings
from queue_system.clock import FrozenClock
from queue_system.settings.edits import Edit
from queue_system.store.log import SYSTEM, VISITOR
from tests.kit.deciding import booked
from tests.kit.hall import Hall

# Tuesday 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)


LONGER = Edit("branch", "doha-main", {"tick_minutes": 5}, {"tick_minutes": 10})


def save(hall: Hall) -> int:
    """Set steps of ten minutes in place of five; returns the number of changes."""
    told = hall.db.read_now(settings.preview, hall.branch.id, [LONGER])
    made = hall.db.write_now(settings.save, hall.branch.id, [LONGER], told.sha256, actor=SYSTEM, person=None)
    return len(made)


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_step_stays_while_places_are_taken(hall: Hall, clock: FrozenClock, cancelled: bool) -> None:
    """The place of an appointment that was cancelled is still kept for a while, so it counts too."""
    one = booked(hall, START)
    if cancelled:
        hall.db.write_in_now(hall.branch.id, cancel_booking, hall.branch.id, one.id, VISITOR)
    told = hall.db.read_now(settings.preview, hall.branch.id, [LONGER])
    assert [one.fault.code for one in told.faults] == ["setting-step-in-use"]
    with pytest.raises(UnfitSettings) as refused:
        save(hall)
    assert [(found.kind, found.fault.code, found.field) for found in refused.value.faults] == [
        ("branch", "setting-step-in-use", "tick_minutes")
    ]
    clock.set(START + timedelta(days=1))
    assert save(hall) == 1
