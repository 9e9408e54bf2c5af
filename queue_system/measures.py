"""Numbers that are noted while the work goes on, and read from outside by `ops.metrics`."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Final

# Of a request, in seconds.
REQUEST_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Of a commit, in seconds: from a fast disk to one that keeps a hall waiting.
COMMIT_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
# Of a batch, in pieces of work.
BATCH_SIZES: Final = (1, 2, 4, 8, 16, 32)
# Anybody can make up a method, and each one would be kept for ever.
KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD: Final = "other"


class Distribution:
    """How often a value was at most each of `bounds` (ascending), and the sum of all.

    One thread notes; another may read, and finds a number that is late by one at most.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        # For each bound the values above the one before; the last place is for those above all bounds.
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def note(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Traffic:
    """What came to a node: requests and how long they took, open sockets and when each kind spoke last.

    Counted by the templates of routes, of which there are as many as are declared. Lives in one event loop.
    """

    def __init__(self) -> None:
        # (method, route, status) → how many.
        self.requests: Counter[tuple[str, str, int]] = Counter()
        # (method, route) → seconds.
        self.seconds: dict[tuple[str, str], Distribution] = {}
        # Route → open sockets, and when a message was last handed to one of them, on the clock of `now`.
        self.sockets: Counter[str] = Counter()
        self.spoke_at: dict[str, float] = {}

    def request_ended(self, method: str, route: str, status: int, seconds: float) -> None:
        if method not in KNOWN_METHODS:
            method = OTHER_METHOD
        self.requests[method, route, status] += 1
        found = self.seconds.get((method, route))
        if found is None:
            found = self.seconds[method, route] = Distribution(REQUEST_SECONDS)
        found.note(seconds)

    def socket_opened(self, route: str) -> None:
        self.sockets[route] += 1

    def socket_ended(self, route: str) -> None:
        self.sockets[route] -= 1

    def spoke(self, route: str) -> None:
        """A socket has been handed a message."""
        self.spoke_at[route] = self.now()

    @staticmethod
    def now() -> float:
        """Seconds on a clock for durations."""
        return time.perf_counter()
