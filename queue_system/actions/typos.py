"""A typing error in the name, case number or contact of an appointment is corrected; its time stays, and so does the person."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa

from ..core import contacts
from ..core.bookings import LIVE, BookingState
from ..core.contacts import is_reference
from ..core.errors import Missing, Refused
from ..core.facts.bookings import BookingCorrected
from ..core.messages import Event
from ..core.names import name_key
from ..core.typos import MOST_CORRECTIONS, check_contact, check_name
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.settings import branch_ids, branch_settings
from ..store.queries.told import told_of_booking
from ..store.tables import Booking, table
from . import apart, outbox
from .participants import read_for

BOOKING = table(Booking)


def correct_typo(
    tx: Tx,
    branch_id: UUID,
    booking_id: UUID,
    name: str,
    reference: str,
    contact: str,
    actor: Actor,
    *,
    sure: bool = False,
) -> None:
    """Store the corrected spelling of whom an appointment is for. Who may be written to at a corrected address is told.

    Raises Missing("booking"), also for an erased person, Refused with "booking-over", "typo-name", "typo-contact"
    (`core.typos`), "typo-anothers" where somebody else has that contact or case number, and "typo-often"; and what
    `participants.read_for` and `core.contacts.read_contact` raise.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.erased_at is not None:
            raise Missing("booking")
        if booking.state not in LIVE or booking.state is BookingState.HELD:
            raise Refused("booking-over")
        service = settings.services[booking.service_id]
        read = read_for(service, name, reference)
        meant = booking.contact
        if contact.strip() != contacts.shown(booking.contact):
            if not contact.strip():
                raise Refused("typo-contact")
            meant = contacts.read_contact(contact, settings.country_code, phone_only=service.by_phone, sure=sure).value
        now = {"name": read[0], "reference": read[1], "contact": meant}
        changed = [field for field, value in now.items() if value != getattr(booking, field)]
        if not changed:
            return
        check_name(booking.name, now["name"])
        check_name(booking.reference, now["reference"])
        check_contact(booking.contact, meant)
        corrected = len(told_of_booking(tx, booking, BookingCorrected.kind))
        if corrected + len(changed) > MOST_CORRECTIONS:
            raise Refused("typo-often")
        if any(_is_anothers(tx, booking, field, now) for field in changed):
            raise Refused("typo-anothers")
        here = (BOOKING.c.branch_id == lock.id) & (BOOKING.c.id == booking.id)
        # The person spoke with staff. What was asked or answered at the old contact says nothing about the new one.
        unasked = {"prove_until": None, "proven_at": None} if "contact" in changed else {}
        tx.execute(sa.update(BOOKING).where(here).values(**now, **unasked))
        apart.remember(lock, booking.id)
        for field in changed:
            lock.append(BookingCorrected(subject=str(booking.id), code=booking.code, field=field), actor)
        spelled = booking_by_id(tx, branch_id, booking_id)
        is_to_come = spelled.state is BookingState.CONFIRMED and spelled.starts_at > tx.now
        if "contact" in changed and is_to_come and not spelled.taken_away:
            outbox.tell(lock, settings, spelled, Event.CONFIRMED, {0})


def _is_anothers(tx: Tx, booking: BookingView, field: str, now: Mapping[str, str]) -> bool:
    """Whether the corrected contact is known of somebody with another name, or the case number of somebody with another
    contact; names are shared by many."""
    value = now[field]
    if not value or (field == "name" and not is_reference(value)):
        return False
    same = (
        BOOKING.c.contact == value
        if field == "contact"
        else sa.or_(BOOKING.c.name == value, BOOKING.c.reference == value)
    )
    whose = "name" if field == "contact" else "contact"
    for branch_id in branch_ids(tx).values():
        found = tx.rows(
            sa.select(BOOKING.c[whose]).where(
                BOOKING.c.branch_id == branch_id, BOOKING.c.id != booking.id, BOOKING.c.erased_at.is_(None), same
            )
        )
        if any(name_key(one[0]) != name_key(now[whose]) for one in found):
            return True
    return False
