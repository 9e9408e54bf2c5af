"""Appointments whose time the settings no longer support: what staff decide, and the offer of another time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from .slots import ServicePlan, Slot
from .support import Why

# How far from the lost day another time is looked for, and how soon after now it may begin.
WITHIN_DAYS: Final = 14
NOT_BEFORE: Final = timedelta(hours=3)
# How long an offer waits for an answer. It ends TIME_TO_CALL before either time, so that staff can still call, but not
# before the visitor has had a chance to read it.
ANSWER_WITHIN: Final = timedelta(days=2)
TIME_TO_CALL: Final = timedelta(hours=3)
TIME_TO_READ: Final = timedelta(hours=1)


class Choice(StrEnum):
    """What staff can decide."""

    MOVE = "move"  # offer the nearest free time
    KEEP = "keep"  # it takes place all the same
    CANCEL = "cancel"  # it is called off
    LATER = "later"  # it stays on the list of what is to be decided


class Decided(StrEnum):
    """What is stored on the appointment; UNANSWERED: another time was offered, and nobody answered in time."""

    MOVE = "move"
    KEEP = "keep"
    CANCEL = "cancel"
    LATER = "later"
    UNANSWERED = "unanswered"


#: Decisions after which staff must decide again.
OPEN: Final = frozenset({Decided.LATER, Decided.UNANSWERED})
#: Decisions while the visitor may choose another time, or cancel, without any limit, because the branch took the time.
UNSETTLED: Final = OPEN | {Decided.MOVE}


def is_for_staff_alone(decision: Decided | None, why: Why | None) -> bool:
    """Whether only staff have to find another person or room: the time still stands, so the visitor need not know."""
    return why is Why.MEMBER and decision is Decided.LATER


class LineChoice(StrEnum):
    """What staff can decide on a visitor in line."""

    SEND = "send"  # to a service that is given, with the same number and place
    SERVE = "serve"  # served all the same today
    END = "end"  # the number ends, and its page says why
    LATER = "later"  # it stays on the list of what is to be decided

    def is_possible(self, why: Why) -> bool:
        """Whether it can be chosen for a number that is lost for this reason: without a counter nobody could serve it."""
        return not (self is LineChoice.SERVE and why is Why.COUNTER)


@dataclass(frozen=True, slots=True)
class LineDecision:
    """A choice; `to` is the slug of the service that SEND leads to, else ""."""

    choice: LineChoice = LineChoice.LATER
    to: str = ""

    def __str__(self) -> str:
        return f"{self.choice}:{self.to}" if self.to else self.choice.value

    @classmethod
    def read(cls, text: str) -> LineDecision | None:
        """The decision that was written so; None for another text."""
        choice, _, to = text.partition(":")
        if choice not in set(LineChoice) or (choice == LineChoice.SEND) != bool(to):
            return None
        return cls(LineChoice(choice), to)


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one save: for each reason, with exceptions for single appointments. Without one: LATER.

    For people in line the same, by reason and queue (`line_key`) and by ticket.
    """

    by_why: Mapping[Why, Choice] = field(default_factory=dict)
    by_booking: Mapping[UUID, Choice] = field(default_factory=dict)
    by_line: Mapping[str, LineDecision] = field(default_factory=dict)
    by_ticket: Mapping[UUID, LineDecision] = field(default_factory=dict)

    def of(self, booking_id: UUID, why: Why) -> Choice:
        """The choice for one appointment."""
        return self.by_booking.get(booking_id) or self.by_why.get(why, Choice.LATER)

    def of_ticket(self, ticket_id: UUID, key: str) -> LineDecision:
        """The decision on one visitor in line."""
        return self.by_ticket.get(ticket_id) or self.by_line.get(key) or LineDecision()


def line_key(branch: str, why: Why, queue: str) -> str:
    """The people in line at a branch who lose their support for one reason in one queue; the names are slugs."""
    return f"{why}/{branch}/{queue}"


def answer_by(now: datetime, starts_at: datetime, offered: datetime) -> datetime:
    """The end of an offer that is made at `now` in place of `starts_at`."""
    return max(now + TIME_TO_READ, min(now + ANSWER_WITHIN, starts_at - TIME_TO_CALL, offered - TIME_TO_CALL))


def days_around(lost: date, first: date) -> Iterator[date]:
    """The days on which another time is looked for, not before `first`: the nearest first, of two the later one."""
    yield from (
        day
        for distance in range(WITHIN_DAYS + 1)
        for day in dict.fromkeys((lost + timedelta(days=distance), lost - timedelta(days=distance)))
        if day >= first
    )


def is_beside(slot: Slot, plan: ServicePlan, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a slot can be held beside an appointment's own time: it lies on another day, or far enough from it.

    A member is known by the time at which it is taken, its way there and the work after a visit included.
    """
    way = timedelta(minutes=plan.buffer_min + plan.travel_min)
    return slot.end + way < starts_at or slot.start > ends_at + way


def nearest(slots: Iterable[Slot], lost: datetime, zone: ZoneInfo) -> Slot | None:
    """The slot of a day whose time of day is nearest to that of `lost`; of two, the later one."""
    wanted = _minute_of_day(lost, zone)

    def distance(slot: Slot) -> tuple[int, int]:
        minute = _minute_of_day(slot.start, zone)
        return abs(minute - wanted), -minute

    return min(slots, key=distance, default=None)


def _minute_of_day(instant: datetime, zone: ZoneInfo) -> int:
    local = instant.astimezone(zone)
    return local.hour * 60 + local.minute
