"""A contact counts once somebody has answered at it: who is asked, and the proofs (decision 0040)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..core.bookings import BookingState
from ..core.contact_proof import FROM_VISITORS, is_asked, proof_key, prove_until
from ..core.messages import is_told
from ..store.log import Locked
from ..store.queries.bookings import BookingView, booking_by_id, bookings_together, policy_of
from ..store.queries.contact_proofs import is_proven
from ..store.queries.messages import level_of_service
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
    # Nor on the way to be contacted that somebody of this name chose before; without a letter nothing is given up.
    if not is_told(level_of_service(settings, service.id), booking.contact, tx.sends):
        return booking
    if not discreet and is_proven(tx, lock.id, booking.contact):
        return booking
    mark(lock, [booking], prove_until=until)
    return booking_by_id(tx, lock.id, booking.id)


def ask_as_one(lock: Locked, settings: BranchSettings, parts: Sequence[BookingView]) -> list[BookingView]:
    """Let new parts of a visit with one contact wait for it equally long, so that the visit is not given up in pieces.

    The earliest end is for all. Where one part need not be proven, none need be. Discreet parts are apart from the others,
    because a plain one is not asked for at a contact that is known.
    """
    for key in {_group(settings, one) for one in parts}:
        same = [one for one in parts if _group(settings, one) == key]
        ends = [one.prove_until for one in same if one.prove_until is not None]
        if len({one.prove_until for one in same}) > 1:
            mark(lock, same, prove_until=min(ends) if len(ends) == len(same) else None)
    return [booking_by_id(lock.tx, lock.id, one.id) for one in parts]


def wait_as_one(lock: Locked, settings: BranchSettings, moved: BookingView) -> None:
    """The same once a part of a visit has moved: as at first, the earliest end is for all that can still be given up.

    A part that now stands in its last day is not among them, and waits with them again when it moves away.
    """
    if moved.together_id is None or moved.prove_until is None:
        return
    ends = {
        one.id: one.prove_until
        for one in bookings_together(lock.tx, lock.id, moved.together_id)
        if one.state is BookingState.CONFIRMED
        and one.prove_until is not None
        and is_asked(one.prove_until, one.starts_at, lock.tx.now)
        and _group(settings, one) == _group(settings, moved)
    }
    if len(set(ends.values())) > 1:
        _mark(lock, ends, prove_until=min(ends.values()))


def mark(lock: Locked, bookings: Iterable[BookingView], **values: datetime | None) -> None:
    """Set these columns of some bookings."""
    _mark(lock, [one.id for one in bookings], **values)


def _group(settings: BranchSettings, part: BookingView) -> tuple[str, bool]:
    return part.contact, settings.services[part.service_id].confidentiality.discreet


def _mark(lock: Locked, ids: Iterable[UUID], **values: datetime | None) -> None:
    lock.tx.execute(
        sa.update(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id.in_(list(ids))).values(**values)
    )


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
