"""Rows of settings: small tables that are read whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..tables import table
from ..tx import AnyRow, Tx


def rows(tx: Tx, model: Any, *conditions: Any) -> list[AnyRow]:
    """The rows of a table that meet every condition."""
    return tx.rows(sa.select(table(model)).where(*conditions))


def of_branch(tx: Tx, model: Any, branch_id: UUID, order: str = "position") -> list[AnyRow]:
    """The rows of a branch, in their order."""
    columns = table(model).c
    return tx.rows(sa.select(table(model)).where(columns.branch_id == branch_id).order_by(columns[order]))


def grouped(
    tx: Tx, model: Any, branch_id: UUID, by: str, value: str, order: str | None = "position"
) -> dict[Any, tuple[Any, ...]]:
    """The values of one column by those of another, of a branch and in their order."""
    columns = table(model).c
    statement = sa.select(columns[by], columns[value]).where(columns.branch_id == branch_id)
    groups: dict[Any, list[Any]] = {}
    for group, item in tx.rows(statement.order_by(columns[order]) if order else statement):
        groups.setdefault(group, []).append(item)
    return {group: tuple(items) for group, items in groups.items()}
