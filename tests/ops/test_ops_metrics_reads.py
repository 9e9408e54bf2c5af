"""`/metrics` when the database does not answer, or the client asks for an odd form."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request

from queue_system.live.hub import Hub
from queue_system.measures import Traffic
from queue_system.ops import metrics
from queue_system.store.database import Database
from queue_system.store.queries.measures import measures

TOKEN = "a-token-of-the-monitoring"


class Scraper:
    """A client that reads a node's numbers."""

    def __init__(self, database: Database) -> None:
        self._show: Any = metrics.routes_for(metrics.Watched(Traffic(), database, Hub().positions), TOKEN)[0]

    async def __call__(self, accept: str = "*/*") -> tuple[str, str]:
        """The text and its media type."""
        headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"accept", accept.encode())]
        answer = await self._show.endpoint(Request({"type": "http", "method": "GET", "headers": headers}))
        return answer.body.decode(), answer.headers["content-type"]


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[threading.Event]]:
    """Reads that wait until the first event is set; each adds an event of its own."""
    free = threading.Event()
    reads = [free]

    def wait(*args: Any) -> Any:
        reads.append(threading.Event())
        free.wait(30)
        return measures(*args)

    monkeypatch.setattr(metrics, "measures", wait)
    monkeypatch.setattr(metrics, "READ_SECONDS", 0.05)
    yield reads
    free.set()


@pytest.mark.anyio
async def test_a_read_that_waits_keeps_one_thread_however_often_somebody_asks(
    db: Database, locked: list[threading.Event]
) -> None:
    scrape = Scraper(db)
    for _ in range(3):
        assert "queue_database_up 0.0" in (await scrape())[0]
    assert len(locked) == 2, "the event that frees them, and one read"
    locked[0].set()
    async with asyncio.timeout(30):
        while "queue_database_up 1.0" not in (await scrape())[0]:
            pass


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["abc", "1.x", "", "1.0.0"])
async def test_whatever_version_a_client_names_it_is_told(db: Database, version: str) -> None:
    text, kind = await Scraper(db)(f"application/openmetrics-text; version={version}")
    assert "queue_database_up 1.0" in text
    assert kind.startswith(("text/plain", "application/openmetrics-text"))
