"""The rows of a database in a form that belongs to no database: one text per table, for backups.

The first line of a text names the columns, in order, and of each the kind of its values:

    {"branch_id": "uuid", "seq": "number", "at": "instant", …}

Each further line is a row, the list of its values: texts of ISO 8601 for instants (UTC), dates and times, the usual
text for ids, everything else as JSON has it. So a row of SQLite can go into PostgreSQL and back, and a text of an old
schema can be read by a program that has other columns today. Rows are in the order of the primary key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel.sql.sqltypes import UTCDateTime

from . import schema
from .database import Database, Tx

ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """Values of one kind: the type they are stored with, and their way into JSON and back."""

    stored: sa.types.TypeEngine[Any]
    to_json: Callable[[Any], Any] | None = None
    from_json: Callable[[Any], Any] | None = None


KINDS: Final[Mapping[str, Kind]] = {
    "uuid": Kind(sa.Uuid(), str, UUID),
    "instant": Kind(UTCDateTime(), datetime.isoformat, datetime.fromisoformat),
    "date": Kind(sa.Date(), date.isoformat, date.fromisoformat),
    "time": Kind(sa.Time(), time.isoformat, time.fromisoformat),
    "json": Kind(sa.JSON(none_as_null=True)),
    "flag": Kind(sa.Boolean()),
    "number": Kind(sa.BigInteger()),
    "real": Kind(sa.Float()),
    "text": Kind(sa.String()),
}

#: The kind of a column by the type that the database names for it.
TYPES: Final[Mapping[str, tuple[Any, ...]]] = {
    "uuid": (sa.Uuid,),
    "instant": (sa.DateTime,),
    "date": (sa.Date,),
    "time": (sa.Time,),
    "json": (sa.JSON,),
    "flag": (sa.Boolean,),
    "number": (sa.Integer,),
    "real": (sa.Float, sa.Numeric),
    "text": (sa.String,),
}
UUID_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class Part:
    """A table: its columns with the kinds of their values, and the names of its primary key."""

    name: str
    kinds: Mapping[str, str]
    key: tuple[str, ...] = ()

    @property
    def rows(self) -> sa.TableClause:
        """The table for statements, with these columns only."""
        return sa.table(self.name, *(sa.column(name, KINDS[kind].stored) for name, kind in self.kinds.items()))


def parts_of(database: Database) -> list[Part]:
    """Our tables as the database has them, also at an older schema; each after those that it refers to."""
    there = sa.MetaData()
    with database.migrating() as connection:
        names = set(sa.inspect(connection).get_table_names()) & (schema.METADATA.tables.keys() | schema.FORMER)
        there.reflect(connection, only=sorted(names))
    return [
        Part(
            rows.name,
            {column.name: _kind(column.type) for column in rows.columns},
            tuple(column.name for column in rows.primary_key.columns),
        )
        for rows in there.sorted_tables
    ]


def written(tx: Tx, part: Part, breathe: Callable[[], None]) -> Iterator[tuple[bytes, int]]:
    """The text of a table in pieces, each with its number of rows; `breathe` is called after each piece."""
    yield _line(dict(part.kinds)), 0
    to_json = [KINDS[kind].to_json for kind in part.kinds.values()]
    ordered = sa.select(part.rows).order_by(*(part.rows.c[name] for name in part.key))
    # Fetched piece by piece, because a server would otherwise send the whole table at once.
    # Closed when the reader stops midway, too, because a server keeps the cursor open.
    with tx.execute(ordered.execution_options(yield_per=ROWS_AT_ONCE)) as found:
        for some in found.partitions():
            yield b"".join(_line(_changed(row, to_json)) for row in some), len(some)
            breathe()


def read_back(name: str, lines: Iterable[bytes]) -> tuple[Part, Iterator[list[dict[str, Any]]]]:
    """A table and its rows, some at a time, from its text. Raises ValueError or LookupError for another text."""
    lines = iter(lines)
    part = Part(name, {str(column): str(kind) for column, kind in json.loads(next(lines)).items()})
    return part, _rows(part, lines)


def _rows(part: Part, lines: Iterator[bytes]) -> Iterator[list[dict[str, Any]]]:
    from_json = [KINDS[kind].from_json for kind in part.kinds.values()]
    some: list[dict[str, Any]] = []
    for line in lines:
        some.append(dict(zip(part.kinds, _changed(json.loads(line), from_json), strict=True)))
        if len(some) == ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _changed(values: Iterable[Any], changes: list[Callable[[Any], Any] | None]) -> list[Any]:
    return [
        value if value is None or change is None else change(value)
        for value, change in zip(values, changes, strict=True)
    ]


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _kind(stored: sa.types.TypeEngine[Any]) -> str:
    """The kind of a column from the type that the database names; SQLite stores ids as CHAR(32)."""
    if isinstance(stored, sa.CHAR) and stored.length == UUID_LENGTH:
        return "uuid"
    for kind, types in TYPES.items():
        if isinstance(stored, types):
            return kind
    raise TypeError(f"a backup cannot hold a column of the type {stored!r}")
