"""Places that confirmed bookings gave back and that cannot be booked again yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import Booking, FreedPlace, table

BOOKING = table(Booking)
FREED = table(FreedPlace)


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """A place that cannot be booked: `code` is that of its former booking; without `returns_at` staff release it.

    From `offers_at` on it is offered to those who wait for an earlier time; its lot counts from `lot_from`, or `freed_at`.
    """

    id: UUID
    booking_id: UUID
    code: str
    service_id: UUID
    starts_at: datetime
    freed_at: datetime
    returns_at: datetime | None
    lot: str
    offers_at: datetime | None = None
    lot_from: datetime | None = None


def kept_places(tx: Tx, branch_id: UUID) -> list[KeptPlace]:
    """The places of a branch that have not returned yet, by time."""
    return _kept(tx, branch_id, FREED.c.starts_at > tx.now)


def due_places(tx: Tx, branch_id: UUID) -> list[KeptPlace]:
    """The places whose return is due, by their lot."""
    return _kept(tx, branch_id, FREED.c.returns_at <= tx.now)


def _kept(tx: Tx, branch_id: UUID, condition: Any) -> list[KeptPlace]:
    columns = [FREED.c[name] for name in KeptPlace.__slots__ if name != "code"]
    statement = (
        sa.select(*columns, BOOKING.c.code)
        .select_from(
            FREED.join(BOOKING, (BOOKING.c.branch_id == FREED.c.branch_id) & (BOOKING.c.id == FREED.c.booking_id))
        )
        .where(FREED.c.branch_id == branch_id, sa.text("freed_place.returned_at IS NULL"), condition)
        .order_by(FREED.c.starts_at, FREED.c.freed_at, FREED.c.id)
    )
    return [KeptPlace(**row._asdict()) for row in tx.rows(statement)]
