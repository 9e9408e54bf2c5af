"""A piece of work inside a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult

if TYPE_CHECKING:
    from .database import Database

AnyRow: TypeAlias = sa.Row[*tuple[Any, ...]]


class Tx:
    """One piece of work inside a transaction: the connection, the instant, and what it has touched.

    `now` is read once per piece of work, after the transaction began, so that everything it writes agrees.
    `touched` collects (branch → last sequence) for the wake-up after the commit.
    """

    __slots__ = ("_connection", "database", "now", "touched")

    def __init__(self, connection: Connection, database: Database, now: datetime) -> None:
        self._connection = connection
        self.database = database
        self.now = now
        self.touched: dict[UUID, int] = {}

    def execute(self, statement: sa.Executable, values: Any = None) -> CursorResult[Any]:
        """Run a statement of SQLAlchemy Core, with values or a list of them."""
        return self._connection.execute(statement, values)

    def row(self, statement: sa.Executable, values: Any = None) -> AnyRow | None:
        """The first row, or None."""
        return self._connection.execute(statement, values).first()

    def rows(self, statement: sa.Executable, values: Any = None) -> list[AnyRow]:
        """All rows."""
        return list(self._connection.execute(statement, values).all())

    def scalar(self, statement: sa.Executable, values: Any = None) -> Any:
        """The first column of the first row, or None."""
        return self._connection.execute(statement, values).scalar()
