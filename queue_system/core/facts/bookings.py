"""Facts about bookings, and about places that bookings gave back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .base import Fact
from .fields import (
    AppointmentCode,
    Arrival,
    BookingId,
    BookingStateWord,
    Corrected,
    DecidedBecause,
    Flag,
    FoundBy,
    LostWhy,
    MemberSlug,
    Moment,
    Number,
    ServiceSlug,
    Source,
    Text,
    TicketId,
    WhyGivenUp,
)


@dataclass(frozen=True, slots=True)
class BookingFact(Fact):
    """What happened to a booking."""

    subject: BookingId
    code: AppointmentCode


@dataclass(frozen=True, slots=True)
class BookingWaitingSaid(BookingFact):
    """Its owner said what makes waiting hard for them, or took it back; what it is stays out of the log."""

    kind: ClassVar[str] = "booking.waiting_said"


@dataclass(frozen=True, slots=True)
class BookingHeld(BookingFact):
    kind: ClassVar[str] = "booking.held"
    service: ServiceSlug
    starts_at: Moment
    source: Source


@dataclass(frozen=True, slots=True)
class BookingConfirmed(BookingFact):
    kind: ClassVar[str] = "booking.confirmed"


@dataclass(frozen=True, slots=True)
class BookingRepeated(BookingFact):
    """A series was made of this booking and others; `dates` counts all that were booked, `skipped` those that were not."""

    kind: ClassVar[str] = "booking.repeated"
    dates: Number
    skipped: Number


@dataclass(frozen=True, slots=True)
class BookingSeriesChanged(BookingFact):
    """So many appointments of the series of this booking were given another time or member at once."""

    kind: ClassVar[str] = "booking.series_changed"
    dates: Number


@dataclass(frozen=True, slots=True)
class BookingSeriesEnded(BookingFact):
    """So many appointments of the series of this booking were cancelled at once."""

    kind: ClassVar[str] = "booking.series_ended"
    dates: Number


@dataclass(frozen=True, slots=True)
class BookingChanged(BookingFact):
    kind: ClassVar[str] = "booking.changed"
    from_starts_at: Moment
    to_starts_at: Moment


@dataclass(frozen=True, slots=True)
class BookingCancelled(BookingFact):
    kind: ClassVar[str] = "booking.cancelled"


@dataclass(frozen=True, slots=True)
class BookingProven(BookingFact):
    """Somebody has answered at its contact."""

    kind: ClassVar[str] = "booking.contact_proven"


@dataclass(frozen=True, slots=True)
class BookingGivenUp(BookingFact):
    """It was given up: nobody answered at its contact in time, or it was one too many for its person, or its person for the contact."""

    kind: ClassVar[str] = "booking.given_up"
    why: WhyGivenUp


@dataclass(frozen=True, slots=True)
class PlaceReturned(BookingFact):
    """A place that the booking gave back can be booked again, from the time that `core.freed.returns_at` gave."""

    kind: ClassVar[str] = "booking.place_returned"
    service: ServiceSlug
    starts_at: Moment
    freed_at: Moment
    lot: Text


@dataclass(frozen=True, slots=True)
class PlaceLeftToLot(BookingFact):
    """A place that the booking gave back is offered to nobody who waits, or to nobody any more: it returns by a new lot."""

    kind: ClassVar[str] = "booking.place_left_to_lot"
    service: ServiceSlug
    starts_at: Moment


@dataclass(frozen=True, slots=True)
class PlaceReleased(BookingFact):
    """A place that the booking gave back can be booked again, because a member of staff released it."""

    kind: ClassVar[str] = "booking.place_released"
    service: ServiceSlug
    starts_at: Moment


@dataclass(frozen=True, slots=True)
class BookingExpired(BookingFact):
    kind: ClassVar[str] = "booking.expired"


@dataclass(frozen=True, slots=True)
class BookingHoldLost(BookingFact):
    """A time that was held ended before it was confirmed, because a change took it away; `why` as in `BookingKept`."""

    kind: ClassVar[str] = "booking.hold_lost"
    why: LostWhy


@dataclass(frozen=True, slots=True)
class BookingCheckedIn(BookingFact):
    kind: ClassVar[str] = "booking.checked_in"
    ticket: TicketId
    punctuality: Arrival


@dataclass(frozen=True, slots=True)
class BookingLookedUp(BookingFact):
    """A member of staff found this booking `by` name or contact; the text of the search is not stored.

    `by` is "call" where the name and the number of a booking were shown so that it can be telephoned, and
    "address" where it is that of a home visit.
    """

    kind: ClassVar[str] = "booking.looked_up"
    by: FoundBy

    def variant(self) -> Literal["", "call", "address"]:
        return "call" if self.by == "call" else "address" if self.by == "address" else ""


@dataclass(frozen=True, slots=True)
class BookingAddressed(BookingFact):
    """Staff wrote down where to go for a home visit; the address itself is not stored here."""

    kind: ClassVar[str] = "booking.addressed"


@dataclass(frozen=True, slots=True)
class BookingCorrected(BookingFact):
    """A typing error was corrected in a field; neither the old text nor the new one is stored here."""

    kind: ClassVar[str] = "booking.corrected"
    field: Corrected


@dataclass(frozen=True, slots=True)
class BookingVisited(BookingFact):
    """Whoever went on a home visit is back."""

    kind: ClassVar[str] = "booking.visited"


@dataclass(frozen=True, slots=True)
class BookingReopened(BookingFact):
    """The end of the visit was a mistake and was taken back: the booking is checked in as before."""

    kind: ClassVar[str] = "booking.reopened"


@dataclass(frozen=True, slots=True)
class BookingEnded(BookingFact):
    """The visit that a booking led to is over: `state` is fulfilled or no_show."""

    kind: ClassVar[str] = "booking.ended"
    state: BookingStateWord


@dataclass(frozen=True, slots=True)
class DecidedFact(BookingFact):
    """What staff decided on a booking; `because` is their reason, where they were asked for one."""

    def data(self) -> dict[str, Any]:
        # As entries of the log were written before anybody was asked for a reason.
        return {name: value for name, value in BookingFact.data(self).items() if (name, value) != ("because", None)}

    def variant(self) -> Literal["", "because"]:
        return "because" if getattr(self, "because", None) else ""


@dataclass(frozen=True, slots=True)
class BookingKept(DecidedFact):
    """The settings no longer support the time of this booking, and staff promised that it takes place all the same."""

    kind: ClassVar[str] = "booking.kept"
    why: LostWhy
    because: DecidedBecause | None = None


@dataclass(frozen=True, slots=True)
class BookingRegained(BookingFact):
    """The settings support the time of this booking again, before anything was decided or answered; so it stands."""

    kind: ClassVar[str] = "booking.regained"


@dataclass(frozen=True, slots=True)
class BookingOffered(DecidedFact):
    """Another time is offered instead of one that the settings no longer support; it is held until `until`."""

    kind: ClassVar[str] = "booking.offered"
    from_starts_at: Moment
    to_starts_at: Moment
    until: Moment
    why: LostWhy
    because: DecidedBecause | None = None


@dataclass(frozen=True, slots=True)
class BookingUnanswered(BookingFact):
    """The offer of another time ended without an answer, so that staff must decide again."""

    kind: ClassVar[str] = "booking.unanswered"
    to_starts_at: Moment


@dataclass(frozen=True, slots=True)
class BookingCalledOff(DecidedFact):
    """Staff cancelled a booking, because the settings no longer support its time."""

    kind: ClassVar[str] = "booking.called_off"
    starts_at: Moment
    why: LostWhy
    because: DecidedBecause | None = None


@dataclass(frozen=True, slots=True)
class BookingPutOff(BookingFact):
    """The settings no longer support the time of this booking, and staff decide later."""

    kind: ClassVar[str] = "booking.put_off"
    why: LostWhy


@dataclass(frozen=True, slots=True)
class BookingHandedOver(BookingFact):
    """Another member has taken this booking over, at the same time."""

    kind: ClassVar[str] = "booking.handed_over"
    from_member: MemberSlug
    to_member: MemberSlug


@dataclass(frozen=True, slots=True)
class BookingPhoned(BookingFact):
    """Staff called the visitor, whom no message reaches; `attempt` counts from 1."""

    kind: ClassVar[str] = "booking.phoned"
    attempt: Number
    reached: Flag

    def variant(self) -> Literal["", "in-vain"]:
        return "" if self.reached else "in-vain"
