"""Facts about the people of a booking. They hold numbers, never names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .bookings import BookingFact
from .fields import AttendanceReason, AttendanceWord, Number


@dataclass(frozen=True, slots=True)
class ParticipantsNamed(BookingFact):
    """`count` people come with whom it was booked for."""

    kind: ClassVar[str] = "booking.participants_named"
    count: Number


@dataclass(frozen=True, slots=True)
class ContactAsked(BookingFact):
    """The people of a booking were asked how they may be contacted; what they said is not stored here."""

    kind: ClassVar[str] = "booking.contact_asked"


@dataclass(frozen=True, slots=True)
class AttendanceRecorded(BookingFact):
    """What became of a person of a booking: 1 is who it was booked for. `reason`: why it is recorded so late."""

    kind: ClassVar[str] = "booking.attendance_recorded"
    person: Number
    attendance: AttendanceWord
    reason: AttendanceReason | None = None

    def variant(self) -> Literal["", "late"]:
        return "late" if self.reason else ""
