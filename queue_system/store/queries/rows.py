"""Rows of settings: small tables that are read whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..tables import table
from ..tx import AnyRow, Tx


def rows(tx: Tx, model: Any, *conditions: Any) -> list[AnyRow]:
    """The rows of a table that meet every condition, in their order; those at the same place by their keys."""
    of = table(model)
    places = [of.c.position] if "position" in of.c else []
    return tx.rows(sa.select(of).where(*conditions).order_by(*places, *of.primary_key.columns))


def of_branch(tx: Tx, model: Any, branch_id: UUID, order: str = "position") -> list[AnyRow]:
    """The rows of a branch, in their order."""
    columns = table(model).c
    return tx.rows(sa.select(table(model)).where(columns.branch_id == branch_id).order_by(columns[order]))


def grouped(
    tx: Tx, model: Any, branch_id: UUID, by: str, value: str, order: str | None = "position"
) -> dict[Any, tuple[Any, ...]]:
    """The values of one column by those of another, of a branch and in their order.

    Values at the same place, such as the counters of which each calls a queue first, follow one another by their keys:
    PostgreSQL would give them in another order each time.
    """
    columns = table(model).c
    ordered = [columns[order], columns[value]] if order else [columns[value]]
    statement = sa.select(columns[by], columns[value]).where(columns.branch_id == branch_id).order_by(*ordered)
    groups: dict[Any, list[Any]] = {}
    for group, item in tx.rows(statement):
        groups.setdefault(group, []).append(item)
    return {group: tuple(items) for group, items in groups.items()}
