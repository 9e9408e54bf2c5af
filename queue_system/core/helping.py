"""Organisations that book for people: for which days their places count."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from .errors import Count, Refused

#: What the link of an organisation is for, in its code (`core.tokens.sealed`).
PURPOSE: Final = "helper"
#: Where a booking by an organisation comes from.
SOURCE: Final = "helper"
WEEK: Final = 7


def stretch(day: date, per: str, week_starts: int) -> tuple[date, date]:
    """The first and last of the days with which `day` counts; `per` is week or day, `week_starts` a weekday, Monday 0."""
    if per == "day":
        return day, day
    first = day - timedelta(days=(day.weekday() - week_starts) % WEEK)
    return first, first + timedelta(days=WEEK - 1)


def against_time(until: date | None, today: date) -> Refused | None:
    """Why an organisation books nothing any more; `until` is its last day."""
    return Refused("helper-over") if until is not None and today > until else None


def against_places(used: int, places: int) -> Refused | None:
    """Why an organisation cannot have another appointment; None when it can. `used` are those it has in the stretch."""
    return Refused("helper-places", count=Count(places)) if used >= places else None
