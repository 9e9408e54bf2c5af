"""A hold in place of an earlier one, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import HOLD, BookingState
from queue_system.core.errors import Missing, Refused
from queue_system.store import log, tables
from queue_system.store.database import Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries import bookings
from queue_system.store.queries.bookings import BookingView
from tests.kit.hall import Hall
from tests.kit.public_visitor import fill_up

START = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
LATER = START + timedelta(minutes=25)
REQUEST = "d1b1c7f0-0000-4000-8000-000000000001"


def order(hall: Hall, start: datetime = START, **changes: Any) -> HoldOrder:
    plain = HoldOrder(hall.branch.id, hall.service("passport-lost"), start, "سلمى", "a@example.org", "ar", VISITOR)
    return replace(plain, **changes)


def hold(hall: Hall, wanted: HoldOrder) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.hold_slot, wanted)


def hold_instead(hall: Hall, wanted: HoldOrder, earlier: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.hold_instead, wanted, earlier.id)


def test_the_same_time_can_be_held_again_even_when_it_is_full(hall: Hall) -> None:
    earlier = hold(hall, order(hall))
    fill_up(hall, "passport-lost", START)
    with pytest.raises(Refused, match="slot-taken"):
        hold(hall, order(hall))
    again = hold_instead(hall, order(hall, name="سلمى العلي"), earlier)
    assert (again.state, again.name, again.starts_at) == (BookingState.HELD, "سلمى العلي", START)
    assert state(hall, earlier) is BookingState.CANCELLED
    assert again.token != earlier.token


def test_the_earlier_time_is_kept_until_the_new_one_is_sure(hall: Hall) -> None:
    earlier = hold(hall, order(hall))
    fill_up(hall, "passport-lost", LATER)
    before = hall.db.read_now(log.positions)
    with pytest.raises(Refused, match="slot-taken"):
        hold_instead(hall, order(hall, LATER), earlier)
    assert state(hall, earlier) is BookingState.HELD
    assert hall.db.read_now(seats_of, earlier) == 5
    assert hall.db.read_now(log.positions) == before


def test_what_was_given_back_is_free_for_others(hall: Hall) -> None:
    earlier = hold(hall, order(hall))
    hold_instead(hall, order(hall, LATER), earlier)
    assert hall.db.read_now(seats_of, earlier) == 0
    assert fill_up(hall, "passport-lost", START) >= 1
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_a_form_sent_again_with_a_corrected_name_or_contact_corrects_the_hold(hall: Hall) -> None:
    wanted = order(hall, request_id=REQUEST)
    first = hold(hall, wanted)
    before = hall.db.read_now(log.positions)
    for corrected in (replace(wanted, name="سلمى العلي"), replace(wanted, name="سلمى العلي", contact="b@example.org")):
        again = hold(hall, corrected)
        assert again == hold(hall, corrected)
        assert (again.id, again.name, again.contact) == (first.id, corrected.name, corrected.contact)
        assert (again.token, again.held_until) == (first.token, first.held_until)
    assert hall.db.read_now(log.positions) == before


def test_a_correction_is_held_against_the_limits_of_the_person_it_names(hall: Hall) -> None:
    taken = hold(hall, order(hall, LATER, name="ليلى"))
    hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, taken.id, VISITOR)
    wanted = order(hall, request_id=REQUEST)
    first = hold(hall, wanted)
    with pytest.raises(Refused, match="booking-limit"):
        hold(hall, replace(wanted, name="ليلى"))
    assert hold(hall, wanted) == first


def test_a_form_sent_again_for_somebody_else_is_another_request(hall: Hall) -> None:
    wanted = order(hall, request_id=REQUEST)
    first = hold(hall, wanted)
    with pytest.raises(Refused, match="request-reused"):
        hold(hall, replace(wanted, name="هدى", contact="c@example.org"))
    assert hold(hall, wanted) == first


def test_what_is_no_hold_any_more_is_not_corrected(hall: Hall, clock: FrozenClock) -> None:
    """Confirmed or expired: a request of another person is then a new request."""
    wanted = order(hall, request_id=REQUEST)
    first = hold(hall, wanted)
    clock.move(HOLD)
    with pytest.raises(Refused, match="request-reused"):
        hold(hall, replace(wanted, name="ليلى"))
    other = replace(wanted, request_id=REQUEST.replace("1", "2"))
    confirmed = hold(hall, other)
    hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, confirmed.id, VISITOR)
    with pytest.raises(Refused, match="request-reused"):
        hold(hall, replace(other, name="ليلى"))
    assert hold(hall, other).name == first.name


def test_a_time_is_not_held_longer_by_holding_it_again(hall: Hall, clock: FrozenClock) -> None:
    held = hold(hall, order(hall))
    until = held.held_until
    for minute in range(1, 10):
        clock.move(timedelta(minutes=1))
        held = hold_instead(hall, order(hall, name="سلمى العلي" if minute % 2 else "سلمى"), held)
        assert (held.state, held.held_until) == (BookingState.HELD, until)
    # Not by a hold of another service at the same time either, although it may need the same staff.
    held = hold_instead(hall, order(hall, service_id=hall.service("edu-attest")), held)
    assert held.held_until == until
    clock.move(timedelta(minutes=1))
    again = hold_instead(hall, order(hall), held)
    assert state(hall, held) is BookingState.EXPIRED
    assert again.held_until == clock.now() + HOLD


def test_another_time_is_held_as_long_as_any(hall: Hall, clock: FrozenClock) -> None:
    earlier = hold(hall, order(hall))
    clock.move(timedelta(minutes=9))
    assert hold_instead(hall, order(hall, LATER), earlier).held_until == clock.now() + HOLD


@pytest.mark.parametrize("changes", [{"name": "هدى"}, {"contact": "c@example.org"}])
def test_the_name_or_the_contact_can_be_put_right(hall: Hall, changes: dict[str, Any]) -> None:
    earlier = hold(hall, order(hall))
    fill_up(hall, "passport-lost", START)
    assert hold_instead(hall, order(hall, **changes), earlier).state is BookingState.HELD
    assert state(hall, earlier) is BookingState.CANCELLED


def test_a_held_time_is_not_passed_on_to_somebody_else(hall: Hall) -> None:
    earlier = hold(hall, order(hall))
    buyer: dict[str, Any] = {"name": "هدى", "contact": "c@example.org"}
    other = hold_instead(hall, order(hall, LATER, **buyer), earlier)
    assert other.state is BookingState.HELD
    fill_up(hall, "passport-lost", START)
    with pytest.raises(Refused, match="slot-taken"):
        hold_instead(hall, order(hall, **buyer), earlier)
    assert state(hall, earlier) is BookingState.HELD


def test_a_repeated_request_is_the_same_hold(hall: Hall) -> None:
    earlier = hold(hall, order(hall))
    wanted = order(hall, LATER, request_id=REQUEST)
    assert hold_instead(hall, wanted, earlier) == hold_instead(hall, wanted, earlier)


def test_a_confirmed_appointment_is_not_given_up(hall: Hall) -> None:
    earlier = hold(hall, order(hall))
    hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, earlier.id, VISITOR)
    other = order(hall, LATER, contact="b@example.org")
    assert hold_instead(hall, other, earlier).state is BookingState.HELD
    assert state(hall, earlier) is BookingState.CONFIRMED


def test_a_hold_that_is_not_there_is_missing(hall: Hall) -> None:
    with pytest.raises(Missing):
        hall.db.write_in_now(hall.branch.id, actions.hold_instead, order(hall), hall.branch.id)


def state(hall: Hall, booking: BookingView) -> BookingState:
    return hall.db.read_now(bookings.booking_by_id, hall.branch.id, booking.id).state


def seats_of(tx: Tx, booking: BookingView) -> int:
    seat = tables.table(tables.Seat)
    return int(tx.scalar(sa.select(sa.func.count()).select_from(seat).where(seat.c.booking_id == booking.id)))
