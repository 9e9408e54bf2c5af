"""kill -9 under load, on both databases: acknowledged data is there, no number is repeated, screens reconnect, and every
call is reproduced from the log.

Kiosks, bookers and clerks use a real server process over HTTP; it is killed meanwhile and started again. Interrupted
requests are sent again with the same `request_id`, as kiosks and pages do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
import websockets

from queue_system.actions import sessions
from queue_system.actions.devices import enrol_device
from queue_system.core.bookings import BookingState
from queue_system.core.replayed import Verdict
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.queries import bookings as stored
from queue_system.store.queries import line
from queue_system.store.queries.access import devices
from queue_system.store.queries.replays import replayed
from queue_system.store.tables import Call, table
from tests.kit.crowd import clerks_at_counters
from tests.kit.day_log import Telling, check
from tests.kit.hall import Hall, enter
from tests.kit.rush import Rush
from tests.kit.server import Server
from tests.kit.wire import Wire

pytestmark = [pytest.mark.anyio, pytest.mark.process, pytest.mark.slow]

BRANCH = "/api/v1/branches/doha-main"
SERVICE = "attest-single"
KIOSKS, BOOKERS, CLERKS = 4, 2, 4
# The promise: screens are up to date again within this many seconds after the restart.
SCREENS_WITHIN = 15.0


@dataclass
class Acknowledged:
    """Everything that the server has acknowledged; none of it may ever be missing."""

    tickets: dict[str, tuple[str, str]] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    calls: list[UUID] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.tickets) + len(self.held) + len(self.confirmed) + len(self.calls)


@dataclass
class Keys:
    """The clients' credentials."""

    kiosk: str
    display: str
    clerks: list[str]


class Day(Rush):
    """All clients at once, until they are stopped."""

    def __init__(self, server: Server, hall: Hall, keys: Keys) -> None:
        super().__init__(server)
        self.hall, self.keys = hall, keys
        self.acknowledged = Acknowledged()
        self.shown = 0
        self._addresses = itertools.count()

    async def kiosk(self, name: int) -> None:
        with Wire(self.server.port) as wire:
            for number in itertools.count():
                if self.closing:
                    return
                request_id = f"kiosk-{name}-ticket-{number:06}"
                wanted = {"request_id": request_id, "service": SERVICE}
                answer = await self.answered(wire, "POST", f"{BRANCH}/tickets", wanted, self.keys.kiosk)
                assert answer.status == 201, answer
                self.acknowledged.tickets[request_id] = (answer.json["token"], answer.json["code"])
                await self.acknowledge()

    async def booker(self, name: int, starts: list[str]) -> None:
        for number, starts_at in enumerate(starts):
            if self.closing:
                return
            # Every visitor has an address of their own.
            visitor = next(self._addresses)
            with Wire(self.server.port, f"127.1.{visitor // 250}.{1 + visitor % 250}") as wire:
                await self.book(wire, f"booker-{name}-booking-{number:06}", starts_at, f"+97455{name:01}{number:05}")
            await self.acknowledge()

    async def book(self, wire: Wire, request_id: str, starts_at: str, contact: str) -> None:
        wanted = {"request_id": request_id, "service": SERVICE, "starts_at": starts_at, "contact": contact}
        held = await self.answered(wire, "POST", f"{BRANCH}/bookings", wanted | {"name": "سلمى الحسن"}, None)
        assert held.status == 201, held
        token = held.json["token"]
        self.acknowledged.held.add(token)
        confirmed = await self.answered(wire, "POST", f"/api/v1/bookings/{token}/confirmation", {}, None)
        assert confirmed.status == 200, confirmed
        self.acknowledged.confirmed.add(token)

    async def clerk(self, counter: str, token: str) -> None:
        here = f"{BRANCH}/counters/{counter}"
        expected: str | None = None
        with Wire(self.server.port) as wire:
            while not self.closing:
                answer = await self.answered(
                    wire, "POST", f"{here}/calls", {"expected": expected, "current": "done"}, token
                )
                if answer.status == 409:
                    # The call was carried out, but its answer was lost.
                    current = (await self.answered(wire, "GET", here, None, token)).json["current"]
                    expected = current["id"] if current else None
                    continue
                assert answer.status == 200, answer
                expected = answer.json["expected"]
                if expected is not None:
                    self.acknowledged.calls.append(UUID(expected))
                await self.acknowledge()

    async def screen(self) -> None:
        """A display as its script works: connect, follow, and reconnect whatever happens."""
        address = f"ws://127.0.0.1:{self.server.port}/display/live"
        headers = {"authorization": f"Bearer {self.keys.display}"}
        while not self.closing:
            with contextlib.suppress(OSError, websockets.WebSocketException):
                async with websockets.connect(address, additional_headers=headers, proxy=None) as socket:
                    async for text in socket:
                        frame = json.loads(text)
                        if frame["type"] == "board":
                            self.shown = frame["seq"]
                            await self.acknowledge()
            await asyncio.sleep(0.1)


