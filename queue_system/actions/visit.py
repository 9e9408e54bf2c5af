"""The booking behind a ticket: it ends and is reopened together with the ticket."""

from __future__ import annotations

import sqlalchemy as sa

from ..core.bookings import BookingState, Punctuality
from ..core.facts.bookings import BookingCheckedIn, BookingEnded, BookingReopened
from ..store.log import Actor, Locked
from ..store.queries.line import TicketView
from ..store.tables import Booking, table
from . import phone_calls

BOOKING = table(Booking)


def end_booking(lock: Locked, ticket: TicketView, state: BookingState, actor: Actor) -> None:
    """Close the booking behind a ticket, if there is one: `state` is fulfilled or no_show."""
    if ticket.booking_id is None:
        return
    statement = (
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == ticket.booking_id)
        .values(state=state.value, ended_at=lock.tx.now)
        .returning(BOOKING.c.code)
    )
    code = lock.tx.scalar(statement)
    lock.append(BookingEnded(subject=str(ticket.booking_id), code=code, state=state.value), actor)


def unend_booking(lock: Locked, ticket: TicketView, actor: Actor) -> None:
    """Reopen a booking whose end was a mistake: it is checked in again."""
    if code := _checked_in_again(lock, ticket):
        lock.append(BookingReopened(subject=str(ticket.booking_id), code=code), actor)


def reopen_booking(lock: Locked, ticket: TicketView, actor: Actor) -> None:
    """Reopen the booking of a visitor who had missed the call and is back."""
    if code := _checked_in_again(lock, ticket):
        late = Punctuality.LATE.value
        fact = BookingCheckedIn(subject=str(ticket.booking_id), code=code, ticket=str(ticket.id), punctuality=late)
        lock.append(fact, actor)


def _checked_in_again(lock: Locked, ticket: TicketView) -> str | None:
    """Set the booking behind a ticket to checked in again; returns its code, or None without a booking."""
    if ticket.booking_id is None:
        return None
    statement = (
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == ticket.booking_id)
        .values(state=BookingState.CHECKED_IN.value, ended_at=None)
        .returning(BOOKING.c.code)
    )
    phone_calls.forget(lock, ticket.booking_id)
    return str(lock.tx.scalar(statement))
