"""Finds what is wrong with a migration, with a filled database of the state before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeEngine

from queue_system.core.errors import Unavailable
from queue_system.store import schema
from queue_system.store.database import Database
from tests.kit.filled_database import State

# Makes a new, empty database, which the caller closes.
Empty: TypeAlias = Callable[[], Database]
# Table → column → its values as texts, sorted; two states are compared in this form.
Contents: TypeAlias = dict[str, dict[str, list[str]]]
# For most refusals in a migration SQLite gives the same error as for an unavailable database.
REFUSED = (sa.exc.DBAPIError, Unavailable)


@dataclass(frozen=True)
class Step:
    """A migration from the state `before`.

    `rewrites` are the columns whose values it may change, as "table.column" in REWRITES of its module.
    """

    before: str
    revision: str
    rewrites: frozenset[str]

    @property
    def contracts(self) -> bool:
        """Whether it removes what old programs used: those before its oldest program."""
        return schema.oldest_program(self.revision) > schema.oldest_program(self.before)

    @property
    def rolls(self) -> bool:
        """Whether the program of the state before continues to work."""
        return schema.oldest_program(self.revision) <= schema.number(self.before)


def steps(more: Path | None = None) -> list[Step]:
    """The migrations after the first, oldest first, including those in the folder `more`."""
    scripts = reversed(list(ScriptDirectory.from_config(config(None, more)).walk_revisions()))
    return [
        Step(str(script.down_revision), script.revision, frozenset(getattr(script.module, "REWRITES", ())))
        for script in scripts
        if script.down_revision is not None
    ]


def faults(empty: Empty, step: Step, state: State, more: Path | None = None) -> list[str]:
    """Everything that is wrong with a step, tried on `state`, which was filled before it."""
    found: list[str] = []
    with opened(empty) as database:
        upgrade(database, step.before, more)
        load(database, state)
        before = contents(database)
        try:
            upgrade(database, step.revision, more)
        except REFUSED as error:
            return [f"does not go through: {_cause(error)}", *_differences(before, contents(database), step)]
        found += _differences(before, contents(database), step)
        found += _changed_log(database)
    if step.rolls:
        with opened(empty) as database:
            upgrade(database, step.revision, more)
            try:
                load(database, state)
            except REFUSED as error:
                found.append(f"the program before can no longer write: {_cause(error)}")
    return found


def _cause(error: Exception) -> str:
    return str(error.__cause__ or error).partition("\n")[0]


@contextmanager
def opened(empty: Empty) -> Iterator[Database]:
    database = empty()
    try:
        yield database
    finally:
        database.close()


def upgrade(database: Database, revision: str, more: Path | None) -> None:
    with database.migrating() as connection:
        command.upgrade(config(connection, more), revision)


def config(connection: Connection | None, more: Path | None) -> Config:
    found = Config()
    found.set_main_option("script_location", str(schema.MIGRATIONS))
    found.set_main_option("path_separator", "newline")
    places = [schema.MIGRATIONS / "versions", *([more] if more else [])]
    found.set_main_option("version_locations", "\n".join(map(str, places)))
    found.attributes["connection"] = connection
    return found


def load(database: Database, state: State) -> None:
    """Insert a state column by column, as the program before would; columns that no longer exist are left out."""
    with database.migrating() as connection:
        there = _columns(connection)
        for name, rows in state.items():
            if not rows or name not in there:
                continue
            types = {column: kind.compile(connection.dialect) for column, kind in there[name].items()}
            columns = [column for column in rows[0] if column in types]
            values = ", ".join(
                f":{column}" if database.dialect.is_embedded else f"CAST(CAST(:{column} AS text) AS {types[column]})"
                for column in columns
            )
            quoted = connection.dialect.identifier_preparer.quote
            statement = f"INSERT INTO {quoted(name)} ({', '.join(map(quoted, columns))}) VALUES ({values})"
            connection.execute(sa.text(statement), [_given(row, columns, database) for row in rows])


def _given(row: dict[str, Any], columns: list[str], database: Database) -> dict[str, Any]:
    """The values for one row; a server must cast them from texts."""
    given = {column: row[column] for column in columns}
    if database.dialect.is_embedded:
        return given
    return {column: None if value is None else str(value) for column, value in given.items()}


def contents(database: Database) -> Contents:
    """All values in a database, without Alembic's own table."""
    found: Contents = {}
    with database.migrating() as connection:
        quoted = connection.dialect.identifier_preparer.quote
        for name, columns in _columns(connection).items():
            texts = ", ".join(f"CAST({quoted(column)} AS text)" for column in columns)
            rows = connection.execute(sa.text(f"SELECT {texts} FROM {quoted(name)}")).all()
            found[name] = {column: sorted(str(row[at]) for row in rows) for at, column in enumerate(columns)}
    found.pop("alembic_version", None)
    return found


def _columns(connection: Connection) -> dict[str, dict[str, TypeEngine[Any]]]:
    """Table → column → its type; asked for all tables at once, because asking for each takes most of a test's time."""
    return {
        name: {column["name"]: column["type"] for column in columns}
        for (_, name), columns in sa.inspect(connection).get_multi_columns().items()
    }


def _differences(before: Contents, after: Contents, step: Step) -> Iterator[str]:
    """Values that are missing or changed."""
    for name, columns in before.items():
        if name not in after:
            if not step.contracts:
                yield f"{name} is gone"
            continue
        for column, values in columns.items():
            if column not in after[name]:
                if not step.contracts:
                    yield f"{name}.{column} is gone"
            elif len(after[name][column]) != len(values):
                yield f"{name} had {len(values)} rows and has {len(after[name][column])}"
                break
            elif after[name][column] != values and f"{name}.{column}" not in step.rewrites:
                yield f"{name}.{column} has other values"


def _changed_log(database: Database) -> Iterator[str]:
    """The log refuses changes by a trigger, which is lost when its table is copied."""
    for verb in ("UPDATE entry SET actor_id = 'x'", "DELETE FROM entry"):
        try:
            with database.migrating() as connection:
                connection.execute(sa.text(verb))
        except REFUSED:
            continue
        yield f"entry allows {verb.partition(' ')[0]}"
