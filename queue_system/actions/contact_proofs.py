"""A contact counts once somebody has answered at it: who is asked, and the proofs (decision 0040)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from ..core.contact_proof import FROM_VISITORS, proof_key, prove_until
from ..core.messages import is_told
from ..store.log import Locked
from ..store.queries.bookings import BookingView, booking_by_id, policy_of
from ..store.queries.contact_proofs import is_proven
from ..store.queries.messages import level_for, level_of_service
from ..store.queries.settings import BranchSettings
from ..store.tables import Booking, ContactProof, table

BOOKING, PROOF = table(Booking), table(ContactProof)


def ask(lock: Locked, settings: BranchSettings, booking: BookingView) -> BookingView:
    """Ask for a proof of the contact of a new appointment, where its policy wants one and a letter can be sent.

    Whether it is asked for at a discreet service depends neither on the contact nor on who it is, because the page of the
    appointment would tell anybody who types a name and an address whether they have been here before.
    """
    tx, service = lock.tx, settings.services[booking.service_id]
    until = prove_until(policy_of(settings, service).contact_proof_h, booking.starts_at, tx.now)
    if until is None or booking.source not in FROM_VISITORS:
        return booking
    discreet = service.confidentiality.discreet
    level = level_of_service(settings, service.id) if discreet else level_for(settings, booking)
    if not is_told(level, booking.contact, tx.sends):
        return booking
    if not discreet and is_proven(tx, lock.id, booking.contact):
        return booking
    mark(lock, [booking], prove_until=until)
    return booking_by_id(tx, lock.id, booking.id)


def mark(lock: Locked, bookings: Iterable[BookingView], **values: datetime | None) -> None:
    """Set these columns of some bookings."""
    ids = [one.id for one in bookings]
    lock.tx.execute(sa.update(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id.in_(ids)).values(**values))


def remember(lock: Locked, contact: str) -> None:
    """A contact is proven from now on."""
    here = {"branch_id": lock.id, "contact_key": proof_key(lock.tx.secret, lock.id, contact)}
    forget(lock, contact)
    lock.tx.execute(sa.insert(PROOF), {**here, "proven_at": lock.tx.now})


def forget(lock: Locked, contact: str) -> None:
    """A contact counts as one that nobody has proven. Without the key all go, because others are only asked once more."""
    secret = lock.tx.secret
    wanted = PROOF.c.contact_key == proof_key(secret, lock.id, contact) if secret else sa.true()
    lock.tx.execute(sa.delete(PROOF).where(PROOF.c.branch_id == lock.id, wanted))


def forget_before(lock: Locked, instant: datetime) -> int:
    """Proofs that are as old as names may be go; who comes again is asked again."""
    old = sa.delete(PROOF).where(PROOF.c.branch_id == lock.id, PROOF.c.proven_at < instant)
    return lock.tx.execute(old).rowcount
