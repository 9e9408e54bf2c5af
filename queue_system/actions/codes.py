"""Codes of appointments."""

from __future__ import annotations

import random
from uuid import UUID

import sqlalchemy as sa

from ..core import bookings
from ..store.database import Tx
from ..store.tables import Booking, table

BOOKING = table(Booking)


def new_code(tx: Tx, branch_id: UUID) -> str:
    """A code that no appointment of the branch has; within an action that has locked it."""
    source = random.SystemRandom()
    while True:
        code = bookings.new_code(source)
        if tx.row(sa.select(BOOKING.c.id).where(BOOKING.c.branch_id == branch_id, BOOKING.c.code == code)) is None:
            return code
