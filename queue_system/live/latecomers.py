"""Many sockets that hear of a change one after the other, after the screens and while nothing more pressing goes on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from .audience import Audiences
from .hub import Hub

GIVES_WAY_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.02


class Latecomers:
    """A hub whose waiters are woken one by one; each follows one branch. Belongs to the event loop of its hub.

    If 150 telephones were woken and drawn in one step of the loop, the screens and a clerk's next call would wait for
    all of them; and while the loop computes, a thread waits up to five milliseconds for the interpreter after each of
    its statements. So the telephones wait for the screens, and for GIVES_WAY_SECONDS at most until nobody waits for an
    answer; after that they pause between two of them as long as somebody does.
    """

    def __init__(self, hub: Hub, audiences: Audiences, is_pressing: Callable[[], bool]) -> None:
        self._hub = hub
        self._audiences = audiences
        self._is_pressing = is_pressing
        # By branch: who waits, in the order of coming, and the position that each has seen.
        self._waiting: defaultdict[UUID, dict[asyncio.Future[None], int]] = defaultdict(dict)
        self._waking: dict[UUID, asyncio.Task[None]] = {}
        hub.listeners.append(self._wake)

    def position(self, branch: UUID) -> int:
        """As `Hub.position`."""
        return self._hub.position(branch)

    def is_closed(self) -> bool:
        """As `Hub.is_closed`."""
        return self._hub.is_closed()

    async def wait(self, beyond: Mapping[UUID, int], seconds: float) -> bool:
        """As `Hub.wait`, in turn with the others; `beyond` has one branch."""
        ((branch, seen),) = beyond.items()
        if self._hub.is_closed():
            return self._hub.position(branch) > seen
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[branch]
        waiting[turn] = seen
        if self._hub.position(branch) > seen:
            self._wake(branch)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            return False
        finally:
            waiting.pop(turn, None)
        return self._hub.position(branch) > seen

    def _wake(self, branch: UUID | None) -> None:
        if branch is None:
            for turn in [turn for waiting in self._waiting.values() for turn in waiting]:
                if not turn.done():
                    turn.set_result(None)
        elif self._waiting[branch] and branch not in self._waking:
            self._waking[branch] = asyncio.create_task(self._one_by_one(branch))

    async def _one_by_one(self, branch: UUID) -> None:
        until, position = asyncio.get_running_loop().time() + GIVES_WAY_SECONDS, -1
        try:
            while (turn := self._next(branch)) is not None:
                if position != (position := self._hub.position(branch)):
                    await self._audiences.settle(self._hub, branch)
                await self._give_way(until)
                if not turn.done():
                    turn.set_result(None)
                self._waiting[branch].pop(turn, None)
                # The step of the loop in which it draws.
                await asyncio.sleep(0)
        finally:
            # Not when the task is done, because a change may come in between.
            del self._waking[branch]

    def _next(self, branch: UUID) -> asyncio.Future[None] | None:
        """The first who has not seen the present position."""
        position = self._hub.position(branch)
        return next((turn for turn, seen in self._waiting[branch].items() if seen < position), None)

    async def _give_way(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        while self._is_pressing():
            await asyncio.sleep(PAUSE_SECONDS)
            if loop.time() >= until:
                break
