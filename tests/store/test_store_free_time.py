"""Free time for a search over weeks: what the bookings leave, and as few rows as there are members. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queue_system.actions import bookings
from queue_system.core.bookings import Booker
from queue_system.core.free_time import FreeTime
from queue_system.core.slots import tick_of
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.members import free_time, member_time, needs_of
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, booked, held, legal_aid, member


@pytest.fixture
def hall(db: Database) -> Hall:
    """The legal aid, with an appointment of each kind: held, confirmed, cancelled, and moved to another day."""
    hall = legal_aid(db)
    held(hall, START, "case-follow")
    booked(hall, START + HOUR, "case-follow", "amal", contact="rima@example.org")
    _cancel(hall, booked(hall, START + 2 * HOUR, contact="sami@example.org"))
    _move(hall, booked(hall, START + 3 * HOUR, "case-follow", contact="nour@example.org"))
    return hall


def test_free_time_is_what_all_bookings_leave(hall: Hall) -> None:
    found = hall.db.read_now(_found, hall, free_time)
    assert found == hall.db.read_now(_found, hall, lambda *at: member_time(*at).free)
    interpreter, ticks = found[member(hall, "cemil")], hall.branch.tick_minutes
    at = [tick_of(START + n * HOUR, ticks) for n in range(4)]
    # The place that somebody left is kept until its lot; that of a cancelled one, who had no interpreter, is free.
    assert [interpreter.has(range(tick, tick + 1)) for tick in at] == [False, False, True, False]


def test_one_row_a_member_is_read_however_many_appointments_there_are(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, rows = [], Tx.rows

    def counted(tx: Tx, *given: Any) -> list[Any]:
        found = rows(tx, *given)
        read.append(len(found))
        return found

    monkeypatch.setattr(Tx, "rows", counted)
    hall.db.read_now(_found, hall, free_time)
    assert sum(read) <= 3


def _found(tx: Tx, hall: Hall, read: Any) -> dict[UUID, FreeTime]:
    tick = hall.branch.tick_minutes
    ticks = range(tick_of(START - HOUR, tick), tick_of(START + timedelta(days=3), tick))
    found: dict[UUID, FreeTime] = read(tx, hall.branch, needs_of(hall.branch, hall.service("case-follow")), ticks)
    return found


def _cancel(hall: Hall, booking: BookingView) -> None:
    there = hall.branch.id
    hall.db.write_in_now(there, bookings.cancel_booking, there, booking.id, VISITOR, Booker.STAFF)


def _move(hall: Hall, booking: BookingView) -> None:
    there, to = hall.branch.id, START + timedelta(days=1)
    hall.db.write_in_now(there, bookings.change_booking, there, booking.id, to, VISITOR, Booker.STAFF)
