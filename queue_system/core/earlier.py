"""The list of those who have an appointment and wait for an earlier time.

A place that is given back is offered to one of them at a time, and kept until the answer. Whoever is asked keeps the
appointment until they accept. Only those who were on the list when the place was given back, or drawn for, are asked:
otherwise whoever joins at the right moment would be first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from .bookings import BookingState
from .errors import Invalid
from .freed import LISTED, Freed
from .hours import instant_at

#: Nobody is asked to come less than this earlier.
WORTH_ASKING: Final = timedelta(hours=1)
#: How many hours before a time one may wish to be told of it, the shortest notice first.
NOTICES: Final = (3, 24, 72, 168)
NOON: Final = 12
# How long an offer waits for an answer: a quarter of the time that is left, within these limits; it does not end at night.
SHORTEST: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=1)
MORNING: Final = 9
NIGHT: Final = 21


class Part(StrEnum):
    """The part of the day that suits somebody."""

    ANY = "any"
    MORNING = "morning"
    AFTERNOON = "afternoon"


class Outcome(StrEnum):
    """How an offer of an earlier time ended. WITHDRAWN: the appointment had been moved, cancelled or begun meanwhile."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    RAN_OUT = "ran_out"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody who waits for an earlier time can do: from which day on, when, and with how many hours' notice."""

    first_day: date | None = None
    part: Part = Part.ANY
    notice_hours: int = NOTICES[1]

    def suits(self, starts_at: datetime, booked_at: datetime, now: datetime, zone: ZoneInfo) -> bool:
        """Whether a time suits who has an appointment at `booked_at`, when it is offered now."""
        local = starts_at.astimezone(zone)
        return (
            booked_at - starts_at >= WORTH_ASKING
            and starts_at - now >= timedelta(hours=self.notice_hours)
            and (self.first_day is None or local.date() >= self.first_day)
            and (self.part is Part.ANY or (local.hour < NOON) == (self.part is Part.MORNING))
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on the list: the appointment, its code and start, since when they wait, and their wish."""

    booking_id: UUID
    code: str
    booked_at: datetime
    since: datetime
    wish: Wish


def may_wait(freed: Freed, state: BookingState, starts_at: datetime, now: datetime, *, single: bool) -> bool:
    """Whether the owner of an appointment can wait for an earlier time: if places of its service are offered to a list.

    `single`: it stands for itself; the parts of one visit stay together.
    """
    return freed in LISTED and state is BookingState.CONFIRMED and starts_at > now and single


def read_wish(first_day: str, part: str, notice: str) -> Wish:
    """The wish as a form sent it; raises Invalid("earlier-day" | "earlier-wish")."""
    try:
        day = date.fromisoformat(first_day.strip()) if first_day.strip() else None
    except ValueError:
        raise Invalid("earlier-day", "first_day") from None
    if part not in set(Part) or notice not in {str(hours) for hours in NOTICES}:
        raise Invalid("earlier-wish", "part" if part not in set(Part) else "notice")
    return Wish(day, Part(part), int(notice))


def order(waiting: Iterable[Waiting], freed: Freed, lot: str) -> list[Waiting]:
    """In which order a place is offered to those whom it suits.

    Who has waited longest is first. Where it is drawn, the order is that of SHA-256 over `lot`, a colon and the code of
    the appointment; the lot is secret until the first offer is in the log, where anybody can then check the order.
    """
    if freed is Freed.DRAWN:
        return sorted(waiting, key=lambda one: sha256(f"{lot}:{one.code}".encode()).digest())
    return sorted(waiting, key=lambda one: (one.since, one.booking_id))


def answer_until(now: datetime, starts_at: datetime, zone: ZoneInfo) -> datetime:
    """The end of an offer that is made now: in the morning where it would end at night and there is time enough."""
    until = now + min(LONGEST, max(SHORTEST, (starts_at - now) / 4))
    local = until.astimezone(zone)
    if MORNING <= local.hour < NIGHT:
        return until
    day = local.date() + timedelta(days=local.hour >= NIGHT)
    return min(max(until, starts_at - SHORTEST), instant_at(day, MORNING * 60, zone))
