"""An organisation books and moves from many telephones at once: never more than its places. On both databases."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from queue_system.actions import bookings, helped_bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.helped_bookings import hold_helped
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries import helping, moves
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.helping import helper_named, helpers_of, places_taken, stretch_of
from tests.kit.crowd import PATIENCE_SECONDS, Work, crowd, meet, unlocked
from tests.kit.hall import Hall, furnish
from tests.kit.services import set_place

pytestmark = pytest.mark.slow

NAMES = {"ar": "نقابة المحامين", "en": "Bar association"}
SERVICE = "passport-lost"
TUESDAY = date(2026, 11, 24)
PLACES = 2
NODES = 4
CLIENTS = 16


@pytest.fixture
def hall(db: Database) -> Hall:
    values = {"slug": "bar", "names": NAMES, "services": [SERVICE], "places": PLACES, "per": "day"}
    return set_place(furnish(db), helpers={"bar": values})


def test_sixteen_clients_of_one_organisation_get_its_two_places(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    starts = times(hall, TUESDAY)
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([hold(hall, n, starts[n % len(starts)]) for n in range(CLIENTS)])
    assert sum(isinstance(one, BookingView) for one in outcomes) == PLACES
    assert all(isinstance(one, BookingView | Refused) for one in outcomes)
    assert taken(hall, starts[0]) == PLACES


def test_control_without_the_lock_it_gets_more(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = times(hall, TUESDAY)
    unlocked(monkeypatch)
    module: Any = helped_bookings
    met, original = threading.Barrier(NODES), module.hold_slot

    def overlapping(tx: Tx, order: HoldOrder) -> BookingView:
        # Everybody counts before anybody holds: SQLite itself lets one write after the other, and count then.
        counted.before = taken_of(tx, hall, order.starts_at)
        met.wait(PATIENCE_SECONDS)
        found: BookingView = original(tx, order)
        return found

    counted = threading.local()
    monkeypatch.setattr(helped_bookings, "hold_slot", overlapping)
    monkeypatch.setattr(helping, "places_taken", lambda *_: counted.before)
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([hold(hall, n, starts[n]) for n in range(NODES)])
    assert [one for one in outcomes if not isinstance(one, BookingView)] == []
    assert taken(hall, starts[0]) > PLACES


def test_appointments_of_other_days_do_not_pile_up_in_one(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    booked = on_other_days(hall)
    assert len(booked) > PLACES
    starts = times(hall, TUESDAY)
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([move(hall, one, starts[n % len(starts)]) for n, one in enumerate(booked)])
    assert sum(isinstance(one, BookingView) for one in outcomes) == PLACES
    assert {str(one) for one in outcomes if isinstance(one, Exception)} == {f"helper-places (count={PLACES})"}
    assert taken(hall, starts[0]) == PLACES
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_control_without_the_lock_they_pile_up(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = on_other_days(hall)[:NODES]
    starts = times(hall, TUESDAY)
    unlocked(monkeypatch)
    with meet(moves, "against_move", NODES), crowd(db_url, clock, NODES) as people:
        people.rush([move(hall, one, starts[n]) for n, one in enumerate(booked)])
    assert taken(hall, starts[0]) > PLACES


def on_other_days(hall: Hall) -> list[BookingView]:
    """As many confirmed appointments as it may have on each of the days after this one."""
    found: list[BookingView] = []
    for day in range(1, 8):
        for start in times(hall, TUESDAY + timedelta(days=day))[:PLACES]:
            held = hold(hall, len(found), start)(hall.db)
            args = (hall.branch.id, held.id, VISITOR)
            found.append(hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, *args))
    return found


def hold(hall: Hall, number: int, start: datetime) -> Work:
    (key,) = helpers_of(hall.branch)
    order = HoldOrder(
        hall.branch.id,
        hall.service(SERVICE),
        start,
        "سلمى الحسن",
        f"client{number}@example.org",
        "ar",
        VISITOR,
        "helper",
        booker=Booker.HELPER,
    )
    return lambda node: node.write_in_now(hall.branch.id, hold_helped, key, order)


def move(hall: Hall, booking: BookingView, start: datetime) -> Work:
    return lambda node: node.write_in_now(
        hall.branch.id, bookings.change_booking, hall.branch.id, booking.id, start, VISITOR
    )


def times(hall: Hall, day: date) -> list[datetime]:
    (found,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), day, day)
    return [slot.start for slot in found.slots]


def taken(hall: Hall, at: datetime) -> int:
    return hall.db.read_now(taken_of, hall, at)


def taken_of(tx: Tx, hall: Hall, at: datetime) -> int:
    helper = helper_named(hall.branch, "bar")
    assert helper is not None
    return places_taken(tx, hall.branch, helper, stretch_of(hall.branch, helper, at))
