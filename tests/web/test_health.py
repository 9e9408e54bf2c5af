"""`/healthz`: what a load balancer must know about a node, and gets in time."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.errors import Unavailable
from queue_system.ops import background
from queue_system.ops.background import watch_open_files
from queue_system.store import dialect, schema
from queue_system.store.log import try_to_write
from queue_system.web import files
from tests.kit.hall import Hall
from tests.kit.process_log import events
from tests.kit.web_hall import application, furnished


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    return furnished(sqlite_template, tmp_path, clock.now())


@pytest.fixture
def here(
    url: str, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[TestClient, Hall]]:
    """An application that waits a fifth of the usual time for a lock, and less than that for an answer."""
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", dialect.BUSY_TIMEOUT_MS // 5)
    monkeypatch.setattr(files, "HEALTH_SECONDS", files.HEALTH_SECONDS / 5)
    with application(url, tmp_path, clock) as found:
        yield found


def test_a_node_that_cannot_write_says_so_until_it_can(here: tuple[TestClient, Hall], url: str) -> None:
    client, hall = here
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        # A full disk leaves the database readable only; another program that keeps the lock has the same effect.
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            hall.db.write_now(try_to_write)
        began = time.monotonic()
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
        assert time.monotonic() - began < files.HEALTH_SECONDS + 20
        other.execute("ROLLBACK")
    assert client.get("/healthz").status_code == 200
    assert not hall.db.is_failing


@pytest.mark.anyio
async def test_connections_that_run_out_stand_in_the_log(said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch_open_files()
    assert events(said) == []
    monkeypatch.setattr(background, "NEARLY_ALL", 0.0)
    await watch_open_files()
    (found,) = events(said)
    assert found["event"] == "files.nearly_all_open"
    assert 0 < found["used"] <= found["allowed"]


def test_a_node_whose_database_is_of_a_newer_program_takes_no_requests(here: tuple[TestClient, Hall], url: str) -> None:
    client, _ = here
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["code"]) == (503, "schema-newer")
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other, other:
        # A newer schema that still has everything that this program uses.
        other.execute("UPDATE alembic_version SET version_num = ?", (f"9999_from_{schema.number(schema.newest())}",))
    assert client.get("/healthz").status_code == 200
