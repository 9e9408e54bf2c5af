"""Moving appointments that somebody was shown before: not where they have become others meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..core.apart import NO_LEAVE, Leave
from ..core.bookings import Booker
from ..core.errors import Stale
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.moves import moving, seen_of
from ..store.queries.settings import branch_settings
from .bookings import change_in, expire_due
from .day import in_session
from .placing import Wanted


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """Another time for an appointment; `members` as in `bookings.change_booking`, `seen` is the fingerprint of what was shown."""

    booking: UUID
    starts_at: datetime
    seen: str
    members: Mapping[UUID, UUID] | None = None
    leave: Leave = NO_LEAVE


def move_seen(tx: Tx, branch_id: UUID, order: MoveOrder, actor: Actor) -> BookingView:
    """Move an appointment, as staff; idempotent. Raises Stale("move-changed"), and what `bookings.change_booking` raises."""
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        booking = booking_by_id(tx, branch_id, order.booking)
        # Pressed twice, it has the time already.
        if booking.starts_at != order.starts_at and seen_of([moving(tx, settings, booking)]) != order.seen:
            raise Stale("move-changed")
        members = order.members
        wanted = Wanted(order.starts_at, Booker.STAFF, asked=members or {}, released=members == {}, leave=order.leave)
        return change_in(lock, settings, booking, wanted, actor)
