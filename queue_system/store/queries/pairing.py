"""The state of a pairing."""

from __future__ import annotations

import sqlalchemy as sa

from ..database import Tx
from ..tables import Pairing, table

PAIRING = table(Pairing)


def pairing_state(tx: Tx, device_code_sha256: str) -> str:
    """The state: pending, approved, refused, or gone (unknown, expired, or already redeemed)."""
    row = tx.row(
        sa.select(PAIRING.c.state, PAIRING.c.expires_at).where(PAIRING.c.device_code_sha256 == device_code_sha256)
    )
    if row is None or row.state == "done" or (row.state == "pending" and row.expires_at <= tx.now):
        return "gone"
    return str(row.state)
