"""Many sockets that show the same: one follower reads for all of them.

With `socket.serve` every socket waits, reads and sends by itself. Two hundred screens would wait and read the same
thing two hundred times; here one follower does it, and the sockets only send.
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

ReadFrame = Callable[[], Awaitable[Frame]]
Admits = Callable[[Frame], Awaitable[bool]]


class Audiences:
    """The audiences of a node, by key; an audience ends when its last socket has left."""

    def __init__(self) -> None:
        self._audiences: dict[Hashable, _Audience] = {}

    async def serve(
        self, websocket: WebSocket, hub: Hub, branch: UUID, key: Hashable, read: ReadFrame, admits: Admits
    ) -> None:
        """Show an accepted socket the frames of `key`, until it closes.

        `read` reads the present frame; it is called at every change of the branch and at every pulse. `admits` tells
        whether this socket may see a frame; if not, it is closed with SIGNED_OUT. Changes between two sends are sent
        once, as their result. A client that takes longer than SEND_SECONDS is dropped.
        """
        audience = self._audiences.get(key)
        if audience is None or audience.is_over():
            audience = self._audiences[key] = _Audience(hub, branch, read)
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
        """Wait, at most SETTLE_SECONDS, until all audiences of a branch have been sent its present frame.

        The hall comes first, because to render one desk or one telephone takes as long as to send to a hundred screens.
        """
        position = hub.position(branch)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                for audience in [one for one in self._audiences.values() if one.branch == branch]:
                    await audience.reach(position)


@dataclass(slots=True, eq=False)
class _Member:
    """A socket that follows; `since` is the time at which it began to send, None while it waits."""

    task: asyncio.Task[None]
    since: float | None = None


class _Audience:
    """One follower, and the sockets that it wakes with a new frame."""

    def __init__(self, hub: Hub, branch: UUID, read: ReadFrame) -> None:
        self._hub = hub
        self.branch = branch
        # Counts sockets that are about to follow too, so that the audience does not end just as one comes in.
        self.viewers = 0
        self._read = read
        self._frame: Frame | None = None
        # Grows with every read, so that a socket knows whether it has sent the present frame.
        self._round = 0
        self._members: set[_Member] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._watch: asyncio.TimerHandle | None = None
        # In a context of its own, because it outlives the first socket and must not log that socket's id.
        self._leader = asyncio.create_task(self._lead(), context=contextvars.Context())
        self._leader.add_done_callback(lambda _: self._wake())

    def is_over(self) -> bool:
        """Whether the follower has ended, because the node is stopping or a read has failed."""
        return self._leader.done()

    def end(self) -> None:
        self._leader.cancel()
        if self._watch is not None:
            self._watch.cancel()

    async def follow(self, websocket: WebSocket, admits: Admits) -> None:
        """Send every new frame to one socket, and a pulse in place of a text that it has already."""
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
        """Return when the members have been sent a frame of `position` or later, or the follower has ended."""
        while (self._frame is None or self._frame.seq < position) and not self._leader.done():
            await self._next()

    async def _lead(self) -> None:
        while not self._hub.is_closed():
            position = self._hub.position(self.branch)
            self._frame = await self._read()
            self._round += 1
            self._wake()
            self._watch_sends()
            await self._hub.wait({self.branch: max(position, self._frame.seq)}, socket.PULSE_SECONDS)

    async def _newer(self, seen: int) -> Frame | None:
        """Wait for a frame after the one of round `seen`; None when there will be no more."""
        while self._round <= seen:
            if self._leader.done():
                failure = None if self._leader.cancelled() else self._leader.exception()
                if failure is not None:
                    raise failure
                return None
            await self._next()
        return self._frame

    async def _next(self) -> None:
        """Wait for the next frame; sockets are woken in the order in which they came."""
        future = self._leader.get_loop().create_future()
        self._waiting.append(future)
        await future

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _watch_sends(self) -> None:
        """Drop the members that are still sending the same frame after SEND_SECONDS; one timer serves all of them."""
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
