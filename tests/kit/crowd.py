"""Concurrency: several nodes on one database, actions that start at the same moment, and the program without its locks.

`unlocked` is the negative control of every race test: with it, actions read, decide and write without any protection
from each other. A race test that passes with it would prove nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.engine import Engine
from uuid_utils.compat import uuid7

from queue_system.actions import bookings, day, helped_bookings, outbox, report_readers, staff
from queue_system.actions.counters import Desk
from queue_system.clock import Clock
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.dialect import SQLite
from queue_system.store.tables import Branch, Counter, CounterQueue, Entry, table
from tests.kit.hall import Hall, edit, enter

PATIENCE_SECONDS = 60.0

Work = Callable[[Database], Any]


class Crowd:
    """The connections and writer threads of `nodes` independent servers on one database."""

    def __init__(self, url: str, clock: Clock, nodes: int) -> None:
        self.nodes = [Database(url, clock) for _ in range(nodes)]

    def rush(self, works: Sequence[Work]) -> list[Any]:
        """Start all works at the same moment, distributed over the nodes; the result or exception of each."""
        start = threading.Barrier(len(works))

        def run(index: int) -> Any:
            node = self.nodes[index % len(self.nodes)]
            start.wait(PATIENCE_SECONDS)
            try:
                return works[index](node)
            except Exception as problem:  # noqa: BLE001 - the outcome of a race is what the test looks at
                return problem

        with ThreadPoolExecutor(len(works)) as threads:
            return list(threads.map(run, range(len(works)), timeout=PATIENCE_SECONDS))

    def close(self) -> None:
        for node in self.nodes:
            node.close()


@contextlib.contextmanager
def crowd(url: str, clock: Clock, nodes: int) -> Iterator[Crowd]:
    made = Crowd(url, clock, nodes)
    try:
        yield made
    finally:
        made.close()


# ---------------------------------------------------------------- the negative control


def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the lock: no FOR UPDATE, no BEGIN IMMEDIATE, no batches; the log's numbers come from a counter.

    Otherwise the log's own unique key would stop the second writer, and hide what the test is about.
    """
    sequence = itertools.count(1_000_000)
    branch, entry = table(Branch), table(Entry)

    @contextlib.contextmanager
    def locked(tx: Tx, branch_id: UUID) -> Iterator[log.Locked]:
        columns = sa.select(branch.c.config_version, branch.c.live_day).where(branch.c.id == branch_id)
        version, live_day = tx.rows(columns)[0]
        here = log.Locked(tx, branch_id, tx.now, next(sequence), "", version, live_day)
        yield here
        for pending in here.pending:
            tx.execute(sa.insert(entry), pending | {"seq": next(sequence)})

    for module in (bookings, day, helped_bookings, outbox, report_readers, staff):
        monkeypatch.setattr(module, "locked", locked)
    original = SQLite._engine

    def careless(self: SQLite, begin: str, size: int, **more: Any) -> Engine:
        engine = original(self, "SELECT 1" if begin == "BEGIN IMMEDIATE" else begin, size, **more)

        @sa_event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: Any) -> None:
            # The driver's default: it begins a transaction by itself, before the first change and after all reads.
            connection.isolation_level = ""

        return engine

    monkeypatch.setattr(SQLite, "_engine", careless)


@contextlib.contextmanager
def meet(module: Any, name: str, people: int, times: int = 1) -> Iterator[None]:
    """Make the first `people` callers of a function wait for one another, so that they certainly overlap.

    They meet so at each of their first `times` calls.

    Name the module that calls it, if that imports the function by its name. Fails if fewer callers came.
    """
    original = getattr(module, name)
    barrier = threading.Barrier(people)
    turns = itertools.count()

    def overlapping(*args: Any, **kwargs: Any) -> Any:
        answer = original(*args, **kwargs)
        if next(turns) < people * times:
            barrier.wait(PATIENCE_SECONDS)
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, name, overlapping)
        yield
    assert next(turns) >= people * times, f"nobody met in {name}"


def drop_unique(database: Database, table_name: str, constraint: str) -> None:
    """Remove a unique or primary key of a table; SQLite cannot do this, so the table is copied without it."""
    with database.migrating() as connection:
        if not database.dialect.is_embedded:
            connection.execute(sa.text(f"ALTER TABLE {table_name} DROP CONSTRAINT {constraint}"))
            return
        loose = sa.Table(f"{table_name}_loose", sa.MetaData())
        for column in Branch.metadata.tables[table_name].columns:
            keyed = column.primary_key and constraint != f"{table_name}_pkey"
            loose.append_column(sa.Column(column.name, column.type, nullable=column.nullable, primary_key=keyed))
        loose.create(connection)
        # By name, because a migration may have added columns at the end.
        names = ", ".join(column.name for column in loose.columns)
        connection.execute(sa.text(f"INSERT INTO {table_name}_loose ({names}) SELECT {names} FROM {table_name}"))
        connection.execute(sa.text(f"DROP TABLE {table_name}"))
        connection.execute(sa.text(f"ALTER TABLE {table_name}_loose RENAME TO {table_name}"))


# ---------------------------------------------------------------- many counters


def clerks_at_counters(hall: Hall, count: int) -> list[Desk]:
    """Open `count` new counters with the queues of counter 4 and a clerk each; their slugs are x0, x1, …"""
    edit(hall, lambda tx: _add_counters(tx, hall, count))
    wider = enter(hall.db)
    desks = []
    for number in range(count):
        # No password is hashed, because nobody signs in with it.
        new = staff.NewStaff(f"clerk-{number}", f"clerk {number}", "-", "ar", ((hall.branch.id, "officer"),))
        desks.append(wider.sit(hall.db.write_now(staff.create_staff, new), f"x{number}"))
    return desks


def _add_counters(tx: Tx, hall: Hall, count: int) -> None:
    counters, served = table(Counter), table(CounterQueue)
    model = tx.row(sa.select(counters).where(counters.c.id == hall.counter("c4")))
    queues = tx.rows(sa.select(served).where(served.c.counter_id == hall.counter("c4")))
    assert model is not None
    for number in range(count):
        counter_id = uuid7()
        new = {"id": counter_id, "slug": f"x{number}", "number": 100 + number, "staff_id": None, "seated_at": None}
        tx.execute(sa.insert(counters), model._asdict() | new)
        tx.execute(sa.insert(served), [row._asdict() | {"counter_id": counter_id} for row in queues])
