"""What happens next at a branch: the rest of today, then the closed days and seasons of the next days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from uuid import UUID

from .calendars import Calendar
from .hours import instant_at, windows
from .layers import breaks_on

# How far ahead closed days and seasons are told.
CLOSURES_AHEAD: Final = timedelta(days=14)
SEASONS_AHEAD: Final = timedelta(days=30)


class What(StrEnum):
    """The kind of a coming event."""

    OPENS = "opens"
    BREAK = "break"
    LAST_TICKET = "last-ticket"
    CLOSES = "closes"
    CLOSURE = "closure"
    PART_CLOSURE = "part-closure"
    SEASON = "season"


@dataclass(frozen=True, slots=True)
class Coming:
    """An event: at an instant of today (UTC), or on a day; `until` is the end of a break or the last day.

    `names` by language, empty if it has none; `provisional`: still to be confirmed. Of a closure of a part: the wall
    times from which and until which it closes, and the services that it closes, None for all.
    """

    what: What
    day: date
    at: datetime | None = None
    until: datetime | None = None
    last: date | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    provisional: bool = False
    closes: time | None = None
    opens: time | None = None
    service_ids: frozenset[UUID] | None = None


def rest_of(day: date, calendar: Calendar, now: datetime) -> list[Coming]:
    """The openings, breaks, last numbers and closings of a day that are still to come, in order."""
    return sorted((one for one in _of(day, calendar) if one.at and one.at > now), key=lambda one: one.at or now)


def next_days(today: date, calendar: Calendar) -> list[Coming]:
    """Closed days and beginning seasons after `today`, in order; a closure that goes on is told with its last day."""
    found = [
        Coming(
            What.CLOSURE if one.whole_day and one.service_ids is None else What.PART_CLOSURE,
            max(one.first, today),
            last=one.last if one.last > one.first else None,
            names=one.names,
            provisional=one.provisional,
            closes=one.closes,
            opens=one.opens,
            service_ids=one.service_ids,
        )
        for one in calendar.closures
        if one.last >= today and one.first <= today + CLOSURES_AHEAD
    ]
    found += [
        Coming(What.SEASON, one.first, last=one.last, provisional=one.provisional)
        for one in calendar.seasons
        if today < one.first <= today + SEASONS_AHEAD
    ]
    return sorted(found, key=lambda one: one.day)


def _of(day: date, calendar: Calendar) -> Iterator[Coming]:
    open_on = windows(day, calendar)
    zone = calendar.zone
    names = {pause.opens: pause.names for pause in breaks_on(day, calendar, None)}
    if open_on:
        yield Coming(What.OPENS, day, instant_at(day, open_on[0].start, zone))
        yield Coming(What.CLOSES, day, instant_at(day, open_on[-1].end, zone))
        if open_on[-1].last < open_on[-1].end:
            yield Coming(What.LAST_TICKET, day, instant_at(day, open_on[-1].last, zone))
    for before, after in pairwise(open_on):
        begins, ends = instant_at(day, before.end, zone), instant_at(day, after.start, zone)
        yield Coming(What.BREAK, day, begins, ends, names=names.get(before.closes, {}))
