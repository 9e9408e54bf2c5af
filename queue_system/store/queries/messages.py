"""Messages that are due, and those that nobody received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.messages import Event, Level, level_of
from ..database import AnyRow, Tx
from ..tables import Booking, Message, table
from ..tables.messages import UNSENT_MESSAGES
from .bookings import BookingView
from .settings import BranchSettings

BOOKING = table(Booking)
MESSAGE = table(Message)
_PENDING = MESSAGE.c.ended_at.is_(None)


@dataclass(frozen=True, slots=True)
class UnsentMessage:
    """A message that was given up, about an appointment to come; `maybe`: it may have arrived all the same."""

    id: UUID
    booking_id: UUID
    code: str
    service_id: UUID
    starts_at: datetime
    event: Event
    error: str
    maybe: bool
    ended_at: datetime


def level_for(settings: BranchSettings, booking: BookingView) -> Level:
    """How much messages about a booking may say; NONE if its service has gone, because its confidentiality went with it."""
    service = settings.services.get(booking.service_id)
    if service is None:
        return Level.NONE
    level = service.confidentiality
    return level_of(discreet=level.discreet, hides_service=level.hides_service, sms=level.sms)


def is_any_message_due(tx: Tx, branch_id: UUID) -> bool:
    """Whether a message of the branch is to be sent, or was claimed by a worker that died."""
    statement = sa.select(MESSAGE.c.id).where(MESSAGE.c.branch_id == branch_id, _PENDING, MESSAGE.c.due_at <= tx.now)
    return tx.row(statement.limit(1)) is not None


def due_messages(tx: Tx, branch_id: UUID) -> list[AnyRow]:
    """The messages of a branch that may be claimed now, those first that have been due the longest."""
    statement = sa.select(MESSAGE).where(MESSAGE.c.branch_id == branch_id, _PENDING, MESSAGE.c.due_at <= tx.now)
    return tx.rows(statement.order_by(MESSAGE.c.due_at, MESSAGE.c.sequence, MESSAGE.c.id).limit(50))


def unsent_messages(tx: Tx, branch_id: UUID) -> list[UnsentMessage]:
    """The last messages about appointments to come that were given up, the next appointment first."""
    newer = MESSAGE.alias()
    told_since = sa.exists().where(
        newer.c.branch_id == branch_id, newer.c.about == MESSAGE.c.about, newer.c.sequence > MESSAGE.c.sequence
    )
    statement = (
        sa.select(MESSAGE, BOOKING.c.code, BOOKING.c.service_id, BOOKING.c.starts_at)
        .join(BOOKING, (BOOKING.c.branch_id == MESSAGE.c.branch_id) & (BOOKING.c.id == MESSAGE.c.about))
        .where(
            MESSAGE.c.branch_id == branch_id,
            sa.text(f"message.state IN {UNSENT_MESSAGES}"),
            MESSAGE.c.ended_at.is_not(None),
            BOOKING.c.starts_at > tx.now,
            BOOKING.c.state.in_((BookingState.CONFIRMED.value, BookingState.CANCELLED.value)),
            ~told_since,
        )
        .order_by(BOOKING.c.starts_at, MESSAGE.c.id)
    )
    return [
        UnsentMessage(
            row.id,
            row.about,
            row.code,
            row.service_id,
            row.starts_at,
            Event(row.event),
            row.error or "internal",
            row.state == "unknown",
            row.ended_at,
        )
        for row in tx.rows(statement)
    ]
