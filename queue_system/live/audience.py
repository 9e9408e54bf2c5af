"""Many sockets that show the same: one look at the truth for all of them, which is handed to each.

`socket.serve` lets every socket wait, look and send by itself. For a wall of screens that is two hundred times
the same waiting and looking; here one follower does it, and a socket only sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.websockets import WebSocket

from . import socket
from .codes import Closed
from .hub import Hub
from .socket import PULSE, Frame

SETTLE_SECONDS: Final = 0.1

Look = Callable[[], Awaitable[Frame]]
Admits = Callable[[Frame], Awaitable[bool]]


class Audiences:
    """The audiences of a node, by what they look at; each lives as long as somebody looks."""

    def __init__(self) -> None:
        self._audiences: dict[Hashable, _Audience] = {}

    async def serve(
        self, websocket: WebSocket, hub: Hub, branch: UUID, key: Hashable, look: Look, admits: Admits
    ) -> None:
        """Show an accepted socket what everybody with `key` sees, until it closes.

        `look` answers the present truth; it is asked at every change of the branch and at every pulse. `admits`
        is whether this socket may see a frame: if not, it is closed with SIGNED_OUT. What happened between two sends
        is sent once, as its result; a client that takes longer than SEND_SECONDS is dropped.
        """
        audience = self._audiences.get(key)
        if audience is None or audience.is_over():
            audience = self._audiences[key] = _Audience(hub, branch, look)
        audience.viewers += 1
        try:
            await socket.attend(websocket, audience.follow(websocket, admits))
        finally:
            audience.viewers -= 1
            if not audience.viewers:
                audience.end()
                if self._audiences.get(key) is audience:
                    del self._audiences[key]

    async def settle(self, hub: Hub, branch: UUID) -> None:
        """The hall first: wait until everybody who looks at a branch has been handed its present truth.

        Drawing one desk or one telephone takes as long as telling a hundred screens. Waits SETTLE_SECONDS at most.
        """
        position = hub.position(branch)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                for audience in [one for one in self._audiences.values() if one.branch == branch]:
                    await audience.reach(position)


@dataclass(slots=True, eq=False)
class _Member:
    """A socket that follows; `since` is when it began to send, None while it waits."""

    task: asyncio.Task[None]
    since: float | None = None


class _Audience:
    """One follower, and the sockets that it wakes with a new frame."""

    def __init__(self, hub: Hub, branch: UUID, look: Look) -> None:
        self._hub = hub
        self.branch = branch
        # Sockets that are here or about to be: nobody ends an audience under somebody who has just come in.
        self.viewers = 0
        self._look = look
        self._frame: Frame | None = None
        # Grows with every look, so that a socket knows whether it has seen the present frame.
        self._round = 0
        self._members: set[_Member] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._watch: asyncio.TimerHandle | None = None
        # In a context of its own: it outlives the socket that came first, whose id its log lines must not carry.
        self._leader = asyncio.create_task(self._lead(), context=contextvars.Context())
        self._leader.add_done_callback(lambda _: self._wake())

    def is_over(self) -> bool:
        """The follower has ended: the node is stopping, or a look has failed."""
        return self._leader.done()

    def end(self) -> None:
        self._leader.cancel()
        if self._watch is not None:
            self._watch.cancel()

    async def follow(self, websocket: WebSocket, admits: Admits) -> None:
        """Send every new frame to one socket; the same text is not sent twice, a pulse says "still here" instead."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        member = _Member(task)
        self._members.add(member)
        seen, sent = 0, None
        try:
            while (frame := await self._newer(seen)) is not None:
                seen = self._round
                if not await admits(frame):
                    await websocket.close(Closed.SIGNED_OUT)
                    return
                member.since = self._leader.get_loop().time()
                await websocket.send_text(frame.text if frame.text != sent else PULSE)
                member.since, sent = None, frame.text
            await websocket.close(Closed.RESTARTING)
        finally:
            self._members.discard(member)

    async def reach(self, position: int) -> None:
        """Return after the members have been handed a frame of `position` or later, or there will be none."""
        while (self._frame is None or self._frame.seq < position) and not self._leader.done():
            await self._next()

    async def _lead(self) -> None:
        while not self._hub.is_closed():
            position = self._hub.position(self.branch)
            self._frame = await self._look()
            self._round += 1
            self._wake()
            self._watch_sends()
            await self._hub.wait({self.branch: max(position, self._frame.seq)}, socket.PULSE_SECONDS)

    async def _newer(self, seen: int) -> Frame | None:
        """The present frame, once it is another than the one seen; None when there will be no more."""
        while self._round <= seen:
            if self._leader.done():
                failure = None if self._leader.cancelled() else self._leader.exception()
                if failure is not None:
                    raise failure
                return None
            await self._next()
        return self._frame

    async def _next(self) -> None:
        """Wait for the next frame; those who came first are woken first."""
        future = self._leader.get_loop().create_future()
        self._waiting.append(future)
        await future

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _watch_sends(self) -> None:
        """One timer for all: whoever still sends the same frame when it rings is dropped."""
        if self._watch is None:
            self._watch = self._leader.get_loop().call_later(socket.SEND_SECONDS, self._drop_slow)

    def _drop_slow(self) -> None:
        loop = self._leader.get_loop()
        sending = []
        for member in self._members:
            if member.since is None:
                continue
            if member.since <= loop.time() - socket.SEND_SECONDS:
                member.task.cancel()
            else:
                sending.append(member.since)
        self._watch = loop.call_at(min(sending) + socket.SEND_SECONDS, self._drop_slow) if sending else None
