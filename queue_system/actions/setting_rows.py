"""Stores the difference between two values of settings. Ids stay, and so do columns that are no settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from ..store.database import Tx
from ..store.row_difference import RowDifference, RowKey
from ..store.tables import Counter, Queue, table

# Columns whose values no two rows of a branch may share; they may be exchanged, so the old ones are set aside first.
_UNIQUE: Final[Mapping[type[Any], str]] = {Queue: "prefix", Counter: "number"}


def store_difference(tx: Tx, found: Sequence[RowDifference]) -> None:
    """Make these changes of the rows that are in the tables (`row_differences`). Inside an edit (store/editing.py)."""
    for one in found:
        _set_aside(tx, one)
    # Each table comes after those that it refers to; so what is referred to is added first and removed last.
    for one in found:
        if one.added:
            tx.execute(sa.insert(table(one.model)), one.added)
        for key, columns in one.changed.items():
            _change(tx, one.model, key, columns)
    for one in reversed(found):
        for key in one.removed:
            _exactly_one(tx.execute(sa.delete(table(one.model)).where(*_is(one.model, key))), one.model)


def _set_aside(tx: Tx, one: RowDifference) -> None:
    column = _UNIQUE.get(one.model)
    if column is None:
        return
    moving: Sequence[RowKey] = [*one.removed, *(key for key, columns in one.changed.items() if column in columns)]
    for number, key in enumerate(moving, start=1):
        _change(tx, one.model, key, {column: -number if one.model is Counter else f"~{number}"})


def _change(tx: Tx, model: type[Any], key: RowKey, columns: dict[str, Any]) -> None:
    _exactly_one(tx.execute(sa.update(table(model)).where(*_is(model, key)).values(**columns)), model)


def _is(model: type[Any], key: RowKey) -> list[sa.ColumnElement[bool]]:
    return [column == value for column, value in zip(table(model).primary_key.columns, key, strict=True)]


def _exactly_one(result: Any, model: type[Any]) -> None:
    if result.rowcount != 1:
        raise RuntimeError(
            f"{table(model).name}: {result.rowcount} rows instead of one; the tables have other settings"
        )
