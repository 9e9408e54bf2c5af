"""Two hundred clients want one seat: one booking. On both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, placing
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries import bookings as stored
from queue_system.store.queries.bookings import BookingView
from queue_system.store.tables import Booking, Seat, table
from tests.kit.crowd import Work, crowd, drop_unique, meet, unlocked
from tests.kit.hall import Hall

pytestmark = pytest.mark.slow

CLIENTS = 200
NODES = 8
SERVICE = "attest-single"


def order(hall: Hall, number: int, starts_at: datetime) -> HoldOrder:
    return HoldOrder(
        branch_id=hall.branch.id,
        service_id=hall.service(SERVICE),
        starts_at=starts_at,
        name="سلمى الحسن",
        contact=f"+97455{number:06d}",
        language="ar",
        actor=VISITOR,
        request_id=f"request-{number}",
    )


def hold(hall: Hall, number: int, starts_at: datetime) -> Work:
    wanted = order(hall, number, starts_at)
    return lambda node: node.write_in_now(hall.branch.id, bookings.hold_slot, wanted)


def one_seat_left(hall: Hall) -> datetime:
    """A time of tomorrow with exactly one free place."""
    tomorrow = hall.db.clock.now().date() + timedelta(days=1)
    service = hall.branch.service(SERVICE)
    slot = hall.db.read_now(stored.free_days, hall.branch, service, tomorrow, tomorrow)[0].slots[3]
    for number in range(slot.places - 1):
        hold(hall, 900_000 + number, slot.start)(hall.db)
    return slot.start


def won(outcomes: list[Any]) -> list[BookingView]:
    return [outcome for outcome in outcomes if isinstance(outcome, BookingView)]


def most_in_a_lane(hall: Hall) -> int:
    """The largest number of bookings with the same seat: more than 1 means a place was promised twice."""
    seat = table(Seat)
    grouped = (
        sa.select(sa.func.count().label("n"))
        .select_from(seat)
        .group_by(seat.c.branch_id, seat.c.resource_id, seat.c.tick, seat.c.lane)
    )
    return int(hall.db.read_now(Tx.scalar, sa.select(sa.func.max(grouped.subquery().c.n))))


def held_at(hall: Hall, starts_at: datetime) -> int:
    rows = table(Booking)
    return int(hall.db.read_now(Tx.scalar, sa.select(sa.func.count()).where(rows.c.starts_at == starts_at)))


def test_two_hundred_clients_after_one_seat_make_one_booking(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    starts_at = one_seat_left(hall)
    before = held_at(hall, starts_at)
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([hold(hall, number, starts_at) for number in range(CLIENTS)])
    assert len(won(outcomes)) == 1
    assert {str(outcome) for outcome in outcomes if isinstance(outcome, Exception)} == {"slot-taken"}
    assert held_at(hall, starts_at) == before + 1
    assert most_in_a_lane(hall) == 1
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_without_the_lock_the_key_alone_keeps_it_one_booking(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overbooking is impossible even without the lock."""
    starts_at = one_seat_left(hall)
    unlocked(monkeypatch)
    with meet(placing, "lanes_at", NODES), crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([hold(hall, number, starts_at) for number in range(NODES)])
    assert len(won(outcomes)) == 1
    assert all(isinstance(outcome, (BookingView, Refused)) for outcome in outcomes)
    assert most_in_a_lane(hall) == 1


def test_control_without_lock_and_key_one_seat_is_promised_to_many(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts_at = one_seat_left(hall)
    unlocked(monkeypatch)
    drop_unique(hall.db, "seat", "seat_pkey")
    with meet(placing, "lanes_at", NODES), crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([hold(hall, number, starts_at) for number in range(CLIENTS)])
    assert len(won(outcomes)) >= NODES
    assert most_in_a_lane(hall) >= NODES


def test_the_same_request_ten_times_is_one_booking(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    starts_at = one_seat_left(hall)
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([hold(hall, 7, starts_at)] * 10)
    assert len(won(outcomes)) == 10
    assert len({view.id for view in won(outcomes)}) == 1


def test_control_without_lock_and_key_the_same_request_books_twice(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = hall.db.clock.now().date() + timedelta(days=1)
    service = hall.branch.service(SERVICE)
    slot = hall.db.read_now(stored.free_days, hall.branch, service, tomorrow, tomorrow)[0].slots[3]
    unlocked(monkeypatch)
    drop_unique(hall.db, "seat", "seat_pkey")
    drop_unique(hall.db, "booking", "one_booking_a_request")
    # At the last read, so that neither sees what the other has booked meanwhile.
    with meet(placing, "lanes_at", NODES), crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([hold(hall, 7, slot.start)] * 10)
    assert len({view.id for view in won(outcomes)}) >= 2


def test_one_limit_for_one_person_however_many_tabs(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    """Several holds of one contact, confirmed at once: exactly as many succeed as the policy allows."""
    tomorrow = hall.db.clock.now().date() + timedelta(days=1)
    service = hall.branch.service(SERVICE)
    limit = stored.policy_of(hall.branch, service).max_active
    assert limit is not None
    times = [
        slot.start for slot in hall.db.read_now(stored.free_days, hall.branch, service, tomorrow, tomorrow)[0].slots
    ]
    held = []
    for number, starts_at in enumerate(times[: limit + 4]):
        wanted = order(hall, number, starts_at)
        same = HoldOrder(**{name: getattr(wanted, name) for name in wanted.__slots__} | {"contact": "+97455000001"})
        held.append(hall.db.write_in_now(hall.branch.id, bookings.hold_slot, same))

    def confirm(view: BookingView) -> Work:
        return lambda node: node.write_in_now(
            hall.branch.id, bookings.confirm_booking, hall.branch.id, view.id, VISITOR
        )

    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([confirm(view) for view in held])
    assert len(won(outcomes)) == limit
    assert {str(outcome).split(" ")[0] for outcome in outcomes if isinstance(outcome, Exception)} == {"booking-limit"}
