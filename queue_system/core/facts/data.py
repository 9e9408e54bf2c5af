"""Facts about data that reached its age, or that somebody asked to have erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import Day, Fingerprint, Number, Text


@dataclass(frozen=True, slots=True)
class DataTidied(Fact):
    """One night's work in a branch: how many bookings lost name and contact, and how many rows of each kind went.

    The subject is the business day on which it was done.
    """

    kind: ClassVar[str] = "data.tidied"
    subject: Day
    names: Number
    holds: Number
    tickets: Number
    bookings: Number


@dataclass(frozen=True, slots=True)
class DataErased(Fact):
    """Name and contact of one person were erased from so many bookings; the subject is the number of the receipt."""

    kind: ClassVar[str] = "data.erased"
    subject: Text
    bookings: Number


@dataclass(frozen=True, slots=True)
class LogPruned(Fact):
    """The entries up to `through` have reached their age and may go; the subject is the link of the last of them."""

    kind: ClassVar[str] = "data.log_pruned"
    subject: Fingerprint
    through: Number
