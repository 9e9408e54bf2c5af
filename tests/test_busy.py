"""The made-up day against a real server: the hall lives, stays bounded, outlives the server's absence, and stops."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
import uvicorn
from pydantic import SecretStr

from queue_system.app import create_app
from queue_system.busy import run_busy
from queue_system.busy.hall import Away, Hall, Refusal
from queue_system.busy.visitors import MOST_WAITING
from queue_system.clock import FrozenClock
from queue_system.settings import Settings
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.tables import Event, table
from tests.hall import PASSWORD
from tests.web_hall import furnished

SIGN_INS = [("layla", PASSWORD), ("omar", PASSWORD)]
# A visit of ten minutes takes a fiftieth of a second.
VERY_FAST = 20_000.0
DEADLINE_SECONDS = 60


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    return furnished(sqlite_template, tmp_path, clock.now())


@contextmanager
def serving(url: str, folder: Path, clock: FrozenClock, port: int = 0) -> Iterator[str]:
    """A server of its own; the address it listens at."""
    app = create_app(Settings(database_url=SecretStr(url), data_dir=folder), clock)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.anyio
async def test_the_hall_lives_and_stops(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(url, clock)
    stop = asyncio.Event()
    most = 0
    with serving(url, tmp_path, clock) as address:
        day = asyncio.create_task(run_busy(address, SIGN_INS, VERY_FAST, stop))
        async with asyncio.timeout(DEADLINE_SECONDS), httpx2.AsyncClient(base_url=address) as client:
            while not {"ticket.served", "ticket.transferred", "ticket.held", "booking.confirmed"} <= kinds(database):
                await asyncio.wait({day}, timeout=0.05)
                assert not day.done()
                queues = (await client.get("/api/v1/branches/doha-main/queues")).json()["queues"]
                most = max(most, sum(queue["waiting"] for queue in queues))
        stop.set()
        async with asyncio.timeout(5):
            await day
    counts = database.read_now(count_kinds)
    assert counts["ticket.served"] > 1
    assert 0 < most <= MOST_WAITING + 1
    assert all(verdict.broken_at is None for verdict in database.read_now(log.verify))
    database.close()


@pytest.mark.anyio
async def test_a_server_that_is_away_is_waited_for(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = asyncio.Event()
    day = asyncio.create_task(run_busy(f"http://127.0.0.1:{port}", SIGN_INS, VERY_FAST, stop))
    await asyncio.wait({day}, timeout=0.3)
    assert not day.done()
    database = Database(url, clock)
    with serving(url, tmp_path, clock, port):
        async with asyncio.timeout(DEADLINE_SECONDS):
            while "ticket.called" not in kinds(database):
                await asyncio.wait({day}, timeout=0.05)
                assert not day.done()
    # It has gone again: nobody gives up, and nobody is in the way of stopping.
    assert not day.done()
    stop.set()
    async with asyncio.timeout(15):
        await day
    database.close()


@pytest.mark.anyio
async def test_a_second_day_goes_on_where_the_first_one_stopped(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(url, clock)
    with serving(url, tmp_path, clock) as address:
        for _ in range(2):
            stop = asyncio.Event()
            before = database.read_now(count_kinds)["ticket.served"]
            day = asyncio.create_task(run_busy(address, SIGN_INS, VERY_FAST, stop))
            async with asyncio.timeout(DEADLINE_SECONDS):
                while database.read_now(count_kinds)["ticket.served"] < before + 2:
                    await asyncio.wait({day}, timeout=0.05)
                    assert not day.done()
            stop.set()
            await day
    database.close()


@pytest.mark.anyio
async def test_a_server_that_asks_for_patience_gets_it() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/busy"):
            return httpx2.Response(429, headers={"retry-after": "7"})
        return httpx2.Response(409, json={"code": "closed"})

    async with httpx2.AsyncClient(base_url="http://hall", transport=httpx2.MockTransport(answer)) as client:
        hall = Hall(client, 1.0, asyncio.Event(), random.Random(1))
        with pytest.raises(Away) as away:
            await hall.call("GET", "/busy")
        assert away.value.seconds == 7
        with pytest.raises(Refusal) as refusal:
            await hall.call("GET", "/other")
        assert (refusal.value.status, refusal.value.code) == (409, "closed")


@pytest.mark.anyio
async def test_a_day_that_stands_still_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        await run_busy("http://hall", SIGN_INS, 0, asyncio.Event())


def kinds(database: Database) -> set[str]:
    return set(database.read_now(count_kinds))


def count_kinds(tx: Tx) -> Counter[str]:
    event = table(Event)
    return Counter(row.kind for row in tx.rows(sa.select(event.c.kind)))
