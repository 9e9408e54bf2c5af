"""Members and queues that a person looks at together under a name of their own.

The log has no entry of them, because they change what one person sees first, and nothing for anybody else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Count, Invalid, Refused
from ..store.database import Tx
from ..store.log import locked
from ..store.queries.own_views import own_views
from ..store.tables import OwnView, table

VIEW = table(OwnView)
MOST_VIEWS: Final = 12
LONGEST_NAME: Final = 40


def save_view(tx: Tx, branch_id: UUID, staff_id: UUID, name: str, only: Collection[str]) -> None:
    """Store a choice of members and queues, by their slugs; one of that name is replaced.

    Raises Invalid("view-name", "view-name-long") on the field "name", Refused("view-empty", "views-many").
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise Invalid("view-name", "name")
    if len(name) > LONGEST_NAME:
        raise Invalid("view-name-long", "name", limit=Count(LONGEST_NAME))
    if not only:
        raise Refused("view-empty")
    # Under the lock, so that two windows of one person neither pass the limit nor take one name twice.
    with locked(tx, branch_id):
        before = own_views(tx, branch_id, staff_id)
        same = [one.id for one in before if one.name == name]
        if same:
            here = (VIEW.c.branch_id == branch_id) & (VIEW.c.id == same[0])
            tx.execute(sa.update(VIEW).where(here).values(only=sorted(only)))
            return
        if len(before) >= MOST_VIEWS:
            raise Refused("views-many", limit=Count(MOST_VIEWS))
        row = {"branch_id": branch_id, "id": uuid7(), "staff_id": staff_id, "name": name, "only": sorted(only)}
        tx.execute(sa.insert(VIEW), row)


def remove_view(tx: Tx, branch_id: UUID, staff_id: UUID, view_id: UUID) -> None:
    """Delete a view of this person; nobody else's is, and doing it twice does nothing."""
    with locked(tx, branch_id):
        here = (VIEW.c.branch_id == branch_id) & (VIEW.c.staff_id == staff_id) & (VIEW.c.id == view_id)
        tx.execute(sa.delete(VIEW).where(here))
