"""A socket that follows the database: note the position, render, send, wait for a newer position."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from .codes import Closed

PULSE_SECONDS: Final = 15.0
SEND_SECONDS: Final = 10.0
# Sent when there is no news, so that silence always means trouble.
PULSE: Final = '{"type":"pulse"}'

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """A text to send, rendered at a known sequence of a branch. The same text is not sent twice."""

    seq: int
    text: str


class Changes(Protocol):
    """A hub, or what stands between one and its waiters."""

    def position(self, branch: UUID) -> int: ...

    async def wait(self, beyond: Mapping[UUID, int], seconds: float) -> bool: ...

    def is_closed(self) -> bool: ...


Render = Callable[[], Awaitable[Frame | None]]


async def serve(
    websocket: WebSocket, hub: Changes, branches: Collection[UUID], render: Render, *, ages: bool = False
) -> None:
    """Follow one branch or several on an accepted socket until it closes.

    `render` gives the present frame, or None if the reader may not see it any more; the socket is then closed with
    SIGNED_OUT. Changes between two sends are sent once, as their result. A client that takes longer than SEND_SECONDS
    is dropped, because it gets a whole picture when it reconnects. With `ages` the picture also changes with time
    alone, so it is rendered at every pulse as well.
    """
    await attend(websocket, _follow(websocket, hub, branches, render, ages=ages))


async def refuse(websocket: WebSocket, reason: Closed) -> None:
    """Close a socket that is not accepted yet, so that its page learns the reason.

    The handshake is accepted first, because a browser reports each refused handshake as 1006 without a reason.
    """
    await websocket.accept()
    await websocket.close(reason)


async def attend(websocket: WebSocket, follow: Coroutine[Any, Any, None]) -> None:
    """Run `follow`, which sends, until it ends or the client is gone; its errors are logged."""
    follower = asyncio.create_task(follow)
    listener = asyncio.create_task(_drain(websocket))
    try:
        await asyncio.wait({follower, listener}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (follower, listener):
            task.cancel()
        # Not gather(), because when it is cancelled it raises the cancellation of a child in place of its own.
        await asyncio.wait({follower, listener})
    problem = None if follower.cancelled() else follower.exception()
    if isinstance(problem, Exception) and not isinstance(problem, (TimeoutError, WebSocketDisconnect)):
        # The client reconnects when the socket ends, and gets a whole picture; only our log needs the reason.
        log.error("socket.failed", error=str(problem), exc_info=problem)


async def _follow(
    websocket: WebSocket, hub: Changes, branches: Collection[UUID], render: Render, *, ages: bool
) -> None:
    silent = False
    sent: str | None = None
    while not hub.is_closed():
        # The positions from before the render, even if the picture shows newer data. A render reads more than once, and
        # a change between two reads (this kiosk was locked out) is noticed only if it still counts as newer.
        seen = {branch: hub.position(branch) for branch in branches}
        frame = await render()
        if frame is None:
            await websocket.close(Closed.SIGNED_OUT)
            return
        if frame.text != sent:
            await _send(websocket, frame.text)
            sent = frame.text
        elif silent:
            await _send(websocket, PULSE)
        silent = not await hub.wait(seen, PULSE_SECONDS)
        while silent and not ages and not hub.is_closed():
            await _send(websocket, PULSE)
            silent = not await hub.wait(seen, PULSE_SECONDS)
    await websocket.close(Closed.RESTARTING)


async def _send(websocket: WebSocket, text: str) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await websocket.send_text(text)


async def _drain(websocket: WebSocket) -> None:
    """Read and ignore messages, so that the end of the connection is noticed."""
    with contextlib.suppress(RuntimeError):
        # Not receive_text(), because it fails on binary messages.
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass
