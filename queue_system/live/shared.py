"""One read for many: requests for the same thing at the same position share the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class SharedReads:
    """The last answer of each key, so that five hundred screens cost one query and one render per change.

    Keys are few and are never removed: of each branch its line and its calls for help, and each board.
    """

    def __init__(self) -> None:
        self._answers: dict[Hashable, _Answer] = {}

    async def get(self, key: Hashable, position: int, moment: int, read: Callable[[], Awaitable[T]]) -> T:
        """The answer for `key` at `position` of its branch or newer; concurrent callers share one call of `read`.

        `moment` is the time, rounded to the age that an answer may have, because answers also change with time alone.
        All answers of a key have the same type.
        """
        known = self._answers.get(key)
        if known is None or known.position < position or known.moment != moment or _failed(known.task):
            known = self._answers[key] = _Answer(position, moment, asyncio.ensure_future(read()))
        answer: T = await asyncio.shield(known.task)
        return answer

    def ready(self, key: Hashable, position: int, moment: int) -> Any:
        """What `get` would give at once; None if it would have to wait."""
        known = self._answers.get(key)
        if known is None or known.position < position or known.moment != moment:
            return None
        return known.task.result() if known.task.done() and not _failed(known.task) else None

    def last(self, key: Hashable) -> Any:
        """The last finished answer for `key`; None if there is none yet, or `read` failed."""
        known = self._answers.get(key)
        return known.task.result() if known and known.task.done() and not _failed(known.task) else None


class _Answer(NamedTuple):
    position: int
    moment: int
    task: asyncio.Future[Any]


def _failed(task: asyncio.Future[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
