"""Answers at a contact, and appointments that are given up because there was none (decision 0040)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from ..core.contact_proof import LAST
from ..core.errors import Missing
from ..core.facts.bookings import BookingGivenUp, BookingProven
from ..core.messages import Event
from ..core.names import name_key
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id, bookings_together, policy_of
from ..store.queries.contact_proofs import due_unproven, proven_in_group, unproven_with
from ..store.queries.settings import BranchSettings, branch_settings
from . import contact_proofs, listed_places, outbox
from .bookings import expire_due, leave_unproven


def prove_contact(tx: Tx, branch_id: UUID, booking_id: UUID, contact: str, actor: Actor) -> BookingView:
    """Somebody has answered at this contact of an appointment; returns it as it is then. Idempotent.

    At a discreet service the limits count proven appointments, so the newest goes where there is one too many. Raises
    Missing("booking") where the person was erased, or the contact corrected since.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.erased_at is not None or booking.contact != contact:
            raise Missing("booking")
        waiting = {one.id: one for one in unproven_with(tx, branch_id, booking.contact)}
        if booking.id not in waiting:
            return booking
        mine = {booking.id: booking}
        if booking.together_id is not None:
            parts = bookings_together(tx, branch_id, booking.together_id)
            mine |= {one.id: one for one in parts if one.id in waiting}
        plain = [one for one in mine.values() if not _is_discreet(settings, one)]
        if plain:
            # What was proven at a discreet service stays there, and is asked again with each appointment.
            contact_proofs.remember(lock, booking.contact)
            mine |= {key: one for key, one in waiting.items() if not _is_discreet(settings, one)}
        contact_proofs.mark(lock, mine.values(), prove_until=None, proven_at=tx.now)
        for one in mine.values():
            lock.append(BookingProven(subject=str(one.id), code=one.code), actor)
        for one in mine.values():
            if _is_discreet(settings, one):
                _within_limit(lock, settings, one)
        listed_places.pass_on(lock)
        return booking_by_id(tx, branch_id, booking_id)


def release_due(tx: Tx, branch_id: UUID) -> int:
    """Release what has expired, as `bookings.expire_holds`, and give up appointments that nobody has answered for."""
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        due = sorted(due_unproven(tx, branch_id), key=lambda one: (str(one.together_id or one.id), one.starts_at))
        for _, parts in groupby(due, key=lambda one: one.together_id or one.id):
            _give_up(lock, settings, list(parts), "unproven", Event.GIVEN_UP)
        return len(due) + expire_due(lock)


def _within_limit(lock: Locked, settings: BranchSettings, booking: BookingView) -> None:
    """End the newest proven visit of a person where one too many has been proven; the contact is its own and may be told.

    So it is where the contact is used for one person too many, which has a sentence of its own. The parts of a visit count as one. None ends in its last day.
    """
    service = settings.services[booking.service_id]
    policy = policy_of(settings, service)
    found = proven_in_group(lock.tx, settings, service, booking.contact)
    visits: dict[UUID, list[BookingView]] = {}
    for one in found:
        if name_key(one.name) == name_key(booking.name):
            visits.setdefault(one.together_id or one.id, []).append(one)
    persons = {name_key(one.name) for one in found}
    too_many = policy.max_active is not None and len(visits) > policy.max_active
    if too_many or len(persons) > policy.max_persons_per_contact:
        last = lock.tx.now + LAST
        free = [parts for parts in visits.values() if all(one.starts_at > last for one in parts)]
        if free:
            why, event = ("limit", Event.OVER_LIMIT) if too_many else ("persons", Event.OVER_PERSONS)
            _give_up(lock, settings, free[-1], why, event)


def _give_up(lock: Locked, settings: BranchSettings, bookings: Iterable[BookingView], why: str, event: Event) -> None:
    """Give places to others by the way of every place that is given back, and tell whose they were."""
    ended = []
    for one in bookings:
        ended.append(leave_unproven(lock, settings, one))
        lock.append(BookingGivenUp(subject=str(one.id), code=one.code, why=why), SYSTEM)
    outbox.tell_parts(lock, settings, ended, event)


def _is_discreet(settings: BranchSettings, booking: BookingView) -> bool:
    service = settings.services.get(booking.service_id)
    return service is None or service.confidentiality.discreet
