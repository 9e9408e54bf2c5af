"""What every change of a booking comes down to: a step of its state."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ..core import bookings
from ..core.bookings import BookingStep
from ..core.errors import Refused
from ..store.log import Locked
from ..store.queries.bookings import BookingView
from ..store.tables import Booking, table

BOOKING = table(Booking)


def take_step(lock: Locked, booking: BookingView, step: BookingStep, **changes: Any) -> None:
    """Bring a booking into its next state, with these columns; raises Refused("booking-over") where it has moved on."""
    state = bookings.after(booking.state, step)
    moved = lock.tx.execute(
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == booking.id, BOOKING.c.state == booking.state.value)
        .values(state=state.value, **changes)
    )
    if moved.rowcount != 1:
        raise Refused("booking-over")
