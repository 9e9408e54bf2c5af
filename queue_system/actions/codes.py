"""Codes of appointments."""

from __future__ import annotations

import random
from uuid import UUID

import sqlalchemy as sa

from ..core import bookings
from ..store.database import Tx
from ..store.prepared import Prepared
from ..store.tables import Booking, table

BOOKING = table(Booking)
_HAVING_CODE = Prepared(
    sa.select(BOOKING.c.id).where(BOOKING.c.branch_id == sa.bindparam("branch"), BOOKING.c.code == sa.bindparam("code"))
)


def likely_code(tx: Tx, branch_id: UUID) -> str:
    """A code that nearly always is new: the first that `new_code` tries, and the look for it is foreseen (`Tx.foresee`)."""
    code = bookings.new_code(random.SystemRandom())
    tx.foresee((_HAVING_CODE, {"branch": branch_id, "code": code}))
    return code


def new_code(tx: Tx, branch_id: UUID, likely: str | None = None) -> str:
    """A code that no appointment of the branch has; within an action that has locked it."""
    source = random.SystemRandom()
    while True:
        code, likely = likely or bookings.new_code(source), None
        if not has_code(tx, branch_id, code):
            return code


def has_code(tx: Tx, branch_id: UUID, code: str) -> bool:
    """Whether an appointment of the branch has this code."""
    return tx.row(_HAVING_CODE, {"branch": branch_id, "code": code}) is not None
