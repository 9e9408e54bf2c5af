"""A transaction, and a piece of work inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias, overload
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, Engine

from .dialect import Dialect
from .prepared import Outcome, Prepared
from .versioned import Versioned

AnyRow: TypeAlias = sa.Row[*tuple[Any, ...]]


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction: committed when the block ends, undone when it raises.

    Every change of the house is committed here, because nothing else begins a transaction (a test looks for it).
    """
    with engine.connect() as connection, connection.begin():
        yield connection


class Tx:
    """One piece of work inside a transaction: the connection, the instant, and what it has touched.

    `now` is read once per piece of work, after the transaction began, so that everything it writes agrees.
    `touched` collects (branch → last sequence) for the wake-up after the commit, `facts` the (branch, kind) of each
    entry, which are counted after it; `wrote` is whether anything but reads was asked for. `settings` are those that
    were read before; in work that `edits` settings (store/editing.py) they are not looked at and nothing is added,
    because what it reads may never be committed.
    """

    __slots__ = ("_connection", "_dialect", "_unsent", "edits", "facts", "now", "settings", "touched", "wrote")

    def __init__(self, connection: Connection, dialect: Dialect, now: datetime, settings: Versioned) -> None:
        self._connection = connection
        self._dialect = dialect
        self._unsent: list[tuple[Prepared, Mapping[str, Any]]] = []
        self.now = now
        self.settings = settings
        self.touched: dict[UUID, int] = {}
        self.facts: list[tuple[UUID, str]] = []
        self.wrote = False
        self.edits = False

    @overload
    def execute(self, statement: Prepared, values: Mapping[str, Any]) -> Outcome: ...

    @overload
    def execute(self, statement: sa.Executable, values: Any = None) -> CursorResult[Any]: ...

    def execute(self, statement: sa.Executable | Prepared, values: Any = None) -> CursorResult[Any] | Outcome:
        """Run a statement of SQLAlchemy Core, with values or a list of them; a `Prepared` one with its values."""
        self.flush()
        if isinstance(statement, Prepared):
            self.wrote = self.wrote or not statement.reads
            return statement.run(self._connection, values)
        self.wrote = self.wrote or not getattr(statement, "is_select", False)
        return self._connection.execute(statement, values)

    def later(self, statement: Prepared, values: Mapping[str, Any]) -> None:
        """Run a change whose outcome is not looked at, before the next statement or at the end of the work.

        Changes that follow one another then cost one journey to the database instead of one each. What the
        database has against one of them is raised by whatever comes next.
        """
        self.wrote = True
        self._unsent.append((statement, values))

    def flush(self) -> None:
        """Run what is still to be sent."""
        if self._unsent:
            changes, self._unsent = self._unsent, []
            self._dialect.run_together(self._connection, changes)

    @overload
    def row(self, statement: Prepared, values: Any = None) -> Any: ...

    @overload
    def row(self, statement: sa.Executable, values: Any = None) -> AnyRow | None: ...

    def row(self, statement: sa.Executable | Prepared, values: Any = None) -> Any:
        """The first row, or what a `Prepared` statement with a view makes of it; None where there is none."""
        if isinstance(statement, Prepared):
            return next(iter(self.execute(statement, values).rows), None)
        return self.execute(statement, values).first()

    @overload
    def rows(self, statement: Prepared, values: Any = None) -> list[Any]: ...

    @overload
    def rows(self, statement: sa.Executable, values: Any = None) -> list[AnyRow]: ...

    def rows(self, statement: sa.Executable | Prepared, values: Any = None) -> list[Any]:
        """All rows, or the views of them."""
        if isinstance(statement, Prepared):
            return self.execute(statement, values).rows
        return list(self.execute(statement, values).all())

    def scalar(self, statement: sa.Executable | Prepared, values: Any = None) -> Any:
        """The first column of the first row, or None."""
        row = self.row(statement, values)
        return None if row is None else row[0]
