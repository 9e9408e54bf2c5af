"""Appointments of which is to be recorded who came."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from ...core import hours
from ...core.attendance import Attendance, by_ticket
from ...core.bookings import BookingState
from ...core.participants import Role
from ..database import Tx
from .bookings import BookingView, bookings_between
from .participants import ParticipantView, participants_of
from .settings import BranchSettings

#: How many days back appointments are listed of which nothing is recorded.
LOOK_BACK: Final = timedelta(days=30)
#: Appointments of which somebody can have come.
RECORDED: Final = (
    BookingState.CONFIRMED,
    BookingState.CHECKED_IN,
    BookingState.FULFILLED,
    BookingState.NO_SHOW,
)


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person of an appointment, `n` as in `tables.people.Participant`. `by_ticket`: a number of the hall says it."""

    n: int
    role: Role
    name: str
    attendance: Attendance | None
    by_ticket: bool = False


@dataclass(frozen=True, slots=True)
class Attended:
    """An appointment of a business day with all its people."""

    day: date
    booking: BookingView
    people: tuple[Attendee, ...]

    @property
    def open(self) -> bool:
        """Whether nothing is recorded of somebody."""
        return any(one.attendance is None for one in self.people)


def attendance_of(
    tx: Tx, settings: BranchSettings, services: Collection[UUID], first: date, last: date
) -> list[Attended]:
    """The appointments of these services from one business day to another, by time."""
    start, _ = hours.day_bounds(first, settings.zone, settings.day_starts)
    _, end = hours.day_bounds(last, settings.zone, settings.day_starts)
    found = [
        one
        for one in bookings_between(tx, settings.id, start, end, RECORDED)
        if one.service_id in services and not one.taken_away
    ]
    people = participants_of(tx, settings.id, [one.id for one in found])
    return [
        Attended(
            hours.business_date(one.starts_at, settings.zone, settings.day_starts),
            one,
            _people(one, people.get(one.id, ())),
        )
        for one in found
    ]


def due_attendance(tx: Tx, settings: BranchSettings, services: Collection[UUID], today: date) -> list[Attended]:
    """Everything of today, and of the days before what is not recorded yet; the newest day first."""
    found = attendance_of(tx, settings, services, today - LOOK_BACK, today)
    due = [one for one in found if one.day == today or one.open]
    return sorted(due, key=lambda one: (today - one.day, one.booking.starts_at, one.booking.code))


def _people(booking: BookingView, rows: tuple[ParticipantView, ...]) -> tuple[Attendee, ...]:
    ticket = by_ticket(booking.state, has_ticket=booking.ticket_id is not None)
    recorded = next((_said(row.attendance) for row in rows if row.n == 0), None)
    booked = Attendee(0, Role.CLIENT, booking.name, ticket or recorded, by_ticket=ticket is not None)
    return (booked, *(Attendee(row.n, Role(row.role), row.name, _said(row.attendance)) for row in rows if row.n))


def _said(attendance: str | None) -> Attendance | None:
    return None if attendance is None else Attendance(attendance)
