"""The appointments of a day for staff, whom they have, and the first times that are free."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.members import WhyMember
from ...core.slots import Slot, tick_of
from ..database import Tx
from ..tables import BookingMember, table
from .apart import others_at
from .bookings import BookingView, bookings_between, free_days
from .settings import BranchSettings, ServiceView

HAS = table(BookingMember)

# Those that have, or had, their place on the day.
SHOWN: Final = (
    BookingState.HELD,
    BookingState.CONFIRMED,
    BookingState.CHECKED_IN,
    BookingState.FULFILLED,
    BookingState.NO_SHOW,
)
# How far ahead a free time is looked for, and how many days at once.
LOOK_AHEAD: Final = timedelta(days=60)
STRETCH: Final = timedelta(days=10)
FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """The first free times from a day on, and all those of the first day that has any.

    `apart` are the beginnings of those that bring people together who are kept apart, for staff who may know it.
    """

    first: tuple[Slot, ...]
    day: date | None
    on_day: tuple[Slot, ...]
    apart: frozenset[datetime] = frozenset()


@dataclass(frozen=True, slots=True)
class Had:
    """A member that a booking has, and the ticks for which it is taken, travel included.

    `announced`: somebody was told that it will be this one. `why` it was chosen.
    """

    member: UUID
    span: range
    announced: bool
    why: WhyMember


@dataclass(frozen=True, slots=True)
class DayOfBookings:
    """Appointments by time, with the members that they have then."""

    bookings: tuple[BookingView, ...]
    members: Mapping[UUID, tuple[Had, ...]]

    def had(self, booking: BookingView) -> tuple[Had, ...]:
        """The members of one of the bookings."""
        return self.members.get(booking.id, ())

    def by_member(self) -> dict[UUID, list[tuple[BookingView, Had]]]:
        """The bookings of each member, by time, each with the stretch for which it has the member."""
        found: dict[UUID, list[tuple[BookingView, Had]]] = {}
        for booking in self.bookings:
            for had in self.had(booking):
                found.setdefault(had.member, []).append((booking, had))
        return found


def appointments_on(tx: Tx, settings: BranchSettings, day: date, days: int = 1) -> DayOfBookings:
    """The appointments of a business day, or of as many `days` from it on."""
    start, _ = hours.day_bounds(day, settings.zone, settings.day_starts)
    _, end = hours.day_bounds(day + timedelta(days=days - 1), settings.zone, settings.day_starts)
    found = bookings_between(tx, settings.id, start, end, SHOWN)
    return DayOfBookings(tuple(found), members_had(tx, settings, found))


def members_had(tx: Tx, settings: BranchSettings, found: list[BookingView]) -> dict[UUID, tuple[Had, ...]]:
    """The members that some bookings have at their own time, not at one that is only offered."""
    starts = {one.id: tick_of(one.starts_at, settings.tick_minutes) for one in found}
    columns = ("booking_id", "member_id", "first_tick", "stop_tick", "why", "announced_at")
    statement = sa.select(*(HAS.c[name] for name in columns)).where(
        HAS.c.branch_id == settings.id, HAS.c.booking_id.in_(list(starts))
    )
    members: dict[UUID, tuple[Had, ...]] = {}
    for row in tx.rows(statement.order_by(HAS.c.need_id)):
        if row.first_tick <= starts[row.booking_id] < row.stop_tick:
            span, announced = range(row.first_tick, row.stop_tick), row.announced_at is not None
            had = Had(row.member_id, span, announced, WhyMember(row.why))
            members[row.booking_id] = (*members.get(row.booking_id, ()), had)
    return members


def first_free(
    tx: Tx,
    settings: BranchSettings,
    service: ServiceView,
    wish: datetime,
    asked: Mapping[UUID, UUID],
    own: BookingView | None = None,
    people: Collection[str] = (),
    *,
    sees_apart: bool = False,
) -> FreeTimes:
    """The first times for staff from `wish` on, an aware instant; `asked` are members that are wanted, by need.

    The place of the booking `own`, which is to be moved or replaced, counts as free, but its present time is no other.
    `people` (`core.apart.references`) are for whom a time is looked for: those times of theirs at which they would meet
    somebody from whom they are kept apart are left out, or marked where `sees_apart`.
    """
    others = others_at(tx, settings, service, people, own.id if own else None)
    first: tuple[Slot, ...] = ()
    day: date | None = None
    on_day: tuple[Slot, ...] = ()
    begin = wish.astimezone(settings.zone).date()
    last, present = begin + LOOK_AHEAD, own.starts_at if own else None
    while begin <= last and len(first) < FIRST:
        end = min(begin + STRETCH - timedelta(days=1), last)
        for one in free_days(tx, settings, service, begin, end, public=False, own=own.id if own else None, asked=asked):
            slots = tuple(
                slot
                for slot in one.slots
                if slot.start >= wish
                and slot.start != present
                and (sees_apart or not others.meets(slot.start, slot.end))
            )
            if slots and day is None:
                day, on_day = one.day, slots
            first = (*first, *slots)[:FIRST]
        begin = end + timedelta(days=1)
    apart = frozenset(slot.start for slot in (*first, *on_day) if others.meets(slot.start, slot.end))
    return FreeTimes(first, day, on_day, apart)
