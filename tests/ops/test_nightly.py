"""The work of a night is done once, by one node; a failure is tried again, noted and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import upkeep as actions
from queue_system.app import create_app, nightly_tasks
from queue_system.clock import FrozenClock
from queue_system.configuration import ConfigurationError, read_configuration
from queue_system.core.errors import Refused
from queue_system.ops import backup, nightly
from queue_system.ops.nightly import Figures, Nightly, Task
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.queries import upkeep
from queue_system.store.tables import ORGANISATION, Upkeep, table
from tests.kit.crowd import crowd
from tests.kit.hall import Hall
from tests.kit.waiting import until

pytestmark = pytest.mark.anyio
NIGHT = date(2026, 11, 22)


class Work:
    """A task that counts how often it was done, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.nights = failures, list[date]()

    async def __call__(self, night: date) -> Figures:
        self.nights.append(night)
        if len(self.nights) <= self.failures:
            raise Refused("backup-running")
        return {"rows": 7}

    @property
    def task(self) -> Task:
        return Task("tidy", self)


def told(hall: Hall) -> list[tuple[str, dict[str, Any]]]:
    entries = hall.db.read_now(log.after, ORGANISATION, 0)
    return [(entry.kind, entry.data) for entry in entries if entry.kind.startswith("organisation.upkeep")]


async def test_a_task_is_done_once_a_night(hall: Hall, clock: FrozenClock) -> None:
    work = Work()
    nodes = [Nightly(hall.db, name, [work.task]) for name in ("one", "other")]
    for node in nodes * 2:
        await node.look()
    assert work.nights == [NIGHT]
    done = hall.db.read_now(upkeep.last_done)["tidy"]
    assert (done.night, done.ended_at, done.figures) == (NIGHT, clock.now(), {"rows": 7})
    assert told(hall) == [("organisation.upkeep_done", {"task": "tidy"})]
    clock.set(clock.now() + timedelta(days=1))
    await nodes[0].look()
    assert work.nights == [NIGHT, NIGHT + timedelta(days=1)]


async def test_a_failure_is_tried_again_and_given_up_for_the_night(hall: Hall, clock: FrozenClock) -> None:
    never, works = Work(failures=99), Work(failures=2)
    node = Nightly(hall.db, "one", [never.task, Task("backup", works)])
    for _ in range(9):
        await node.look()
    assert (len(never.nights), len(works.nights)) == (actions.MOST_ATTEMPTS, 3)
    failed = hall.db.read_now(upkeep.newest)["tidy"]
    assert (failed.state, failed.code, failed.attempts) == ("failed", "backup-running", actions.MOST_ATTEMPTS)
    assert told(hall) == [
        ("organisation.upkeep_done", {"task": "backup"}),
        ("organisation.upkeep_failed", {"task": "tidy", "code": "backup-running"}),
    ]
    clock.set(clock.now() + timedelta(days=1))
    await node.look()
    assert len(never.nights) == actions.MOST_ATTEMPTS + 1


async def test_a_dead_node_is_replaced_and_its_late_answer_does_not_count(hall: Hall, clock: FrozenClock) -> None:
    db = hall.db
    assert await db.write_in(ORGANISATION, actions.begin, "tidy", NIGHT, "dead") == 1
    work = Work()
    node = Nightly(db, "other", [work.task])
    await node.look()
    assert work.nights == []
    clock.set(clock.now() + actions.LEASE + timedelta(seconds=1))
    await node.look()
    assert work.nights == [NIGHT]
    assert not await db.write_in(ORGANISATION, actions.failed, "tidy", NIGHT, 1, "late")
    assert db.read_now(upkeep.newest)["tidy"].state == "done"


async def test_a_node_that_dies_in_the_last_attempt_is_told_of_as_a_failure(hall: Hall, clock: FrozenClock) -> None:
    db = hall.db
    work = Work(failures=99)
    node = Nightly(db, "one", [work.task])
    for _ in range(actions.MOST_ATTEMPTS - 1):
        await node.look()
    assert await db.write_in(ORGANISATION, actions.begin, "tidy", NIGHT, "dead") == actions.MOST_ATTEMPTS
    clock.set(clock.now() + actions.LEASE + timedelta(seconds=1))
    await node.look()
    known = db.read_now(upkeep.newest)["tidy"]
    assert (known.state, known.code) == ("failed", "abandoned")
    assert db.read_now(log.after, ORGANISATION, 0, 1_000)[-1].kind == "organisation.upkeep_failed"
    await node.look()
    assert len(work.nights) == actions.MOST_ATTEMPTS - 1


