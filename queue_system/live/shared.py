"""One look for many: whoever asks for the same thing at the same position shares the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class SharedLooks:
    """The last answer of each key; five hundred screens cost one query and one render per change.

    There are as many keys as there are things to look at: a branch's line, a spot's board.
    """

    def __init__(self) -> None:
        self._answers: dict[Hashable, _Answer] = {}

    async def get(self, key: Hashable, position: int, moment: int, look: Callable[[], Awaitable[T]]) -> T:
        """The answer for `key` at `position` of its branch or newer, looked for once however many ask for it.

        `moment` is the clock's, as coarse as what is seen may be old: it changes with time alone. A key stands for
        answers of one type.
        """
        known = self._answers.get(key)
        if known is None or known.position < position or known.moment != moment or _failed(known.task):
            known = self._answers[key] = _Answer(position, moment, asyncio.ensure_future(look()))
        answer: T = await asyncio.shield(known.task)
        return answer

    def last(self, key: Hashable) -> Any:
        """The last answer for `key` that has come; None where there is none yet, or looking failed."""
        known = self._answers.get(key)
        return known.task.result() if known and known.task.done() and not _failed(known.task) else None


class _Answer(NamedTuple):
    position: int
    moment: int
    task: asyncio.Future[Any]


def _failed(task: asyncio.Future[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
