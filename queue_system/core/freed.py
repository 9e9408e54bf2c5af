"""Places that were given back: when a lot lets them return to everybody.

Brokers sell a place and cancel it at the moment when their buyer asks for it (Hakimov, Heller, Kübler, Kurino, AER
111(7), 2021). So nobody may know when a certain place comes back: it returns at a published hour, on one of the next
days and at a minute within that hour which a lot decides. The lot is drawn when the place is given back, kept from
everybody, and written into the log when the place returns: whoever has the log can do the sum again.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from .hours import instant_at

# Somebody who cancels now cannot be sure of a place before this time is over.
DELAY: Final = timedelta(hours=2)
# Among how many published hours the lot decides, and how long places trickle back after each.
RELEASES: Final = 3
SPREAD: Final = timedelta(minutes=60)
DEFAULT_HOUR: Final = time(18)


def release_hours(freed_at: datetime, starts_at: datetime, hour: time, zone: ZoneInfo) -> list[datetime]:
    """The published hours among which the lot decides, UTC: the next three, `hour` on the wall clock of `zone`.

    None is nearer to the giving back than two hours, and none so late that the place would return after its own start.
    """
    today = freed_at.astimezone(zone).date()
    minutes = hour.hour * 60 + hour.minute
    hours = (instant_at(today + timedelta(days=day), minutes, zone) for day in range(RELEASES + 2))
    after_delay = [opens for opens in hours if opens >= freed_at + DELAY][:RELEASES]
    return [opens for opens in after_delay if opens + SPREAD <= starts_at]


def returns_at(lot: str, freed_at: datetime, starts_at: datetime, hour: time, zone: ZoneInfo) -> datetime | None:
    """When a place comes back, UTC; None when there is no time left for it.

    `lot` is drawn by chance. Let n be its SHA-256 as a number and h the number of hours: n mod h is the hour and
    (n // h) mod 60 the minute, so that every pair is equally likely.
    """
    hours = release_hours(freed_at, starts_at, hour, zone)
    if not hours:
        return None
    rest, which = divmod(int.from_bytes(sha256(lot.encode()).digest()), len(hours))
    return hours[which] + timedelta(minutes=rest % (SPREAD // timedelta(minutes=1)))
