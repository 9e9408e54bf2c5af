"""A client of the public API for one branch, which retries patiently while the server is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import structlog

API: Final = "/api/v1"
SHORTEST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 30.0
# Visits are often shorter than planned.
USUAL_SHARE: Final = 0.7
# On average. Not less, because a screen shows each call for eight seconds and calls would pile up.
CALL_EVERY_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


class Away(Exception):
    """The server cannot be reached, or asks the client to wait; `seconds` is set if it says how long."""

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__()
        self.seconds = seconds


class Refusal(Exception):
    """The server refused, with this `status` and stable `code`."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@dataclass
class Hall:
    """The branch as the public API describes it, and the connection to it."""

    client: httpx2.AsyncClient
    speed: float
    stop: asyncio.Event
    chance: random.Random
    branch: str = ""
    services: list[dict[str, Any]] = field(default_factory=list)
    # The tokens of the clerks that have signed in; the first of them is also the reception.
    tokens: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    # No times are held before this moment (the loop's clock), because the server limits the holds of one address.
    books_again_at: float = 0.0

    @property
    def base(self) -> str:
        return f"/branches/{self.branch}"

    async def enter(self) -> None:
        """Read the first branch and its services."""
        self.branch = (await self.call("GET", "/branches"))["branches"][0]["branch"]
        self.services = (await self.call("GET", f"{self.base}/services"))["services"]

    async def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """Send one request; raises Away or Refusal, and Away also when `stop` is set."""
        if self.stop.is_set():
            raise Away
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = await self.client.request(method, path, json=body, headers=headers)
        except httpx2.TransportError as error:
            raise Away from error
        if answer.status_code in (429, 502, 503, 504):
            wait = answer.headers.get("retry-after", "")
            raise Away(float(wait) if wait.isdigit() else None)
        if answer.is_success:
            return answer.json()
        try:
            code = str(answer.json()["code"])
        except (ValueError, KeyError):
            code = "unknown"
        raise Refusal(answer.status_code, code)

    async def patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` until it succeeds or `stop` is set, with a longer pause after each failure."""
        vain = 0
        while not self.stop.is_set():
            try:
                await work()
                return
            except Away as away:
                vain += 1
                pause = away.seconds or min(LONGEST_PAUSE, 0.5 * 2**vain)
                await self.pause(pause * (0.5 + self.chance.random()), real=True)
            except Refusal as refusal:
                log.debug("busy.refused", code=refusal.code)
                vain += 1
                await self.pause(min(LONGEST_PAUSE, 1.0 * 2**vain), real=True)

    def books(self) -> bool:
        """Whether times may be held again."""
        return asyncio.get_running_loop().time() >= self.books_again_at

    def book_later(self, seconds: float) -> None:
        """Hold no times for so many seconds, because the server asked for it."""
        self.books_again_at = asyncio.get_running_loop().time() + seconds

    async def pause(self, seconds: float, *, real: bool = False) -> None:
        """Wait `seconds` of simulated time, or `real` ones; ends at once when `stop` is set."""
        length = seconds if real else max(SHORTEST_PAUSE, seconds / self.speed)
        try:
            await asyncio.wait_for(self.stop.wait(), length)
        except TimeoutError:
            return

    def usual_length(self) -> float:
        """The usual length of the next visit, in seconds of simulated time.

        Services are chosen in inverse proportion to their length, so this is the harmonic mean.
        """
        return len(self.services) / sum(1 / self.length(service) for service in self.services)

    def lively_speed(self, clerks: int) -> float:
        """How many times faster than real time so many clerks must be, so that there is a call every few seconds."""
        return max(1.0, self.usual_length() / (CALL_EVERY_SECONDS * max(1, clerks)))

    def length(self, service: dict[str, Any]) -> float:
        """The usual length of a visit, in seconds of simulated time."""
        return float(service["duration_min"]) * 60 * USUAL_SHARE
