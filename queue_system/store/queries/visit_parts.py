"""The parts of a visit, and the dates of a series, as one person is told about them."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.bookings import BookingState
from ...core.messages import is_told
from ..database import Tx
from .bookings import BookingView, bookings_together
from .messages import Recipient, recipients
from .series import siblings_to_come
from .settings import BranchSettings


@dataclass(frozen=True, slots=True)
class PartTold:
    """An appointment of a visit or series, and as which of its persons somebody is told about it."""

    booking: BookingView
    to: Recipient

    @property
    def stands(self) -> bool:
        """Whether there is an appointment to come, or one that has begun, and not one that was called off."""
        return self.booking.state not in (BookingState.CANCELLED, BookingState.EXPIRED)

    @property
    def is_awaited(self) -> bool:
        """Whether it stands and nobody has checked in for it yet."""
        return self.booking.state is BookingState.CONFIRMED


def parts_told(tx: Tx, settings: BranchSettings, booking: BookingView, contact: str) -> list[PartTold]:
    """The parts of a booking's visit about which this contact is told, by time; none where it is no part of a visit.

    Those that were called off since they were confirmed are among them.
    """
    if booking.together_id is None:
        return []
    found = []
    for part in bookings_together(tx, settings.id, booking.together_id):
        if part.confirmed_at is None:
            continue
        known = [one for one in recipients(tx, settings, part) if one.contact == contact]
        told = [one for one in known if is_told(one.level, one.contact, tx.sends)]
        if told:
            found.append(PartTold(part, told[0]))
    return found


def dates_told(tx: Tx, settings: BranchSettings, booking: BookingView, to: Recipient) -> list[PartTold]:
    """The dates to come of a booking's series about which its person `to` is told, by time, also those that were called off.

    Somebody may come along to one of them only, and is told of no other. Whoever booked one and comes along to another is
    told as each, because only the first brings the codes.
    """
    found = []
    for date in siblings_to_come(tx, settings.id, booking.id):
        known = [one for one in recipients(tx, settings, date) if one.is_like(to)]
        told = [one for one in known if is_told(one.level, one.contact, tx.sends)]
        if told:
            found.append(PartTold(date, told[0]))
    return found


def called_off_of(tx: Tx, booking: BookingView) -> list[BookingView]:
    """The parts to come of a booking's visit that the branch has called off."""
    if booking.together_id is None:
        return []
    parts = bookings_together(tx, booking.branch_id, booking.together_id)
    return [one for one in parts if one.is_called_off and one.starts_at > tx.now]
