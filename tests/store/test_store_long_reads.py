"""Reads in a process of their own: the same results and errors, and no harm when that process is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from queue_system.actions.settings import UnfitSettings
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core import errors
from queue_system.logs import configure_logging
from queue_system.store.database import Database
from queue_system.store.long_reads import Introduction, LongReads, Lost, Request
from queue_system.store.queries.settings import branch_settings
from queue_system.store.setting_rows import Unreadable
from queue_system.store.tables import Queue, table
from tests.kit.carried import carried
from tests.kit.hall import Hall, edit
from tests.kit.tree import ROOT
from tests.kit.waiting import until
from tests.kit.works_apart import (
    broken,
    failing,
    given,
    instant,
    known,
    no_preparation,
    nothing,
    number,
    unsendable,
    writing,
)

pytestmark = pytest.mark.anyio

SECONDS = 60.0
# A server that has a child, says its number, and then waits to be killed.
A_SERVER = """
import sys
from queue_system.clock import SystemClock
from queue_system.store.long_reads import Request
from queue_system.store.database import Database
from tests.kit.works_apart import no_preparation, nothing

database = Database(sys.argv[1], SystemClock())
database.claim_process()
child = database.open_apart(no_preparation)
child.submit(Request(nothing, (), {}, SystemClock(), {})).result()
print(child.child.process.pid, flush=True)
sys.stdin.read()
"""


def process_of(child: LongReads) -> subprocess.Popen[bytes]:
    assert child.child is not None
    return child.child.process


def result(db: Database, child: LongReads, work: Any, *args: Any, **context: str) -> Any:
    """What the child says, also while it starts."""
    return child.submit(Request(work, args, {}, db.clock, context)).result(SECONDS)


@pytest.fixture
def child(db: Database, tmp_path: Path) -> LongReads:
    """The process of a database, which ends with it."""
    return db.open_apart(partial(configure_logging, read_configuration({}, data_dir=tmp_path)))


async def test_work_apart_reads_what_was_committed_at_the_time_of_the_clock(
    hall: Hall, child: LongReads, clock: FrozenClock
) -> None:
    db, branch_id = hall.db, hall.branch.id
    assert await db.read_apart(branch_settings, branch_id) == hall.branch, "while the child starts, a thread reads"
    result(db, child, nothing)
    lanes = sa.update(table(Queue)).where(table(Queue).c.branch_id == branch_id).values(lanes=7, public_lanes=7)
    edit(hall, lambda tx: tx.execute(lanes))
    clock.move(timedelta(hours=1))
    found = await db.read_apart(branch_settings, branch_id)
    assert {queue.lanes for queue in found.queues.values()} == {7}
    assert await db.read_apart(instant) == clock.now().isoformat()
    assert await db.read_apart(number) == process_of(child).pid != os.getpid()


async def test_work_apart_knows_people_by_the_key_of_the_installation(db: Database, child: LongReads) -> None:
    assert db.secret
    assert result(db, child, known, "case:1") == db.read_now(known, "case:1")


async def test_errors_arrive_as_they_were_raised(
    db: Database, child: LongReads, clock: FrozenClock, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(errors.Doubtful) as doubtful:
        result(db, child, failing)
    assert (doubtful.value.field, doubtful.value.understood) == ("contact", ("+97455512345",))
    with pytest.raises(errors.Unavailable):
        result(db, child, writing)
    capfd.readouterr()
    with pytest.raises(KeyError):
        result(db, child, broken, request_id="4711")
    told = capfd.readouterr().err
    assert "in broken" in told, "the place of a fault is in the log of the server"
    assert '"request_id": "4711"' in told


async def test_what_cannot_be_sent_is_worked_out_here(db: Database, child: LongReads) -> None:
    result(db, child, nothing)
    process = process_of(child)
    with capture_logs() as log:
        assert (await db.read_apart(unsendable))() == db.clock.now()
        assert await db.read_apart(given, lambda: 3) == 3
    assert [(line["event"], line["work"]) for line in log] == [("apart.unfit", "unsendable"), ("apart.unfit", "given")]
    assert await db.read_apart(number) == process.pid, "and the child goes on"


async def test_a_child_that_was_killed_costs_nothing_but_time(db: Database, child: LongReads) -> None:
    result(db, child, nothing)
    process = process_of(child)
    process.terminate()
    assert await db.read_apart(number) == process.pid, "a service manager that stops all ends the server, not its child"
    with capture_logs() as log:
        process.kill()
        # Both were given to it, and the second one does not wait for another child.
        assert [*await asyncio.gather(db.read_apart(number), db.read_apart(number))] == [os.getpid()] * 2
        assert await db.read_apart(number) == os.getpid()
    assert [line["event"] for line in log] == ["apart.lost"]
    assert child.child is None, "it is not started again at once"


async def test_a_child_that_cannot_start_is_logged_once(
    db: Database, child: LongReads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with capture_logs() as log:
        with pytest.raises(Lost):
            result(db, child, nothing)
        assert [await db.read_apart(number) for _ in range(3)] == [os.getpid()] * 3
    assert [line["event"] for line in log] == ["apart.lost"]


def test_a_child_without_work_is_ended(sqlite_url: str, clock: FrozenClock) -> None:
    idle = LongReads(Introduction(sqlite_url, frozenset(), no_preparation), idle_seconds=0.01)
    request = Request(number, (), {}, clock, {})
    first = idle.submit(request).result(SECONDS)
    until(lambda: idle.child is None)
    assert not Path(f"/proc/{first}").exists()
    assert idle.submit(request).result(SECONDS) != first
    idle.stop()


def test_a_killed_server_leaves_no_child_and_no_claim(sqlite_url: str, clock: FrozenClock) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", A_SERVER, sqlite_url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    child = int(server.stdout.readline())
    os.kill(server.pid, signal.SIGKILL)
    # The child has the same standard error, so this waits for both.
    assert server.communicate(timeout=SECONDS)[1] == ""
    until(lambda: state(child) == "Z")
    database = Database(sqlite_url, clock)
    database.claim_process()
    database.close()


def test_every_error_of_the_domain_can_be_sent() -> None:
    found = list(subclasses(errors.DomainError))
    assert {errors.TooMany, errors.Doubtful, UnfitSettings, Unreadable} <= set(found)
    for kind in found:
        error = kind.__new__(kind, "some-code")
        vars(error).update(code="some-code", values={"day": date(2026, 11, 22)}, more=("kept",))
        back = carried(error)
        assert (type(back), back.args, vars(back)) == (kind, ("some-code",), vars(error))


def subclasses(kind: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def state(process: int) -> str:
    """Its letter in /proc; a process that has ended, and that nobody has waited for, is a Z as well."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"
