"""The threads that write: waiting writes of one branch share a transaction, and each still fails by itself."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..measures import BATCH_SIZES, COMMIT_SECONDS, Distribution
from .dialect import Dialect
from .tx import Appended, Change, Tx, of_earlier_work, positions_of, transaction

LARGEST_BATCH: Final = 32


@dataclass(slots=True)
class Job:
    """A piece of work that waits for its turn; `branch` is the only branch it locks, else None.

    It may be rolled back and run again, so it must change nothing but the database. It runs in the context of its
    caller, so that its log lines carry the request's id.
    """

    work: Callable[[Tx], Any]
    branch: UUID | None
    future: Future[Any] = field(default_factory=Future)
    context: contextvars.Context = field(default_factory=contextvars.copy_context)


class Writer(threading.Thread):
    """A thread with one connection that runs jobs in the order of their arrival.

    It calls `committed` after every commit that appended to a log, before the jobs get their results, and `failed` when
    the database itself failed.
    """

    def __init__(
        self,
        number: int,
        dialect: Dialect,
        make_tx: Callable[[Connection, UUID | None], Tx],
        committed: Callable[[Sequence[Appended]], None],
        failed: Callable[[], None],
    ) -> None:
        super().__init__(name=f"write-{number}", daemon=True)
        self._dialect = dialect
        self._make_tx = make_tx
        self._committed = committed
        self._failed = failed
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._next: Job | None = None
        self._stopping = False
        # Only this thread writes these numbers; monitoring reads them.
        self.batches = Distribution(BATCH_SIZES)
        self.commits = Distribution(COMMIT_SECONDS)
        self.failures = 0
        # (branch, kind of fact) → how many were committed.
        self.facts: Counter[tuple[UUID, str]] = Counter()
        self.start()

    @property
    def waiting(self) -> int:
        """Jobs that wait for their turn."""
        return self._jobs.qsize() + (self._next is not None)

    def submit(self, job: Job) -> None:
        self._jobs.put(job)

    def stop(self) -> None:
        self._jobs.put(None)
        self.join()

    def run(self) -> None:
        while (batch := self._batch()) is not None:
            try:
                self._run(batch)
            except Exception as error:  # noqa: BLE001 - dead, this thread would leave every later caller waiting too
                for job in batch:
                    if not job.future.done():
                        job.future.set_exception(error)

    def _batch(self) -> list[Job] | None:
        job = self._next or (None if self._stopping else self._jobs.get())
        self._next = None
        if job is None:
            return None
        batch = [job]
        while job.branch is not None and len(batch) < LARGEST_BATCH:
            try:
                follower = self._jobs.get_nowait()
            except queue.Empty:
                break
            if follower is None:
                self._stopping = True
                break
            if follower.branch != job.branch:
                self._next = follower
                break
            batch.append(follower)
        return batch

    def _run(self, waiting: list[Job]) -> None:
        # From here on a job cannot be cancelled, because a visitor who hangs up must not leave half a ticket.
        batch = [job for job in waiting if job.future.set_running_or_notify_cancel()]
        if not batch:
            return
        self.batches.note(len(batch))
        try:
            try:
                results, appended = self._commit(batch, apart=False)
            except _Entangled:
                results, appended = self._commit(batch, apart=True)
        except Exception as error:  # noqa: BLE001 - the jobs' callers wait for an answer, whatever went wrong
            self.failures += 1
            self._failed()
            failure = batch[0].context.run(self._dialect.unavailable, error)
            for job in batch:
                job.future.set_exception(failure)
            return
        if appended:
            self._committed(appended)
        for result in results:
            if result.problem is None:
                result.job.future.set_result(result.value)
            else:
                result.job.future.set_exception(result.problem)

    def _commit(self, batch: list[Job], *, apart: bool) -> tuple[list[_Result], list[Appended]]:
        """Run the batch in one transaction; `apart` gives each job a savepoint.

        A savepoint costs as much as a statement or two, and nearly every refusal comes before the first change. So the
        batch first runs without savepoints; if a job fails after it began to write, everything is rolled back and run
        again apart.
        """
        appended: list[Appended] = []
        try:
            with contextlib.ExitStack() as around, transaction(self._dialect.writing) as connection:
                waiting: list[Change] = []
                results = [self._run_one(connection, job, waiting, appended, around, apart=apart) for job in batch]
                # The refusals of a change are for the job that made it; of several, none is known to be that one.
                last = waiting if len(batch) == 1 else of_earlier_work(waiting)
                self._finish(connection, last, appended)
                ready = time.perf_counter()
        except _JobFailed as failed:
            if len(batch) > 1:
                raise _Entangled from failed
            return [_Result(batch[0], None, failed.problem)], []
        self.commits.note(time.perf_counter() - ready)
        for one in appended:
            self.facts.update((one.branch_id, kind) for kind in one.kinds)
        return results, appended

    def _run_one(
        self,
        connection: Connection,
        job: Job,
        waiting: list[Change],
        appended: list[Appended],
        around: contextlib.ExitStack,
        *,
        apart: bool,
    ) -> _Result:
        """Run a job; what it adds to `around` ends after the commit.

        The changes that it leaves `waiting` travel with the first statement of the next job, or in `_finish`.
        """
        tx = self._make_tx(connection, job.branch)
        tx.adopt(of_earlier_work(waiting))
        try:
            with connection.begin_nested() if apart else contextlib.nullcontext():
                value = job.context.run(job.work, tx)
                if apart:
                    tx.flush()
                waiting[:] = tx.hand_on()
        except Exception as problem:
            if self._dialect.is_down(problem):
                # The connection or the disk is gone, or a lock timed out, so the whole batch is lost.
                raise
            # While it owes what an earlier job left waiting, the failure may be of that one.
            if not apart and (tx.wrote or tx.owes or isinstance(problem, sa.exc.SQLAlchemyError)):
                raise _JobFailed(problem) from problem
            waiting.clear()
            return _Result(job, None, problem)
        appended += tx.appended
        if tx.kept:
            around.enter_context(tx.settings.keeping(tx.kept))
        return _Result(job, value, None)

    def _finish(self, connection: Connection, waiting: list[Change], appended: list[Appended]) -> None:
        """Send what waits, and the notices to other processes behind it."""
        tx = self._make_tx(connection, None)
        tx.adopt(waiting)
        for notice in self._dialect.notices(positions_of(appended)):
            tx.later(*notice)
        try:
            tx.flush()
        except Exception as problem:
            if self._dialect.is_down(problem):
                raise
            raise _JobFailed(problem) from problem


@dataclass(slots=True)
class _Result:
    job: Job
    value: Any
    problem: BaseException | None


class _JobFailed(Exception):
    """A job failed after it had begun to write, or the database refused it, so the transaction is rolled back."""

    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem = problem


class _Entangled(Exception):
    """The same in a batch of several jobs: the others must be run again, because they are rolled back with it."""
