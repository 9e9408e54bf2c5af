"""What must be stored so that the rows of one value become those of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .branch_rows import TableRows
from .setting_rows import Row
from .tables import table

#: The values of a row's primary key.
RowKey = tuple[Any, ...]


@dataclass(slots=True)
class RowDifference:
    """The rows of one table: new ones, the columns that change by key, and the keys of those that go."""

    model: type[Any]
    added: list[Row] = field(default_factory=list)
    changed: dict[RowKey, Row] = field(default_factory=dict)
    removed: list[RowKey] = field(default_factory=list)


def row_differences(before: Iterable[TableRows], after: Iterable[TableRows]) -> list[RowDifference]:
    """The differences by table, in the order of the tables: each comes after those that it refers to."""
    old, new = _by_table(before), _by_table(after)
    found = (_difference(model, old.get(model, {}), new.get(model, {})) for model in {**new, **old})
    return [one for one in found if one.added or one.changed or one.removed]


def _difference(model: type[Any], old: Mapping[RowKey, Row], new: Mapping[RowKey, Row]) -> RowDifference:
    found = RowDifference(model, removed=[key for key in old if key not in new])
    for key, row in new.items():
        if key not in old:
            found.added.append(row)
        elif changed := {name: value for name, value in row.items() if old[key].get(name) != value}:
            found.changed[key] = changed
    return found


def _by_table(rows: Iterable[TableRows]) -> dict[type[Any], dict[RowKey, Row]]:
    found: dict[type[Any], dict[RowKey, Row]] = {}
    for model, of in rows:
        names = [column.key for column in table(model).primary_key.columns]
        found.setdefault(model, {}).update({tuple(row[name] for name in names): row for row in of})
    return found
