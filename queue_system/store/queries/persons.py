"""The bookings of one person, who is known by name and contact."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ...core.names import name_key
from ..database import Tx
from ..tables import Booking, SeriesDate, table
from .bookings import BookingView, booking_by_id, booking_views
from .settings import branch_ids

BOOKING = table(Booking)
DATE = table(SeriesDate)


@dataclass(frozen=True, slots=True)
class Holdings:
    """All bookings of a person at every branch, and how many other bookings have the same contact and another name."""

    bookings: tuple[BookingView, ...]
    of_others: int


def holdings_of(tx: Tx, booking: BookingView, *, everyone: bool = False) -> Holdings:
    """What is stored with the contact and name of a booking, in any spelling; with `everyone`, under any name.

    A booking without a contact is nobody else's, so it is found alone, or with the others of its series.
    """
    mine = _of_series(tx, booking)
    if not booking.contact:
        return Holdings(tuple(mine), 0)
    known = {(one.branch_id, one.id) for one in mine}
    of_others = 0
    for branch_id in branch_ids(tx).values():
        for booking_id, found in _with_contact(tx, branch_id, booking.contact):
            if (branch_id, booking_id) in known:
                continue
            if everyone or name_key(found) == name_key(booking.name):
                mine.append(booking_by_id(tx, branch_id, booking_id))
            else:
                of_others += 1
    return Holdings(tuple(sorted(mine, key=lambda one: (one.starts_at, one.id))), of_others)


def _of_series(tx: Tx, booking: BookingView) -> list[BookingView]:
    """The booking itself and the others of its series, which are for the same person; not those that were erased."""
    others = DATE.alias()
    ids = {booking.id} | {
        row.booking_id
        for row in tx.rows(
            sa.select(others.c.booking_id)
            .join(DATE, (DATE.c.branch_id == others.c.branch_id) & (DATE.c.series_id == others.c.series_id))
            .where(
                DATE.c.branch_id == booking.branch_id,
                DATE.c.booking_id == booking.id,
                others.c.booking_id.is_not(None),
            )
        )
    }
    return booking_views(
        tx, BOOKING.c.branch_id == booking.branch_id, BOOKING.c.id.in_(ids), BOOKING.c.erased_at.is_(None)
    )


def _with_contact(tx: Tx, branch_id: UUID, contact: str) -> list[tuple[UUID, str]]:
    statement = sa.select(BOOKING.c.id, BOOKING.c.name).where(
        BOOKING.c.branch_id == branch_id, BOOKING.c.erased_at.is_(None), BOOKING.c.contact == contact
    )
    return [(row.id, row.name) for row in tx.rows(statement)]
