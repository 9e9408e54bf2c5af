"""The time from the clerk's POST until the last of 200 display sockets has the new board.

Aim: p99 at most twice the limit's plus 10 ms. The limit is a bare uvicorn and Starlette application that sends the same
bytes to the same number of sockets on a POST, with the same settings. Both servers run during the whole measurement,
each in a process of its own, and take turns; clerk and screens are this process.

The clerk calls as the page does, with the form of the desk: it finishes the visit at the counter, calls the next in
line, and answers with the desk as it is then. Thirty people wait; before each call another one takes a number.

Then the same again in a hall where 150 people follow their number on the telephone. Aim: at most 1.5 times as long,
because the screens must not wait for the telephones.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from benchmarks import fixtures
from benchmarks.bare import CODE
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile
from benchmarks.sockets import PATIENCE_SECONDS, Wall
from queue_system.actions import sessions
from queue_system.actions.devices import enrol_device
from queue_system.store.queries.access import devices
from tests.kit.wire import Wire, request

SCREENS: Final = 200
WAITING: Final = 30
WARM_UP: Final = 10
ROUNDS: Final = 150
TELEPHONES: Final = 150
ROUNDS_WITH_TELEPHONES: Final = 50
AIM_FACTOR: Final = 2.0
AIM_MS: Final = 10.0
AIM_CROWDED: Final = 1.5
BRANCH: Final = "doha-main"
DESK: Final = f"{BRANCH}/{fixtures.COUNTER}"


@dataclass(frozen=True)
class Keys:
    """Credentials: the clerk's session, the kiosk's token, the tokens of the displays."""

    clerk: str
    kiosk: str
    displays: list[str]


def main() -> None:
    with fixtures.folder() as folder:
        place = fixtures.sqlite_place(folder)
        keys = furnished(place)
        with fixtures.our_server(place) as server:
            sample = asyncio.run(sampled(server.port, keys))
            (folder / "board.txt").write_text(sample, encoding="utf-8")
            with fixtures.bare_server(folder / "board.txt") as bare_server:
                ours, bare = asyncio.run(in_turns(server.port, bare_server.port, keys))
            crowded = asyncio.run(with_telephones(server.port, keys))
    report(ours, bare, crowded, len(sample.encode()))


def report(ours: list[float], bare: list[float], crowded: list[float], size: int) -> None:
    p99, limit = percentile(ours, 99), percentile(bare, 99)
    aim = AIM_FACTOR * limit + AIM_MS
    conclude(
        "call_to_screens",
        [
            Figure(
                f"call to the last of {SCREENS} screens, p99",
                p99,
                "ms",
                limit,
                "a bare server with the same bytes",
                f"≤ {AIM_FACTOR:g} × limit + {AIM_MS:g} ms = {aim:.1f} ms",
                p99 <= aim,
            ),
            Figure(
                f"call to the last of {SCREENS} screens, p50",
                percentile(ours, 50),
                "ms",
                percentile(bare, 50),
                "a bare server with the same bytes",
            ),
            *(
                _beside_telephones(percent, percentile(crowded, percent), percentile(ours, percent))
                for percent in (99, 50)
            ),
        ],
        rounds=ROUNDS,
        board_bytes=size,
        worst_ms=[round(max(ours), 1), round(max(bare), 1)],
    )


def _beside_telephones(percent: int, crowded: float, alone: float) -> Figure:
    return Figure(
        f"the same beside {TELEPHONES} telephones, p{percent}",
        crowded,
        "ms",
        alone,
        "ours without telephones",
        f"ratio ≤ {AIM_CROWDED:g}",
        crowded <= AIM_CROWDED * alone,
    )


def furnished(place: Place) -> Keys:
    """A clerk at the counter, people in line, paired displays and a paired kiosk."""
    with place.hall() as hall:
        staff_id = fixtures.clerk(hall)
        hall.sit(staff_id, fixtures.COUNTER)
        for _ in range(WAITING):
            hall.issue(fixtures.SERVICE)
        displays = hall.db.read_now(devices, hall.branch.id, "display")
        # Screens of another zone do not show the calls of this counter.
        here = [display for display in displays if display.zone_id == displays[0].zone_id]
        return Keys(
            hall.db.write_now(sessions.start_session, staff_id, "web"),
            fixtures.kiosk_token(hall),
            [hall.db.write_now(enrol_device, hall.branch.id, display.id) for display in here],
        )


class Clerk:
    """Presses "call" on the page, and knows who comes next: nobody else calls, and all wait in one line."""

    def __init__(self, port: int, keys: Keys) -> None:
        self._wire, self._kiosk = Wire(port), Wire(port)
        self._keys = keys
        self._headers = {"cookie": f"session={keys.clerk}", "origin": f"http://127.0.0.1:{port}"}
        self._host = f"127.0.0.1:{port}"
        self._expected = ""

    async def look(self) -> None:
        """Read the page, for the ticket at the counter."""
        answer = await self._wire.send(self._message("GET", f"/desk/{DESK}"))
        assert answer.status == 200, answer.status
        self._read(answer.body)

    async def call(self) -> None:
        """Send the form and read the new desk."""
        form = urlencode({"expected": self._expected, "current": "done"})
        answer = await self._wire.send(self._message("POST", f"/counters/{DESK}/calls", form))
        assert answer.status == 200, answer.status
        self._read(answer.body)

    async def arrival(self) -> dict[str, str]:
        """A visitor takes a number; the ticket."""
        order = {"request_id": str(uuid.uuid4()), "service": fixtures.SERVICE}
        answer = await self._kiosk.send(request("POST", f"/api/v1/branches/{BRANCH}/tickets", order, self._keys.kiosk))
        assert answer.status == 201, answer.body
        ticket: dict[str, str] = answer.json
        return ticket

    def close(self) -> None:
        self._wire.close()
        self._kiosk.close()

    def _message(self, method: str, path: str, form: str = "") -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}", "hx-request: true"]
        lines += [f"{name}: {value}" for name, value in self._headers.items()]
        lines += ["content-type: application/x-www-form-urlencoded", f"content-length: {len(form)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + form.encode()

    def _read(self, page: bytes) -> None:
        found = re.search(rb'data-expected="([^"]*)"', page)
        assert found is not None
        self._expected = found[1].decode()


async def our_wall(port: int, keys: Keys, screens: int) -> Wall:
    """Screens on the displays of the branch, which take turns."""
    wall = Wall()
    for token in itertools.islice(itertools.cycle(keys.displays), screens):
        headers = {"origin": f"http://127.0.0.1:{port}", "cookie": f"device-display={token}"}
        await wall.hang(port, "/display/live", headers)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(screen.first for screen in wall.screens))
    return wall


async def sampled(port: int, keys: Keys) -> str:
    """A board after several calls, with CODE instead of the newest code: the text for the bare server."""
    clerk = Clerk(port, keys)
    await clerk.look()
    wall = await our_wall(port, keys, 1)
    codes = [f"F{number:03}" for number in range(1, WARM_UP + 1)]
    for code in codes:
        await one_call(wall, clerk, code)
    message = wall.screens[0].last.decode()
    wall.close()
    clerk.close()
    return message.replace(codes[-1], CODE)


async def in_turns(port: int, bare_port: int, keys: Keys) -> tuple[list[float], list[float]]:
    """Milliseconds of every call, ours and those of the bare server."""
    clerk, wall = Clerk(port, keys), await our_wall(port, keys, SCREENS)
    await clerk.look()
    bare_wall, bare_wire = Wall(), Wire(bare_port)
    for _ in range(SCREENS):
        await bare_wall.hang(bare_port, "/live", {})
    ours, bare = [], []
    for number in range(WARM_UP + ROUNDS):
        code = f"F{WARM_UP + 1 + number:03}"
        ours.append(await one_call(wall, clerk, code))
        bare.append(await one_bare_call(bare_wall, bare_wire, code))
    for each in (wall, bare_wall, clerk, bare_wire):
        each.close()
    return ours[WARM_UP:], bare[WARM_UP:]


async def with_telephones(port: int, keys: Keys) -> list[float]:
    """Milliseconds of every call in a hall full of people who follow their number."""
    clerk, wall, telephones = Clerk(port, keys), await our_wall(port, keys, SCREENS), Wall()
    for _ in range(TELEPHONES):
        ticket = await clerk.arrival()
        await telephones.hang(port, f"/t/{ticket['token']}/live", {"origin": f"http://127.0.0.1:{port}"})
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(telephone.first for telephone in telephones.screens))
    await clerk.look()
    codes = [f"F{WARM_UP + WARM_UP + ROUNDS + 1 + number:03}" for number in range(ROUNDS_WITH_TELEPHONES)]
    spent = [await one_call(wall, clerk, code) for code in codes]
    for each in (wall, telephones, clerk):
        each.close()
    return spent


async def one_call(wall: Wall, clerk: Clerk, code: str) -> float:
    """A visitor comes, and every screen shows it; then one is called. Milliseconds of the call."""
    seq = max(json.loads(screen.last)["seq"] for screen in wall.screens)
    newer = wall.expect(f'"seq":{seq + 1},'.encode())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(clerk.arrival(), newer)
    filled = wall.expect(f'"code":"{code}"'.encode())
    begun = time.perf_counter()
    async with asyncio.timeout(PATIENCE_SECONDS):
        _, end = await asyncio.gather(clerk.call(), filled)
    return (end - begun) * 1e3


async def one_bare_call(wall: Wall, wire: Wire, code: str) -> float:
    filled = wall.expect(f'"code":"{code}"'.encode())
    message = f"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(code)}\r\n\r\n{code}".encode()
    begun = time.perf_counter()
    async with asyncio.timeout(PATIENCE_SECONDS):
        _, end = await asyncio.gather(wire.send(message), filled)
    return (end - begun) * 1e3


if __name__ == "__main__":
    main()
