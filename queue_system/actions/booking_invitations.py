"""Invite somebody to book, take an invitation back, and hold a time with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID, uuid5

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core import contacts, hours
from ..core.booking_invitations import MOST_GUESTS, InvitationState, against_use
from ..core.bookings import Booker, BookingState, Mode, checked_persons
from ..core.errors import Invalid, Missing, Refused
from ..core.facts.guests import GuestInvited, InvitationWithdrawn
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.booking_invitations import invitation_by_id
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.settings import branch_settings
from ..store.tables import BookingInvitation, table
from . import invitation_letters
from .bookings import HoldOrder, cancel_booking, expire_due, hold_instead, hold_slot

INVITATION = table(BookingInvitation)
#: So long an invitation can be open.
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class InvitationOrder:
    """Whom to invite to which service, as it was typed. `answer_by` is the last day on which it can be used.

    With `request_id` a repeated request gives the same invitation.
    """

    service_id: UUID
    name: str
    contact: str
    language: str
    answer_by: date | None
    persons: int = 1
    request_id: str = ""


def invite_guest(tx: Tx, branch_id: UUID, order: InvitationOrder, actor: Actor) -> UUID:
    """Invite somebody; the name is needed, the contact is not. Returns the id.

    Whom a letter may reach gets one with the link.

    Raises Missing("service") for a service to which nobody is invited, Invalid for a wrong name, contact, number of
    people or day, on the field of that name, Refused("request-reused") for a request that invited somebody else.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        service = settings.services.get(order.service_id)
        if service is None or Mode(service.booked_as) is not Mode.INVITE:
            raise Missing("service")
        name = contacts.read_name(order.name)
        typed = order.contact.strip()
        contact = contacts.read_contact(typed, settings.country_code, sure=True).value if typed else ""
        today = hours.business_date(tx.now, settings.zone, settings.day_starts)
        if order.answer_by is None:
            raise Invalid("day", "answer_by")
        if order.answer_by < today or order.answer_by > today + LONGEST:
            raise Invalid("invitation-day", "answer_by")
        made = uuid5(lock.id, f"invitation {order.request_id}") if order.request_id else uuid7()
        before = tx.row(sa.select(INVITATION).where(INVITATION.c.branch_id == lock.id, INVITATION.c.id == made))
        if before is not None:
            if (before.service_id, before.name, before.contact) != (service.id, name, contact):
                raise Refused("request-reused")
            return made
        row = {
            "branch_id": lock.id,
            "id": made,
            "service_id": service.id,
            "name": name,
            "contact": contact,
            "language": order.language,
            "persons": checked_persons(order.persons, MOST_GUESTS),
            "answer_until": hours.day_bounds(order.answer_by, settings.zone, settings.day_starts)[1],
            "created_at": tx.now,
            "created_by": UUID(actor.id) if actor.kind == "staff" and actor.id else None,
        }
        tx.execute(sa.insert(INVITATION), row)
        fact = GuestInvited(
            subject=str(made),
            service=service.slug,
            answer_by=order.answer_by.isoformat(),
            persons=order.persons,
        )
        lock.append(fact, actor)
        invitation_letters.send(lock, settings, invitation_by_id(tx, branch_id, made))
        return made


def withdraw_invitation(tx: Tx, branch_id: UUID, invitation_id: UUID, actor: Actor) -> None:
    """Let the link of an invitation open nothing any more; a time that is held with it becomes free. Idempotent.

    Raises Missing("booking-invitation"), and Refused("invitation-used") where there is an appointment already.
    """
    with locked(tx, branch_id) as lock:
        # A hold that has run out is nothing that could be cancelled.
        expire_due(lock)
    found = invitation_by_id(tx, branch_id, invitation_id)
    if found.state is InvitationState.BEGUN and found.booking_id is not None:
        cancel_booking(tx, branch_id, found.booking_id, actor, Booker.STAFF)
    with locked(tx, branch_id) as lock:
        found = invitation_by_id(tx, branch_id, invitation_id)
        if found.state is InvitationState.WITHDRAWN:
            return
        if found.state is InvitationState.USED:
            raise Refused("invitation-used")
        here = (INVITATION.c.branch_id == branch_id, INVITATION.c.id == invitation_id)
        tx.execute(sa.update(INVITATION).where(*here).values(withdrawn_at=tx.now))
        invitation_letters.withdraw(lock, invitation_id)
        service = branch_settings(tx, branch_id, lock.config_version).services[found.service_id]
        lock.append(InvitationWithdrawn(subject=str(invitation_id), service=service.slug), actor)


def hold_invited(tx: Tx, invitation_id: UUID, order: HoldOrder, earlier_id: UUID | None = None) -> BookingView:
    """Hold a time with an invitation, which gives one appointment: the time that it held before is given up.

    Raises what `hold_instead` raises, Missing("booking-invitation"), and Refused with "invitation-used",
    "invitation-withdrawn", "invitation-over" where it cannot be used, or belongs to another service.
    """
    with locked(tx, order.branch_id):
        # The lock stays until the end of the transaction, so no other hold comes between.
        found = invitation_by_id(tx, order.branch_id, invitation_id)
    refusal = against_use(found.state)
    if refusal is not None:
        raise refusal
    if found.service_id != order.service_id:
        raise Missing("service")
    checked_persons(order.persons, found.persons)
    before = found.booking_id if found.state is InvitationState.BEGUN else earlier_id
    held = hold_slot(tx, order) if before is None else hold_instead(tx, order, before)
    if before is not None and before != held.id:
        left = booking_by_id(tx, order.branch_id, before)
        if left.state is BookingState.HELD:
            # Another name and contact: it would be a second appointment.
            raise Refused("invitation-begun")
    tx.execute(
        sa.update(INVITATION)
        .where(INVITATION.c.branch_id == order.branch_id, INVITATION.c.id == invitation_id)
        .values(booking_id=held.id)
    )
    return held
