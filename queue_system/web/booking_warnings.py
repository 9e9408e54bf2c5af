"""Warnings before a booking is confirmed, about things that are allowed but may be a mistake."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ..core.bookings import BookingState
from ..store.queries.bookings import BookingView
from ..store.queries.overlaps import is_twice_at_once
from .here import Here

SAME_TIME: Final = "same-time"
_TO_COME: Final = frozenset({BookingState.HELD, BookingState.CONFIRMED})


async def warnings_of(here: Here, booking: BookingView, own: Collection[str] = ()) -> list[str]:
    """Codes of warnings about a future booking: `same-time`. `own` are the secrets of the booker's other bookings."""
    if booking.state not in _TO_COME:
        return []
    return [SAME_TIME] if await here.read(is_twice_at_once, booking, own) else []
