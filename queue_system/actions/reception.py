"""What reception does beside giving numbers: it looks people up, and the log says who did."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from ..core.facts.bookings import BookingLookedUp
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.bookings import BookingView


def record_look_ups(tx: Tx, branch_id: UUID, found: Iterable[BookingView], by: str, actor: Actor) -> None:
    """Write down whose bookings were found `by` name or contact; what was typed is not kept."""
    with locked(tx, branch_id) as branch:
        for booking in found:
            branch.append(BookingLookedUp(subject=str(booking.id), code=booking.code, by=by), actor)
