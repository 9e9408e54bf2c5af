"""Many want a place that was given back: it goes to whoever was asked, and to nobody twice. On both databases."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, earlier, freed_places, seats
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.earlier import Wish
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from queue_system.store.queries.earlier import running_offer
from queue_system.store.tables import EarlierOffer, PolicyRow, Seat, table
from tests.kit.crowd import Work, crowd
from tests.kit.hall import Hall, change_settings

pytestmark = pytest.mark.slow

START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
LATER = START + timedelta(days=2)
SERVICE = "civil-extract"
NODES = 4


def test_who_is_asked_gets_the_place_however_many_refresh(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    change_settings(hall.db, sa.update(table(PolicyRow)).values(freed_slot="waitlist_in_order"))
    giver, *waiting = (
        book(hall, at, n) for n, at in enumerate([START, *(LATER + n * timedelta(minutes=10) for n in range(4))])
    )
    for number in range(places(hall)):
        book(hall, START, 100 + number)
    for one in waiting:
        do(hall, earlier.wait_for_earlier, one.id, Wish(), VISITOR)
        clock.move(timedelta(seconds=1))
    taken = places(hall)
    give_up = [
        lambda node: node.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, giver.id, VISITOR)
    ]
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([*give_up, *(snatch(hall, n) for n in range(40))])
    assert taken == 0
    assert [one for one in outcomes[1:] if isinstance(one, BookingView)] == []
    offer = hall.db.read_now(running_offer, hall.branch.id, waiting[0].id)
    assert offer is not None
    # Everybody who waits presses at once, each for the offer to the first.
    presses = [accept(hall, one, offer.id) for one in waiting for _ in range(5)]
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush(presses)
    moved = {one.id for one in outcomes if isinstance(one, BookingView)}
    assert moved == {waiting[0].id}
    assert [hall.db.read_now(booking_by_id, hall.branch.id, one.id).starts_at for one in waiting] == [
        START,
        *(one.starts_at for one in waiting[1:]),
    ]
    rows = hall.db.read_now(Tx.rows, sa.select(table(EarlierOffer)))
    assert max(Counter((row.place_id, row.booking_id) for row in rows).values()) == 1
    per_booking = Counter(row.booking_id for row in hall.db.read_now(Tx.rows, sa.select(table(Seat))))
    assert per_booking[waiting[0].id] == 2 * per_booking[waiting[1].id]
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_control_a_place_that_is_free_at_once_goes_to_whoever_refreshes(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    giver = book(hall, START, 0)
    for number in range(places(hall)):
        book(hall, START, 100 + number)
    monkeypatch.setattr(freed_places, "give_back", lambda lock, _, booking: seats.release(lock, booking))
    do(hall, bookings.cancel_booking, giver.id, VISITOR)
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([snatch(hall, n) for n in range(8)])
    assert len([one for one in outcomes if isinstance(one, BookingView)]) == 1


def book(hall: Hall, start: datetime, number: int) -> BookingView:
    held: BookingView = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order(hall, start, number))
    found: BookingView = do(hall, bookings.confirm_booking, held.id, VISITOR)
    return found


def order(hall: Hall, start: datetime, number: int) -> HoldOrder:
    contact = f"+97455{number:06d}"
    return HoldOrder(hall.branch.id, hall.service(SERVICE), start, "سلمى الحسن", contact, "ar", VISITOR)


def snatch(hall: Hall, number: int) -> Work:
    wanted = order(hall, START, 1000 + number)
    return lambda node: node.write_in_now(hall.branch.id, bookings.hold_slot, wanted)


def accept(hall: Hall, one: BookingView, offer: Any) -> Work:
    return lambda node: node.write_in_now(
        hall.branch.id, earlier.accept_earlier, hall.branch.id, one.id, offer, VISITOR
    )


def do(hall: Hall, action: Any, *args: Any) -> Any:
    return hall.db.write_in_now(hall.branch.id, action, hall.branch.id, *args)


def places(hall: Hall) -> int:
    day = START.astimezone(hall.branch.zone).date()
    found = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), day, day)
    return sum(slot.places for slot in found[0].slots if slot.start == START)
