"""Facts about the list of those who wait for an earlier time, and about what is offered to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .bookings import BookingFact
from .fields import EarlierOutcome, Moment, Number, Text


@dataclass(frozen=True, slots=True)
class EarlierWished(BookingFact):
    """Its owner waits for an earlier time from now on, or wants to be told of other times than before."""

    kind: ClassVar[str] = "booking.earlier_wished"


@dataclass(frozen=True, slots=True)
class EarlierLeft(BookingFact):
    """Its owner waits no more."""

    kind: ClassVar[str] = "booking.earlier_left"


@dataclass(frozen=True, slots=True)
class EarlierOffered(BookingFact):
    """A place that was given back is kept for it until `until`; `suited` people waited for such a place.

    With `lot` the order was drawn (`core.earlier.order`); without, who had waited longest was asked.
    """

    kind: ClassVar[str] = "booking.earlier_offered"
    from_starts_at: Moment
    to_starts_at: Moment
    until: Moment
    suited: Number
    lot: Text

    def variant(self) -> Literal["", "drawn"]:
        return "drawn" if self.lot else ""


@dataclass(frozen=True, slots=True)
class EarlierEnded(BookingFact):
    """The offer of a place ended; unless it was accepted, the place is offered to the next."""

    kind: ClassVar[str] = "booking.earlier_ended"
    to_starts_at: Moment
    outcome: EarlierOutcome
