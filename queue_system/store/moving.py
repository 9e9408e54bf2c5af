"""Moves a whole installation from one database into another: from the embedded one to a server."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from . import schema
from .database import Database, Tx
from .editing import founding

ROWS_AT_ONCE: Final = 1000


def adopt(source: Database, target: Database) -> int:
    """Copy every row of `source` unchanged into the empty `target`, all or none; returns their number.

    Both must have the newest schema, and `source` must not be written to meanwhile. The log keeps its chain.
    Raises Refused("already-installed").
    """
    return target.write_now(lambda to: source.read_now(_copy, to))


def _copy(origin: Tx, to: Tx) -> int:
    founding(to)
    copied = 0
    # Sorted, so that a row is copied after the rows that it refers to.
    for rows in schema.METADATA.sorted_tables:
        for part in origin.execute(sa.select(rows)).mappings().partitions(ROWS_AT_ONCE):
            to.execute(sa.insert(rows), [dict(row) for row in part])
            copied += len(part)
    return copied
