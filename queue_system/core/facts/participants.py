"""Facts about the people of a booking. They hold numbers, never names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .bookings import BookingFact
from .fields import Number


@dataclass(frozen=True, slots=True)
class ParticipantsNamed(BookingFact):
    """`count` people come with whom it was booked for."""

    kind: ClassVar[str] = "booking.participants_named"
    count: Number


@dataclass(frozen=True, slots=True)
class ContactAsked(BookingFact):
    """The people of a booking were asked how they may be contacted; what they said is not stored here."""

    kind: ClassVar[str] = "booking.contact_asked"
