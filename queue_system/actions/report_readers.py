"""Who is told when the report of a month is ready.

The log has no entry of it, because it changes what one person is told, and nothing for anybody else. What they see of the
report is decided when they open it.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing
from ..store.database import Tx
from ..store.log import locked
from ..store.queries.monthly_reports import is_reader, months_ready, newest_month, of_reader
from ..store.tables import ReportReader, table

READER = table(ReportReader)


def follow(tx: Tx, branch_id: UUID, staff_id: UUID) -> None:
    """Tell a person of each month from the next one on; doing it twice does nothing."""
    # Under the lock, so that two windows of one person do not begin twice.
    with locked(tx, branch_id):
        if not is_reader(tx, branch_id, staff_id):
            row = {"branch_id": branch_id, "staff_id": staff_id, "seen": newest_month(tx, branch_id)}
            tx.execute(sa.insert(READER), row)


def stop_following(tx: Tx, branch_id: UUID, staff_id: UUID) -> None:
    """Tell them no more."""
    with locked(tx, branch_id):
        tx.execute(sa.delete(READER).where(*of_reader(branch_id, staff_id)))


def note_seen(tx: Tx, branch_id: UUID, staff_id: UUID, month: date) -> None:
    """A person has opened the report of a month, so they know of it and of earlier ones; raises Missing("not-found") for none."""
    with locked(tx, branch_id):
        if month not in months_ready(tx, branch_id):
            raise Missing("not-found")
        older = READER.c.seen.is_(None) | (READER.c.seen < month)
        tx.execute(sa.update(READER).where(*of_reader(branch_id, staff_id), older).values(seen=month))
