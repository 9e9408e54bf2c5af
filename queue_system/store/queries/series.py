"""Series of appointments as stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.errors import Missing
from ...core.series import Course, Occurrence, Rhythm
from ..database import Tx
from ..tables import Booking, BookingSeries, SeriesDate, table
from .bookings import BookingView, booking_views
from .known_members import present_members
from .members import PEOPLE, members_of, needs_of
from .settings import BranchSettings

BOOKING = table(Booking)
DATE = table(SeriesDate)
SERIES = table(BookingSeries)


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """Number `n` of a series: when it would be by the rule, UTC, and its booking, or why it was skipped."""

    n: int
    starts_at: datetime
    booking: BookingView | None
    skipped: str | None = None

    @property
    def at(self) -> datetime:
        """When it is, or would be."""
        return self.booking.starts_at if self.booking else self.starts_at

    @property
    def stands(self) -> bool:
        """Whether there is an appointment to come, or one that has begun, and not one that was called off."""
        return self.booking is not None and self.booking.state not in (BookingState.CANCELLED, BookingState.EXPIRED)

    @property
    def occurrence(self) -> Occurrence:
        """What decides whether a change of several is meant for it."""
        booking = self.booking
        over = booking is None or booking.state is not BookingState.CONFIRMED
        return Occurrence(self.n, self.at, detached=self.at != self.starts_at, over=over)


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series with all its dates, by number."""

    id: UUID
    service_id: UUID
    course: Course
    dates: tuple[PlannedDate, ...]

    def number(self, n: int) -> PlannedDate:
        """One date; raises Missing("series-date")."""
        found = next((one for one in self.dates if one.n == n), None)
        if found is None:
            raise Missing("series-date")
        return found

    @property
    def last(self) -> int:
        """The highest number, which is how many dates it had at first and was given since."""
        return self.dates[-1].n

    @property
    def person(self) -> BookingView | None:
        """The latest booking that says whose the series is; None once the person was erased."""
        known = [one.booking for one in self.dates if one.booking and one.booking.erased_at is None]
        return max(known, key=lambda one: (one.state is BookingState.CONFIRMED, one.created_at), default=None)


@dataclass(frozen=True, slots=True)
class PlaceInSeries:
    """Of which series an appointment is, and the how-manieth of how many."""

    series_id: UUID
    n: int
    last: int


def series_by_id(tx: Tx, branch_id: UUID, series_id: UUID) -> SeriesView:
    """One series; raises Missing("series")."""
    row = tx.row(sa.select(SERIES).where(SERIES.c.branch_id == branch_id, SERIES.c.id == series_id))
    if row is None:
        raise Missing("series")
    of_it = sa.select(DATE).where(DATE.c.branch_id == branch_id, DATE.c.series_id == series_id).order_by(DATE.c.n)
    rows = tx.rows(of_it)
    ids = [one.booking_id for one in rows if one.booking_id is not None]
    found = {one.id: one for one in booking_views(tx, BOOKING.c.branch_id == branch_id, BOOKING.c.id.in_(ids))}
    course = Course(Rhythm(row.rhythm), row.every, row.anchor_n, row.anchor_on, row.minutes)
    dates = tuple(PlannedDate(one.n, one.starts_at, found.get(one.booking_id), one.skipped) for one in rows)
    return SeriesView(row.id, row.service_id, course, dates)


def place_in_series(tx: Tx, branch_id: UUID, booking_id: UUID) -> PlaceInSeries | None:
    """The series that an appointment belongs to; None for a single one."""
    others = DATE.alias()
    last = sa.select(sa.func.max(others.c.n)).where(
        others.c.branch_id == branch_id, others.c.series_id == DATE.c.series_id
    )
    row = tx.row(
        sa.select(DATE.c.series_id, DATE.c.n, last.scalar_subquery().label("last")).where(
            DATE.c.branch_id == branch_id, DATE.c.booking_id == booking_id
        )
    )
    return None if row is None else PlaceInSeries(row.series_id, row.n, row.last)


def siblings_to_come(tx: Tx, branch_id: UUID, booking_id: UUID) -> list[BookingView]:
    """The appointments of a booking's series that are still to come, by time, also those that were called off."""
    found = place_in_series(tx, branch_id, booking_id)
    if found is None:
        return []
    of_it = sa.select(DATE.c.booking_id).where(DATE.c.branch_id == branch_id, DATE.c.series_id == found.series_id)
    states = (BookingState.CONFIRMED.value, BookingState.CANCELLED.value)
    booked = booking_views(
        tx,
        BOOKING.c.branch_id == branch_id,
        BOOKING.c.id.in_(of_it),
        BOOKING.c.state.in_(states),
        BOOKING.c.starts_at > tx.now,
    )
    return sorted(booked, key=lambda one: one.starts_at)


def usual_members(tx: Tx, settings: BranchSettings, booking: BookingView) -> dict[UUID, UUID]:
    """The members of an appointment that is repeated, by need."""
    return {need: one.member for need, one in present_members(tx, settings, booking).items()}


def people_among(settings: BranchSettings, service_id: UUID, had: dict[UUID, UUID]) -> dict[UUID, UUID]:
    """Those of an appointment's members who are people, whom a visitor sees again each time; any room will do."""
    known, needs = members_of(settings), {need.key for need in needs_of(settings, service_id)}
    return {need: one for need, one in had.items() if need in needs and one in known and known[one].kind in PEOPLE}