async def test_what_somebody_had_done_by_hand_mends_the_night(hall: Hall) -> None:
    work = Work(failures=99)
    node = Nightly(hall.db, "one", [work.task])
    await node.look()
    await hall.db.write_in(ORGANISATION, actions.done_by_hand, "tidy", {"rows": 1})
    await node.look()
    assert len(work.nights) == 1
    assert hall.db.read_now(upkeep.newest)["tidy"].state == "done"


async def test_what_was_done_by_hand_in_the_evening_is_done_in_the_night_all_the_same(
    hall: Hall, clock: FrozenClock
) -> None:
    """The date changes before the night is due, and what comes until then would be in no backup."""
    work = Work()
    node = Nightly(hall.db, "one", [work.task])
    await node.look()
    clock.set(datetime.combine(NIGHT + timedelta(days=1), time(0, 1), UTC))
    assert hall.db.read_now(upkeep.night) == NIGHT
    await hall.db.write_in(ORGANISATION, actions.done_by_hand, "tidy", {"rows": 1})
    clock.move(timedelta(hours=12))
    await node.look()
    assert work.nights == [NIGHT, NIGHT + timedelta(days=1)]


# ---------------------------------------------------------------- several nodes at once


@pytest.fixture
def rush(hall: Hall, db_url: str, clock: FrozenClock) -> Iterator[Callable[[], list[int]]]:
    """Four nodes begin the same task at the same moment; the attempts that they got."""
    with crowd(db_url, clock, 4) as people:

        def begin(node: Database) -> int | None:
            return node.write_in_now(ORGANISATION, actions.begin, "tidy", NIGHT, "node")

        yield lambda: [attempt for attempt in people.rush([begin] * 8) if attempt is not None]


def test_of_many_nodes_one_begins(rush: Callable[[], list[int]]) -> None:
    assert rush() == [1]


def test_without_the_row_each_of_them_would(
    rush: Callable[[], list[int]], hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "may_begin", lambda known, now: True)
    assert sorted(rush()) == list(range(1, 9))
    assert hall.db.read_now(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(table(Upkeep)))) == 1


# ---------------------------------------------------------------- the backup, and the word to the outside


async def test_every_night_there_is_a_backup(hall: Hall, clock: FrozenClock, tmp_path: Path) -> None:
    url = hall.db.url.render_as_string(hide_password=False)
    configuration = read_configuration({}, data_dir=tmp_path / "data", database_url=url)
    installation = create_app(configuration, clock).state.installation
    await Nightly(installation.database, "one", nightly_tasks(installation)).look()
    made = backup.newest(configuration)
    assert made.manifest.made_at == clock.now()
    assert installation.database.read_now(upkeep.last_done)["backup"].figures == made.figures
    await asyncio.to_thread(installation.database.close)


async def test_a_server_that_stops_leaves_the_backup_to_the_next(
    hall: Hall, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not wait for the rest of the rows, and the task can be begun at once by another node."""
    monkeypatch.setattr(backup, "BREATH_SECONDS", 60.0)
    url = hall.db.url.render_as_string(hide_password=False)
    configuration = read_configuration({}, data_dir=tmp_path / "data", database_url=url)
    installation = create_app(configuration, clock).state.installation
    node = Nightly(installation.database, "one", nightly_tasks(installation))
    looking = asyncio.create_task(node.look())
    folder = backup.folder_of(configuration)
    await asyncio.to_thread(until, lambda: folder.exists() and any(folder.iterdir()))
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    known = hall.db.read_now(upkeep.newest)["backup"]
    assert (known.state, known.code) == ("failed", "stopped")
    assert backup.backups(folder) == []
    monkeypatch.setattr(backup, "BREATH_SECONDS", 0.0)
    await asyncio.to_thread(until, lambda: not any(folder.iterdir()))
    await node.look()
    assert len(backup.backups(folder)) == 1
    await asyncio.to_thread(installation.database.close)


async def test_the_outside_is_told_once_when_all_is_done(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def ask(url: str) -> Figures:
        asked.append(url)
        return {}

    monkeypatch.setattr(nightly, "_ask", ask)
    work = Work(failures=1)
    node = Nightly(hall.db, "one", [work.task], "https://watch.example.org/x")
    await node.look()
    assert asked == []
    await node.look()
    await node.look()
    assert asked == ["https://watch.example.org/x"]


async def test_an_address_that_does_not_answer_is_not_told_to_the_log(hall: Hall) -> None:
    node = Nightly(hall.db, "one", [], "https://localhost:1/secret")
    await node.look()
    assert hall.db.read_now(upkeep.newest)["ping"].code == "ping-failed"


def test_the_address_to_tell_begins_with_https() -> None:
    with pytest.raises(ConfigurationError, match="QUEUE_PING_URL: an address that begins with https"):
        read_configuration({"QUEUE_PING_URL": "http://watch.example.org/x"})
