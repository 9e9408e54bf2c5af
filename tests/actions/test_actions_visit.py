"""A booking follows its ticket to the end. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from queue_system.actions import calling, tickets
from queue_system.actions.bookings import HoldOrder, confirm_booking, hold_slot
from queue_system.actions.counters import Desk
from queue_system.actions.tickets import Issued
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.store import log
from queue_system.store.log import VISITOR
from queue_system.store.queries import bookings as stored
from queue_system.store.queries.standing import standing_of
from tests.kit.hall import Hall

SERVICE = "attest-single"


def arrived(hall: Hall, clock: FrozenClock) -> Issued:
    """A visitor who booked for later today, confirmed, and has checked in."""
    today = clock.now().astimezone(hall.branch.zone).date()
    slot = hall.db.read_now(stored.free_days, hall.branch, hall.branch.service(SERVICE), today, today)[0].slots[2]
    order = HoldOrder(hall.branch.id, hall.service(SERVICE), slot.start, "أحمد العلي", "+97455123456", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    clock.set(max(clock.now(), slot.start - timedelta(minutes=5)))
    return hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, held.id, VISITOR)


def state_of_booking(hall: Hall, issued: Issued) -> BookingState:
    assert issued.ticket.booking_id is not None
    return hall.db.read_now(stored.booking_by_id, hall.branch.id, issued.ticket.booking_id).state


def missed(hall: Hall, issued: Issued, clock: FrozenClock) -> Desk:
    """Call the ticket, and mark its visitor as a no-show; the desk afterwards."""
    here = hall.sit(hall.person("layla"))
    called = hall.call_next(here)
    assert called is not None
    assert called.id == issued.ticket.id
    hall.give_up(replace(here, expected=called.id), clock)
    return here


def test_who_missed_the_call_and_is_back_is_checked_in_again_and_served(hall: Hall, clock: FrozenClock) -> None:
    issued = arrived(hall, clock)
    here = missed(hall, issued, clock)
    assert state_of_booking(hall, issued) is BookingState.NO_SHOW
    hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, issued.ticket.id, here.actor)
    assert state_of_booking(hall, issued) is BookingState.CHECKED_IN
    called = hall.call_next(here)
    assert called is not None
    hall.db.write_in_now(hall.branch.id, calling.finish, replace(here, expected=called.id))
    assert state_of_booking(hall, issued) is BookingState.FULFILLED
    kinds = [row.kind for row in hall.db.read_now(log.after, hall.branch.id, 0) if row.kind.startswith("booking.")]
    assert kinds == [
        "booking.held",
        "booking.confirmed",
        "booking.checked_in",
        "booking.ended",
        "booking.checked_in",
        "booking.ended",
    ]


def test_who_leaves_the_line_has_ended_the_visit(hall: Hall, clock: FrozenClock) -> None:
    """The visitor may book again, because the limit counts only future bookings."""
    issued = arrived(hall, clock)
    hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, issued.ticket.id, VISITOR)
    assert state_of_booking(hall, issued) is BookingState.NO_SHOW
    service = hall.branch.service(SERVICE)
    assert hall.db.read_now(standing_of, hall.branch, service, "+97455123456", "أحمد العلي").active == 0
