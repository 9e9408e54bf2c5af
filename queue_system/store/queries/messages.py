"""Messages that are due, and to whom each may say how much."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ...core.delivery import OF_CHANNEL
from ...core.messages import Level, level_of
from ...core.safe_contact import ContactWay, in_force
from ..database import AnyRow, Tx
from ..tables import Booking, Message, table
from .bookings import BookingView
from .participants import others_of
from .settings import BranchSettings

BOOKING = table(Booking)
MESSAGE = table(Message)
_PENDING = MESSAGE.c.ended_at.is_(None)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person of a booking, `n` as in `tables.people.Participant`, and how much messages to them may say."""

    n: int
    contact: str
    level: Level

    def is_like(self, other: Recipient) -> bool:
        """Whether both have one contact, and both or neither are whom their booking is for."""
        return self.contact == other.contact and (self.n == 0) == (other.n == 0)


def level_for(settings: BranchSettings, booking: BookingView) -> Level:
    """How much messages to whom a booking is for may say; NONE if its service has gone, and its confidentiality with it."""
    return level_of_service(settings, booking.service_id, booking.contact_way)


def recipients(tx: Tx, settings: BranchSettings, booking: BookingView) -> list[Recipient]:
    """Everybody of a booking who has a contact, each with their own rule."""
    found = [Recipient(0, booking.contact, level_for(settings, booking))]
    found += [
        Recipient(one.n, one.contact, level_of_service(settings, booking.service_id, one.contact_way))
        for one in others_of(tx, settings.id, booking.id)
    ]
    return [one for one in found if one.contact]


def way_in_force(settings: BranchSettings, service_id: UUID, chosen: str | None) -> ContactWay:
    """How a person of a service may be contacted who chose this way, or none."""
    service = settings.services.get(service_id)
    protected = service is None or service.confidentiality.protected
    return in_force(chosen, settings.safe_contact, protected=protected)


def level_of_service(settings: BranchSettings, service_id: UUID, chosen: str | None = None) -> Level:
    """How much messages about a service may say to a person who chose this way to be contacted, or none."""
    service = settings.services.get(service_id)
    if service is None:
        return Level.NONE
    level = service.confidentiality
    way = way_in_force(settings, service_id, chosen)
    return level_of(
        protected=level.protected,
        discreet=level.discreet,
        hides_service=level.hides_service,
        sms=level.sms,
        way=way,
    )


def is_any_message_due(tx: Tx, branch_id: UUID, channel: str) -> bool:
    """Whether a message of the branch is to be sent through the channel, or was claimed by a worker that died."""
    return tx.row(sa.select(MESSAGE.c.id).where(*_due(tx, branch_id, channel)).limit(1)) is not None


def due_messages(tx: Tx, branch_id: UUID, channel: str, *, of_invitations: bool = False) -> list[AnyRow]:
    """The messages of a branch and channel that may be claimed now, those first that have been due the longest.

    Those about bookings; with `of_invitations`, those about invitations.
    """
    about = MESSAGE.c.invitation_id if of_invitations else MESSAGE.c.about
    statement = sa.select(MESSAGE).where(*_due(tx, branch_id, channel), about.is_not(None))
    return tx.rows(statement.order_by(MESSAGE.c.due_at, MESSAGE.c.sequence, MESSAGE.c.id).limit(50))


def held_up(tx: Tx) -> dict[str, int]:
    """How many messages of all branches wait because of each fault of a channel (`core.delivery.OF_CHANNEL`)."""
    statement = (
        sa.select(MESSAGE.c.error, sa.func.count().label("waiting"))
        .where(_PENDING, MESSAGE.c.error.in_(OF_CHANNEL))
        .group_by(MESSAGE.c.error)
        .order_by(MESSAGE.c.error)
    )
    return {row.error: row.waiting for row in tx.rows(statement)}


def _due(tx: Tx, branch_id: UUID, channel: str) -> tuple[sa.ColumnElement[bool], ...]:
    return MESSAGE.c.branch_id == branch_id, MESSAGE.c.channel == channel, _PENDING, MESSAGE.c.due_at <= tx.now
