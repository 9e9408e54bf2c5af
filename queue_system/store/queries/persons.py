"""The bookings of one person, who is known by name and contact."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ...core.names import name_key
from ..database import Tx
from ..tables import Booking, table
from .bookings import BookingView, booking_by_id
from .settings import branch_ids

BOOKING = table(Booking)


@dataclass(frozen=True, slots=True)
class Holdings:
    """All bookings of a person at every branch, and how many other bookings have the same contact and another name."""

    bookings: tuple[BookingView, ...]
    of_others: int


def holdings_of(tx: Tx, booking: BookingView, *, everyone: bool = False) -> Holdings:
    """What is stored with the contact and name of a booking, in any spelling; with `everyone`, under any name.

    A booking without a contact is nobody else's, so it is found alone.
    """
    if not booking.contact:
        return Holdings((booking,) if booking.erased_at is None else (), 0)
    mine: list[BookingView] = []
    of_others = 0
    for branch_id in branch_ids(tx).values():
        for booking_id, found in _with_contact(tx, branch_id, booking.contact):
            if everyone or name_key(found) == name_key(booking.name):
                mine.append(booking_by_id(tx, branch_id, booking_id))
            else:
                of_others += 1
    return Holdings(tuple(sorted(mine, key=lambda one: (one.starts_at, one.id))), of_others)


def _with_contact(tx: Tx, branch_id: UUID, contact: str) -> list[tuple[UUID, str]]:
    statement = sa.select(BOOKING.c.id, BOOKING.c.name).where(
        BOOKING.c.branch_id == branch_id, BOOKING.c.erased_at.is_(None), BOOKING.c.contact == contact
    )
    return [(row.id, row.name) for row in tx.rows(statement)]
