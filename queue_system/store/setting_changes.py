"""Finds statements that change settings; `Tx` refuses them outside an edit (store/editing.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql import operators

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


def branches_changed(statement: Any, values: Any = None) -> set[Any] | None:
    """The branches whose rows a change touches, as its rows or its condition name them; None if they do not."""
    table = statement.table
    owner = table.c.id if table.name == "branch" else table.c.branch_id
    if statement.is_insert:
        own = statement._multi_values[0] if statement._multi_values else [statement._values or {}]
        named_rows = [{getattr(name, "key", name): value for name, value in row.items()} for row in own]
        found = {getattr(one, "value", one) for one in (row.get(owner.key) for row in _rows(values) or named_rows)}
        return found if found and None not in found else None
    for left, operator, right in _conditions(statement.whereclause):
        if left is owner and operator in (operators.eq, operators.in_op) and isinstance(right, sa.BindParameter):
            given = [row.get(right.key) for row in _rows(values)] if right.required else [right.value]
            named = {one for value in given for one in (value if isinstance(value, list | tuple | set) else [value])}
            return named if named and None not in named else None
    return None


def _conditions(clause: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The comparisons that all must hold, each as (left, operator, right)."""
    if isinstance(clause, sa.BooleanClauseList) and clause.operator is operators.and_:
        for part in clause.clauses:
            yield from _conditions(part)
    elif isinstance(clause, sa.BinaryExpression):
        yield clause.left, clause.operator, clause.right


def _rows(values: Any) -> list[Mapping[str, Any]]:
    return [values] if isinstance(values, Mapping) else list(values or ())


def _columns_set(statement: Any, values: Any) -> set[str]:
    """The columns that an update sets: those of its own values and of the values that it is run with, or all of them."""
    columns: Any = statement.table.c
    own = {getattr(column, "key", column) for column in statement._values or ()}
    given = {name for row in _rows(values) for name in row}
    return own | (given & set(columns.keys())) or set(columns.keys())
