"""The members and queues that a person looks at together, under names of their own."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import OwnView, table

VIEW = table(OwnView)


@dataclass(frozen=True, slots=True)
class Named:
    """`only` are slugs of members and queues, some of which may be retired meanwhile."""

    id: UUID
    name: str
    only: frozenset[str]


def own_views(tx: Tx, branch_id: UUID, staff_id: UUID) -> list[Named]:
    """What a person has named at a branch, by name."""
    mine = (VIEW.c.branch_id == branch_id) & (VIEW.c.staff_id == staff_id)
    rows = tx.rows(sa.select(VIEW.c.id, VIEW.c.name, VIEW.c.only).where(mine))
    return sorted((Named(row.id, row.name, frozenset(row.only)) for row in rows), key=lambda one: (one.name, one.id))
