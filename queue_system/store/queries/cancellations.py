"""Why appointments were cancelled that the branch did not call off."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from ...core.facts.bookings import BookingCancelled, BookingGivenUp
from ..database import Tx
from ..tables import Booking, table
from .bookings import BookingView
from .told import told_of_booking

BOOKING = table(Booking)


class WhyCancelled(StrEnum):
    """UNKNOWN: the log of that time is no longer kept."""

    WISHED = "wished"  # by the visitor, or by staff as the visitor wished
    ERASED = "erased"  # with the personal data
    UNPROVEN = "unproven"  # nobody answered at the contact
    LIMIT = "limit"  # one more than the policy allows, which was known once they had answered
    UNKNOWN = "unknown"


def why_cancelled(tx: Tx, booking: BookingView) -> WhyCancelled:
    """Why a cancelled appointment was cancelled, from what is stored with it and from the log."""
    if booking.is_unproven:
        return WhyCancelled.UNPROVEN
    ended = sa.select(BOOKING.c.ended_at).where(BOOKING.c.branch_id == booking.branch_id, BOOKING.c.id == booking.id)
    # Whoever erases a person cancels what is still to come, at the same instant.
    if booking.erased_at is not None and tx.scalar(ended) == booking.erased_at:
        return WhyCancelled.ERASED
    for fact in reversed(told_of_booking(tx, booking, BookingCancelled.kind, BookingGivenUp.kind)):
        if isinstance(fact, BookingGivenUp):
            return WhyCancelled.UNPROVEN if fact.why == "unproven" else WhyCancelled.LIMIT
        return WhyCancelled.WISHED
    return WhyCancelled.UNKNOWN
