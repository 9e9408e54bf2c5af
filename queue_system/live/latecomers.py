"""Many sockets that hear of a change one after the other, after the screens and while nothing more pressing goes on."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from .audience import Audiences
from .hub import Hub

GIVES_WAY_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.02
#: After so many questions others get their turn in the event loop.
ASKED_AT_ONCE: Final = 50

_UNKNOWN: Final = object()


class Follower(Protocol):
    """Knows what its socket has shown last. All followers of a branch look at the same, so that one look is for all."""

    def is_done(self) -> bool:
        """Whether no change can concern it any more."""

    async def look(self) -> Any:
        """What `is_concerned` compares with: the present state of the branch."""

    def is_concerned(self, state: Any) -> bool:
        """Whether the present state differs from what was shown."""


class Latecomers:
    """A hub whose waiters are woken one by one; each follows one branch. Belongs to the event loop of its hub.

    If 150 telephones were woken and drawn in one step of the loop, the screens and a clerk's next call would wait for
    all of them; and while the loop computes, a thread waits up to five milliseconds for the interpreter after each of
    its statements. So the telephones wait for the screens, and for GIVES_WAY_SECONDS at most until nobody waits for an
    answer; after that they pause between two of them as long as somebody does.

    Most changes concern few of them: a number that is given changes nothing for those in line before it. Waking a
    socket costs many times what asking costs, so one that waits by `of` is only woken where it is concerned. They are
    asked without a step of the loop between them, because for three hundred each microsecond counts.
    """

    def __init__(self, hub: Hub, audiences: Audiences, is_pressing: Callable[[], bool]) -> None:
        self._hub = hub
        self._audiences = audiences
        self._is_pressing = is_pressing
        # By branch: who waits, in the order of coming.
        self._waiting: defaultdict[UUID, dict[asyncio.Future[None], _Waiter]] = defaultdict(dict)
        self._waking: dict[UUID, asyncio.Task[None]] = {}
        hub.listeners.append(self._wake)

    def of(self, follower: Follower) -> Concerned:
        """The same for a socket that is woken only by changes that concern its follower."""
        return Concerned(self, follower)

    def position(self, branch: UUID) -> int:
        """As `Hub.position`."""
        return self._hub.position(branch)

    def is_closed(self) -> bool:
        """As `Hub.is_closed`."""
        return self._hub.is_closed()

    async def wait(self, beyond: Mapping[UUID, int], seconds: float, follower: Follower | None = None) -> bool:
        """As `Hub.wait`, in turn with the others; `beyond` has one branch. False as well if nothing concerned the waiter."""
        ((branch, seen),) = beyond.items()
        if self._hub.is_closed():
            return self._hub.position(branch) > seen
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[branch]
        waiting[turn] = _Waiter(seen, follower)
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
        until, settled = asyncio.get_running_loop().time() + GIVES_WAY_SECONDS, -1
        try:
            while left := self._behind(branch):
                while left:
                    if settled != (settled := self._hub.position(branch)):
                        await self._audiences.settle(self._hub, branch)
                    await self._give_way(until)
                    # From before the look, because a change during it may be another one.
                    asked_at = self._hub.position(branch)
                    state = await self._look(branch, left)
                    if (turn := self._next_concerned(branch, left, state, asked_at)) is not None:
                        turn.set_result(None)
                        del self._waiting[branch][turn]
                    # The step of the loop in which it draws, or in which others get their turn.
                    await asyncio.sleep(0)
        finally:
            # Not when the task is done, because a change may come in between.
            del self._waking[branch]

    async def _look(self, branch: UUID, turns: Iterable[asyncio.Future[None]]) -> Any:
        """The state about which these are asked; _UNKNOWN where nobody needs it, and where it cannot be read."""
        waiting = self._waiting[branch]
        followers = (waiter.follower for turn in turns if (waiter := waiting.get(turn)))
        follower = next((one for one in followers if one is not None and not one.is_done()), None)
        try:
            return _UNKNOWN if follower is None else await follower.look()
        except Exception:  # noqa: BLE001 - all are drawn, and each socket meets the error by itself
            return _UNKNOWN

    def _next_concerned(
        self, branch: UUID, left: deque[asyncio.Future[None]], state: Any, asked_at: int
    ) -> asyncio.Future[None] | None:
        """Take from `left` until one is concerned, at most ASKED_AT_ONCE; the others have seen what they were asked about."""
        waiting = self._waiting[branch]
        for _ in range(min(ASKED_AT_ONCE, len(left))):
            turn = left.popleft()
            waiter = waiting.get(turn)
            # Its time may just have run out.
            if waiter is None or turn.done():
                continue
            if waiter.is_concerned(state):
                return turn
            waiter.seen = asked_at
        return None

    def _behind(self, branch: UUID) -> deque[asyncio.Future[None]]:
        """Those who have not seen the present position, in the order of coming."""
        position = self._hub.position(branch)
        return deque(turn for turn, waiter in self._waiting[branch].items() if waiter.seen < position)

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
    follower: Follower

    def position(self, branch: UUID) -> int:
        """As `Hub.position`."""
        return self.latecomers.position(branch)

    def is_closed(self) -> bool:
        """As `Hub.is_closed`."""
        return self.latecomers.is_closed()

    async def wait(self, beyond: Mapping[UUID, int], seconds: float) -> bool:
        """As `Latecomers.wait`."""
        return await self.latecomers.wait(beyond, seconds, self.follower)


@dataclass(slots=True)
class _Waiter:
    """The position that it has seen, or that did not concern it."""

    seen: int
    follower: Follower | None

    def is_concerned(self, state: Any) -> bool:
        follower = self.follower
        if follower is None:
            return True
        try:
            return not follower.is_done() and (state is _UNKNOWN or follower.is_concerned(state))
        except Exception:  # noqa: BLE001 - it is drawn, and its own socket meets the error, so that the others hear of the change
            return True
