"""Many sockets that hear of a change one after the other, after the screens and while nothing more pressing goes on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from .audience import Audiences
from .hub import Hub

GIVES_WAY_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.02
#: After so many whom a change does not concern others get their turn in the event loop.
UNCONCERNED_AT_ONCE: Final = 25

#: Whether the present state differs from what a socket has shown last.
Concerns = Callable[[], Awaitable[bool]]


class Latecomers:
    """A hub whose waiters are woken one by one; each follows one branch. Belongs to the event loop of its hub.

    If 150 telephones were woken and drawn in one step of the loop, the screens and a clerk's next call would wait for
    all of them; and while the loop computes, a thread waits up to five milliseconds for the interpreter after each of
    its statements. So the telephones wait for the screens, and for GIVES_WAY_SECONDS at most until nobody waits for an
    answer; after that they pause between two of them as long as somebody does.

    Most changes concern few of them: a number that is given changes nothing for those in line before it. Waking a
    socket costs many times what asking costs, so one that waits by `of` is only woken where it is concerned.
    """

    def __init__(self, hub: Hub, audiences: Audiences, is_pressing: Callable[[], bool]) -> None:
        self._hub = hub
        self._audiences = audiences
        self._is_pressing = is_pressing
        # By branch: who waits, in the order of coming.
        self._waiting: defaultdict[UUID, dict[asyncio.Future[None], _Waiter]] = defaultdict(dict)
        self._waking: dict[UUID, asyncio.Task[None]] = {}
        hub.listeners.append(self._wake)

    def of(self, concerns: Concerns) -> Concerned:
        """The same for a socket that is woken only by changes that concern it."""
        return Concerned(self, concerns)

    def position(self, branch: UUID) -> int:
        """As `Hub.position`."""
        return self._hub.position(branch)

    def is_closed(self) -> bool:
        """As `Hub.is_closed`."""
        return self._hub.is_closed()

    async def wait(self, beyond: Mapping[UUID, int], seconds: float, concerns: Concerns | None = None) -> bool:
        """As `Hub.wait`, in turn with the others; `beyond` has one branch. False as well if nothing concerned the waiter."""
        ((branch, seen),) = beyond.items()
        if self._hub.is_closed():
            return self._hub.position(branch) > seen
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[branch]
        waiting[turn] = _Waiter(seen, concerns)
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
        until, position, unconcerned = asyncio.get_running_loop().time() + GIVES_WAY_SECONDS, -1, 0
        waiting = self._waiting[branch]
        try:
            while behind := self._behind(branch):
                for turn in behind:
                    if position != (position := self._hub.position(branch)):
                        await self._audiences.settle(self._hub, branch)
                    await self._give_way(until)
                    waiter = waiting.get(turn)
                    if waiter is None:
                        continue
                    # From before the question, because a change during it may be another one.
                    asked_at = self._hub.position(branch)
                    if not await waiter.is_concerned():
                        waiter.seen = asked_at
                        unconcerned += 1
                        if unconcerned % UNCONCERNED_AT_ONCE == 0:
                            await asyncio.sleep(0)
                        continue
                    if not turn.done():
                        turn.set_result(None)
                    waiting.pop(turn, None)
                    # The step of the loop in which it draws.
                    await asyncio.sleep(0)
        finally:
            # Not when the task is done, because a change may come in between.
            del self._waking[branch]

    def _behind(self, branch: UUID) -> list[asyncio.Future[None]]:
        """Those who have not seen the present position, in the order of coming."""
        position = self._hub.position(branch)
        return [turn for turn, waiter in self._waiting[branch].items() if waiter.seen < position]

    async def _give_way(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        while self._is_pressing():
            await asyncio.sleep(PAUSE_SECONDS)
            if loop.time() >= until:
                break


@dataclass(frozen=True, slots=True)
class Concerned:
    """`Latecomers` as one socket sees them."""

    latecomers: Latecomers
    concerns: Concerns

    def position(self, branch: UUID) -> int:
        """As `Hub.position`."""
        return self.latecomers.position(branch)

    def is_closed(self) -> bool:
        """As `Hub.is_closed`."""
        return self.latecomers.is_closed()

    async def wait(self, beyond: Mapping[UUID, int], seconds: float) -> bool:
        """As `Latecomers.wait`."""
        return await self.latecomers.wait(beyond, seconds, self.concerns)


@dataclass(slots=True)
class _Waiter:
    """The position that it has seen, or that did not concern it."""

    seen: int
    concerns: Concerns | None

    async def is_concerned(self) -> bool:
        if self.concerns is None:
            return True
        try:
            return await self.concerns()
        except Exception:  # noqa: BLE001 - it is drawn, and its own socket meets the error, so that the others hear of the change
            return True
