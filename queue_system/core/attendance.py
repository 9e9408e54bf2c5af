"""Who came: five answers that are five statistics, and until when they can be given without saying why so late."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from .bookings import BookingState

#: For so many days after the appointment it is recorded without a reason.
OPEN_DAYS: Final = 5


class Attendance(StrEnum):
    """What became of a person of an appointment. Without a record nobody knows, which is no absence."""

    CAME = "came"
    LATE = "late"
    EXCUSED = "excused"  # said before that they cannot come
    ABSENT = "absent"  # did not come, and said nothing
    CANCELLED_BY_US = "cancelled_by_us"


class LateReason(StrEnum):
    """Why it is recorded so late."""

    FORGOTTEN = "forgotten"
    FROM_PAPER = "from_paper"
    CORRECTED = "corrected"
    LEARNT_LATER = "learnt_later"


PRESENT: Final = frozenset({Attendance.CAME, Attendance.LATE})
_BY_TICKET: Final = {
    BookingState.CHECKED_IN: Attendance.CAME,
    BookingState.FULFILLED: Attendance.CAME,
    BookingState.NO_SHOW: Attendance.ABSENT,
}


def by_ticket(state: BookingState, *, has_ticket: bool) -> Attendance | None:
    """What a number of the hall has recorded already about whom a booking is for; None where there was none."""
    return _BY_TICKET.get(state) if has_ticket else None


def needs_reason(day: date, today: date) -> bool:
    """Whether a record about an appointment of `day` needs a reason `today`."""
    return today - day > timedelta(days=OPEN_DAYS)
