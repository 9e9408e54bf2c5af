"""A change that is taken back gives appointments their time back, where nothing was decided or answered. Both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from queue_system.actions import settings
from queue_system.core.promises import Choice, Choices, Decided
from queue_system.core.support import Why
from queue_system.settings.edits import Edit
from queue_system.store import log
from queue_system.store.log import SYSTEM
from queue_system.store.queries import changes
from queue_system.store.queries.bookings import BookingView, seats_of
from queue_system.store.queries.effect import undecided
from queue_system.store.queries.settings import branch_settings
from tests.kit.deciding import as_stored, booked
from tests.kit.hall import Hall

# Tuesday 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
CLOSED = {"first": "2026-11-24", "last": "2026-11-24", "names": {"ar": "إغلاق", "en": "Closed"}}
CLOSING = Edit("branch", "doha-main", {"closures": []}, {"closures": [CLOSED]})


def close(hall: Hall, choice: Choice) -> UUID:
    told = hall.db.read_now(settings.preview, hall.branch.id, [CLOSING])
    how: dict[str, Any] = {"actor": SYSTEM, "person": None, "choices": Choices({Why.CLOSED: choice})}
    made: tuple[UUID, ...] = hall.db.write_now(settings.save, hall.branch.id, [CLOSING], told.sha256, **how)
    return made[0]


def open_again(hall: Hall, change_id: UUID, regained: int) -> None:
    """Take the change back, which says beforehand how many appointments get their time back."""
    edit = changes.reverse(hall.db.read_now(changes.change, hall.branch.id, change_id))
    told = hall.db.read_now(settings.preview, hall.branch.id, [edit])
    assert told.regained == regained
    hall.db.write_now(settings.undo, hall.branch.id, change_id, told.sha256, actor=SYSTEM, person=None)


def seats(hall: Hall, one: BookingView) -> int:
    return len(hall.db.read_now(seats_of, hall.branch.id, one.id))


def told(hall: Hall) -> list[str]:
    return [one.kind for one in hall.db.read_now(log.after, hall.branch.id, 0, 1_000)]


@pytest.mark.parametrize("choice", [Choice.LATER, Choice.MOVE])
def test_scenario_1_what_is_neither_decided_nor_answered_stands_again_with_its_window(
    hall: Hall, choice: Choice
) -> None:
    one = booked(hall, START)
    before = seats(hall, one)
    change_id = close(hall, choice)
    assert as_stored(hall, one).decision == Decided(choice.value)
    open_again(hall, change_id, regained=1)
    found = as_stored(hall, one)
    assert (found.decision, found.lost_why, found.offered_starts_at, found.starts_at) == (None, None, None, START)
    assert seats(hall, one) == before
    assert hall.db.read_now(lambda tx: undecided(tx, branch_settings(tx, hall.branch.id))) == []
    assert told(hall).count("booking.regained") == 1


@pytest.mark.parametrize("choice", [Choice.KEEP, Choice.CANCEL])
def test_what_was_decided_stays_decided(hall: Hall, choice: Choice) -> None:
    one = booked(hall, START)
    open_again(hall, close(hall, choice), regained=0)
    assert as_stored(hall, one).decision == Decided(choice.value)
    assert "booking.regained" not in told(hall)


def test_only_the_appointments_whose_own_time_is_back_stand_again(hall: Hall) -> None:
    """Half of the day opens: one appointment gets its time back, the other waits on."""
    early, late = booked(hall, START), booked(hall, START + timedelta(hours=2), contact="b@example.org")
    close(hall, Choice.LATER)
    half = Edit("branch", "doha-main", {"closures": [CLOSED]}, {"closures": [CLOSED | {"closes": "09:30"}]})
    preview = hall.db.read_now(settings.preview, hall.branch.id, [half])
    how: dict[str, Any] = {"actor": SYSTEM, "person": None}
    hall.db.write_now(settings.save, hall.branch.id, [half], preview.sha256, **how)
    assert [as_stored(hall, one).decision for one in (early, late)] == [None, Decided.LATER]


def test_scenario_1_the_oldest_gets_its_place_back_first(hall: Hall) -> None:
    queue = hall.branch.queue_of(hall.branch.service("civil-extract"))
    set_lanes(hall, queue.slug, (queue.lanes, queue.public_lanes), 3)
    ones = [booked(hall, START, contact=f"v{at}@example.org") for at in range(3)]
    set_lanes(hall, queue.slug, (3, 3), 1)
    assert [as_stored(hall, one).decision for one in ones] == [None, Decided.LATER, Decided.LATER]
    set_lanes(hall, queue.slug, (1, 1), 2)
    assert [as_stored(hall, one).decision for one in ones] == [None, None, Decided.LATER]


def set_lanes(hall: Hall, queue: str, was: tuple[int, int], now: int) -> None:
    before = dict(zip(("lanes", "public_lanes"), was, strict=True))
    change = Edit("queue", queue, before, {"lanes": now, "public_lanes": now})
    told = hall.db.read_now(settings.preview, hall.branch.id, [change])
    hall.db.write_now(settings.save, hall.branch.id, [change], told.sha256, actor=SYSTEM, person=None)
