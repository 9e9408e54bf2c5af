"""What every change of a booking comes down to: a step of its state."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from ..core import bookings
from ..core.bookings import BookingStep
from ..core.errors import Refused
from ..store.log import Locked
from ..store.prepared import Prepared
from ..store.queries.bookings import BookingView
from ..store.tables import Booking, table

BOOKING = table(Booking)


def take_step(lock: Locked, booking: BookingView, step: BookingStep, **changes: Any) -> None:
    """Bring a booking into its next state, with these columns.

    Where it has moved on, Refused("booking-over") is raised with the next statement, or at the end of the work.
    """
    state = bookings.after(booking.state, step)
    new = {"state": state.value} | changes
    where = {"branch": lock.id, "booking": booking.id, "before": booking.state.value}
    values = where | {f"new_{name}": value for name, value in new.items()}
    lock.tx.later(_moving(tuple(new)), values, Refused("booking-over"))


@cache
def _moving(columns: tuple[str, ...]) -> Prepared:
    """The update that sets these columns of a booking that is in the state `before`."""
    return Prepared(
        sa.update(BOOKING)
        .where(
            BOOKING.c.branch_id == sa.bindparam("branch"),
            BOOKING.c.id == sa.bindparam("booking"),
            BOOKING.c.state == sa.bindparam("before"),
        )
        .values({name: sa.bindparam(f"new_{name}", type_=BOOKING.c[name].type) for name in columns})
    )
