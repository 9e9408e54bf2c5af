"""Two appointments of one person at the same time."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from ...core.names import name_key
from ..database import Tx
from ..tables import Booking, table
from ..tables.day import PLACED_BOOKINGS
from .bookings import BookingView
from .settings import branch_ids, branch_settings, readable

BOOKING = table(Booking)


def is_twice_at_once(tx: Tx, booking: BookingView, own: Collection[str] = ()) -> bool:
    """Whether the same person, by name and contact, has another appointment at the same time, at any branch.

    Discreet services neither warn nor are mentioned (decision 0012), unless the secrets of both bookings are `own`.
    """
    if booking.erased_at is not None or not booking.contact:
        return False
    person = name_key(booking.name)
    service = branch_settings(tx, booking.branch_id).services[booking.service_id]
    for branch in readable(tx, branch_ids(tx).values()):
        others = sa.select(BOOKING.c.name, BOOKING.c.service_id, BOOKING.c.token).where(
            BOOKING.c.branch_id == branch.id,
            BOOKING.c.contact == booking.contact,
            sa.text(f"booking.state IN {PLACED_BOOKINGS}"),
            BOOKING.c.id != booking.id,
            BOOKING.c.starts_at < booking.ends_at,
            BOOKING.c.ends_at > booking.starts_at,
        )
        for other in tx.rows(others):
            discreet = any(one.confidentiality.discreet for one in (service, branch.services[other.service_id]))
            both_own = booking.token in own and other.token in own
            if name_key(other.name) == person and (both_own or not discreet):
                return True
    return False
