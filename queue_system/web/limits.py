"""Rate limits by address and by name, kept in memory on each node."""

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
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from ..clock import SystemClock
from ..core.errors import TooMany
from .installation import installation_of
from .windows import Windows

RATES: Final[dict[str, RateLimitItem]] = {
    # Only failed sign-ins count (decision 0016): in a browser that the person has used before, for one name at one
    # address, for one name everywhere, and at one address, which a whole hall may share.
    "sign-in-browser": parse("10 per 5 minutes"),
    "sign-in-here": parse("5 per 5 minutes"),
    "sign-in-login": parse("30 per 5 minutes"),
    "sign-in-address": parse("60 per 5 minutes"),
    # Wrong codes after a right password, for one person: six digits stand up to these for years.
    "sign-in-code": parse("5 per 5 minutes"),
    "sign-in-codes": parse("50 per day"),
    # Sign-ins that begin without a name, from one address, which a whole hall may share.
    "sign-in-starts": parse("120 per 5 minutes"),
    # How many failures become facts, for each existing name and for all other names together.
    "sign-in-facts": parse("5 per 5 minutes"),
    # Generous, because a crowd may share an address; open_holds limits how many holds it has at once.
    "holds": parse("120 per 10 minutes"),
    # Against bookings that are confirmed and then neither kept nor cancelled; given_back counts only cancelled ones.
    "confirmations": parse("60 per hour"),
    # Limited, because each of these refusals reveals that a contact has an appointment.
    "booking-limits": parse("10 per 10 minutes"),
    "look-ups": parse("30 per 10 minutes"),
    # Free times at all branches, which take long to find; generous, because a crowd may share an address.
    "searches": parse("120 per 10 minutes"),
    # Wrong contacts for one code, from one address and from all addresses together.
    "code-from-address": parse("5 per 10 minutes"),
    "code-guesses": parse("20 per day"),
    # Wrong codes of a letter for one appointment: eight digits stand up to these.
    "contact-codes": parse("10 per 10 minutes"),
    # Numbers taken from outside the hall, if a branch allows it.
    "remote-tickets": parse("60 per 10 minutes"),
    "pairings": parse("20 per 10 minutes"),
}


class Limits:
    """Moving windows, one for each (rate, key). Keys are stored as hashes, because a typed name is personal."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(Windows())
        self._under_way: Counter[tuple[str, str]] = Counter()
        self._ended: dict[tuple[str, str], asyncio.Event] = {}

    def take(self, name: str, key: str) -> None:
        """Use up a try; raises TooMany("too-many", seconds=…) if none is left."""
        if not self._windows.hit(RATES[name], name, _hidden(key)):
            self._refuse(name, key)

    def check(self, name: str, key: str) -> None:
        """Like `take`, but uses nothing up, for work that counts only when it fails."""
        if not self._windows.test(RATES[name], name, _hidden(key)):
            self._refuse(name, key)

    def count(self, name: str, key: str) -> None:
        """Count a failure, even if no try is left."""
        self._windows.hit(RATES[name], name, _hidden(key))

    def is_left(self, name: str, key: str) -> bool:
        """Use up a try if one is left; returns whether there was one."""
        return self._windows.hit(RATES[name], name, _hidden(key))

    @contextmanager
    def attempt(self, name: str, key: str) -> Iterator[Callable[[], None]]:
        """For slow work that counts only when it fails; the body calls the given function to report a failure.

        While the work runs it counts as failed, so that many attempts at the same moment cannot evade the limit.
        Raises TooMany("too-many", seconds=…) if no try is left.
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
        """Like `attempt`, for work that a crowd does at once: if all tries are under way, it waits until one ends."""
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
        # The machine's clock, because the library counts by it.
        raise TooMany("too-many", seconds=math.ceil(free_at - SystemClock().now().timestamp()))


def limits_of(connection: HTTPConnection) -> Limits:
    """The counts of this node."""
    return installation_of(connection).memory(Limits)


def allow(connection: HTTPConnection, name: str) -> None:
    """Use up a try of the client's address; raises TooMany("too-many", seconds=…)."""
    limits_of(connection).take(name, address_of(connection))


def address_of(connection: HTTPConnection) -> str:
    """The client's address according to the server or its trusted proxy; for IPv6 the network of one subscriber (/64).

    A subscriber has 2^64 IPv6 addresses (RFC 4291, 2.5.1), so a limit for each of them would have no effect.
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
