"""Every difference between SQLite and PostgreSQL, and nothing else.

A `Dialect` opens connections, begins transactions, classifies errors, sends changes together, and exchanges notices
with other processes. The threads, and the work that they do, are built on top of it (store/database.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import secrets
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import URL, Connection, Engine, make_url

from ..core.errors import Unavailable
from .pools import close_left_over
from .prepared import Outcome, Prepared, SharedUuid, Statement

READERS: Final = 4
SAFETY_POLL_SECONDS: Final = 5.0
LOCAL_POLL_SECONDS: Final = 0.5
BUSY_TIMEOUT_MS: Final = 5_000
STATEMENT_TIMEOUT_MS: Final = 15_000
LOCK_TIMEOUT_MS: Final = 10_000
CHANNEL: Final = "queue_system"
PROCESS: Final = f"queue-system {secrets.token_hex(4)}"
# A server that has vanished cannot enforce its statement_timeout, so libpq gives up after these times (ms, seconds).
GONE: Any = {"tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}
# Statements that note a number in the database and read it again. Backups keep it.
NOTE: Final = {
    "sqlite": ("PRAGMA user_version = {}", "PRAGMA user_version"),
    "postgresql": ("COMMENT ON TABLE alembic_version IS '{}'", "SELECT obj_description('alembic_version'::regclass)"),
}

_NOTICE: Final = Prepared(sa.select(sa.func.pg_notify(sa.bindparam("channel"), sa.bindparam("payload"))))

log = structlog.get_logger(__name__)


class Dialect(ABC):
    """One kind of database, and the engines of one database of that kind."""

    name: ClassVar[str]
    # Whether the database is a file of this process; otherwise it is a server that others use too.
    is_embedded: ClassVar[bool]
    # How many writes run at the same time.
    writers: ClassVar[int]
    # The driver's attribute that names an error, and its names for a key that is there already.
    taken: ClassVar[tuple[str, tuple[str, ...]]]
    # Asks the database for its own version.
    version: ClassVar[sa.TextClause]
    # Counts the connections of other programs of ours; an embedded database is claimed instead.
    others: ClassVar[sa.TextClause] = sa.text("SELECT 0")

    def __init__(self, url: URL) -> None:
        self.url = url
        self.writing, self.reading = self._engines()
        close_left_over(self.writing, self.reading)

    # ------------------------------------------------------------ connections

    @abstractmethod
    def _engines(self) -> tuple[Engine, Engine]:
        """Engines to write with and to read one consistent snapshot with; the second one cannot write."""

    @abstractmethod
    def claim(self) -> None:
        """Refuse to run beside another server on the same database, if the database allows only one.

        Raises Unavailable("second-process"), or "database-unavailable" if the database cannot be written to.
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
        """Check, before the commit, the references that were not checked meanwhile. Raises IntegrityError."""

    @property
    def not_ours(self) -> tuple[type[Exception], ...]:
        """The driver's errors for which the database is to blame and not the statement."""
        return ()

    @property
    def file(self) -> Path | None:
        """Where an embedded database lies; None when a server keeps it."""
        return None

    @abstractmethod
    def scrub(self, *, thorough: bool) -> None:
        """Overwrite what deleted rows left behind; `thorough` rewrites the database, while writes wait. Raises Unavailable."""

    def close(self) -> None:
        """Close the connections and give back the claim."""
        self.writing.dispose()
        self.reading.dispose()

    # ------------------------------------------------------------ other processes

    @abstractmethod
    def notices(self, touched: dict[UUID, int]) -> list[Statement]:
        """Statements that tell other processes, as part of the transaction, the new sequence of each branch."""

    @abstractmethod
    def changes(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        """Yield when another process may have written: (branch → sequence) if known, else None for "read them all".

        Blocks in between, and ends soon after `stop` is set. A lost notice is made up for after SAFETY_POLL_SECONDS.
        """

    # ------------------------------------------------------------ statements and errors

    def is_taken(self, error: sa.exc.IntegrityError) -> bool:
        """Whether a key was there already; any other broken rule is a fault of ours and not somebody's answer."""
        attribute, names = self.taken
        return getattr(error.orig, attribute, "") in names

    @abstractmethod
    def run(self, connection: Connection, statements: Sequence[Statement], outcomes: list[Outcome]) -> None:
        """Run statements in this order up to the first that fails; a server gets all of them in one round trip.

        `outcomes` grows with each that succeeds.
        """

    def is_down(self, error: Exception) -> bool:
        """Whether the database is at fault and not our statement: it is away, full, damaged, or lacks our tables.

        SQLite raises OperationalError for all of these except a damaged file, for which it raises plain DatabaseError.
        """
        return (
            isinstance(error, sa.exc.OperationalError | sa.exc.InternalError)
            or type(error) is sa.exc.DatabaseError
            or (isinstance(error, sa.exc.DBAPIError) and isinstance(error.orig, self.not_ours))
        )

    def unavailable(self, error: Exception) -> Unavailable:
        """Log the cause, and make the refusal for every caller that waits for the database."""
        log.error("database.unavailable", error=type(error).__name__, detail=str(error).split("\n")[0])
        refusal = Unavailable("database-unavailable")
        refusal.__cause__ = error
        return refusal


def dialect_of(url: str) -> Dialect:
    """The dialect for a database URL; its engines connect when they are first used."""
    address = make_url(url)
    return SQLite(address) if address.get_backend_name() == "sqlite" else PostgreSQL(address)


# ---------------------------------------------------------------- SQLite


class SQLite(Dialect):
    """A file with one writer at a time and many readers beside it (WAL)."""

    name = "SQLite"
    is_embedded = True
    writers = 1
    taken = "sqlite_errorname", ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")
    version = sa.text("SELECT sqlite_version()")

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        # To change a column, Alembic rebuilds its table and drops the old one while other tables refer to it. SQLite
        # allows that only on connections that do not check references, so `end_migration` checks all of them.
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
        engine.dialect.colspecs = {**engine.dialect.colspecs, sa.Uuid: SharedUuid}

        @sa.event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: Any) -> None:
            # The driver would begin only after the reads that a decision rests on, so we begin ourselves, in `_begin`.
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",  # so that an acknowledged ticket survives a power cut
                f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
                f"busy_timeout={BUSY_TIMEOUT_MS}",
                "cache_size=-16000",
                "secure_delete=ON",  # so that what is deleted is also overwritten
                f"query_only={'ON' if begin == 'BEGIN' else 'OFF'}",
            ):
                connection.execute(f"PRAGMA {pragma}").close()

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def claim(self) -> None:
        if not self.url.database or self._claimed:
            return
        try:
            # We lock the database file itself, because a lock file beside it could be deleted. Closing any handle on
            # the file drops SQLite's own locks of this process (fcntl(2)), so this one stays open until `close`.
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
        """Nothing to do: BEGIN IMMEDIATE has taken that lock."""

    def end_migration(self, connection: Connection) -> None:
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if lost is not None:
            reason = sqlite3.IntegrityError(f"a row of {lost[0]} refers to one of {lost[2]} that is not there")
            raise sa.exc.IntegrityError("PRAGMA foreign_key_check", None, reason)

    @property
    def file(self) -> Path | None:
        return Path(self.url.database) if self.url.database else None

    def scrub(self, *, thorough: bool) -> None:
        # Raw, because VACUUM runs in no transaction. Rows that moved left copies, and the WAL has old pages.
        try:
            with contextlib.closing(self.writing.raw_connection()) as connection:
                if thorough:
                    connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise self.unavailable(error) from error

    def close(self) -> None:
        super().close()
        self._migrating.dispose()
        for handle in self._claims:
            handle.close()
        self._claims.clear()
        self._claimed = False

    def notices(self, touched: dict[UUID, int]) -> list[Statement]:  # noqa: ARG002
        """None: other processes see the counter in the file (`changes`)."""
        return []

    def changes(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        counter = "PRAGMA data_version"
        # A raw connection, because on one of the engine our BEGIN would hold a snapshot in which the counter stands still.
        with contextlib.closing(self.reading.raw_connection()) as connection:
            last = connection.execute(counter).fetchone()
            # The counter does not show writes from before it was first read, so ask for one look at once.
            yield None
            while not stop.wait(LOCAL_POLL_SECONDS):
                if (seen := connection.execute(counter).fetchone()) != last:
                    last = seen
                    yield None

    def run(self, connection: Connection, statements: Sequence[Statement], outcomes: list[Outcome]) -> None:
        for statement, values in statements:
            outcomes.append(statement.run(connection, values))


# ---------------------------------------------------------------- PostgreSQL


class PostgreSQL(Dialect):
    """A server: branches are written in parallel, and by several nodes.

    Its driver takes a tenth of the program's start to import, so it is imported only if there is such a server.
    """

    name = "PostgreSQL"
    is_embedded = False
    writers = 4
    taken = "sqlstate", ("23505",)
    version = sa.text("SHOW server_version")
    others = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND application_name LIKE 'queue-system%' AND application_name <> current_setting('application_name')"
    )

    def _engines(self) -> tuple[Engine, Engine]:
        from .libpq import watch

        url = self.url.set(drivername="postgresql+psycopg")
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
        arguments = {"options": options, "application_name": PROCESS, "connect_timeout": 5, **GONE}
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
            # Without a ping, because `Database` reads again if a connection was lost.
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
        watch(writing, reading)
        return writing, reading

    @property
    def not_ours(self) -> tuple[type[Exception], ...]:
        """Our tables, or the right to them, are missing."""
        from psycopg import errors

        return (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName, errors.InsufficientPrivilege)

    def claim(self) -> None:
        """Nothing to do: any number of nodes may share a server."""

    def scrub(self, *, thorough: bool) -> None:
        """Nothing to do: the server's own VACUUM frees what is deleted (docs/operations.md)."""

    def begin_migration(self, connection: Connection) -> None:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": CHANNEL})

    def end_migration(self, connection: Connection) -> None:
        """PostgreSQL has checked every reference on the way, but statements may be prepared no more."""
        from .libpq import doubt

        doubt(connection)

    def notices(self, touched: dict[UUID, int]) -> list[Statement]:
        return [(_NOTICE, {"channel": CHANNEL, "payload": f"{branch} {seq}"}) for branch, seq in touched.items()]

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
                        # A short timeout, so that this process can stop without waiting for a notice.
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

    def run(self, connection: Connection, statements: Sequence[Statement], outcomes: list[Outcome]) -> None:
        from .libpq import run

        run(connection, statements, outcomes)


# ---------------------------------------------------------------- words of the schema


def partial(condition: str) -> dict[str, Any]:
    """Arguments that make an index partial on both databases; each reads its own and ignores the other's."""
    return {f"{name}_where": sa.text(condition) for name in ("sqlite", "postgresql")}
