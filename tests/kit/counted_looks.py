"""Shared reads that count the real reads by the first part of their key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from queue_system.live.shared import SharedReads

T = TypeVar("T")


class CountedLooks(SharedReads):
    """`looks` counts the reads that were not answered from another caller's result."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: Counter[Hashable] = Counter()

    async def get(  # type: ignore[override]
        self, key: tuple[Hashable, ...], position: int, moment: int, look: Callable[[], Awaitable[T]]
    ) -> T:
        async def counted() -> T:
            self.looks[key[0]] += 1
            return await look()

        return await super().get(key, position, moment, counted)
