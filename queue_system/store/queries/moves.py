"""Whether an appointment may be moved, and what staff are shown before they move it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ...core.bookings import LIVE, Booker, BookingState, against_change
from ...core.errors import Refused
from ...core.messages import channel_of, is_told
from ...core.moves import Seen, WhyNot, fingerprint
from ...core.promises import UNSETTLED
from ...core.safe_contact import ContactWay
from ..database import Tx
from .bookings import BookingView, bookings_together, policy_of
from .helping import against_move
from .known_members import promised_members
from .messages import Recipient, recipients, way_in_force
from .settings import BranchSettings
from .standing import standing_of


@dataclass(frozen=True, slots=True)
class Moving:
    """An appointment that is about to be moved.

    `stays` are the members that were promised, by need. `beside` are the other parts of its visit that stand. `told` are those
    of its persons whom messages reach, and `way` is how whom it is for may be contacted.
    """

    booking: BookingView
    stays: Mapping[UUID, UUID]
    beside: tuple[BookingView, ...]
    told: tuple[Recipient, ...]
    way: ContactWay

    @property
    def seen(self) -> str:
        """The fingerprint of what is shown of it."""
        one = self.booking
        shown = Seen(
            booking=one.id,
            starts_at=one.starts_at,
            state=one.state.value,
            offered_at=one.offered_starts_at,
            persons=one.persons,
            way=self.way.value,
            told=tuple((person.n, channel_of(person.contact) or "", person.level.value) for person in self.told),
            stays=frozenset(self.stays.values()),
            beside=tuple((part.id, part.starts_at) for part in self.beside),
        )
        return fingerprint(shown)


def against_moving(
    tx: Tx, settings: BranchSettings, booking: BookingView, starts_at: datetime, booker: Booker
) -> Refused | None:
    """Why an appointment may not be moved to a time, whether or not it is free; None where it may."""
    service, limited = settings.services[booking.service_id], booking.limited_as(booker)
    standing = standing_of(tx, settings, service, booking.contact, booking.name)
    policy = policy_of(settings, service)
    refusal = against_change(
        policy, limited, booking.state, booking.starts_at, booking.changes, tx.now, standing.given_back
    )
    if refusal is None and limited is not Booker.STAFF:
        refusal = against_move(tx, settings, booking, starts_at)
    return refusal


def moving(tx: Tx, settings: BranchSettings, booking: BookingView) -> Moving:
    """What is shown of an appointment before it is moved."""
    parts = bookings_together(tx, settings.id, booking.together_id) if booking.together_id else []
    return Moving(
        booking,
        promised_members(tx, settings, booking),
        tuple(one for one in parts if one.id != booking.id and one.state in LIVE),
        tuple(one for one in recipients(tx, settings, booking) if is_told(one.level, one.contact, tx.sends)),
        way_in_force(settings, booking.service_id, booking.contact_way),
    )


def against_offer(booking: BookingView, now: datetime) -> WhyNot | None:
    """Why an appointment cannot be offered another time, whichever it is; None where it can."""
    if booking.state is not BookingState.CONFIRMED or booking.starts_at <= now:
        return WhyNot.OVER
    return WhyNot.OPEN if booking.decision in UNSETTLED else None


def in_turn(found: Iterable[Moving]) -> list[Moving]:
    """In which order new times are given: those first who keep somebody that others could have instead, then by time."""
    return sorted(found, key=lambda one: (not one.stays, one.booking.starts_at, one.booking.id))
