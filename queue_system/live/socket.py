"""A socket that always shows the truth: note the position, render, send, wait for a newer one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from .codes import Closed
from .hub import Hub

PULSE_SECONDS: Final = 15.0
SEND_SECONDS: Final = 10.0
# "Still here": so that silence always means trouble.
PULSE: Final = '{"type":"pulse"}'

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is sent: a text rendered at a known sequence of a branch. The same text is not sent twice."""

    seq: int
    text: str


Render = Callable[[], Awaitable[Frame | None]]


async def serve(
    websocket: WebSocket, hub: Hub, branches: Collection[UUID], render: Render, *, ages: bool = False
) -> None:
    """Follow one branch or several on an accepted socket until it closes.

    `render` answers the present truth, or None when the principal may no longer look (the socket is closed
    with SIGNED_OUT). A client that takes longer than SEND_SECONDS is dropped: it reconnects and gets a whole
    picture, while nobody waits for it. What happened between two sends is sent once, as its result.
    `ages`: the picture changes with time alone, so it is rendered at every pulse as well.
    """
    await attend(websocket, _follow(websocket, hub, branches, render, ages=ages))


async def attend(websocket: WebSocket, follow: Coroutine[Any, Any, None]) -> None:
    """Run `follow`, which sends, until it ends or the client is gone; what fails in it is logged."""
    follower = asyncio.create_task(follow)
    listener = asyncio.create_task(_drain(websocket))
    try:
        await asyncio.wait({follower, listener}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (follower, listener):
            task.cancel()
        # Not gather(): cancelled itself, it would raise the cancellation of a child in place of its own.
        await asyncio.wait({follower, listener})
    problem = None if follower.cancelled() else follower.exception()
    if isinstance(problem, Exception) and not isinstance(problem, (TimeoutError, WebSocketDisconnect)):
        # The client sees the socket end and comes back for a whole picture; the reason belongs in our log.
        log.error("socket.failed", error=str(problem), exc_info=problem)


async def _follow(websocket: WebSocket, hub: Hub, branches: Collection[UUID], render: Render, *, ages: bool) -> None:
    silent = False
    sent: str | None = None
    while not hub.is_closed():
        # From before the picture was begun, however new what it shows: a render reads more than once, and what
        # came between two reads (this kiosk was locked out) is seen only if it counts as newer.
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
    """Screens have nothing to say; reading notices that they are gone."""
    with contextlib.suppress(RuntimeError):
        # receive_text() would fail on what is no text.
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass
