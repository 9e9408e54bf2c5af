"""A made-up day: visitors arrive, counters work, all through the public API of a running server.

    await run_busy("http://127.0.0.1:8000", [("layla", "…")], speed=None, stop=stop)

With `speed` 1 things take as long as in life, with None as long as lets a hall of this size call every few seconds;
what the server's own clock decides (bookings, the wait for an appointment) stays in its time.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final

import httpx2

from .clerks import Clerk
from .hall import API, Hall
from .visitors import Street

__all__ = ["run_busy"]

REQUEST_SECONDS: Final = 10.0


async def run_busy(
    address: str, sign_ins: list[tuple[str, str]], speed: float | None, stop: asyncio.Event, seed: int = 7
) -> None:
    """Fill the first branch of the server at `address` with life until `stop` is set.

    `sign_ins` are (login, password) of clerks, one counter each; the same `seed` gives the same intentions. A server
    that is away or refuses is asked again, ever more seldom; nothing is raised.
    """
    if speed is not None and speed <= 0:
        raise ValueError("the day goes forward: speed is above 0")
    chance = random.Random(seed)  # noqa: S311 - a play, not a secret
    async with httpx2.AsyncClient(base_url=address + API, timeout=REQUEST_SECONDS) as client:
        hall = Hall(client, speed or 1.0, stop, chance)
        await hall.patiently(hall.enter)
        if speed is None and hall.services:
            hall.speed = hall.lively_speed(len(sign_ins))
        people = [Clerk(hall, login, password, random.Random(chance.random())) for login, password in sign_ins]  # noqa: S311
        await asyncio.gather(*(clerk.work() for clerk in people), Street(hall).flow())
