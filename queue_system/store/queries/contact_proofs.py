"""Contacts that were proven, appointments that wait for it, and how many proven ones a person has."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.contact_proof import LAST, LEAST, counts, proof_key
from ...core.promises import UNSETTLED
from ..database import Tx
from ..tables import Booking, ContactProof, Message, table
from ..tables.day import PLACED_BOOKINGS, UNPROVEN_BOOKINGS
from .bookings import BookingView, booking_views, policy_of
from .settings import BranchSettings, ServiceView

BOOKING, MESSAGE, PROOF = table(Booking), table(Message), table(ContactProof)


def asks_for_proofs(settings: BranchSettings, sends: Collection[str]) -> bool:
    """Whether people who book at a branch may have to prove a contact; `sends` is what the installation sends."""
    policies = (policy_of(settings, one) for one in settings.services.values() if one.bookable)
    return bool(sends) and any(one.contact_proof_h for one in policies)


def is_proven(tx: Tx, branch_id: UUID, contact: str) -> bool:
    """Whether somebody has answered at a contact before."""
    wanted = PROOF.c.contact_key == proof_key(tx.secret, branch_id, contact)
    return tx.row(sa.select(PROOF.c.proven_at).where(PROOF.c.branch_id == branch_id, wanted)) is not None


def is_proof_kept(tx: Tx, branch_id: UUID, contact: str) -> bool:
    """Whether a proof of a contact may be kept at a branch; a process without the key cannot tell it from others."""
    if tx.secret:
        return is_proven(tx, branch_id, contact)
    return tx.row(sa.select(PROOF.c.proven_at).where(PROOF.c.branch_id == branch_id).limit(1)) is not None


def unproven_with(tx: Tx, branch_id: UUID, contact: str) -> list[BookingView]:
    """The appointments with a contact that wait for a proof."""
    return booking_views(tx, BOOKING.c.branch_id == branch_id, BOOKING.c.contact == contact, _text(UNPROVEN_BOOKINGS))


def due_unproven(tx: Tx, branch_id: UUID) -> list[BookingView]:
    """Appointments whose contact nobody has proven in time, although a letter that asks for it has reached a mail server.

    Not where less than a day is left, nor where the branch took the time away: that is not the visitor's concern.
    """
    other = BOOKING.alias()
    parts = sa.select(other.c.id).where(other.c.branch_id == branch_id, other.c.together_id == BOOKING.c.together_id)
    # A letter that was refused at the address was as much as could be done.
    arrived = (MESSAGE.c.state == "sent") | (MESSAGE.c.error == "address")
    asked = sa.exists().where(
        MESSAGE.c.branch_id == branch_id,
        (MESSAGE.c.about == BOOKING.c.id) | MESSAGE.c.about.in_(parts),
        MESSAGE.c.n == 0,
        arrived,
        MESSAGE.c.ended_at <= tx.now - LEAST,
    )
    found = booking_views(
        tx,
        BOOKING.c.branch_id == branch_id,
        _text(UNPROVEN_BOOKINGS),
        BOOKING.c.prove_until <= tx.now,
        BOOKING.c.starts_at > tx.now + LAST,
        BOOKING.c.decision.is_(None) | BOOKING.c.decision.not_in([one.value for one in UNSETTLED]),
        asked,
    )
    return [one for one in found if one.prove_until is not None and counts(one.prove_until, one.starts_at)]


def proven_in_group(tx: Tx, settings: BranchSettings, service: ServiceView, contact: str) -> list[BookingView]:
    """The proven appointments to come with a contact in the discreet services of a queue, in the order they were made."""
    group = [
        one.id
        for one in settings.services.values()
        if one.queue_id == service.queue_id and one.confidentiality.discreet
    ]
    found = booking_views(
        tx,
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.contact == contact,
        _text(f"booking.state IN {PLACED_BOOKINGS}"),
        BOOKING.c.proven_at.is_not(None),
        BOOKING.c.service_id.in_(group),
        BOOKING.c.starts_at > tx.now - timedelta(days=1),
    )
    return sorted(
        (one for one in found if one.state is BookingState.CONFIRMED), key=lambda one: (one.created_at, one.id)
    )


def _text(condition: str) -> sa.TextClause:
    return sa.text(condition)
