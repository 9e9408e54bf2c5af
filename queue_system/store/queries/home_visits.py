"""Home visits: where staff go."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import HomeVisit, table

HOME_VISIT = table(HomeVisit)


def address_of(tx: Tx, branch_id: UUID, booking_id: UUID) -> str:
    """The address of a home visit; "" where none is known. It is personal: only for whoever goes, and whoever books."""
    found = tx.scalar(
        sa.select(HOME_VISIT.c.address).where(
            HOME_VISIT.c.branch_id == branch_id, HOME_VISIT.c.booking_id == booking_id
        )
    )
    return str(found or "")
