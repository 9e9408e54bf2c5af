"""The branches that can be visited, by their names in addresses and links; nearly every request asks for one.

Their settings are cached (`branch_settings`), and one statement finds both the branch and the version of its settings.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from .. import tables
from ..database import Tx
from ..prepared import Prepared
from .settings import TEMPLATE, BranchSettings, branch_settings, readable

BRANCH = tables.table(tables.Branch)

_VISITED = sa.select(BRANCH.c.id, BRANCH.c.config_version).where(BRANCH.c.kind != TEMPLATE)
_ALL: Final = Prepared(_VISITED.where(BRANCH.c.id != tables.ORGANISATION).order_by(BRANCH.c.position))
_OF_SLUG: Final = Prepared(_VISITED.where(BRANCH.c.id != tables.ORGANISATION, BRANCH.c.slug == sa.bindparam("slug")))
_OF_KEY: Final = Prepared(_VISITED.where(BRANCH.c.key == sa.bindparam("key")))


def branch_of_slug(tx: Tx, slug: str) -> BranchSettings | None:
    """The branch of that name; raises Unreadable."""
    return _one(tx, _OF_SLUG, {"slug": slug})


def branch_of_key(tx: Tx, key: str) -> BranchSettings | None:
    """The branch whose secret links begin with `key`; raises Unreadable."""
    return _one(tx, _OF_KEY, {"key": key})


def visited_branches(tx: Tx) -> list[BranchSettings]:
    """All of them in their order, as `readable`."""
    rows = tx.rows(_ALL, {})
    known = [_known(tx, row) for row in rows]
    found = [one for one in known if one is not None]
    return found if len(found) == len(rows) else readable(tx, [row.id for row in rows])


def _one(tx: Tx, statement: Prepared, values: dict[str, str]) -> BranchSettings | None:
    # A character such as NUL cannot be compared in every database.
    row = tx.row(statement, values) if all(value.isprintable() for value in values.values()) else None
    return None if row is None else _known(tx, row) or branch_settings(tx, row.id)


def _known(tx: Tx, row: Any) -> BranchSettings | None:
    """The settings of the version that was just read, if this process has them."""
    found = None if tx.edits else tx.settings.get(row.id, row.config_version)
    return found if isinstance(found, BranchSettings) else None
