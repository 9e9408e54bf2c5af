"""Columns and keys that all tables have in common."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Table
from sqlmodel import JSON, Column, Field, SQLModel


def key() -> Any:
    """A column of the primary key."""
    return Field(primary_key=True)


def of_branch() -> Any:
    """The branch a row belongs to: always the first part of its primary key."""
    return Field(primary_key=True, foreign_key="branch.id")


def json(default: Any = None) -> Any:
    """A JSON column; `default` is a factory such as `dict` or `list`, or None for a nullable column."""
    if default is None:
        return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def within_branch(column: str, table: str) -> ForeignKeyConstraint:
    """A reference to another row of the same branch."""
    return ForeignKeyConstraint(["branch_id", column], [f"{table}.branch_id", f"{table}.id"])


def table(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements of SQLAlchemy Core."""
    return model.__table__  # type: ignore[attr-defined, no-any-return]


NO_BRANCH = UUID(int=0)
