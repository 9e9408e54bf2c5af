"""Removes the oldest entries of a log, once they have reached their age, so that the rest can still be verified.

A checkpoint keeps the link of the last entry that may go, and a fact in the log tells of it. The database lets no entry
go that is not before a checkpoint, and no checkpoint be written that does not fit its entry. To hide an entry one would
have to write a checkpoint and a fact, and both are found by everybody who reads the log. Decision 0026.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core.facts.data import LogPruned
from .database import Tx
from .log import BRANCH, CHECKPOINT, ENTRY, SYSTEM, after, first_since, link, locked, newest_checkpoint
from .tables import Change, table

CHANGE = table(Change)
ROWS_AT_ONCE: Final = 2_000


def reached_age(tx: Tx, branch_id: UUID, before: datetime) -> int | None:
    """The last entry that is older than `before` and is not below a checkpoint yet; None if there is none.

    The newest entry always stays.
    """
    last: int = tx.scalar(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == branch_id)) or 0
    checkpoint = newest_checkpoint(tx, branch_id)
    through = min(first_since(tx, branch_id, before) - 1, last - 1)
    return through if through > (checkpoint.seq if checkpoint else 0) else None


def verified_link(tx: Tx, branch_id: UUID, through: int) -> str | None:
    """The link of an entry, recomputed from the checkpoint before; None if an entry on the way does not fit."""
    checkpoint = newest_checkpoint(tx, branch_id)
    seq, previous = (checkpoint.seq, checkpoint.chain) if checkpoint else (0, "")
    while seq < through:
        rows = after(tx, branch_id, seq, min(ROWS_AT_ONCE, through - seq))
        if not rows:
            return None
        for row in rows:
            if row.seq != seq + 1 or link(previous, row._asdict()) != row.chain:
                return None
            seq, previous = row.seq, row.chain
    return previous


def set_checkpoint(tx: Tx, branch_id: UUID, through: int, chain: str) -> None:
    """Let the entries up to `through` go. `chain` is what `verified_link` found; idempotent."""
    with locked(tx, branch_id) as lock:
        checkpoint = newest_checkpoint(tx, branch_id)
        if checkpoint is not None and checkpoint.seq >= through:
            return
        seq = lock.append(LogPruned(subject=chain, through=through), SYSTEM)
        tx.execute(
            sa.insert(CHECKPOINT),
            {"branch_id": branch_id, "seq": through, "chain": chain, "at": lock.now, "entry_seq": seq},
        )


def drop_entries(tx: Tx, branch_id: UUID) -> int:
    """Delete the oldest entries before the checkpoint, a limited number; returns how many."""
    with locked(tx, branch_id):
        checkpoint = newest_checkpoint(tx, branch_id)
        first = tx.scalar(sa.select(sa.func.min(ENTRY.c.seq)).where(ENTRY.c.branch_id == branch_id))
        if checkpoint is None or first is None or first > checkpoint.seq:
            return 0
        through = min(first + ROWS_AT_ONCE - 1, checkpoint.seq)
        tx.execute(sa.delete(ENTRY).where(ENTRY.c.branch_id == branch_id, ENTRY.c.seq <= through))
        # The history of settings, with the notes that people wrote, goes with the entries that tell of it.
        tx.execute(sa.delete(CHANGE).where(CHANGE.c.branch_id == branch_id, CHANGE.c.seq <= through))
        return int(through - first + 1)
