"""Forgets what was written of another reason in requests for a second person, because it may speak of the visitors.

The text counts while a request is open and is kept as a note of each appointment when it is carried out. It goes with the
request, when that is over, and with the appointments that it is about, when these are erased.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.approvals import DECIDE_BOOKINGS
from ..store.database import AnyRow
from ..store.log import Locked
from ..store.tables import Approval, table
from .approvals import is_open, without_text

APPROVAL = table(Approval)


def forget_texts_about(lock: Locked, bookings: Collection[UUID]) -> None:
    """Blank the text of each request, open or over, that is about any of these appointments of the branch."""
    gone = {str(one) for one in bookings}
    _forget(lock, [row for row in _with_text(lock) if not gone.isdisjoint(row.params["by_booking"])])


def forget_texts_of_over(lock: Locked) -> int:
    """Blank the text of the requests of the branch that are over or too old; returns how many."""
    over = [row for row in _with_text(lock) if not is_open(row, lock.tx.now)]
    _forget(lock, over)
    return len(over)


def _with_text(lock: Locked) -> list[AnyRow]:
    here = APPROVAL.c.branch_id == lock.id, APPROVAL.c.action == DECIDE_BOOKINGS
    return [row for row in lock.tx.rows(sa.select(APPROVAL).where(*here)) if row.params.get("text")]


def _forget(lock: Locked, rows: Collection[AnyRow]) -> None:
    for row in rows:
        blank: dict[str, Any] = {"params": without_text(row.params)}
        lock.tx.execute(sa.update(APPROVAL).where(APPROVAL.c.id == row.id).values(**blank))
