"""Moves a whole installation from one database into another: from the embedded one to a server."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from ..core.errors import Refused
from . import schema
from .database import Database, Tx
from .tables import Organisation, table

ROWS_AT_ONCE: Final = 1000


def adopt(source: Database, target: Database) -> int:
    """Copy every row of `source` into the empty `target`, as it is, or nothing; returns how many.

    Both have the newest schema, and nobody writes to `source` meanwhile. The log comes along with its chain.
    Raises Refused("already-installed").
    """
    return target.write_now(lambda to: source.read_now(_copy, to))


def _copy(origin: Tx, to: Tx) -> int:
    if to.row(sa.select(table(Organisation).c.slug)) is not None:
        raise Refused("already-installed")
    copied = 0
    # Sorted so that what others refer to is there before them.
    for rows in schema.METADATA.sorted_tables:
        for part in origin.execute(sa.select(rows)).mappings().partitions(ROWS_AT_ONCE):
            to.execute(sa.insert(rows), [dict(row) for row in part])
            copied += len(part)
    return copied
