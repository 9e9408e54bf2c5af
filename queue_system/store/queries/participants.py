"""The people of appointments besides whoever booked them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from ...core.names import name_key
from ..database import Tx
from ..prepared import Prepared
from ..tables import Booking, Participant, table
from .bookings import BookingView

BOOKING, PARTICIPANT = table(Booking), table(Participant)


@dataclass(frozen=True, slots=True)
class ParticipantView:
    """A person of a booking as stored. Name, reference, contact and note are personal: keep them out of logs and links."""

    booking_id: UUID
    n: int
    role: str
    name: str
    reference: str
    contact: str
    contact_way: str | None
    contact_note: str
    contact_asked_at: datetime | None
    attendance: str | None
    attendance_reason: str | None
    recorded_at: datetime | None


_COLUMNS = [PARTICIPANT.c[name] for name in ParticipantView.__slots__]
_OTHERS = Prepared(
    sa.select(*_COLUMNS)
    .where(
        PARTICIPANT.c.branch_id == sa.bindparam("branch"),
        PARTICIPANT.c.booking_id == sa.bindparam("booking"),
        PARTICIPANT.c.n != 0,
    )
    .order_by(PARTICIPANT.c.n)
)


def participants_of(tx: Tx, branch_id: UUID, booking_ids: Collection[UUID]) -> dict[UUID, tuple[ParticipantView, ...]]:
    """What is stored about the people of these bookings, by booking, in their order."""
    statement = sa.select(*_COLUMNS).where(
        PARTICIPANT.c.branch_id == branch_id, PARTICIPANT.c.booking_id.in_(booking_ids)
    )
    found: dict[UUID, tuple[ParticipantView, ...]] = {}
    for row in tx.rows(statement.order_by(PARTICIPANT.c.booking_id, PARTICIPANT.c.n)):
        found[row.booking_id] = (*found.get(row.booking_id, ()), ParticipantView(*row))
    return found


def others_of(tx: Tx, branch_id: UUID, booking_id: UUID) -> tuple[ParticipantView, ...]:
    """The people of a booking besides whom it was booked for."""
    return tuple(ParticipantView(*row) for row in tx.rows(_OTHERS, {"branch": branch_id, "booking": booking_id}))


def seen_of(others: Iterable[ParticipantView], booking: BookingView | None = None) -> str:
    """The fingerprint of people as a page has shown them, in hex: with `booking` also of whom it was booked for.

    Not of whether they came, which other pages record.
    """
    listed = [
        [one.n, one.role, one.name, one.reference, one.contact, one.contact_way, one.contact_note] for one in others
    ]
    if booking is not None:
        called = [booking.name, booking.reference, booking.contact, booking.contact_way, booking.contact_note]
        listed.append([0, "", *called])
    return sha256(json.dumps(listed, separators=(",", ":")).encode()).hexdigest()


def last_gone(tx: Tx, branch_id: UUID, booking_id: UUID) -> int:
    """The highest number of a person who was taken off a booking; 0 for nobody."""
    here = BOOKING.c.branch_id == branch_id, BOOKING.c.id == booking_id
    return tx.scalar(sa.select(BOOKING.c.last_gone).where(*here)) or 0


def participations_of(
    tx: Tx, branch_id: UUID, contact: str, name: str, *, everyone: bool = False
) -> list[tuple[UUID, int]]:
    """Where a person with this contact and name, in any spelling, is one of the others; with `everyone`, under any name."""
    if not contact:
        return []
    statement = sa.select(PARTICIPANT.c.booking_id, PARTICIPANT.c.n, PARTICIPANT.c.name).where(
        PARTICIPANT.c.branch_id == branch_id, PARTICIPANT.c.contact == contact
    )
    return [(row.booking_id, row.n) for row in tx.rows(statement) if everyone or name_key(row.name) == name_key(name)]
