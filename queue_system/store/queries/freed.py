"""Places that confirmed bookings gave back and that cannot be booked again yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..prepared import Prepared
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


_PLACES = (
    sa.select(*(FREED.c[name] for name in KeptPlace.__slots__ if name != "code"), BOOKING.c.code)
    .select_from(FREED.join(BOOKING, (BOOKING.c.branch_id == FREED.c.branch_id) & (BOOKING.c.id == FREED.c.booking_id)))
    .where(FREED.c.branch_id == sa.bindparam("branch"), sa.text("freed_place.returned_at IS NULL"))
    .order_by(FREED.c.starts_at, FREED.c.freed_at, FREED.c.id)
)
_TO_COME = Prepared(_PLACES.where(FREED.c.starts_at > sa.bindparam("now")))
_DUE = Prepared(_PLACES.where(FREED.c.returns_at <= sa.bindparam("now")))


def kept_places(tx: Tx, branch_id: UUID) -> list[KeptPlace]:
    """The places of a branch that have not returned yet, by time."""
    return _kept(tx, branch_id, _TO_COME)


def due_places(tx: Tx, branch_id: UUID) -> list[KeptPlace]:
    """The places whose return is due, by their lot."""
    return _kept(tx, branch_id, _DUE)


def _kept(tx: Tx, branch_id: UUID, statement: Prepared) -> list[KeptPlace]:
    return [KeptPlace(**row._asdict()) for row in tx.rows(statement, {"branch": branch_id, "now": tx.now})]
