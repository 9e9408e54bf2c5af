"""A call with 50 screens while an administrator saves changes of the hours, with their previews, one after another.

From sending the call to the moment at which the last of the screens has the new board, as in `call_to_screens`, alone and
beside the administrator, who closes another day each second: the form, the preview, the save. The branch has 5,000
appointments (`benchmarks.effect`), none of them on those days.

The limit is the same call without the administrator. Aim: at most AIM_FACTOR times as long and AIM_MS, because a save holds
the branch for a moment and all settings are read anew after it, but nobody waits for a preview (decision 0034).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks import effect, fixtures
from benchmarks.call_to_screens import BRANCH, WARM_UP, Clerk, Keys, furnished, one_call, our_wall
from benchmarks.fixtures import OPEN_HALL, Place
from benchmarks.report import Figure, conclude, percentile
from queue_system.actions import sessions
from tests.kit.editing_flow import inputs
from tests.kit.wire import Wire

SCREENS: Final = 50
ROUNDS: Final = 120
EVERY_SECONDS: Final = 1.0
AIM_FACTOR: Final = 2.0
AIM_MS: Final = 25.0
FORM: Final = f"/office/closing/{BRANCH}"


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"rounds": ROUNDS, "screens": SCREENS}
    with fixtures.folder() as folder:
        figures += measured("SQLite", fixtures.sqlite_place(folder), details)
        with fixtures.durable_postgres(folder) as server:
            figures += measured("PostgreSQL", fixtures.postgres_place(folder, server), details)
    conclude("call_beside_office", figures, **details)


def measured(name: str, place: Place, details: dict[str, Any]) -> list[Figure]:
    """Book, then call: alone and beside the administrator, in turns."""
    with place.hall() as hall:
        effect.furnish(hall)
        admin = hall.db.write_now(sessions.start_session, hall.administrator("admin"), "bench")
    keys = furnished(place)
    with fixtures.our_server(place) as server:
        alone, beside, saves = asyncio.run(in_turns(server.port, keys, admin))
    details[f"{name}: a save with its preview, ms"] = [round(percentile(saves, percent)) for percent in (50, 99)]
    details[f"{name}: saves"] = len(saves)
    return [figure(name, percent, percentile(beside, percent), percentile(alone, percent)) for percent in (50, 99)]


def figure(name: str, percent: int, beside: float, alone: float) -> Figure:
    most = AIM_FACTOR * alone + AIM_MS
    aim = f"≤ {AIM_FACTOR:g} × limit + {AIM_MS:g} ms = {most:.1f} ms"
    return Figure(
        f"a call beside saves, {name}, p{percent}", beside, "ms", alone, "a call without them", aim, beside <= most
    )


class Administrator:
    """Closes one day after another, as the page does without scripts."""

    def __init__(self, port: int, session: str) -> None:
        self._wire, self._port, self._session = Wire(port), port, session
        # No appointment is so far ahead.
        self._day = OPEN_HALL.date() + timedelta(days=60)
        self.spent: list[float] = []

    async def work(self, stop: asyncio.Event) -> None:
        """Save until stopped, and finish what was begun."""
        while not stop.is_set():
            begun = time.perf_counter()
            await self.close_a_day()
            self.spent.append((time.perf_counter() - begun) * 1e3)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, EVERY_SECONDS - (time.perf_counter() - begun)))

    async def close_a_day(self) -> None:
        # The server has closed a connection on which nothing was said for long.
        self._wire.close()
        self._day += timedelta(days=1)
        sent = [("first", f"{self._day}"), ("for", "branch"), ("names.ar", "صيانة"), ("names.en", "Maintenance")]
        status, page = await self._send(sent)
        assert status == 200, (status, page)
        status, page = await self._send([one for one in inputs(page) if one[0] != "step"] + [("step", "save")])
        assert status == 303, (status, page)

    async def _send(self, items: list[tuple[str, str]]) -> tuple[int, str]:
        form, host = urlencode(items), f"127.0.0.1:{self._port}"
        lines = [f"POST {FORM} HTTP/1.1", f"host: {host}", f"origin: http://{host}", f"cookie: session={self._session}"]
        lines += ["content-type: application/x-www-form-urlencoded", f"content-length: {len(form)}"]
        answer = await self._wire.send("\r\n".join(lines).encode() + b"\r\n\r\n" + form.encode())
        return answer.status, answer.body.decode()

    def close(self) -> None:
        self._wire.close()


async def in_turns(port: int, keys: Keys, admin: str) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of the calls alone and of those beside the administrator, and of the saves."""
    clerk, wall, office = Clerk(port, keys), await our_wall(port, keys, SCREENS), Administrator(port, admin)
    await clerk.look()
    codes = (f"F{number:03}" for number in range(1, 1_000))
    for _ in range(WARM_UP):
        await one_call(wall, clerk, next(codes))
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(4):
        alone += [await one_call(wall, clerk, next(codes)) for _ in range(ROUNDS // 4)]
        stop = asyncio.Event()
        work = asyncio.create_task(office.work(stop))
        beside += [await paced(wall, clerk, next(codes)) for _ in range(ROUNDS // 4)]
        stop.set()
        await work
    for each in (wall, clerk, office):
        each.close()
    return alone, beside, office.spent


async def paced(wall: Any, clerk: Clerk, code: str) -> float:
    """One call, and a moment until the next, so that the saves fall on calls and on pauses alike."""
    spent = await one_call(wall, clerk, code)
    await asyncio.sleep(0.15)
    return spent


if __name__ == "__main__":
    main()
