"""When a night's work is due: after the last branch's day is over, wherever the branches are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

#: Not before this hour of any branch, and not before an hour has passed since its business day was over.
EARLIEST: Final = time(2, 0)
AFTER: Final = timedelta(hours=1)

#: The zone of a branch, and when its business day begins there.
Place = tuple[tzinfo, time]


def due_at(night: date, places: Collection[Place]) -> datetime:
    """The instant (UTC) at which the work of the night that ends on `night` is due."""
    return max(_due_there(night, *place) for place in places or [(UTC, time(0))])


def night_of(now: datetime, places: Collection[Place]) -> date:
    """The newest night whose work is due, by the date on which it ends."""
    night = now.date() + timedelta(days=1)
    while due_at(night, places) > now:
        night -= timedelta(days=1)
    return night


def _due_there(night: date, zone: tzinfo, day_starts: time) -> datetime:
    over = datetime.combine(night, day_starts, zone)
    return max(over + AFTER, datetime.combine(night, EARLIEST, zone)).astimezone(UTC)
