"""Appointments are moved as they were shown, or not at all. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queue_system.actions import bookings
from queue_system.actions.moves import MoveOrder, move_seen
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.core.bookings import Booker
from queue_system.core.errors import Stale
from queue_system.core.messages import Level
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.moves import moving, seen_of
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid

NEXT = START + timedelta(days=1)


@pytest.fixture
def istanbul(db: Database) -> Hall:
    hall = legal_aid(db)
    hall.db.sends = frozenset(Level)
    return hall


def test_an_appointment_is_moved_as_it_was_shown_and_once(istanbul: Hall) -> None:
    one = booked(istanbul, START, asked="amal")
    order = MoveOrder(one.id, NEXT, shown(istanbul, one))
    move(istanbul, order)
    move(istanbul, order)
    assert as_stored(istanbul, one).starts_at == NEXT


def test_an_appointment_that_has_another_time_or_way_to_be_told_is_not_moved(istanbul: Hall) -> None:
    there = istanbul.branch.id
    for change in ("time", "way"):
        one = booked(istanbul, START, contact=f"{change}@example.org", name=f"هالة {change}")
        seen = shown(istanbul, one)
        if change == "time":
            istanbul.db.write_in_now(there, bookings.change_booking, there, one.id, START + HOUR, SYSTEM, Booker.STAFF)
        else:
            istanbul.db.write_in_now(there, set_contact_ways, there, one.id, SYSTEM, {0: ("none", "")})
        before = as_stored(istanbul, one).starts_at
        with pytest.raises(Stale, match="move-changed"):
            move(istanbul, MoveOrder(one.id, NEXT, seen))
        assert as_stored(istanbul, one).starts_at == before


def test_what_was_shown_holds_no_contact_that_could_be_guessed(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    seen = istanbul.db.read_now(moving, istanbul.branch, one).seen
    assert one.contact not in repr(seen)
    assert one.name not in repr(seen)


def move(hall: Hall, order: MoveOrder) -> None:
    hall.db.write_in_now(hall.branch.id, move_seen, hall.branch.id, order, SYSTEM)


def shown(hall: Hall, booking: BookingView) -> str:
    """The fingerprint of an appointment as it is now."""
    return seen_of([hall.db.read_now(moving, hall.branch, as_stored(hall, booking))])
