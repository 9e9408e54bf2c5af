"""One sequence number per branch, and coroutines that wait for a larger one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from ..store.tx import Appended, positions_of
from .recent import Recent


class Hub:
    """Knows the last sequence of every branch that this node has heard of. Belongs to one event loop.

    It carries no data: a waiter learns only that there is something newer, and then reads the database. `recent` spares
    it what this node has written itself.
    """

    def __init__(self) -> None:
        self._positions: dict[UUID, int] = {}
        self._waiting: defaultdict[UUID, set[asyncio.Future[None]]] = defaultdict(set)
        self._closed = False
        # Called with a branch that has moved on, and with None when the hub has closed.
        self.listeners: list[Callable[[UUID | None], None]] = []
        self.recent = Recent()

    def position(self, branch: UUID) -> int:
        """The newest sequence heard of; 0 before the first."""
        return self._positions.get(branch, 0)

    def positions(self) -> dict[UUID, int]:
        """The newest sequence heard of, by branch."""
        return dict(self._positions)

    def committed(self, appended: Sequence[Appended]) -> None:
        """Keep the entries that this node has appended to the logs, and wake the waiters."""
        self.recent.note(appended)
        self.wake(positions_of(appended))

    def wake(self, touched: dict[UUID, int]) -> None:
        """Wake the waiters after a commit. Idempotent, and older news changes nothing."""
        for branch, seq in touched.items():
            if seq <= self.position(branch):
                continue
            self._positions[branch] = seq
            self._release(branch)
            self._tell(branch)

    async def wait(self, beyond: Mapping[UUID, int], seconds: float) -> bool:
        """Wait until a branch is beyond its sequence; False if none was within `seconds`, or the hub closed."""
        if self._is_any_beyond(beyond):
            return True
        if self._closed:
            return False
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for branch in beyond:
            self._waiting[branch].add(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            for branch in beyond:
                self._waiting[branch].discard(future)
        return self._is_any_beyond(beyond)

    def _is_any_beyond(self, beyond: Mapping[UUID, int]) -> bool:
        return any(self.position(branch) > seq for branch, seq in beyond.items())

    def is_closed(self) -> bool:
        """Whether the node is stopping."""
        return self._closed

    def close(self) -> None:
        """Release every waiter, because the node is stopping."""
        self._closed = True
        for branch in list(self._waiting):
            self._release(branch)
        self._tell(None)

    def _release(self, branch: UUID) -> None:
        for future in self._waiting[branch]:
            if not future.done():
                future.set_result(None)

    def _tell(self, branch: UUID | None) -> None:
        for listener in self.listeners:
            listener(branch)
