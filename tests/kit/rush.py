"""Many clients of a real server that is killed and paused meanwhile, and that they must not notice losing anything."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from tests.kit.server import Server
from tests.kit.wire import Answer, Wire, WireError

PATIENCE = 60.0


class Rush:
    """The clients' side: whether the server is up, whether they shall go home, and news of what was acknowledged.

    Interrupted requests are sent again, as kiosks and pages do.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.up = asyncio.Event()
        self.closing = False
        self.cut_off = 0
        self.unavailable = 0
        self.waiting = 0
        self.breaks: Counter[str] = Counter()
        self._news = asyncio.Condition()

    async def acknowledge(self) -> None:
        """Tell that a client has had an answer, or waits for one."""
        async with self._news:
            self._news.notify_all()

    async def until(self, condition: Any, seconds: float = PATIENCE) -> None:
        """Wait for a condition that the clients bring about; a function without arguments."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(condition)

    async def answered(self, wire: Wire, method: str, path: str, body: Any, token: str | None) -> Answer:
        """Send a request, again after every broken connection, until there is an answer."""
        while True:
            await self.up.wait()
            self.waiting += 1
            try:
                await self.acknowledge()
                answer = await wire.ask(method, path, body, token)
                if answer.status != 503:
                    return answer
                self.unavailable += 1
            except WireError:
                self.cut_off += 1
            finally:
                self.waiting -= 1
            await asyncio.sleep(0.02)

    async def kill(self, between: Any = lambda: None) -> None:
        """Kill the server in the middle of what it does, look `between`, and start it again."""
        self.up.clear()
        self.breaks["kill"] += 1
        self.server.kill()
        between()
        await asyncio.to_thread(self.server.start)
        self.up.set()

    async def pause(self, clients: int) -> None:
        """Stop the server in the middle of what it does, until that many clients wait for it."""
        self.breaks["pause"] += 1
        self.server.pause()
        try:
            await self.until(lambda: self.waiting >= clients)
        finally:
            self.server.resume()
