"""The call list of a branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.messages import Event
from ..database import Tx
from ..tables import Booking, PhoneCall, table
from .bookings import BookingView, booking_views
from .settings import BranchSettings

BOOKING, CALL = table(Booking), table(PhoneCall)

#: For so long whoever was reached stays at the end of the list, so that a wrong tick is seen.
SHOWN_AFTER: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class PhoneCallView:
    """What the visitor of a booking must be told, how often that was tried, and when they were reached."""

    booking: BookingView
    event: Event
    tries: int
    tried_at: datetime | None
    reached_at: datetime | None


def phone_calls(tx: Tx, settings: BranchSettings) -> list[PhoneCallView]:
    """Whom to call, by time of the appointment, then those who were reached lately. Not what is no longer so, or over."""
    rows = {
        row.booking_id: row
        for row in tx.rows(
            sa.select(CALL).where(
                CALL.c.branch_id == settings.id,
                CALL.c.reached_at.is_(None) | (CALL.c.reached_at > tx.now - SHOWN_AFTER),
            )
        )
    }
    if not rows:
        return []
    bookings: Sequence[BookingView] = booking_views(
        tx, BOOKING.c.branch_id == settings.id, BOOKING.c.id.in_(list(rows)), BOOKING.c.starts_at > tx.now
    )
    found = []
    for booking in bookings:
        row = rows[booking.id]
        event = Event(row.event)
        if _is_so_still(booking, event):
            found.append(PhoneCallView(booking, event, row.tries, row.tried_at, row.reached_at))
    return sorted(found, key=lambda one: (one.reached_at is not None, one.booking.starts_at, one.booking.code))


def _is_so_still(booking: BookingView, event: Event) -> bool:
    if event is Event.CALLED_OFF:
        return booking.state is BookingState.CANCELLED
    if event is Event.OFFERED and booking.offered_starts_at is None:
        return False
    return booking.state is BookingState.CONFIRMED
