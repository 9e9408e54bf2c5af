"""A made-up day: visitors arrive and counters work, all through the public API of a running server.

    await run_busy("http://127.0.0.1:8000", [("layla", "…")], speed=None, stop=stop)

With `speed` 1 everything takes its real time; with None it is so fast that a hall of this size calls every few seconds.
Times that the server's clock decides (bookings, the wait for an appointment) are not sped up.
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
    """Send visitors and clerks to the first branch of the server at `address` until `stop` is set.

    `sign_ins` are (login, password) of clerks, one for each counter. The same `seed` gives the same intentions. If the
    server is away or refuses, requests are repeated with growing pauses; nothing is raised.
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
