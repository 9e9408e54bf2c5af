"""Every difference between SQLite and PostgreSQL, and nothing else.

A `Dialect` opens the connections, says how a transaction begins and what an error means, sends changes together, and
brings notices to and from other processes. It knows connections and statements; the work that is done with them, and
the threads that do it, are built on top (store/database.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy import event as sa_event
from sqlalchemy.engine import URL, Connection, Engine, make_url

from ..core.errors import Unavailable
from .prepared import Prepared, as_core

READERS: Final = 4
SAFETY_POLL_SECONDS: Final = 5.0
LOCAL_POLL_SECONDS: Final = 0.5
BUSY_TIMEOUT_MS: Final = 5_000
STATEMENT_TIMEOUT_MS: Final = 15_000
LOCK_TIMEOUT_MS: Final = 10_000
CHANNEL: Final = "queue_system"
# A server that vanished does not answer at all, and its own statement_timeout with it: libpq gives up by itself.
GONE: Final[dict[str, Any]] = {
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}

log = structlog.get_logger(__name__)


class Dialect(ABC):
    """One kind of database, and the engines of one database of that kind."""

    # As people write it.
    name: ClassVar[str]
    # Whether the database is a file of this process, and not a server that others use too.
    is_embedded: ClassVar[bool]
    # As many writes go on at the same time.
    writers: ClassVar[int]
    # Asks the database for its own version.
    version: ClassVar[sa.TextClause]

    def __init__(self, url: URL) -> None:
        self.url = url
        self.writing, self.reading = self._engines()

    # ------------------------------------------------------------ connections

    @abstractmethod
    def _engines(self) -> tuple[Engine, Engine]:
        """Engines to write with and to read one consistent snapshot with; the second one cannot write."""

    @abstractmethod
    def claim(self) -> None:
        """Refuse to run beside another server on the same database, where the database bears only one.

        Raises Unavailable("second-process"), or "database-unavailable" where nothing can be written.
        """

    @property
    def migrating(self) -> Engine:
        """An engine to change the schema with."""
        return self.writing

    @abstractmethod
    def begin_migration(self, connection: Connection) -> None:
        """Let only one process at a time change the schema, until the transaction ends."""

    @abstractmethod
    def end_migration(self, connection: Connection) -> None:
        """Before the commit: what the database did not watch meanwhile. Raises IntegrityError."""

    @property
    def not_ours(self) -> tuple[type[Exception], ...]:
        """The driver's refusals that are no fault of the statement."""
        return ()

    @property
    def file(self) -> Path | None:
        """Where an embedded database lies; None when a server keeps it."""
        return None

    def close(self) -> None:
        """Close the connections and give back the claim."""
        self.writing.dispose()
        self.reading.dispose()

    # ------------------------------------------------------------ other processes

    @abstractmethod
    def notify(self, connection: Connection, touched: dict[UUID, int]) -> None:
        """Tell other processes, as part of the transaction, where it will take the branches."""

    @abstractmethod
    def changes(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        """Yield when another process may have written: (branch → sequence) where known, else None for "look".

        Blocks in between; ends soon after `stop` is set. A lost notice costs at most SAFETY_POLL_SECONDS.
        """

    # ------------------------------------------------------------ statements and errors

    def run_together(self, connection: Connection, changes: Sequence[tuple[Prepared, Mapping[str, Any]]]) -> None:
        """Run changes whose outcomes nobody looks at; a server is asked once for all of them."""
        cursor = connection.connection.cursor()
        try:
            with self._pipeline(connection):
                for statement, values in changes:
                    statement.send(connection, cursor, values)
        finally:
            cursor.close()

    @abstractmethod
    def _pipeline(self, connection: Connection) -> contextlib.AbstractContextManager[Any]:
        """Within it the driver need not wait for the outcome of one statement before it sends the next."""

    def is_down(self, error: Exception) -> bool:
        """Whether the database fails and not a statement of ours: it is away, full, damaged, or without our tables.

        SQLite says all of this with OperationalError or, of a damaged file, with the bare DatabaseError.
        """
        return (
            isinstance(error, sa.exc.OperationalError | sa.exc.InternalError)
            or type(error) is sa.exc.DatabaseError
            or (isinstance(error, sa.exc.DBAPIError) and isinstance(error.orig, self.not_ours))
        )

    def unavailable(self, error: Exception) -> Unavailable:
        """The refusal for everybody who waits for a database that cannot be reached; its cause is logged."""
        log.error("database.unavailable", error=type(error).__name__, detail=str(error).split("\n")[0])
        refusal = Unavailable("database-unavailable")
        refusal.__cause__ = error
        return refusal


def dialect_of(url: str) -> Dialect:
    """The dialect of a database's address, with engines that connect when they are first used."""
    address = make_url(url)
    return SQLite(address) if address.get_backend_name() == "sqlite" else PostgreSQL(address)


# ---------------------------------------------------------------- SQLite


class SQLite(Dialect):
    """A file: one writer at a time, and readers beside it (WAL)."""

    name = "SQLite"
    is_embedded = True
    writers = 1
    version = sa.text("SELECT sqlite_version()")

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        # To change a column, Alembic builds its table anew and drops the old one, to which others refer. SQLite bears
        # that on connections that do not watch references; `end_migration` looks at all of them at the end.
        self._migrating = self._engine("BEGIN IMMEDIATE", 1, foreign_keys=False)
        self._claims: list[IO[bytes]] = []
        self._claimed = False

    def _engines(self) -> tuple[Engine, Engine]:
        return self._engine("BEGIN IMMEDIATE", 1), self._engine("BEGIN", READERS + 1)

    def _engine(self, begin: str, size: int, *, foreign_keys: bool = True) -> Engine:
        engine = sa.create_engine(
            self.url.set(drivername="sqlite+pysqlite"),
            connect_args={"check_same_thread": False, "cached_statements": 512},
            hide_parameters=True,
            poolclass=sa.pool.QueuePool,
            pool_size=size,
            max_overflow=READERS,
        )
        reading = begin == "BEGIN"

        @sa_event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: Any) -> None:
            # The driver's own BEGIN comes too late (before the first change, after the reads that a
            # decision rests on): two sessions then give the same number. We begin by ourselves, below.
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                # An acknowledged ticket survives a power cut.
                "synchronous=FULL",
                f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
                f"busy_timeout={BUSY_TIMEOUT_MS}",
                "cache_size=-16000",
                f"query_only={'ON' if reading else 'OFF'}",
            ):
                connection.execute(f"PRAGMA {pragma}").close()

        @sa_event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def claim(self) -> None:
        if not self.url.database or self._claimed:
            return
        try:
            # The file itself: a lock file beside it can be deleted, and a second server would find none. Closing any
            # handle on it drops SQLite's own locks of this process (fcntl(2)), so it stays open until `close`.
            handle = Path(self.url.database).open("ab")  # noqa: SIM115
        except OSError as error:
            raise self.unavailable(error) from error
        self._claims.append(handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable("second-process", path=self.url.database) from None
        self._claimed = True

    @property
    def migrating(self) -> Engine:
        return self._migrating

    def begin_migration(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE is that lock already."""

    def end_migration(self, connection: Connection) -> None:
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if lost is not None:
            reason = sqlite3.IntegrityError(f"a row of {lost[0]} refers to one of {lost[2]} that is not there")
            raise sa.exc.IntegrityError("PRAGMA foreign_key_check", None, reason)

    @property
    def file(self) -> Path | None:
        return Path(self.url.database) if self.url.database else None

    def close(self) -> None:
        super().close()
        self._migrating.dispose()
        for handle in self._claims:
            handle.close()
        self._claims.clear()
        self._claimed = False

    def notify(self, connection: Connection, touched: dict[UUID, int]) -> None:
        """The file's own counter tells, see `changes`."""

    def changes(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        def counter() -> Any:
            return connection.execute("PRAGMA data_version").fetchone()

        # The driver's own connection: on one of the engine's our BEGIN would hold a snapshot, in which nothing moves.
        with contextlib.closing(self.reading.raw_connection()) as connection:
            last = counter()
            # Look once: the counter does not show what was written before it was first read.
            yield None
            while not stop.wait(LOCAL_POLL_SECONDS):
                if (seen := counter()) != last:
                    last = seen
                    yield None

    def _pipeline(self, connection: Connection) -> contextlib.AbstractContextManager[Any]:  # noqa: ARG002
        return contextlib.nullcontext()


# ---------------------------------------------------------------- PostgreSQL


class PostgreSQL(Dialect):
    """A server: writers of different branches beside one another, and other nodes.

    Its driver takes a tenth of the program's start to import, and is imported only where there is such a server.
    """

    name = "PostgreSQL"
    is_embedded = False
    writers = 4
    version = sa.text("SHOW server_version")

    def _engines(self) -> tuple[Engine, Engine]:
        url = self.url.set(drivername="postgresql+psycopg")
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
        arguments = {"options": options, "application_name": "queue-system", "connect_timeout": 5, **GONE}
        writing = sa.create_engine(
            url,
            connect_args=arguments,
            hide_parameters=True,
            pool_size=self.writers,
            pool_pre_ping=False,
            isolation_level="READ COMMITTED",
        )
        reading = sa.create_engine(
            url,
            connect_args=arguments,
            hide_parameters=True,
            pool_size=READERS + 1,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
        return writing, reading

    @property
    def not_ours(self) -> tuple[type[Exception], ...]:
        """Our tables, or the right to them, are missing."""
        from psycopg import errors

        return (
            errors.UndefinedTable,
            errors.UndefinedColumn,
            errors.InvalidSchemaName,
            errors.InsufficientPrivilege,
        )

    def claim(self) -> None:
        """Any number of nodes share a server."""

    def begin_migration(self, connection: Connection) -> None:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": CHANNEL})

    def end_migration(self, connection: Connection) -> None:
        """It has watched everything."""

    def notify(self, connection: Connection, touched: dict[UUID, int]) -> None:
        for branch, seq in touched.items():
            connection.execute(
                sa.text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": f"{branch} {seq}"}
            )

    def changes(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        import psycopg

        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not stop.is_set():
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=5, **GONE) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    yield None
                    silent = 0.0
                    while not stop.is_set():
                        heard = {}
                        # Short, so that a server that stops does not wait for a notice.
                        for notice in connection.notifies(timeout=LOCAL_POLL_SECONDS, stop_after=1):
                            branch, seq = notice.payload.split()
                            heard[UUID(branch)] = int(seq)
                        silent = 0.0 if heard else silent + LOCAL_POLL_SECONDS
                        if heard or silent >= SAFETY_POLL_SECONDS:
                            yield heard or None
                            silent = 0.0
            except psycopg.OperationalError as error:
                log.warning("database.listener_lost", error=str(error).split("\n")[0])
                yield None
                stop.wait(1.0)

    @contextlib.contextmanager
    def _pipeline(self, connection: Connection) -> Iterator[None]:
        import psycopg

        try:
            with connection.connection.driver_connection.pipeline():  # type: ignore[union-attr]
                yield
        except psycopg.Error as error:
            # At its end a pipeline raises what any of its statements was refused for.
            raise as_core(connection, error) from error


# ---------------------------------------------------------------- words of the schema


def partial(condition: str) -> dict[str, Any]:
    """Arguments that make an index a partial one on both databases: each reads its own and ignores the other's."""
    return {f"{name}_where": sa.text(condition) for name in ("sqlite", "postgresql")}


def append_only(connection: Connection, table: str) -> None:
    """Make `table` refuse every UPDATE and DELETE, whoever asks."""
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def for_update(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Take a row lock where there is one; SQLite leaves FOR UPDATE out, its BEGIN IMMEDIATE is the lock."""
    return statement.with_for_update()
