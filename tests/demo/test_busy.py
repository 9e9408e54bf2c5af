"""The made-up day against a real server: it is busy, stays bounded, survives the server's absence, and stops."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from queue_system.demo.busy import run_busy
from queue_system.demo.busy.hall import Away, Hall, Refusal
from queue_system.demo.busy.visitors import LEAST_WAITING, MOST_WAITING, Street, Visitor
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.tables import Entry, table
from tests.kit.hall import PASSWORD
from tests.kit.ports import kept_port
from tests.kit.served import served
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.slow

SIGN_INS = [("layla", PASSWORD), ("omar", PASSWORD)]
# A visit of ten minutes takes a fiftieth of a second.
VERY_FAST = 20_000.0
# A visit takes about half a second, which is enough time to see who waits.
WATCHED = 1_000.0
# As long as a busy machine may need for anything; an answer that never comes still fails.
DEADLINE_SECONDS = 120


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    return furnished(sqlite_template, tmp_path, clock.now())


@contextmanager
def serving(url: str, folder: Path, clock: FrozenClock, port: int = 0) -> Iterator[str]:
    """A server of its own; the address at which it listens."""
    app = create_app(Configuration(database_url=SecretStr(url), data_dir=folder), clock)
    with served(app, port=port) as address:
        yield address


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
        async with asyncio.timeout(DEADLINE_SECONDS):
            await day
    counts = database.read_now(count_kinds)
    assert counts["ticket.served"] > 1
    assert 0 < most <= MOST_WAITING + 1
    assert all(verdict.broken_at is None for verdict in database.read_now(log.verify))
    database.close()


@pytest.mark.anyio
async def test_there_are_always_people_waiting_however_fast_the_day_goes(
    url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    database = Database(url, clock)
    stop = asyncio.Event()
    seen: list[int] = []
    with serving(url, tmp_path, clock) as address:
        day = asyncio.create_task(run_busy(address, SIGN_INS, WATCHED, stop))
        async with asyncio.timeout(DEADLINE_SECONDS), httpx2.AsyncClient(base_url=address) as client:
            while database.read_now(count_kinds)["ticket.served"] < 8:
                await asyncio.wait({day}, timeout=0.1)
                assert not day.done()
                queues = (await client.get("/api/v1/branches/doha-main/queues")).json()["queues"]
                seen.append(sum(queue["waiting"] for queue in queues))
        stop.set()
        await day
    database.close()
    full = next(at for at, waiting in enumerate(seen) if waiting >= LEAST_WAITING)
    assert full < len(seen) / 2
    # From then on people wait; chance may empty the hall for a moment only.
    since = sorted(seen[full:])
    assert since[len(since) // 2] >= LEAST_WAITING
    assert since[len(since) // 10] >= 1


@pytest.mark.anyio
async def test_the_speed_goes_by_the_size_of_the_hall() -> None:
    async with httpx2.AsyncClient() as client:
        hall = Hall(client, 1.0, asyncio.Event(), random.Random(1), services=[{"duration_min": 10}])
        # Visits of seven minutes at two counters: a call every 210 seconds in real time.
        assert hall.lively_speed(2) == pytest.approx(21)
        assert hall.lively_speed(4) == pytest.approx(10.5)
        # Never slower than real time.
        assert hall.lively_speed(1000) == 1


@pytest.mark.anyio
async def test_nobody_books_while_no_more_times_are_held_and_others_come_all_the_same() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/bookings"):
            return httpx2.Response(429, headers={"retry-after": "600"})
        return httpx2.Response(200, json={"days": [{"slots": [{"starts_at": "2026-11-22T10:00:00+03:00"}]}]})

    booked = {"service": "poa", "queue": "q-legal", "duration_min": 30, "walk_in": False, "bookable": True}
    walked = {"service": "extract", "queue": "q-civil", "duration_min": 10, "walk_in": True, "bookable": True}
    open_queues = [line(name) for name in ("q-legal", "q-civil")]
    async with httpx2.AsyncClient(base_url="http://hall", transport=httpx2.MockTransport(answer)) as client:
        hall = Hall(client, VERY_FAST, asyncio.Event(), random.Random(1), services=[booked, walked])
        street = Street(hall)
        assert booked in [street.wish(open_queues) for _ in range(50)]
        now = datetime(2026, 11, 22, 9, 45, tzinfo=UTC)
        await Visitor(hall, booked, random.Random(1)).visit(now)
        assert [street.wish(open_queues) for _ in range(50)] == [walked] * 50


@pytest.mark.anyio
async def test_services_that_do_not_tell_their_queue_are_wished_for_when_discreet_queues_are_served() -> None:
    guide = {"service": "guide", "queue": None, "duration_min": 10, "walk_in": True, "bookable": False}
    async with httpx2.AsyncClient() as client:
        street = Street(Hall(client, 1.0, asyncio.Event(), random.Random(1), services=[guide]))
        assert street.wish([line("A", names=None)]) == guide
        assert street.wish([line("A", names=None), line("B", names=None, open_counters=0)]) is None
        assert street.wish([line("q-partners")]) is None


def line(queue: str, **more: object) -> dict[str, object]:
    return {"queue": queue, "names": {}, "waiting": 0, "open_counters": 1} | more


@pytest.mark.anyio
async def test_a_server_that_is_away_is_waited_for(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(url, clock)
    with kept_port() as port:
        stop = asyncio.Event()
        day = asyncio.create_task(run_busy(f"http://127.0.0.1:{port}", SIGN_INS, None, stop))
        await asyncio.wait({day}, timeout=0.3)
        assert not day.done()
        with serving(url, tmp_path, clock, port):
            async with asyncio.timeout(DEADLINE_SECONDS):
                while "ticket.called" not in kinds(database):
                    await asyncio.wait({day}, timeout=0.05)
                    assert not day.done()
        # The server has gone again: the clients continue to try, and do not delay stopping.
        assert not day.done()
        stop.set()
        async with asyncio.timeout(DEADLINE_SECONDS):
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
    entry = table(Entry)
    return Counter(row.kind for row in tx.rows(sa.select(entry.c.kind)))
