"""Places that were given back: a lot decides when they return to everybody.

Brokers sell a place and cancel it at the moment when their buyer asks for it (Hakimov, Heller, Kübler, Kurino, AER
111(7), 2021). So the time of return must be unpredictable: a place returns in a published hour, and the lot decides
the day and the minute within that hour. The lot is drawn when the place is given back, kept secret, and written into
the log when the place returns, so that the time can be checked from the log.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from .hours import instant_at

# The shortest time between giving a place back and its return.
DELAY: Final = timedelta(hours=2)
# The number of published hours that the lot chooses from, and the time after each over which places return.
RELEASES: Final = 3
SPREAD: Final = timedelta(minutes=60)
DEFAULT_HOUR: Final = time(18)


def release_hours(freed_at: datetime, starts_at: datetime, hour: time, zone: ZoneInfo) -> list[datetime]:
    """The published hours among which the lot decides, UTC: the next three, `hour` on the wall clock of `zone`.

    Each is at least DELAY after `freed_at`, and early enough for the place to return before its own start.
    """
    today = freed_at.astimezone(zone).date()
    minutes = hour.hour * 60 + hour.minute
    hours = (instant_at(today + timedelta(days=day), minutes, zone) for day in range(RELEASES + 2))
    after_delay = [opens for opens in hours if opens >= freed_at + DELAY][:RELEASES]
    return [opens for opens in after_delay if opens + SPREAD <= starts_at]


def returns_at(lot: str, freed_at: datetime, starts_at: datetime, hour: time, zone: ZoneInfo) -> datetime | None:
    """When a place returns, UTC; None where too little time is left.

    `lot` is random. Let n be its SHA-256 as a number and h the number of hours: n mod h is the hour and
    (n // h) mod 60 the minute, so that every pair is equally likely.
    """
    hours = release_hours(freed_at, starts_at, hour, zone)
    if not hours:
        return None
    rest, which = divmod(int.from_bytes(sha256(lot.encode()).digest()), len(hours))
    return hours[which] + timedelta(minutes=rest % (SPREAD // timedelta(minutes=1)))
