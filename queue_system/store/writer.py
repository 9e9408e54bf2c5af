"""The threads that write: waiting writes of one branch share a transaction, a savepoint each."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from .tx import Tx

if TYPE_CHECKING:
    from .database import Database

LARGEST_BATCH: Final = 32


@dataclass(slots=True)
class Job:
    """A piece of work that waits for its turn; `branch` is the one it locks, None when it locks others or none."""

    work: Callable[[Tx], Any]
    branch: UUID | None
    future: Future[Any] = field(default_factory=Future)


class Writer(threading.Thread):
    """A thread with one connection that runs jobs in the order of their arrival."""

    def __init__(self, database: Database, engine: Engine, number: int) -> None:
        super().__init__(name=f"write-{number}", daemon=True)
        self._database = database
        self._engine = engine
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._next: Job | None = None
        self._stopping = False
        self.start()

    def submit(self, job: Job) -> None:
        self._jobs.put(job)

    def stop(self) -> None:
        self._jobs.put(None)
        self.join()

    def run(self) -> None:
        while (batch := self._batch()) is not None:
            self._run(batch)

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
        # From here on a job cannot be cancelled: a visitor who hangs up must not leave half a ticket.
        batch = [job for job in waiting if job.future.set_running_or_notify_cancel()]
        if not batch:
            return
        results: list[tuple[Job, Any, BaseException | None]] = []
        touched: dict[UUID, int] = {}
        try:
            with self._engine.connect() as connection, connection.begin():
                alone = len(batch) == 1
                results += [self._run_one(connection, job, touched, alone=alone) for job in batch]
                self._database.notify(connection, touched)
        except _Undone:
            pass
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            failure = self._database.unavailable(error)
            for job in batch:
                job.future.set_exception(failure)
            return
        if touched:
            self._database.on_commit(touched)
        for job, result, problem in results:
            if problem is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(problem)

    def _run_one(
        self, connection: Connection, job: Job, touched: dict[UUID, int], *, alone: bool
    ) -> tuple[Job, Any, BaseException | None]:
        tx = Tx(connection, self._database, self._database.clock.now())
        try:
            with contextlib.nullcontext() if alone else connection.begin_nested():
                result = job.work(tx)
        except Exception as problem:
            if isinstance(problem, sa.exc.OperationalError):
                # The connection or the disk is gone, or a lock was waited for in vain: nothing of the batch holds.
                raise
            if alone:
                job.future.set_exception(problem)
                raise _Undone from problem
            return job, None, problem
        touched.update(tx.touched)
        return job, result, None


class _Undone(Exception):
    """A job that was alone in its transaction failed and has been told; roll back."""
