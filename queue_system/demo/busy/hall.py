"""The branch as its public answers tell it, and patience with a server that is away."""

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
# On average. A screen gives a call eight seconds of its own: quicker ones would wait for their turn there.
CALL_EVERY_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


class Away(Exception):
    """The server cannot be reached, or asks for patience; `seconds` when it says for how long."""

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__()
        self.seconds = seconds


class Refusal(Exception):
    """The server said no: `status` and the stable `code`."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@dataclass
class Hall:
    """The branch as its public answers tell it, and the way to it."""

    client: httpx2.AsyncClient
    speed: float
    stop: asyncio.Event
    chance: random.Random
    branch: str = ""
    services: list[dict[str, Any]] = field(default_factory=list)
    # Who has signed in; the first of them also stands at the reception.
    tokens: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    # Until when (the loop's clock) nobody books: the server lets one address hold only so many times.
    books_again_at: float = 0.0

    @property
    def base(self) -> str:
        return f"/branches/{self.branch}"

    async def enter(self) -> None:
        """Learn which branch there is and what it does."""
        self.branch = (await self.call("GET", "/branches"))["branches"][0]["branch"]
        self.services = (await self.call("GET", f"{self.base}/services"))["services"]

    async def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """One request; raises Away or Refusal, and Away also once everything stops."""
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
        """Do `work` until it succeeds or everything stops, waiting longer after each vain try."""
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
        """The server asks to hold no times for so many seconds."""
        self.books_again_at = asyncio.get_running_loop().time() + seconds

    async def pause(self, seconds: float, *, real: bool = False) -> None:
        """Let time pass, `seconds` of life or `real` ones; at once over when everything stops."""
        length = seconds if real else max(SHORTEST_PAUSE, seconds / self.speed)
        try:
            await asyncio.wait_for(self.stop.wait(), length)
        except TimeoutError:
            return

    def usual_length(self) -> float:
        """The usual length of the next visit, in seconds of life.

        Wishes go with the inverse of the length, so their mean length is the harmonic one.
        """
        return len(self.services) / sum(1 / self.length(service) for service in self.services)

    def lively_speed(self, clerks: int) -> float:
        """How much faster than life so many clerks must be for one of them to call every few seconds."""
        return max(1.0, self.usual_length() / (CALL_EVERY_SECONDS * max(1, clerks)))

    def length(self, service: dict[str, Any]) -> float:
        """The usual length of a visit, in seconds of life."""
        return float(service["duration_min"]) * 60 * USUAL_SHARE
