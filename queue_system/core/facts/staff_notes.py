"""Facts about notes of staff: that there is one, who wrote it and when, and never what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import AppointmentCode, BookingId


@dataclass(frozen=True, slots=True)
class NoteWritten(Fact):
    kind: ClassVar[str] = "booking.noted"
    subject: BookingId
    code: AppointmentCode


@dataclass(frozen=True, slots=True)
class NoteCorrected(Fact):
    """The writer of a note worded it anew; both wordings stay until the name goes."""

    kind: ClassVar[str] = "booking.note_corrected"
    subject: BookingId
    code: AppointmentCode
