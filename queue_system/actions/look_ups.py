"""Who looked for whose appointment: a fact of the log."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from ..core.facts.bookings import BookingLookedUp
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.bookings import BookingView


def record_look_ups(tx: Tx, branch_id: UUID, found: Iterable[BookingView], by: str, actor: Actor) -> None:
    """Log the bookings that were found `by` name or contact; the text of the search is not stored."""
    with locked(tx, branch_id) as lock:
        for booking in found:
            lock.append(BookingLookedUp(subject=str(booking.id), code=booking.code, by=by), actor)
