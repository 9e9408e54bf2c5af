"""The engine: transactions, threads, locks, wake-ups, and every difference between SQLite and PostgreSQL.

The only place that commits. Work is handed in as plain functions over a `Tx`:

    ticket = await database.write_in(branch_id, issue_ticket, order)

Writes of one branch that wait at the same moment share one transaction: the disk is asked once for all of them, and
each still succeeds or fails by itself (one that fails half-way is undone alone, store/writer.py). They share it only
within a branch, because a transaction that held two branches' locks in the order of arrival could deadlock with another
node.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

import psycopg
import sqlalchemy as sa
import structlog
from sqlalchemy import event as sa_event
from sqlalchemy.engine import Connection, Engine, make_url

from ..clock import Clock
from ..core.errors import Unavailable
from .prepared import Prepared, as_core
from .tx import AnyRow, Tx
from .writer import Job, Writer

__all__ = ["AnyRow", "Database", "Tx", "append_only", "for_update", "partial"]

P = ParamSpec("P")
R = TypeVar("R")

CHANNEL = "queue_system"
# A server that vanished does not answer at all, and its own statement_timeout with it: libpq gives up by itself.
GONE: Final[dict[str, Any]] = {
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
WRITERS_ON_POSTGRESQL = 4
READERS = 4
SAFETY_POLL_SECONDS = 5.0
LOCAL_POLL_SECONDS = 0.5
BUSY_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 10_000
# PostgreSQL's refusals that are no fault of the statement: our tables, or the right to them, are missing.
NOT_OURS = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
)

log = structlog.get_logger(__name__)


class Database:
    """Reads in a few threads, writes in one (SQLite) or a few (PostgreSQL)."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = make_url(url)
        self.clock = clock
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.on_commit: Callable[[dict[UUID, int]], None] = lambda touched: None
        # Settings of a branch, kept as long as its `config_version` stays the same (store/queries/settings.py).
        self.settings_cache: dict[UUID, Any] = {}
        # Whether the last write found no database, a full disk, or a lock that nobody gave back.
        self.is_failing = False
        self._write_engine, self._read_engine = self._engines()
        self._writers: list[Writer] = []
        self._readers: ThreadPoolExecutor | None = None
        self._starting = threading.Lock()
        self._claimed = False
        self._lock_handles: list[IO[bytes]] = []

    # ------------------------------------------------------------ for everybody

    async def write(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(tx, …)` in a transaction in a writer thread and return its result after the commit.

        Raises what `work` raises, with nothing changed; Unavailable when the database could not be reached.
        """
        return await asyncio.wrap_future(self._submit(None, work, *args, **kwargs))

    def write_now(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for callers outside an event loop: the command line, worker threads, tests."""
        return self._submit(None, work, *args, **kwargs).result()

    async def write_in(
        self, branch: UUID, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """As `write`, for work that locks `branch` alone: writes of one branch that wait share a transaction."""
        return await asyncio.wrap_future(self._submit(branch, work, *args, **kwargs))

    def write_in_now(self, branch: UUID, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for callers outside an event loop."""
        return self._submit(branch, work, *args, **kwargs).result()

    async def read(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(tx, …)` on one consistent snapshot in a reader thread; it cannot write."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader_pool(), lambda: self._read(work, *args, **kwargs))

    def read_now(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same, in the calling thread."""
        return self._read(work, *args, **kwargs)

    def changes(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        """Yield when another process may have written: (branch → sequence) where known, else None for "look".

        Blocks in between; ends soon after `stop` is set. A lost notice costs at most SAFETY_POLL_SECONDS.
        """
        yield from self._changes_on_sqlite(stop) if self.is_sqlite else self._changes_on_postgresql(stop)

    def claim_process(self) -> None:
        """Refuse to run beside another server on the same SQLite file; does nothing on PostgreSQL.

        Raises Unavailable("second-process"), or "database-unavailable" where nothing can be written.
        """
        if not self.is_sqlite or not self.url.database or self._claimed:
            return
        try:
            # The file itself: a lock file beside it can be deleted, and a second server would find none. Closing any
            # handle on it drops SQLite's own locks of this process (fcntl(2)), so it stays open until `close`.
            handle = Path(self.url.database).open("ab")  # noqa: SIM115
        except OSError as error:
            raise self.unavailable(error) from error
        self._lock_handles.append(handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable("second-process", path=self.url.database) from None
        self._claimed = True

    def close(self) -> None:
        """Finish what is queued, stop the threads, close the connections."""
        for writer in self._writers:
            writer.stop()
        self._writers.clear()
        if self._readers:
            self._readers.shutdown(wait=True)
            self._readers = None
        self._write_engine.dispose()
        self._read_engine.dispose()
        for handle in self._lock_handles:
            handle.close()
        self._lock_handles.clear()
        self._claimed = False

    @property
    def file(self) -> Path | None:
        """Where the embedded database lies; None when a server keeps it."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def server_version(self) -> str:
        """Name and version of the database, for `doctor`."""
        if self.is_sqlite:
            return f"SQLite {self.read_now(lambda tx: tx.scalar(sa.text('SELECT sqlite_version()')))}"
        return f"PostgreSQL {self.read_now(lambda tx: tx.scalar(sa.text('SHOW server_version')))}"

    # ------------------------------------------------------------ for migrations

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection in a transaction of its own, for Alembic; one process at a time on PostgreSQL."""
        try:
            with self._write_engine.connect() as connection, connection.begin():
                if not self.is_sqlite:
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": CHANNEL})
                yield connection
        except sa.exc.DBAPIError as error:
            if not self.is_down(error):
                raise
            raise self.unavailable(error) from error

    # ------------------------------------------------------------ for the writers

    def notify(self, connection: Connection, touched: dict[UUID, int]) -> None:
        """Tell other processes, as part of the transaction, where it will take the branches."""
        if self.is_sqlite:
            return
        for branch, seq in touched.items():
            connection.execute(
                sa.text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": f"{branch} {seq}"}
            )

    def run_together(self, connection: Connection, changes: Sequence[tuple[Prepared, Mapping[str, Any]]]) -> None:
        """Run changes whose outcomes nobody looks at; PostgreSQL is asked once for all of them (pipeline mode)."""
        driver = connection.connection
        cursor = driver.cursor()
        try:
            with contextlib.nullcontext() if self.is_sqlite else driver.driver_connection.pipeline():  # type: ignore[union-attr]
                for statement, values in changes:
                    statement.send(connection, cursor, values)
        except psycopg.Error as error:
            # What a pipeline is told at its end, of whichever statement.
            raise as_core(connection, error) from error
        finally:
            cursor.close()

    @staticmethod
    def is_down(error: Exception) -> bool:
        """Whether the database fails and not a statement of ours: it is away, full, damaged, or without our tables.

        SQLite says all of this with OperationalError or, of a damaged file, with the bare DatabaseError.
        """
        return (
            isinstance(error, sa.exc.OperationalError | sa.exc.InternalError)
            or type(error) is sa.exc.DatabaseError
            or (isinstance(error, sa.exc.DBAPIError) and isinstance(error.orig, NOT_OURS))
        )

    def unavailable(self, error: Exception) -> Unavailable:
        """The refusal that whoever waits for the database gets when it cannot be reached; the cause is logged."""
        log.error("database.unavailable", error=type(error).__name__, detail=str(error).split("\n")[0])
        refusal = Unavailable("database-unavailable")
        refusal.__cause__ = error
        return refusal

    # ------------------------------------------------------------ inside

    def _submit(self, branch: UUID | None, work: Callable[..., R], *args: Any, **kwargs: Any) -> Future[R]:
        job = Job(lambda tx: work(tx, *args, **kwargs), branch)
        writers = self._writer_pool()
        # A branch always goes to the same writer: its writes then wait in our queue, where they can be
        # grouped, instead of on the row lock, where they cannot.
        writers[hash(branch) % len(writers) if branch else 0].submit(job)
        return job.future

    def _read(self, work: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        try:
            with self._read_engine.connect() as connection, connection.begin():
                return work(Tx(connection, self, self.clock.now()), *args, **kwargs)
        except sa.exc.DBAPIError as error:
            if not self.is_down(error):
                raise
            raise self.unavailable(error) from error

    def _writer_pool(self) -> list[Writer]:
        if not self._writers:
            with self._starting:
                if not self._writers:
                    count = 1 if self.is_sqlite else WRITERS_ON_POSTGRESQL
                    self._writers = [Writer(self, self._write_engine, number) for number in range(count)]
        return self._writers

    def _reader_pool(self) -> ThreadPoolExecutor:
        if self._readers is None:
            with self._starting:
                if self._readers is None:
                    self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        return self._readers

    def _engines(self) -> tuple[Engine, Engine]:
        if self.is_sqlite:
            return self._sqlite_engine("BEGIN IMMEDIATE", 1), self._sqlite_engine("BEGIN", READERS + 1)
        url = self.url.set(drivername="postgresql+psycopg")
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
        arguments = {"options": options, "application_name": "queue-system", "connect_timeout": 5, **GONE}
        writing = sa.create_engine(
            url,
            connect_args=arguments,
            hide_parameters=True,
            pool_size=WRITERS_ON_POSTGRESQL,
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

    def _sqlite_engine(self, begin: str, size: int) -> Engine:
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
                "foreign_keys=ON",
                f"busy_timeout={BUSY_TIMEOUT_MS}",
                "cache_size=-16000",
                f"query_only={'ON' if reading else 'OFF'}",
            ):
                connection.execute(f"PRAGMA {pragma}").close()

        @sa_event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def _changes_on_sqlite(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        def version() -> Any:
            return connection.execute("PRAGMA data_version").fetchone()

        # The driver's own connection: on one of the engine's our BEGIN would hold a snapshot, in which nothing moves.
        with contextlib.closing(self._read_engine.raw_connection()) as connection:
            last = version()
            # What was written before we listened is not told apart from what was not.
            yield None
            while not stop.wait(LOCAL_POLL_SECONDS):
                if (seen := version()) != last:
                    last = seen
                    yield None

    def _changes_on_postgresql(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
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
