"""What 300 people who follow their place on the telephone cost a hall: processor time of a number and of a call, with and without.

Processor time is that of the server and of a database server, less what the same hall costs in a while in which nothing
happens: while telephones follow, that is as much as a number each second. The three take turns, each for as long as it takes
until every telephone has had a pulse, so that a busy machine is so for all of them; the client is another process. Numbers are
taken over the kiosk's interface and calls are made with the desk's form, one each second. As many people stand in line in both
cases; without telephones they do not follow.

A number changes nothing for those who are in line before it, so it should cost the same: aim, at most AIM_FACTOR times as much.
A call changes the page of everybody behind it; the bare limit of its messages is in the details: as many texts of the same size,
sent to as many sockets by a bare server. What the telephones cost must be off the path: the median answer to a number or a call
at most AIM_FACTOR times as long, and AIM_MS.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from benchmarks import fixtures
from benchmarks.bare import CODE
from benchmarks.call_to_screens import Clerk, Keys, furnished, one_bare_call
from benchmarks.fixtures import Place, Server
from benchmarks.report import Figure, conclude, percentile
from benchmarks.sockets import PATIENCE_SECONDS, Wall
from queue_system.live.socket import PULSE_SECONDS
from tests.kit.wire import Wire

TELEPHONES: Final = 300
WARM_UP: Final = 10
# One a second, for a pulse of the telephones and then for another thing. A page says the minute in which it was drawn, and
# after four rounds of three things each of them has had the beginning of one minute.
AT_ONCE: Final = int(PULSE_SECONDS)
ROUNDS: Final = 4
EACH: Final = ROUNDS * AT_ONCE
AIM_FACTOR: Final = 1.2
AIM_MS: Final = 5.0

Spent = dict[str, float]


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"telephones": TELEPHONES, "numbers and calls": EACH}
    with fixtures.folder() as folder:
        if "postgres" not in sys.argv:
            figures += measured("SQLite", fixtures.sqlite_place(folder), details)
        if "sqlite" not in sys.argv:
            with fixtures.durable_postgres(folder) as server:
                figures += measured("PostgreSQL", fixtures.postgres_place(folder, server), details)
    conclude("telephones", figures, **details)


def measured(name: str, place: Place, details: dict[str, Any]) -> list[Figure]:
    """The hall without telephones, then with them."""
    keys = furnished(place)
    with fixtures.our_server(place) as server:
        turns = asyncio.run(in_turns(place, server, keys))
    sample = turns.pop("sample")
    (place.folder / "page.txt").write_text(f'{sample}"code":"{CODE}"', encoding="utf-8")
    with fixtures.bare_server(place.folder / "page.txt") as bare:
        details[f"{name}: bare server, ms of {TELEPHONES} messages"] = round(asyncio.run(messages(bare)), 1)
    alone, beside = turns["alone"], turns["beside"]
    details |= {f"{name}: {which}": {what: round(ms, 1) for what, ms in turns[which].items()} for which in turns}
    found = []
    for what in ("number", "call"):
        ours, limit = beside[f"{what}, processor"], alone[f"{what}, processor"]
        aim = f"≤ {AIM_FACTOR:g} × limit" if what == "number" else ""
        found.append(
            Figure(
                f"processor time of a {what} beside {TELEPHONES} telephones, {name}",
                ours,
                "ms",
                limit,
                "without telephones",
                aim,
                ours <= AIM_FACTOR * limit if aim else None,
            )
        )
        for percent in (50, 99):
            ours, limit = beside[f"{what}, p{percent}"], alone[f"{what}, p{percent}"]
            aim = f"≤ {AIM_FACTOR:g} × limit + {AIM_MS:g} ms" if percent == 50 else ""
            found.append(
                Figure(
                    f"answer to a {what} beside {TELEPHONES} telephones, {name}, p{percent}",
                    ours,
                    "ms",
                    limit,
                    "without telephones",
                    aim,
                    ours <= AIM_FACTOR * limit + AIM_MS if aim else None,
                )
            )
    return found


async def in_turns(place: Place, server: Server, keys: Keys) -> dict[str, Any]:
    """Milliseconds without and with telephones, by what they were spent for, and the page that a telephone is sent."""
    clerk, telephones = Clerk(server.port, keys), Wall()
    tickets = [await clerk.arrival() for _ in range(TELEPHONES)]
    await clerk.look()
    for _ in range(WARM_UP):
        tickets.append(await clerk.arrival())
        await clerk.call()
    found: dict[str, Any] = {"alone": await one_turn(place, server, clerk, tickets)}
    # Those whose numbers were taken last are still waiting.
    for ticket in tickets[-TELEPHONES:]:
        await telephones.hang(server.port, f"/t/{ticket['token']}/live", {"origin": f"http://127.0.0.1:{server.port}"})
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(telephone.first for telephone in telephones.screens))
    found["beside"] = await one_turn(place, server, clerk, tickets)
    found["sample"] = telephones.screens[-1].last.decode()
    telephones.close()
    clerk.close()
    return found


async def one_turn(place: Place, server: Server, clerk: Clerk, tickets: list[dict[str, str]]) -> Spent:
    """Nothing, numbers and calls, in turns."""

    async def number() -> None:
        tickets.append(await clerk.arrival())

    acts: dict[str, Callable[[], Awaitable[None]] | None] = {"idle": None, "number": number, "call": clerk.call}
    spent, took = dict.fromkeys(acts, 0.0), {what: list[float]() for what in acts}
    for _ in range(ROUNDS):
        for what, act in acts.items():
            # The server has closed connections on which nothing was said for long.
            clerk.close()
            spent[what] += await seconds_of(place, server, act, took[what])
    clerk.close()
    found = {"idle, a second": spent.pop("idle") / EACH * 1e3}
    for what, seconds in spent.items():
        found[f"{what}, processor"] = seconds / EACH * 1e3 - found["idle, a second"]
        found |= {f"{what}, p{percent}": percentile(took[what], percent) for percent in (50, 99)}
    return found


async def seconds_of(
    place: Place, server: Server, act: Callable[[], Awaitable[None]] | None, took: list[float]
) -> float:
    """The processor seconds of AT_ONCE acts, one a second; `took` gets the milliseconds of each."""
    begun, at = server.processor_seconds() + place.processor_seconds(), time.perf_counter()
    for number in range(AT_ONCE):
        started = time.perf_counter()
        if act is not None:
            await act()
            took.append((time.perf_counter() - started) * 1e3)
        await asyncio.sleep(max(0.0, at + number + 1 - time.perf_counter()))
    return server.processor_seconds() + place.processor_seconds() - begun


async def messages(bare: Server) -> float:
    """Processor time of a bare server for one message to each of so many sockets."""
    wall, wire = Wall(), Wire(bare.port)
    for _ in range(TELEPHONES):
        await wall.hang(bare.port, "/live", {})
    await one_bare_call(wall, wire, CODE)
    begun = bare.processor_seconds()
    for _ in range(EACH):
        await one_bare_call(wall, wire, CODE)
    spent = bare.processor_seconds() - begun
    for each in (wall, wire):
        each.close()
    return spent / EACH * 1e3


if __name__ == "__main__":
    main()
