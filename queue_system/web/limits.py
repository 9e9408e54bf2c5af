"""How often something may be asked for: by address, by name. Kept in memory, on each node by itself."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from ..clock import SystemClock
from ..core.errors import TooMany

RATES: Final[dict[str, RateLimitItem]] = {
    # Of sign-ins only failures count (decision 0016): in a browser that knows the person, for one name at one
    # address, for one name from everywhere, and at one address, behind which a whole hall may sit.
    "sign-in-browser": parse("10 per 5 minutes"),
    "sign-in-here": parse("5 per 5 minutes"),
    "sign-in-login": parse("30 per 5 minutes"),
    "sign-in-address": parse("60 per 5 minutes"),
    # How many failures of one name, or of all names that nobody has, become facts.
    "sign-in-facts": parse("5 per 5 minutes"),
    # A crowd may share an address; what it keeps at once is bounded in open_holds.
    "holds": parse("120 per 10 minutes"),
    # Bounds what is confirmed and then neither kept nor cancelled, because given_back counts what is cancelled only.
    "confirmations": parse("60 per hour"),
    # Each of these refusals tells that a contact has an appointment.
    "booking-limits": parse("10 per 10 minutes"),
    "look-ups": parse("30 per 10 minutes"),
    # Wrong contacts for one code: from one address, and from all of them.
    "code-from-address": parse("5 per 10 minutes"),
    "code-guesses": parse("20 per day"),
    # Numbers taken from afar, where a branch allows it.
    "remote-tickets": parse("60 per 10 minutes"),
    "pairings": parse("20 per 10 minutes"),
}


class Limits:
    """Moving windows, one for each (rate, key). Keys are kept as hashes: a name somebody typed is nobody's to read."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[tuple[str, str]] = Counter()
        self._ended: dict[tuple[str, str], asyncio.Event] = {}

    def take(self, name: str, key: str) -> None:
        """Use one of the tries; raises TooMany("too-many", seconds=…) when none is left."""
        if not self._windows.hit(RATES[name], name, _hidden(key)):
            self._refuse(name, key)

    def check(self, name: str, key: str) -> None:
        """As `take`, but nothing is used up: for what only counts when it fails."""
        if not self._windows.test(RATES[name], name, _hidden(key)):
            self._refuse(name, key)

    def count(self, name: str, key: str) -> None:
        """One more failure, refused or not."""
        self._windows.hit(RATES[name], name, _hidden(key))

    def is_left(self, name: str, key: str) -> bool:
        """Use one of the tries where one is left, else say so."""
        return self._windows.hit(RATES[name], name, _hidden(key))

    @contextmanager
    def attempt(self, name: str, key: str) -> Iterator[Callable[[], None]]:
        """Something slow that counts only when it fails: the body calls what it is given.

        While it is under way it is counted as if it had failed, so that many at the same moment are no way around.
        Raises TooMany("too-many", seconds=…) when no try is left.
        """
        hidden = _hidden(key)
        if self._left(name, hidden) <= self._under_way[name, hidden]:
            self._refuse(name, key)
        self._under_way[name, hidden] += 1
        try:
            yield partial(self._fail, name, hidden)
        finally:
            self._under_way[name, hidden] -= 1
            if not self._under_way[name, hidden]:
                del self._under_way[name, hidden]
            if ended := self._ended.pop((name, hidden), None):
                ended.set()

    @asynccontextmanager
    async def attempt_in_turn(self, name: str, key: str) -> AsyncIterator[Callable[[], None]]:
        """As `attempt`, for what a crowd does at once: whoever finds all tries under way waits until one has ended."""
        hidden = _hidden(key)
        while 0 < self._left(name, hidden) <= self._under_way[name, hidden]:
            await self._ended.setdefault((name, hidden), asyncio.Event()).wait()
        with self.attempt(name, key) as fail:
            yield fail

    def clear(self, name: str, key: str) -> None:
        """Give all tries back."""
        self._windows.clear(RATES[name], name, _hidden(key))

    def _left(self, name: str, hidden: str) -> int:
        return self._windows.get_window_stats(RATES[name], name, hidden).remaining

    def _fail(self, name: str, hidden: str) -> None:
        self._windows.hit(RATES[name], name, hidden)

    def _refuse(self, name: str, key: str) -> None:
        free_at = self._windows.get_window_stats(RATES[name], name, _hidden(key)).reset_time
        # The library counts on the machine's clock; so must the answer.
        raise TooMany("too-many", seconds=math.ceil(free_at - SystemClock().now().timestamp()))


def limits_of(connection: HTTPConnection) -> Limits:
    """The counts of this node."""
    state = connection.app.state
    if not hasattr(state, "limits"):
        state.limits = Limits()
    return state.limits  # type: ignore[no-any-return]


def allow(connection: HTTPConnection, name: str) -> None:
    """Count one try of the asker's address; raises TooMany("too-many", seconds=…)."""
    limits_of(connection).take(name, address_of(connection))


def address_of(connection: HTTPConnection) -> str:
    """The asker's address, as the server or its trusted proxy says; of IPv6 the network of one subscriber (/64).

    Whoever has one IPv6 address has 2^64 of them (RFC 4291, 2.5.1), and would never meet a limit.
    """
    host = connection.client.host if connection.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))


def _hidden(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
