"""Facts: one frozen dataclass each. A fact is the audit entry, the outbox entry and the stream position at once.

Fields hold ids and codes, never names, telephone or document numbers: personal data can then be erased
without touching the log. Times inside a fact are ISO 8601 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from . import staff_events
from .facts import Fact


def from_data(kind: str, subject: str, data: dict[str, Any]) -> Fact:
    """The fact that was written as (kind, subject, data); raises KeyError for an unknown kind."""
    return KINDS[kind](subject=subject, **data)


# ---------------------------------------------------------------- tickets


@dataclass(frozen=True, slots=True)
class TicketIssued(Fact):
    kind: ClassVar[str] = "ticket.issued"
    code: str
    queue: str
    service: str
    business_date: str
    priority_class: str
    source: str
    anchor_at: str
    booking: str | None = None


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
    kind: ClassVar[str] = "ticket.returned"
    code: str


@dataclass(frozen=True, slots=True)
class TicketTransferred(Fact):
    kind: ClassVar[str] = "ticket.transferred"
    code: str
    counter: str | None
    from_queue: str
    to_queue: str
    to_service: str


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
class BookingEnded(Fact):
    """The visit that a booking led to is over: `state` is fulfilled or no_show."""

    kind: ClassVar[str] = "booking.ended"
    code: str
    state: str


# ---------------------------------------------------------------- counters, slips, devices


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
class SlipQueued(Fact):
    kind: ClassVar[str] = "slip.queued"
    ticket: str
    code: str
    printer: str
    copy: int


@dataclass(frozen=True, slots=True)
class SlipPrinted(Fact):
    kind: ClassVar[str] = "slip.printed"
    ticket: str
    code: str
    printer: str
    proof: str


@dataclass(frozen=True, slots=True)
class SlipFailed(Fact):
    """One attempt failed; `final` says that it is not tried again, `maybe` that paper may have come out."""

    kind: ClassVar[str] = "slip.failed"
    ticket: str
    code: str
    printer: str
    error: str
    attempt: int
    final: bool
    maybe: bool


@dataclass(frozen=True, slots=True)
class SlipVoided(Fact):
    kind: ClassVar[str] = "slip.voided"
    ticket: str
    code: str
    printer: str
    reason: str


@dataclass(frozen=True, slots=True)
class PrinterChanged(Fact):
    kind: ClassVar[str] = "printer.changed"
    status: str


@dataclass(frozen=True, slots=True)
class PrinterAddressSet(Fact):
    """Whoever sets where slips go decides who reads them: it is logged."""

    kind: ClassVar[str] = "printer.address_set"
    transport: str
    address: str


@dataclass(frozen=True, slots=True)
class PrinterAdjusted(Fact):
    """How a printer behaves was set: the new values of what changed, by the names of `core.printers.HABITS`."""

    kind: ClassVar[str] = "printer.adjusted"
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PrinterLearnt(Fact):
    """A printer does not confirm what it prints, as was found out with a slip."""

    kind: ClassVar[str] = "printer.learnt"


@dataclass(frozen=True, slots=True)
class DevicePaired(Fact):
    kind: ClassVar[str] = "device.paired"
    device_kind: str
    name: str


@dataclass(frozen=True, slots=True)
class DeviceReplaced(Fact):
    """The machine that was let in has taken the place of another, whose token is good no longer."""

    kind: ClassVar[str] = "device.replaced"
    device_kind: str
    name: str


@dataclass(frozen=True, slots=True)
class DeviceRevoked(Fact):
    kind: ClassVar[str] = "device.revoked"
    device_kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PairingRefused(Fact):
    kind: ClassVar[str] = "device.refused"
    device_kind: str


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
        TicketNoShow,
        TicketHeld,
        TicketResumed,
        TicketReturned,
        TicketTransferred,
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
        BookingEnded,
        CounterOpened,
        CounterClosed,
        SlipQueued,
        SlipPrinted,
        SlipFailed,
        SlipVoided,
        PrinterChanged,
        PrinterAddressSet,
        PrinterAdjusted,
        PrinterLearnt,
        DevicePaired,
        DeviceReplaced,
        DeviceRevoked,
        PairingRefused,
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