@pytest.fixture
def keys(hall: Hall) -> Keys:
    tokens = {
        kind: hall.db.write_now(enrol_device, hall.branch.id, hall.db.read_now(devices, hall.branch.id, kind)[0].id)
        for kind in ("kiosk", "display")
    }
    desks = clerks_at_counters(hall, CLERKS)
    of_clerks = [hall.db.write_now(sessions.start_session, here.staff_id, "api") for here in desks]
    return Keys(tokens["kiosk"], tokens["display"], of_clerks)


@pytest.fixture
def server(hall: Hall, keys: Keys, db_url: str, tmp_path: Path) -> Iterator[Server]:
    with Server(db_url, tmp_path) as running:
        yield running


async def test_kill_loses_nothing_that_was_acknowledged(hall: Hall, keys: Keys, server: Server) -> None:
    await survive(hall, keys, server, kills=2, chance=random.Random(7))


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_many_kills_lose_nothing(hall: Hall, keys: Keys, server: Server) -> None:
    await survive(hall, keys, server, kills=60, chance=random.Random())


async def survive(hall: Hall, keys: Keys, server: Server, kills: int, chance: random.Random) -> None:
    rush = Day(server, hall, keys)
    starts = free_times(hall)
    rush.up.set()
    async with asyncio.TaskGroup() as clients:
        for name in range(KIOSKS):
            clients.create_task(rush.kiosk(name))
        for name in range(BOOKERS):
            clients.create_task(rush.booker(name, starts[name::BOOKERS]))
        for number, token in enumerate(keys.clerks):
            clients.create_task(rush.clerk(f"x{number}", token))
        screen = clients.create_task(rush.screen())
        for _ in range(kills):
            enough = rush.acknowledged.count + chance.randint(10, 120)
            await rush.until(lambda enough=enough: rush.acknowledged.count >= enough)
            truths: list[int] = []
            await rush.kill(lambda seen=truths: seen.append(hall.db.read_now(log.positions)[hall.branch.id]))
            await rush.until(lambda seen=truths: rush.shown >= seen[0], SCREENS_WITHIN)
        enough = rush.acknowledged.count + 40
        await rush.until(lambda: rush.acknowledged.count >= enough)
        rush.closing = True
        screen.cancel()
    assert rush.cut_off > 0, "nobody was in the middle of anything: the kills proved nothing"
    assert server.stop() == 0
    assert "Traceback" not in server.words()
    nothing_is_missing(hall, rush.acknowledged)


def nothing_is_missing(hall: Hall, acknowledged: Acknowledged) -> None:
    db, branch = hall.db, hall.branch
    for token, code in acknowledged.tickets.values():
        assert db.read_now(line.ticket_by_token, branch.id, token).code == code
    codes = [code for _, code in acknowledged.tickets.values()]
    assert len(set(codes)) == len(codes)
    for token in acknowledged.held:
        state = db.read_now(stored.booking_by_token, branch.id, token).state
        assert state is BookingState.CONFIRMED or token not in acknowledged.confirmed
    calls = {row[0] for row in db.read_now(Tx.rows, sa.select(table(Call).c.ticket_id))}
    assert set(acknowledged.calls) <= calls
    assert len(set(acknowledged.calls)) == len(acknowledged.calls), "somebody was called twice"
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))
    telling = Telling()
    while telling.seq < db.read_now(log.positions)[branch.id]:
        for entry in db.read_now(log.after, branch.id, telling.seq):
            telling.follow(entry)
    db.read_now(check, enter(db).branch, telling)
    again = db.read_now(replayed, branch.id, None, db.clock.now() + timedelta(days=1))
    assert set(acknowledged.calls) <= {call.ticket_id for call in again}
    assert [call for call in again if call.verdict is not Verdict.REPRODUCED] == []
    assert min(len(acknowledged.tickets), len(acknowledged.confirmed), len(acknowledged.calls)) > 0


def free_times(hall: Hall) -> list[str]:
    """Every bookable time of the next two weeks, one place at each."""
    today = hall.db.clock.now().astimezone(hall.branch.zone).date()
    days = hall.db.read_now(
        stored.free_days,
        hall.branch,
        hall.branch.service(SERVICE),
        today + timedelta(days=1),
        today + timedelta(days=14),
    )
    return [slot.start.isoformat() for day in days for slot in day.slots]
