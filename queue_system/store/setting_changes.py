"""Finds statements that change settings; `Tx` refuses them outside an edit (store/editing.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

#: In `Table.info`: the names of the columns that hold settings (tables/organisation.py).
SETTING_COLUMNS: Final = "setting columns"


def changed_settings(statement: Any, values: Any = None) -> sa.Table | None:
    """The table whose settings a statement of SQLAlchemy Core changes when it is run with `values`, else None."""
    if not statement.is_dml:
        return None
    table: sa.Table = statement.table
    settings: frozenset[str] | None = table.info.get(SETTING_COLUMNS)
    if settings is None or (statement.is_update and settings.isdisjoint(_columns_set(statement, values))):
        return None
    return table


def is_shared(table: sa.Table) -> bool:
    """Whether the rows of a table of settings belong to all branches."""
    return table.name != "branch" and "branch_id" not in table.c


def _columns_set(statement: Any, values: Any) -> set[str]:
    """The columns that an update sets: those of its own values and of the values that it is run with, or all of them."""
    columns: Any = statement.table.c
    own = {getattr(column, "key", column) for column in statement._values or ()}
    given = {name for row in ([values] if isinstance(values, Mapping) else values or ()) for name in row}
    return own | (given & set(columns.keys())) or set(columns.keys())
