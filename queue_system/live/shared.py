"""One look for many: whoever asks for the same thing at the same position shares the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, TypeVar

LARGEST: Final = 512

T = TypeVar("T")


class SharedLooks:
    """Answers by key; five hundred screens cost one query and one render per change."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[int, asyncio.Future[Any]]] = {}

    async def get(self, key: Hashable, position: int, look: Callable[[], Awaitable[T]]) -> T:
        """The answer for `key` at `position` of its branch or newer, looked for once however many ask for it.

        A key stands for answers of one type.
        """
        known = self._answers.get(key)
        if known is None or known[0] < position or _failed(known[1]):
            if len(self._answers) >= LARGEST:
                self._answers.clear()
            known = self._answers[key] = (position, asyncio.ensure_future(look()))
        answer: T = await asyncio.shield(known[1])
        return answer


def _failed(task: asyncio.Future[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
