"""One render for many: whoever asks for the same picture at the same position shares it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

from .socket import Frame

LARGEST: Final = 512


class SharedFrames:
    """Frames by key; five hundred screens cost one query and one render per change."""

    def __init__(self) -> None:
        self._frames: dict[Hashable, tuple[int, asyncio.Future[Frame]]] = {}

    async def get(self, key: Hashable, position: int, render: Callable[[], Awaitable[Frame]]) -> Frame:
        """The frame for `key` at `position` of its branch or newer, rendered once however many ask for it."""
        known = self._frames.get(key)
        if known is not None and known[0] >= position and not _failed(known[1]):
            return await asyncio.shield(known[1])
        task = asyncio.ensure_future(render())
        if len(self._frames) >= LARGEST:
            self._frames.clear()
        self._frames[key] = (position, task)
        return await asyncio.shield(task)


def _failed(task: asyncio.Future[Frame]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
