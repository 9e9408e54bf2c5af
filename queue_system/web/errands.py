"""Work that a press begins and that may take longer than its answer: a backup, a drill."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ..core.errors import DomainError

#: So long an answer waits for the work.
PATIENCE_SECONDS: Final = 5.0


class Errands:
    """The errands of this node, each at most once at a time. Those that are left end with the node (`stop`)."""

    def __init__(self) -> None:
        self.underway: dict[str, asyncio.Task[None]] = {}
        #: What went wrong at the last time.
        self.failures: dict[str, DomainError] = {}

    async def run(self, name: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Begin an errand, or wait for the one that runs; False if it takes longer than the answer may."""
        task = self.underway.get(name)
        if task is None:
            self.failures.pop(name, None)
            task = self.underway[name] = asyncio.create_task(self._noted(name, work))
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        return task.done()

    async def stop(self) -> None:
        """Cancel what is underway, and wait until it has ended."""
        tasks = list(self.underway.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _noted(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except DomainError as error:
            self.failures[name] = error
        finally:
            del self.underway[name]
