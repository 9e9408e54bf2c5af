"""Facts: one frozen dataclass each. A fact is the audit entry, the outbox entry and the stream position at once.

Fields hold ids and codes, never names, telephone or document numbers: personal data can then be erased
without touching the log. Times inside a fact are ISO 8601 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from . import device_events, staff_events
from .facts import Fact


def from_data(kind: str, subject: str, data: dict[str, Any]) -> Fact:
    """The fact that was written as (kind, subject, data); raises KeyError for an unknown kind."""
    return KINDS[kind](subject=subject, **data)


# ---------------------------------------------------------------- tickets


@dataclass(frozen=True, slots=True)
class TicketIssued(Fact):
    """A number; `basis` is what established a class that was asked for with it, a code of `core.reasons`."""

    kind: ClassVar[str] = "ticket.issued"
    code: str
    queue: str
    service: str
    business_date: str
    priority_class: str
    source: str
    anchor_at: str
    booking: str | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class TicketCalled(Fact):
    """`reason` is a code of the calling rule, `values` what its sentence needs: anyone can ask why."""

    kind: ClassVar[str] = "ticket.called"
    code: str
    counter: str
    counter_number: int
    call: int
    reason: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TicketRecalled(Fact):
    kind: ClassVar[str] = "ticket.recalled"
    code: str
    counter: str
    counter_number: int
    call: int


@dataclass(frozen=True, slots=True)
class TicketStarted(Fact):
    kind: ClassVar[str] = "ticket.started"
    code: str
    counter: str


@dataclass(frozen=True, slots=True)
class TicketServed(Fact):
    kind: ClassVar[str] = "ticket.served"
    code: str
    counter: str
    outcome: str


@dataclass(frozen=True, slots=True)
class TicketSkipped(Fact):
    """Called and not here, but not often or long enough to be a no-show: `others_first` are called before it again."""

    kind: ClassVar[str] = "ticket.skipped"
    code: str
    counter: str
    calls: int
    others_first: int


@dataclass(frozen=True, slots=True)
class TicketNoShow(Fact):
    kind: ClassVar[str] = "ticket.no_show"
    code: str
    counter: str
    calls: int


@dataclass(frozen=True, slots=True)
class TicketHeld(Fact):
    kind: ClassVar[str] = "ticket.held"
    code: str
    counter: str


@dataclass(frozen=True, slots=True)
class TicketResumed(Fact):
    kind: ClassVar[str] = "ticket.resumed"
    code: str


@dataclass(frozen=True, slots=True)
class TicketReturned(Fact):
    """`others_first`: the old place counts, once so many others were called; 0 for a place at the end."""

    kind: ClassVar[str] = "ticket.returned"
    code: str
    others_first: int


@dataclass(frozen=True, slots=True)
class TicketTransferred(Fact):
    kind: ClassVar[str] = "ticket.transferred"
    code: str
    counter: str | None
    from_queue: str
    to_queue: str
    to_service: str


@dataclass(frozen=True, slots=True)
class TicketTakenBack(Fact):
    """The last press at `counter` was a mistake, and the ticket stands again as before it: all that it changes."""

    kind: ClassVar[str] = "ticket.taken_back"
    code: str
    counter: str
    to_state: str
    at_counter: str | None
    queue: str
    service: str
    priority_class: str
    calls: int


@dataclass(frozen=True, slots=True)
class TicketRaised(Fact):
    """A heavier class; `basis` is what established it, a code of `core.reasons`."""

    kind: ClassVar[str] = "ticket.raised"
    code: str
    from_class: str
    to_class: str
    basis: str


@dataclass(frozen=True, slots=True)
class TicketLeft(Fact):
    kind: ClassVar[str] = "ticket.left"
    code: str


@dataclass(frozen=True, slots=True)
class TicketVoided(Fact):
    kind: ClassVar[str] = "ticket.voided"
    code: str
    reason: str


# ---------------------------------------------------------------- bookings


@dataclass(frozen=True, slots=True)
class BookingHeld(Fact):
    kind: ClassVar[str] = "booking.held"
    code: str
    service: str
    starts_at: str
    source: str


@dataclass(frozen=True, slots=True)
class BookingConfirmed(Fact):
    kind: ClassVar[str] = "booking.confirmed"
    code: str


@dataclass(frozen=True, slots=True)
class BookingChanged(Fact):
    kind: ClassVar[str] = "booking.changed"
    code: str
    from_starts_at: str
    to_starts_at: str


@dataclass(frozen=True, slots=True)
class BookingCancelled(Fact):
    kind: ClassVar[str] = "booking.cancelled"
    code: str


@dataclass(frozen=True, slots=True)
class PlaceReturned(Fact):
    """A place that the booking gave back can be taken by everybody: `core.freed.returns_at` says why then."""

    kind: ClassVar[str] = "booking.place_returned"
    code: str
    service: str
    starts_at: str
    freed_at: str
    lot: str


@dataclass(frozen=True, slots=True)
class PlaceReleased(Fact):
    """A place that the booking gave back can be taken by everybody, because somebody of staff let it return."""

    kind: ClassVar[str] = "booking.place_released"
    code: str
    service: str
    starts_at: str


@dataclass(frozen=True, slots=True)
class BookingExpired(Fact):
    kind: ClassVar[str] = "booking.expired"
    code: str


@dataclass(frozen=True, slots=True)
class BookingCheckedIn(Fact):
    kind: ClassVar[str] = "booking.checked_in"
    code: str
    ticket: str
    punctuality: str


@dataclass(frozen=True, slots=True)
class BookingLookedUp(Fact):
    """Somebody of the staff found this booking `by` name or contact; what was typed is not kept."""

    kind: ClassVar[str] = "booking.looked_up"
    code: str
    by: str


@dataclass(frozen=True, slots=True)
class BookingReopened(Fact):
    """What ended the visit was a mistake that was taken back: the booking is checked in as before."""

    kind: ClassVar[str] = "booking.reopened"
    code: str


@dataclass(frozen=True, slots=True)
class BookingEnded(Fact):
    """The visit that a booking led to is over: `state` is fulfilled or no_show."""

    kind: ClassVar[str] = "booking.ended"
    code: str
    state: str


# ---------------------------------------------------------------- counters, the organisation


@dataclass(frozen=True, slots=True)
class CounterOpened(Fact):
    """`instead_of` is the staff id of whoever sat there without a session, and was not there to close it."""

    kind: ClassVar[str] = "counter.opened"
    number: int
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class CounterClosed(Fact):
    kind: ClassVar[str] = "counter.closed"
    number: int


@dataclass(frozen=True, slots=True)
class ProfileInstalled(Fact):
    kind: ClassVar[str] = "organisation.installed"
    profile: str
    sha256: str


KINDS: Final[dict[str, type[Fact]]] = {
    fact.kind: fact
    for fact in (
        TicketIssued,
        TicketCalled,
        TicketRecalled,
        TicketStarted,
        TicketServed,
        TicketSkipped,
        TicketNoShow,
        TicketHeld,
        TicketResumed,
        TicketReturned,
        TicketTransferred,
        TicketTakenBack,
        TicketRaised,
        TicketLeft,
        TicketVoided,
        BookingHeld,
        BookingConfirmed,
        BookingChanged,
        BookingCancelled,
        PlaceReturned,
        PlaceReleased,
        BookingExpired,
        BookingCheckedIn,
        BookingLookedUp,
        BookingReopened,
        BookingEnded,
        CounterOpened,
        CounterClosed,
        device_events.SlipQueued,
        device_events.SlipPrinted,
        device_events.SlipFailed,
        device_events.SlipVoided,
        device_events.PrinterChanged,
        device_events.PrinterAddressSet,
        device_events.PrinterAdjusted,
        device_events.PrinterLearnt,
        device_events.DevicePaired,
        device_events.DeviceReplaced,
        device_events.DeviceRevoked,
        device_events.PairingRefused,
        staff_events.StaffCreated,
        staff_events.StaffSignedIn,
        staff_events.StaffSignedOut,
        staff_events.SignInFailed,
        staff_events.StaffLocked,
        staff_events.StaffUnlocked,
        staff_events.StaffPasswordSet,
        staff_events.StaffRoleGiven,
        staff_events.StaffRoleTaken,
        ProfileInstalled,
    )
}
