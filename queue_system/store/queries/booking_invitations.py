"""Invitations to book, with what became of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.booking_invitations import InvitationState, state_of
from ...core.bookings import BookingState
from ...core.errors import Missing
from ...core.names import name_key
from ..database import AnyRow, Tx
from ..tables import Booking, BookingInvitation, table

BOOKING = table(Booking)
INVITATION = table(BookingInvitation)
#: Those that have ended are listed for so long.
LISTED_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation. `name` and `contact` are personal: keep them out of logs and links. `starts_at`: its appointment."""

    id: UUID
    service_id: UUID
    name: str
    contact: str
    language: str
    persons: int
    answer_until: datetime
    created_at: datetime
    booking_id: UUID | None
    starts_at: datetime | None
    state: InvitationState


def invitation_by_id(tx: Tx, branch_id: UUID, invitation_id: UUID) -> InvitationView:
    """One invitation; raises Missing("booking-invitation")."""
    found = _found(tx, INVITATION.c.branch_id == branch_id, INVITATION.c.id == invitation_id)
    if not found:
        raise Missing("booking-invitation")
    return found[0]


def invitation_of_booking(tx: Tx, branch_id: UUID, booking_id: UUID) -> InvitationView | None:
    """The invitation with which a booking was made."""
    found = _found(tx, INVITATION.c.branch_id == branch_id, INVITATION.c.booking_id == booking_id)
    return found[0] if found else None


def invitations_to(tx: Tx, branch_id: UUID, service_ids: Collection[UUID]) -> list[InvitationView]:
    """The invitations to these services that were to be answered lately or still are, the next answer first."""
    return _found(
        tx,
        INVITATION.c.branch_id == branch_id,
        INVITATION.c.service_id.in_(service_ids),
        INVITATION.c.answer_until > tx.now - LISTED_FOR,
    )


def invitations_of_person(tx: Tx, branch_id: UUID, contact: str, name: str, *, everyone: bool = False) -> list[UUID]:
    """The invitations with this contact and name, in any spelling; with `everyone`, under any name."""
    if not contact:
        return []
    statement = sa.select(INVITATION.c.id, INVITATION.c.name).where(
        INVITATION.c.branch_id == branch_id, INVITATION.c.contact == contact
    )
    return [row.id for row in tx.rows(statement) if everyone or name_key(row.name) == name_key(name)]


def _found(tx: Tx, *conditions: Any) -> list[InvitationView]:
    same = (BOOKING.c.branch_id == INVITATION.c.branch_id) & (BOOKING.c.id == INVITATION.c.booking_id)
    statement = (
        sa.select(INVITATION, BOOKING.c.state.label("booked"), BOOKING.c.starts_at)
        .select_from(INVITATION.outerjoin(BOOKING, same))
        .where(*conditions)
        .order_by(INVITATION.c.answer_until, INVITATION.c.id)
    )
    return [_view(row, tx.now) for row in tx.rows(statement)]


def _view(row: AnyRow, now: datetime) -> InvitationView:
    booked = None if row.booked is None else BookingState(row.booked)
    return InvitationView(
        row.id,
        row.service_id,
        row.name,
        row.contact,
        row.language,
        row.persons,
        row.answer_until,
        row.created_at,
        row.booking_id,
        row.starts_at,
        state_of(row.answer_until, row.withdrawn_at, booked, now),
    )
