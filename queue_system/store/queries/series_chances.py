"""What stands in the way of each date of a series, and the nearest times at which nothing does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from ...core import hours
from ...core.bookings import BookingState
from ...core.errors import Invalid, Refused
from ...core.series import Chance, SeriesRule, course_of, dates_of, fingerprint
from ...core.slots import Slot, seats_span, slot_at
from ..database import Tx
from .apart import others_at
from .bookings import BookingView, free_days, plan_on
from .members import member_day
from .settings import BranchSettings, Names, ServiceView

#: How many other times are shown for a date, and how many days before and after it they are looked for.
ALTERNATIVES: Final = 2
AROUND: Final = timedelta(days=3)
SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class WantedDate:
    """A time that is wanted for number `n`: whose place counts as free, members by need, and for whom.

    `people` (`core.apart.references`) get no time at which they would meet somebody from whom they are kept apart.
    """

    n: int
    starts_at: datetime
    own: UUID | None = None
    asked: Mapping[UUID, UUID] = field(default_factory=dict)
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Prospect:
    """What becomes of a wish. `why` are the names of what closes that day, such as a holiday; {} if they are not known."""

    wish: WantedDate
    chance: Chance
    alternatives: tuple[Slot, ...] = ()
    why: Names = field(default_factory=dict)


def planned(settings: BranchSettings, first: BookingView, rule: SeriesRule) -> list[tuple[int, datetime]]:
    """The numbers and times, UTC, of a series that begins with an appointment.

    Raises Invalid("series-long", "series-end"), ("series-short") for a single date.
    """
    course = course_of(first.starts_at, rule, settings.zone)
    dates = dates_of(course.day, rule)
    if len(dates) < SHORTEST:
        raise Invalid("series-short", "dates")
    # The first one as it is, because a clock may show its time twice that day.
    later = [(n, course.starts_at(n, settings.zone)) for n in range(2, len(dates) + 1)]
    return [(1, first.starts_at), *later]


def dates_shown(first: BookingView, dates: Iterable[tuple[int, datetime]]) -> str:
    """The fingerprint of the dates of a series that is to be made."""
    return fingerprint((n, first.id if n == 1 else None, None, at) for n, at in dates)


def is_settled(first: BookingView, now: datetime) -> bool:
    """Whether an appointment that is to be repeated has its place; a hold may have run out."""
    if first.state is BookingState.HELD:
        return first.held_until is None or now < first.held_until
    return first.state is BookingState.CONFIRMED


def prospects(tx: Tx, settings: BranchSettings, service: ServiceView, wishes: Iterable[WantedDate]) -> list[Prospect]:
    """A prospect for each wish of staff, with other times where it is not free."""
    return [prospect(tx, settings, service, wish) for wish in wishes]


def prospect(tx: Tx, settings: BranchSettings, service: ServiceView, wish: WantedDate) -> Prospect:
    """What becomes of one wish."""
    day = hours.opening_day(wish.starts_at, settings.calendar, service.id)
    if wish.starts_at > tx.now and any(one.start == wish.starts_at for one in _free(tx, settings, service, wish, day)):
        return Prospect(wish, Chance.FREE)
    others = _free(tx, settings, service, wish, day - AROUND, day + AROUND)
    nearest = sorted(others, key=lambda one: (abs(one.start - wish.starts_at), one.start))[:ALTERNATIVES]
    chance, why = _obstacle(tx, settings, service, wish, day)
    return Prospect(wish, chance, tuple(sorted(nearest, key=lambda one: one.start)), why)


def _free(
    tx: Tx, settings: BranchSettings, service: ServiceView, wish: WantedDate, first: date, last: date | None = None
) -> list[Slot]:
    days = free_days(tx, settings, service, first, last or first, public=False, own=wish.own, asked=wish.asked)
    others = others_at(tx, settings, service, wish.people, wish.own)
    return [
        slot for one in days for slot in one.slots if slot.start > tx.now and not others.meets(slot.start, slot.end)
    ]


def _obstacle(
    tx: Tx, settings: BranchSettings, service: ServiceView, wish: WantedDate, day: date
) -> tuple[Chance, Names]:
    """Why a time is not free."""
    if wish.starts_at <= tx.now:
        return Chance.PAST, {}
    closures = hours.closures_on(day, settings.calendar, service.id)
    names = next((dict(one.names) for one in closures if one.names), {})
    if not hours.windows(day, settings.calendar, service.id):
        return Chance.CLOSED, names
    plan, tick = plan_on(settings, service, day), settings.tick_minutes
    windows = {day: hours.windows(day, settings.calendar, service.id)}
    try:
        slot_at(wish.starts_at, plan, lambda on: windows.get(on, ()), settings.zone, tx.now, timedelta(), tick)
    except Invalid:
        return Chance.NOT_THEN, names
    except Refused:
        return Chance.PAST, {}
    visit = seats_span(wish.starts_at, plan, tick)
    for need in plan.members:
        options = [one for one in need.options if wish.asked.get(need.key, one) == one]
        span = need.span(visit)
        days = member_day(tx, settings, options, span)
        if not any(one.working.has(span) and not one.away.bits for one in days.values()):
            return Chance.AWAY, {}
    return Chance.TAKEN, {}
