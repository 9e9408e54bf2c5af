"""Statements that are compiled once, for the few that a hall runs all day long.

SQLAlchemy Core spends about 80 µs of Python on each run of a statement, mostly to look up what it compiled before;
SQLite itself needs 10 µs. A `Prepared` statement is the same Core statement, compiled by the same dialect and converted
by the same types, and it keeps the result. The source for both databases, the errors and the transaction stay the same.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, TypeAlias, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.types import TypeEngine
from sqlmodel.sql.sqltypes import UTCDateTime

from .setting_changes import changed_settings

Convert = Callable[[Any], Any]
REMEMBERED: Final = 16_384
#: The number by which PostgreSQL names `double precision`.
_DOUBLE: Final = 701


class Outcome(NamedTuple):
    """The rows, converted and named by their columns, and the number of rows that a change has hit."""

    rows: list[Any]
    rowcount: int


class Prepared:
    """A Core statement with named parameters; it cannot hold lists of varying length (`IN` over values).

    It changes no settings, so that `Tx` need not look at each run (store/setting_changes.py): else ValueError is raised.

    An `INSERT` takes its columns from the values of its first run; every later run must give the same columns.

    `view` turns a row into a value that must be immutable, because it is cached: successive reads find the same people,
    and to make their ids, instants and views costs ten times as much as to look them up. Each statement caches its
    latest `REMEMBERED` rows.
    """

    __slots__ = ("_compiled", "reads", "statement", "view")

    def __init__(
        self,
        statement: sa.Select[Any] | sa.CompoundSelect[Any] | sa.Insert | sa.Update | sa.Delete,
        view: Callable[[Any], Any] | None = None,
    ) -> None:
        if changed_settings(statement) is not None:
            raise ValueError(f"a prepared statement must not change settings: {statement}")
        self.statement = statement
        self.view = view
        self.reads = statement.is_select
        self._compiled: dict[type[Dialect], Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Outcome:
        """Run it on a connection that is in a transaction; raises what SQLAlchemy raises."""
        return self.compiled(connection, values).run(connection, values)

    def compiled(self, connection: Connection, values: Mapping[str, Any]) -> Compiled:
        """It for the dialect of a connection; `values` are those of its first run."""
        compiled = self._compiled.get(type(connection.dialect))
        if compiled is None:
            compiled = Compiled(self.statement, connection.dialect, values, self.view)
            self._compiled[type(connection.dialect)] = compiled
        return compiled


Statement: TypeAlias = tuple[Prepared, Mapping[str, Any]]


class Compiled:
    """The text for one dialect, and the functions that convert our values to the driver's and back.

    `names` are the parameters in the text, and `read` makes ours of a row of the driver.
    """

    __slots__ = (
        "_constants",
        "_parameters",
        "_positional",
        "_record",
        "_record_of",
        "_required",
        "_results",
        "names",
        "read",
        "text",
    )

    def __init__(
        self, statement: Any, dialect: Dialect, names: Iterable[str], view: Callable[[Any], Any] | None
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names) if statement.is_insert else None)
        if compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch:
            raise ValueError(f"not preparable, as its text or values are made anew each time: {compiled}")
        self.text = str(compiled)
        self._positional = compiled.positional
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self._required = {name for name, bind in binds.items() if bind.required}
        # The statement's own constants, such as the 1 of "last_number + 1".
        self._constants = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        self._parameters: list[tuple[str, Convert | None]] = [
            (name, binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in (compiled.positiontup if compiled.positional else binds)
        ]
        self.names = [name for name, _ in self._parameters]
        columns = list(statement.exported_columns) if statement.is_select or compiled.effective_returning else []
        self._results: list[Convert | None] = [_reader(column.type, dialect) for column in columns]
        self._record: Any = namedtuple("Record", [column.key for column in columns], rename=True)  # type: ignore[misc]  # noqa: PYI024
        # `_make` would count the columns of each row.
        self._record_of = partial(tuple.__new__, self._record)
        self.read: Convert = self._converted if any(self._results) else self._record_of
        if view is not None:
            self.read = lru_cache(maxsize=REMEMBERED)(lambda row: view(self._converted(row)))

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Outcome:
        """Run it by a cursor of the driver."""
        given = self.given(values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.text, given)
            rows = [self.read(row) for row in cursor.fetchall()] if self._results else []
            return Outcome(rows, cursor.rowcount)
        except connection.dialect.loaded_dbapi.Error as error:
            raise as_core(connection, error, self.text, given) from error
        finally:
            cursor.close()

    def given(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver wants them."""
        if values.keys() != self._required:
            raise ValueError(f"the statement takes {sorted(self._required)}, it was given {sorted(values)}")
        if self._constants:
            values = self._constants | dict(values)
        if self._positional:
            return [convert(values[name]) if convert else values[name] for name, convert in self._parameters]
        return {name: convert(values[name]) if convert else values[name] for name, convert in self._parameters}

    def _converted(self, row: Sequence[Any]) -> Any:
        return self._record_of(
            [convert(value) if convert else value for convert, value in zip(self._results, row, strict=True)]
        )


def _reader(column_type: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """The function that turns a driver's value into ours, or None if none is needed.

    A driver may give keys and instants as text. Successive reads find the same people, and to make a UUID or a datetime
    costs ten times as much as to look it up, so immutable values are cached.
    """
    # PostgreSQL's number types ask for the type that the database names; ours are all of this one.
    number = _DOUBLE if isinstance(column_type, sa.Float) else None
    convert = cast(Convert | None, column_type.dialect_impl(dialect).result_processor(dialect, number))
    if convert is None or not isinstance(column_type, _UNCHANGING):
        return convert
    return _shared(convert, type(column_type), dialect)


class SharedUuid(sa.Uuid[UUID]):
    """A key that a driver gives as text, for a dialect's `colspecs`: rows share keys, because to make one is slow."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The function that turns a driver's value into ours; None where the driver does that itself."""
        convert = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]
        return None if convert is None else _shared(convert, sa.Uuid, dialect)


def _shared(convert: Convert, column_type: type[TypeEngine[Any]], dialect: Dialect) -> Convert:
    return _remembered.setdefault((column_type, type(dialect)), lru_cache(maxsize=REMEMBERED)(convert))


# Types with immutable values, which two rows may share; `SharedUuid` is already converted so.
_UNCHANGING: Final = (sa.Date, UTCDateTime)
_remembered: dict[tuple[type, type], Convert] = {}


def as_core(connection: Connection, error: Exception, text: str | None = None, given: Any = None) -> Exception:
    """The error that SQLAlchemy would raise in place of a driver's; a lost connection is invalidated."""
    dialect = connection.dialect
    driver_error = dialect.loaded_dbapi.Error
    is_lost = dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(error)
    return sa.exc.DBAPIError.instance(text, given, error, driver_error, connection_invalidated=is_lost, dialect=dialect)
