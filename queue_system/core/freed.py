"""Places that were given back: a lot decides when they return to everybody.

Brokers sell a place and cancel it at the moment when their buyer asks for it (Hakimov, Heller, Kübler, Kurino, AER
111(7), 2021). So the time of return must be unpredictable: a place returns in a published hour, and the lot decides
the day and the minute within that hour. The lot is drawn when the place is given back, kept secret, and written into
the log when the place returns, so that the time can be checked from the log.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
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


class Freed(StrEnum):
    """Who gets a place that is given back.

    BY_LOT: everybody, at a moment that the lot decides. IN_ORDER: those who wait for an earlier time, one at a time, who
    has waited longest first. DRAWN: the same people, in an order that is drawn at a fixed hour of the day. WALK_INS: those
    who come without an appointment. STAFF: whom staff release it to. What nobody on the list wants returns by lot.
    """

    BY_LOT = "by_lot"
    IN_ORDER = "in_order"
    DRAWN = "drawn"
    WALK_INS = "walk_ins"
    STAFF = "staff"


#: Those whose places are offered to the list of people who wait for an earlier time.
LISTED: Final = frozenset({Freed.IN_ORDER, Freed.DRAWN})


def release_hours(freed_at: datetime, starts_at: datetime, hour: time, zone: ZoneInfo) -> list[datetime]:
    """The published hours among which the lot decides, UTC: the next three, `hour` on the wall clock of `zone`.

    Each is at least DELAY after `freed_at`, and early enough for the place to return before its own start.
    """
    after_delay = [opens for opens in _days_at(hour, freed_at, zone) if opens >= freed_at + DELAY][:RELEASES]
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


def draw_at(freed_at: datetime, starts_at: datetime, hour: time, zone: ZoneInfo) -> datetime | None:
    """When a place is drawn for, UTC: at the next `hour` of a day; None where the place would have begun by then."""
    first = next(at for at in _days_at(hour, freed_at, zone) if at > freed_at)
    return first if first < starts_at else None


def _days_at(hour: time, since: datetime, zone: ZoneInfo) -> list[datetime]:
    """`hour` on the wall clock of `zone` on the day of an instant and on those after it, UTC."""
    today, minutes = since.astimezone(zone).date(), hour.hour * 60 + hour.minute
    return [instant_at(today + timedelta(days=day), minutes, zone) for day in range(RELEASES + 2)]
