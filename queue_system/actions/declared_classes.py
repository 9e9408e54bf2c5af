"""What a visitor says before coming about what makes waiting hard: a priority class that their own word is enough for."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core.bookings import BookingState
from ..core.errors import Invalid, Refused
from ..core.facts.bookings import BookingWaitingSaid
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.bookings import booking_by_id
from ..store.queries.classes import declarable
from ..store.queries.settings import branch_settings
from ..store.tables import Booking, table

BOOKING = table(Booking)


def declare_class(tx: Tx, branch_id: UUID, booking_id: UUID, slug: str, actor: Actor) -> None:
    """Keep the class with an appointment, until the check-in; "" takes it back. Idempotent.

    The log has here that something was said, and not what; from the check-in on it is the class of the number. Raises Refused("booking-over")
    where the appointment does not stand or is over, and Invalid("priority-unknown") for a class that `declarable` does not have.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.state is not BookingState.CONFIRMED or booking.erased_at or tx.now >= booking.ends_at:
            raise Refused("booking-over")
        if slug and slug not in {one.slug for one in declarable(settings, booking)}:
            raise Invalid("priority-unknown", "class")
        if slug == booking.declared:
            return
        tx.execute(
            sa.update(BOOKING).where(BOOKING.c.branch_id == branch_id, BOOKING.c.id == booking_id).values(declared=slug)
        )
        lock.append(BookingWaitingSaid(subject=str(booking_id), code=booking.code), actor)
