"""Work in transactions: reads in a few threads, writes in their own, and the wake-up after a commit.

Work is handed in as plain functions over a `Tx`:

    ticket = await database.write_in(branch_id, issue_ticket, order)

Writes of one branch that wait at the same moment share one transaction, so that the disk syncs once for all of them.
Each write still succeeds or fails by itself (store/writer.py). Writes of two branches never share a transaction, because
one that took two locks in the order of arrival could deadlock with another node.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import URL, Connection, Engine

from ..clock import Clock
from .dialect import READERS, dialect_of
from .long_reads import Introduction, LongReads, Lost, Request
from .tx import AnyRow, Appended, Tx, transaction
from .versioned import Versioned
from .writer import Job, Writer

__all__ = ["AnyRow", "Database", "Tx"]

P = ParamSpec("P")
R = TypeVar("R")


class Database:
    """One database: READERS threads read, and as many threads write as its dialect allows.

    `sends` names the levels of the messages that this installation can send (`core.messages.sent_as`). `secret` is the
    key of the installation, with which people are kept apart (`core.apart.keyed`).
    """

    def __init__(self, url: str, clock: Clock, sends: frozenset[str] = frozenset(), *, secret: bytes = b"") -> None:
        self.dialect = dialect_of(url)
        self.clock = clock
        self.sends = sends
        self.secret = secret
        self.on_commit: Callable[[Sequence[Appended]], None] = lambda appended: None
        # Settings as last read, each with the version it was read at (store/editing.py).
        self.settings = Versioned()
        # When something is next due at each branch, by the chain of its log (store/queries/due.py).
        self.due = Versioned()
        # Whether the last write failed because the database was away, the disk was full or a lock timed out.
        self.is_failing = False
        self._writers: list[Writer] = []
        self._readers: ThreadPoolExecutor | None = None
        self._apart: LongReads | None = None
        self._starting = threading.Lock()

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
        """Like `write`, for work that locks only `branch`: waiting writes of one branch share a transaction.

        So it cannot edit settings (store/editing.py), because an edit locks the organisation first: use `write`.
        """
        return await asyncio.wrap_future(self._submit(branch, work, *args, **kwargs))

    def write_in_now(self, branch: UUID, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for callers outside an event loop."""
        return self._submit(branch, work, *args, **kwargs).result()

    async def read(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(tx, …)` on one consistent snapshot in a reader thread; it cannot write."""
        loop = asyncio.get_running_loop()
        # The work runs in the caller's context, so that its log lines carry the request's id.
        context = contextvars.copy_context()
        return await loop.run_in_executor(self._reader_pool(), context.run, lambda: self._read(work, *args, **kwargs))

    def read_now(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same, in the calling thread."""
        return self._read(work, *args, **kwargs)

    async def read_apart(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same in a process of its own, for work of more than a few milliseconds, so that the hall is not slowed.

        `work` is a function of a module, and all that goes in and comes out can be pickled. Where `open_apart` was not
        called, and while that process starts or if it is lost, this is `read`.
        """
        if self._apart is not None:
            request = Request(work, args, kwargs, self.clock, structlog.contextvars.get_contextvars())
            if self._apart.is_ready_for(request):
                with contextlib.suppress(Lost):
                    return await asyncio.wrap_future(self._apart.submit(request))
        return await self.read(work, *args, **kwargs)

    def open_apart(self, prepare: Callable[[], None]) -> LongReads:
        """Let `read_apart` use a process of its own, until `close`; it calls `prepare`, which can be pickled, first."""
        url = self.url.render_as_string(hide_password=False)
        self._apart = LongReads(Introduction(url, self.sends, prepare, self.secret))
        return self._apart

    def changes(self, stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        """Yield when another process may have written, as `Dialect.changes` does."""
        return self.dialect.changes(stop)

    def claim_process(self) -> None:
        """Refuse to run beside another server on the same embedded database; raises what `Dialect.claim` raises."""
        self.dialect.claim()

    def scrub(self, *, thorough: bool) -> None:
        """Overwrite what deleted rows have left behind (`Dialect.scrub`); raises Unavailable."""
        self.dialect.scrub(thorough=thorough)

    def close(self) -> None:
        """Finish what is queued, stop the threads, close the connections."""
        if self._apart:
            self._apart.stop()
            self._apart = None
        for writer in self._writers:
            writer.stop()
        self._writers.clear()
        if self._readers:
            self._readers.shutdown(wait=True)
            self._readers = None
        self.dialect.close()

    @property
    def url(self) -> URL:
        return self.dialect.url

    @property
    def file(self) -> Path | None:
        """Where an embedded database lies; None when a server keeps it."""
        return self.dialect.file

    def server_version(self) -> str:
        """Name and version of the database, for `doctor`."""
        return f"{self.dialect.name} {self.read_now(lambda tx: tx.scalar(self.dialect.version))}"

    @property
    def writers(self) -> Sequence[Writer]:
        """The threads that write, with what they have counted; none before the first write."""
        return tuple(self._writers)

    # ------------------------------------------------------------ for migrations

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection in a transaction of its own, for Alembic; one process at a time."""
        with self._transaction(self.dialect.migrating) as connection:
            self.dialect.begin_migration(connection)
            yield connection
            self.dialect.end_migration(connection)

    # ------------------------------------------------------------ inside

    def _submit(self, branch: UUID | None, work: Callable[..., R], *args: Any, **kwargs: Any) -> Future[R]:
        job = Job(lambda tx: work(tx, *args, **kwargs), branch)
        writers = self._writer_pool()
        # A branch always goes to the same writer, so that its writes wait in our queue, where they can be grouped,
        # and not at the row lock, where they cannot.
        writers[hash(branch) % len(writers) if branch else 0].submit(job)
        return job.future

    def _read(self, work: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        def once() -> R:
            with transaction(self.dialect.reading) as connection:
                return work(self._tx(connection), *args, **kwargs)

        with self._faults():
            try:
                return once()
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            # The server has ended connections that lay idle, for example because it was started anew. To look before
            # each read whether its connection lives would cost as much as a statement; to read again harms nothing.
            self.dialect.reading.dispose()
            return once()

    @contextlib.contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        """A transaction; raises Unavailable when the fault is the database's and not the statement's."""
        with self._faults(), transaction(engine) as connection:
            yield connection

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            if not self.dialect.is_down(error):
                raise
            raise self.dialect.unavailable(error) from error

    def _tx(self, connection: Connection, only: UUID | None = None) -> Tx:
        return Tx(connection, self.dialect, self.clock.now(), self.settings, self.due, only, self.sends, self.secret)

    def _committed(self, appended: Sequence[Appended]) -> None:
        self.is_failing = False
        self.on_commit(appended)

    def _failed(self) -> None:
        self.is_failing = True

    def _writer_pool(self) -> list[Writer]:
        if not self._writers:
            with self._starting:
                if not self._writers:
                    self._writers = [
                        Writer(number, self.dialect, self._tx, self._committed, self._failed)
                        for number in range(self.dialect.writers)
                    ]
        return self._writers

    def _reader_pool(self) -> ThreadPoolExecutor:
        if self._readers is None:
            with self._starting:
                if self._readers is None:
                    self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        return self._readers
