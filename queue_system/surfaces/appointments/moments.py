"""Days and times as the forms and addresses of the book send them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from ...core.errors import Invalid

# Days near the ends of the calendar have no instants in UTC.
YEARS: Final = range(1970, 3000)
_START: Final = "%Y%m%dT%H%MZ"


def read_day(text: str) -> date | None:
    """A day as browsers send it, 2026-11-22; None for anything else, and for years in which nobody has appointments."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def start_key(start: datetime) -> str:
    """A time as forms send it: in UTC, because a local hour can occur twice in a day."""
    return f"{start.astimezone(UTC):{_START}}"


def read_start(text: str) -> datetime:
    """The instant that a form sent; raises Invalid("slot-unknown"), also for one near the ends of the calendar."""
    try:
        start = datetime.strptime(text, _START).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("slot-unknown", "start") from None
    if start.year not in YEARS:
        raise Invalid("slot-unknown", "start")
    return start
