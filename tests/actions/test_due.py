"""What is due at a branch is settled by every action on bookings, and looked for only if it may be due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import HOLD, BookingState
from queue_system.core.errors import Refused
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries import bookings
from queue_system.store.queries.bookings import BookingView
from tests.kit.counted_statements import counted_statements
from tests.kit.hall import Hall, enter

MONDAY = date(2026, 11, 23)
SECOND = timedelta(seconds=1)


@pytest.fixture
def other(hall: Hall, clock: FrozenClock) -> Iterator[Hall]:
    """The same branch at another node."""
    database = Database(hall.db.url.render_as_string(hide_password=False), clock, secret=hall.db.secret)
    yield enter(database)
    database.close()


def order(hall: Hall, number: int, day: date = MONDAY) -> HoldOrder:
    """A person of this number wants the first time of the day that is free."""
    service = hall.branch.service("attest-single")
    (found,) = hall.db.read_now(bookings.free_days, hall.branch, service, day, day)
    start = found.slots[0].start
    return HoldOrder(hall.branch.id, service.id, start, "سلمى", f"a{number}@example.org", "ar", VISITOR)


def hold(hall: Hall, number: int, day: date = MONDAY) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.hold_slot, order(hall, number, day))


def confirm(hall: Hall, held: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)


def tidy(hall: Hall) -> int:
    return hall.db.write_in_now(hall.branch.id, actions.expire_holds, hall.branch.id)


def state(hall: Hall, one: BookingView) -> BookingState:
    return hall.db.read_now(bookings.booking_by_id, hall.branch.id, one.id).state


def test_a_hold_ends_on_time_although_others_were_made_and_confirmed_meanwhile(hall: Hall, clock: FrozenClock) -> None:
    first = hold(hall, 1)
    clock.move(HOLD / 2)
    confirm(hall, hold(hall, 2))
    clock.move(HOLD / 2 - SECOND)
    third = hold(hall, 3)
    assert state(hall, first) is BookingState.HELD
    clock.move(SECOND)
    confirm(hall, third)
    assert state(hall, first) is BookingState.EXPIRED


def test_what_another_node_has_held_ends_on_time(hall: Hall, other: Hall, clock: FrozenClock) -> None:
    confirm(hall, hold(hall, 1))
    assert tidy(hall) == 0
    theirs = hold(other, 2)
    clock.move(HOLD)
    assert tidy(hall) == 1
    assert state(other, theirs) is BookingState.EXPIRED


def test_a_place_returns_on_time_although_there_was_nothing_before(hall: Hall, clock: FrozenClock) -> None:
    booked = confirm(hall, hold(hall, 1, MONDAY + timedelta(days=7)))
    assert tidy(hall) == 0
    hall.db.write_in_now(hall.branch.id, actions.cancel_booking, hall.branch.id, booked.id, VISITOR)
    assert tidy(hall) == 0
    clock.move(timedelta(days=6))
    assert tidy(hall) == 1


def test_what_was_undone_is_not_remembered(hall: Hall, clock: FrozenClock) -> None:
    hold(hall, 1)
    tidy(hall)

    def fails(tx: Tx) -> None:
        actions.hold_slot(tx, order(hall, 2))
        raise Refused("half-way")

    with pytest.raises(Refused, match="half-way"):
        hall.db.write_in_now(hall.branch.id, fails)
    clock.move(HOLD)
    assert tidy(hall) == 1


def test_nothing_is_looked_for_that_cannot_be_due(hall: Hall, clock: FrozenClock) -> None:
    """In an opening hundreds book in a second, and nothing is due."""
    confirm(hall, hold(hall, 3))
    held = hold(hall, 1)
    looks = [looked(hall, held, confirm)]
    held = hold(hall, 2)
    clock.move(HOLD)
    # The hold is over: the earliest instant, and what is due of each kind. After that it is the earliest that counts.
    looks += [looked(hall, None, tidy), looked(hall, None, tidy), looked(hall, None, tidy)]
    assert looks == [0, 5, 1, 0]
    assert state(hall, held) is BookingState.EXPIRED


def looked(hall: Hall, held: BookingView | None, work: Callable[..., object]) -> int:
    """How many statements looked for what is due."""
    with counted_statements() as found:
        work(hall, *filter(None, [held]))
    return of_due(found)


def of_due(found: list[str]) -> int:
    """How many statements look for what is due: for the earliest instant, and for each of the four kinds."""
    return sum(any(column in one for column in ("held_until <=", "_until <=", "_at <=", "min(")) for one in found)


def test_a_hold_is_told_as_it_is_stored(hall: Hall) -> None:
    held = hold(hall, 1)
    assert held == hall.db.read_now(bookings.booking_by_id, hall.branch.id, held.id)


def test_holding_and_confirming_are_few_statements(hall: Hall) -> None:
    confirm(hall, hold(hall, 1))
    with counted_statements() as to_hold:
        held = hold(hall, 2)
    with counted_statements() as to_confirm:
        confirm(hall, held)
    seats = sum("INTO seat" in one for one in to_hold)
    told = 0 if hall.db.dialect.is_embedded else 1
    # The free times; lock, standing, lanes, code; the booking, its seats; entry and head of the log.
    assert len(to_hold) - seats - told <= 8, to_hold
    # Lock, booking, standing, blocks, seats, the way to contact, two; the step, the booking as it is then; entry and head.
    assert len(to_confirm) - told <= 11, to_confirm
