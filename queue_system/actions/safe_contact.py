"""How the people of an appointment may be contacted: chosen by them, asked again, and kept from one visit to the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.bookings import BookingState
from ..core.errors import Invalid, Missing, Stale
from ..core.facts.participants import ContactAsked
from ..core.messages import Event, is_told
from ..core.safe_contact import read_way
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.contact_ways import said_before
from ..store.queries.messages import recipients
from ..store.queries.participants import others_of, seen_of
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import Booking, Participant, table
from . import outbox

BOOKING, PARTICIPANT = table(Booking), table(Participant)


def set_contact_ways(
    tx: Tx,
    branch_id: UUID,
    booking_id: UUID,
    actor: Actor,
    said: Mapping[int, tuple[str, str]],
    seen: str | None = None,
) -> None:
    """Store what people said when they were asked: way and note, by number in the booking (`tables.people.Participant`).

    Whoever may be written to from now on is told about an appointment to come. `seen` is the fingerprint of what was shown
    (`store.queries.participants.seen_of`, with the booking); the same once more changes nothing.

    Raises Missing("booking"), also for an erased person, Stale("ways-changed") where something else is stored now, and
    Invalid as `core.safe_contact.read_way` does, on a field such as `way-2`.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.erased_at is not None:
            raise Missing("booking")
        told = _told(lock, settings, booking)
        others = others_of(tx, branch_id, booking_id)
        if seen is not None and seen != seen_of(others, booking):
            stored = {0: (booking.contact_way or "", booking.contact_note)}
            stored |= {one.n: (one.contact_way or "", one.contact_note) for one in others}
            if stored == dict(said):
                return
            raise Stale("ways-changed")
        known = {0, *(one.n for one in others)}
        for n, (way, note) in said.items():
            if n in known:
                try:
                    values = asked(tx, settings, booking.service_id, way, note)
                except Invalid as mistake:
                    raise Invalid(mistake.code, f"{mistake.field}-{n}", **mistake.values) from None
                _store(lock, booking_id, n, values)
        lock.append(ContactAsked(subject=str(booking.id), code=booking.code), actor)
        now = booking_by_id(tx, branch_id, booking_id)
        new = _told(lock, settings, now) - told
        if new and now.state is BookingState.CONFIRMED and not now.taken_away and now.starts_at > tx.now:
            outbox.tell(lock, settings, now, Event.CONFIRMED, new)


def asked(tx: Tx, settings: BranchSettings, service_id: UUID, way: str, note: str) -> dict[str, Any]:
    """The columns for what somebody said; raises Invalid on `way` or `note`."""
    protected = settings.services[service_id].confidentiality.protected
    chosen, text = read_way(way, note, settings.safe_contact, protected=protected)
    return {"contact_way": chosen, "contact_note": text, "contact_asked_at": tx.now if chosen else None}


def carry_over(lock: Locked, booking: BookingView) -> BookingView:
    """Let the way hold that whom it was booked for chose before; a branch that asks at every visit keeps none."""
    if booking.contact_way is None and _carry(lock, booking, 0, booking.contact, (booking.name, booking.reference)):
        return booking_by_id(lock.tx, lock.id, booking.id)
    return booking


def carry_over_to(lock: Locked, booking: BookingView, numbers: Collection[int]) -> None:
    """`carry_over` for others of a booking, by their numbers."""
    for one in others_of(lock.tx, lock.id, booking.id):
        if one.n in numbers and one.contact_way is None:
            _carry(lock, booking, one.n, one.contact, (one.name, one.reference))


def _carry(lock: Locked, booking: BookingView, n: int, contact: str, called: Collection[str]) -> bool:
    """Whether something was stored."""
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    found = said_before(lock.tx, settings, booking.service_id, contact, called)
    if found is not None:
        values = {"contact_way": found.way.value, "contact_note": found.note, "contact_asked_at": found.asked_at}
        _store(lock, booking.id, n, values)
    return found is not None


def _store(lock: Locked, booking_id: UUID, n: int, values: dict[str, Any]) -> None:
    if n == 0:
        which = sa.update(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == booking_id)
    else:
        rows = PARTICIPANT.c
        which = sa.update(PARTICIPANT).where(rows.branch_id == lock.id, rows.booking_id == booking_id, rows.n == n)
    lock.tx.execute(which.values(**values))


def _told(lock: Locked, settings: BranchSettings, booking: BookingView) -> set[int]:
    return {one.n for one in recipients(lock.tx, settings, booking) if is_told(one.level, one.contact, lock.tx.sends)}
