"""A socket that always shows the truth: note the position, render, send, wait for a newer one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

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


async def serve(websocket: WebSocket, hub: Hub, branch: UUID, render: Render) -> None:
    """Follow a branch on an accepted socket until it closes.

    `render` answers the present truth, or None when the principal may no longer look (the socket is closed
    with 4401). A client that takes longer than SEND_SECONDS is dropped: it reconnects and gets a whole
    picture, while nobody waits for it. What happened between two sends is sent once, as its result.
    """
    follower = asyncio.create_task(_follow(websocket, hub, branch, render))
    listener = asyncio.create_task(_drain(websocket))
    try:
        await asyncio.wait({follower, listener}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (follower, listener):
            task.cancel()
        problem, _ = await asyncio.gather(follower, listener, return_exceptions=True)
    if isinstance(problem, Exception) and not isinstance(problem, (TimeoutError, WebSocketDisconnect)):
        # The client sees the socket end and comes back for a whole picture; the reason belongs in our log.
        log.error("socket.failed", error=str(problem), exc_info=problem)


async def _follow(websocket: WebSocket, hub: Hub, branch: UUID, render: Render) -> None:
    sent: str | None = None
    while not hub.is_closed():
        position = hub.position(branch)
        frame = await render()
        if frame is None:
            await websocket.close(4401)
            return
        if frame.text != sent:
            await _send(websocket, frame.text)
            sent = frame.text
        while not await hub.wait(branch, max(position, frame.seq), PULSE_SECONDS):
            if hub.is_closed():
                break
            await _send(websocket, PULSE)
    await websocket.close(1012)


async def _send(websocket: WebSocket, text: str) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await websocket.send_text(text)


async def _drain(websocket: WebSocket) -> None:
    """Screens have nothing to say; reading notices that they are gone."""
    while True:
        try:
            await websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            return
