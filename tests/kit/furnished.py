"""Furnishes databases quickly, by copying the rows of an organisation that was installed once.

    furnish_with(database, "embassy")                     # does what `install` does
    prepared(database, "many", lambda: many(database))    # does any other work

The first time in a process the work is really done. The result is kept and copied into every other database that is in
the same initial state, because installing a profile takes longer than most tests.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import Connection

from queue_system.actions.installation import install
from queue_system.profiles.reader import read_profile
from queue_system.store.database import Database
from queue_system.store.queries.organisation import version_of
from queue_system.store.queries.settings import branch_ids, branch_settings
from queue_system.store.tables import Organisation, table
from tests.kit.postgres_pool import OUR_TABLES

T = TypeVar("T")

# Branch → the version of its settings, and the settings.
Settings: TypeAlias = dict[UUID, tuple[int, Any]]

# Cached, because reading a profile takes as long as most tests, and it never changes.
profile_of = cache(read_profile)


class Outcome(Protocol):
    """The result of some work on a database."""

    def copy_into(self, database: Database) -> None:
        """Bring a database from the initial state of the first one to its result."""


_outcomes: dict[tuple[str, datetime, Hashable], tuple[Outcome, Settings, Any]] = {}
_files: dict[bytes, Settings] = {}


def furnish_with(database: Database, profile: str) -> None:
    """Install a profile into an empty database."""
    prepared(database, profile, lambda: database.write_now(install, profile_of(profile)))


def prepared(database: Database, name: str, work: Callable[[], T]) -> T:
    """Fill an empty database by `work` and return its result. The same `name` means the same work."""
    # The log has the time of the work, so the clock is part of the state.
    key = (name, database.clock.now(), _state(database))
    if key in _outcomes:
        outcome, settings, found = _outcomes[key]
        outcome.copy_into(database)
        _keep(database, settings)
    else:
        found = work()
        _outcomes[key] = _outcome(database), _settings(database), found
    result: T = found
    return result


def know(database: Database) -> None:
    """Keep the settings of a file that will be copied; closes the database."""
    settings = _settings(database)
    database.close()
    assert database.file is not None
    content = _whole(database.file)
    assert content is not None
    _files[content] = settings


def recall(database: Database) -> None:
    """Give a database that is a copy of a known file its settings, so that it need not read them."""
    content = None if database.file is None else _whole(database.file)
    if content in _files:
        _keep(database, _files[content])


def _settings(database: Database) -> Settings:
    return {
        branch_id: (
            database.read_now(version_of, branch_id) or 0,
            database.read_now(branch_settings, branch_id),
        )
        for branch_id in database.read_now(branch_ids).values()
    }


def _keep(database: Database, settings: Settings) -> None:
    for branch_id, (version, known) in settings.items():
        database.settings.keep(branch_id, version, known)


def _state(database: Database) -> Hashable:
    """Equal for databases in which an installation has the same result; unique if that is unknown."""
    if database.file is not None:
        return _whole(database.file) or object()
    count = sa.select(sa.func.count()).select_from(table(Organisation))
    return object() if database.read_now(lambda tx: tx.scalar(count)) else "a server"


def _outcome(database: Database) -> Outcome:
    return _Rows(database) if database.file is None else _File(database)


class _File:
    def __init__(self, database: Database) -> None:
        # Closing the last connection writes everything into the file itself.
        database.close()
        assert database.file is not None
        content = _whole(database.file)
        assert content is not None
        self._content = content

    def copy_into(self, database: Database) -> None:
        database.close()
        assert database.file is not None
        database.file.write_bytes(self._content)


def _whole(path: Path) -> bytes | None:
    """The content of a database file; None while a part of it is still in the WAL file."""
    beside = path.with_name(f"{path.name}-wal")
    if not path.exists() or (beside.exists() and beside.stat().st_size):
        return None
    return path.read_bytes()


class _Rows:
    def __init__(self, database: Database) -> None:
        self._content: list[tuple[sql.Composed, bytes]] = []
        with database.migrating() as connection:
            driver = _driver(connection)
            for (name,) in driver.execute(OUR_TABLES).fetchall():
                command = partial(sql.SQL("COPY {} {} (FORMAT binary)").format, sql.Identifier(name))
                with driver.cursor() as cursor:
                    with cursor.copy(command(sql.SQL("TO STDOUT"))) as rows:
                        content = b"".join(map(bytes, rows))
                    if cursor.rowcount:
                        self._content.append((command(sql.SQL("FROM STDIN")), content))

    def copy_into(self, database: Database) -> None:
        with database.migrating() as connection:
            driver = _driver(connection)
            # The references were checked when the rows were first written.
            driver.execute("SET LOCAL session_replication_role = replica")
            with driver.cursor() as cursor:
                for command, content in self._content:
                    with cursor.copy(command) as rows:
                        rows.write(content)


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    found = connection.connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    return found
