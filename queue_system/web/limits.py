"""How often something may be asked for: by address, by name. Kept in memory, on each node by itself."""

from __future__ import annotations

import hashlib
import math
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from ..clock import SystemClock
from ..core.errors import TooMany

# A whole office may sit behind one address: for sign-ins only failures count there.
RATES: Final[dict[str, RateLimitItem]] = {
    "sign-in-address": parse("10 per 5 minutes"),
    "sign-in-login": parse("5 per 5 minutes"),
    # A crowd may share an address; what it keeps at once is bounded in open_holds.
    "holds": parse("120 per 10 minutes"),
    # Of appointments that nobody attends and nobody cancels; what is cancelled counts in given_back.
    "confirmations": parse("60 per hour"),
    # Each of these refusals tells that a contact has an appointment.
    "booking-limits": parse("10 per 10 minutes"),
    "look-ups": parse("30 per 10 minutes"),
    # Numbers taken from afar, where a branch allows it.
    "remote-tickets": parse("60 per 10 minutes"),
    "pairings": parse("20 per 10 minutes"),
}


class Limits:
    """Moving windows, one for each (rate, key). Keys are kept as hashes: a name somebody typed is nobody's to read."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

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

    def clear(self, name: str, key: str) -> None:
        """Give all tries back."""
        self._windows.clear(RATES[name], name, _hidden(key))

    def _refuse(self, name: str, key: str) -> None:
        free_at = self._windows.get_window_stats(RATES[name], name, _hidden(key)).reset_time
        # The library counts on the machine's clock; so must the answer.
        seconds = math.ceil(free_at - SystemClock().now().timestamp())
        raise TooMany("too-many", seconds=max(1, seconds))


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
