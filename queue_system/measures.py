"""Counters that the program updates while it works, for `ops.metrics` to read."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Final

# Bounds for the duration of a request, in seconds.
REQUEST_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Bounds for the duration of a commit, in seconds: from a fast disk to one that keeps a hall waiting.
COMMIT_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
# Bounds for the size of a batch, in jobs.
BATCH_SIZES: Final = (1, 2, 4, 8, 16, 32)
# Other methods are counted together, because a client can invent methods and each one would stay in memory.
KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD: Final = "other"


class Distribution:
    """A histogram: the number of values up to each of `bounds` (ascending), and the sum of all values.

    One thread writes. Another may read at any time, and misses at most the latest value.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        # One count for each bound, of the values above the bound before it; the last count is for larger values.
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def note(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Traffic:
    """The traffic of a node: requests and their durations, open sockets and the last message of each kind.

    It is counted by the templates of routes, so that the number of entries is bounded. Belongs to one event loop.
    """

    def __init__(self) -> None:
        # (method, route, status) → number of requests.
        self.requests: Counter[tuple[str, str, int]] = Counter()
        # (method, route) → duration in seconds.
        self.seconds: dict[tuple[str, str], Distribution] = {}
        # Requests that are being answered.
        self.open = 0
        # Route → number of open sockets, and the time of the last message to one of them, on the clock of `now`.
        self.sockets: Counter[str] = Counter()
        self.spoke_at: dict[str, float] = {}

    def is_answering(self) -> bool:
        """Whether somebody waits for an answer."""
        return self.open > 0

    def request_began(self) -> None:
        self.open += 1

    def request_ended(self, method: str, route: str, status: int, seconds: float) -> None:
        self.open -= 1
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
        """Note that a message was sent to a socket of this route."""
        self.spoke_at[route] = self.now()

    @staticmethod
    def now() -> float:
        """Seconds on a monotonic clock."""
        return time.perf_counter()
