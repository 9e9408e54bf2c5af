"""A typing error in the name, contact or a number of an appointment is corrected; its time stays, and so does the person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core import contacts
from ..core.bookings import LIVE, BookingState
from ..core.contacts import is_reference
from ..core.errors import Count, Missing, Refused
from ..core.facts.bookings import BookingCorrected
from ..core.messages import Event
from ..core.names import name_key
from ..core.typos import MOST_CORRECTIONS, check_contact, check_issued, check_name, merged
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id, bookings_together, policy_of
from ..store.queries.series import siblings_to_come
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.queries.standing import standing_of
from ..store.queries.told import told_of_booking
from ..store.tables import Booking, table
from . import apart, outbox
from .participants import read_for
from .said import issued_of

BOOKING = table(Booking)


def correct_typo(
    tx: Tx,
    branch_id: UUID,
    booking_id: UUID,
    name: str,
    reference: str,
    contact: str,
    services: Collection[UUID],
    actor: Actor,
    *,
    sure: bool = False,
    issued_number: str | None = None,
    shown: Mapping[str, str] | None = None,
) -> None:
    """Store the corrected spelling of whom an appointment is for. Who may be written to at a corrected address is told.

    The other parts of a visit and the dates to come of a series that are for the same person are corrected with it, in the
    fields that have the same error, as far as they are of `services`: those for which the person who acts corrects typing
    errors. Others who come to the same visit keep what they have, also where they share the contact. `issued_number` is that of
    another office, None to leave it; it may be given later, and follows on the dates of the same service alone. `shown` are the
    fields (`as_shown`) that this person saw; what others stored since then in fields that were left as shown stays.

    Raises Missing("booking"), also for an erased person, Refused with "booking-over", "typo-name", "typo-contact", "typo-issued"
    (`core.typos`), "typo-anothers" where somebody else has that case number, "booking-persons" where too many have that
    contact, and "typo-often"; Stale("typo-changed") where a field that was typed has been corrected in another way meanwhile; and
    what `participants.read_for` and `core.contacts.read_contact` raise.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.erased_at is not None:
            raise Missing("booking")
        if booking.state not in LIVE or booking.state is BookingState.HELD:
            raise Refused("booking-over")
        typed = {"name": name, "reference": reference, "contact": contact}
        if issued_number is not None:
            typed["issued_number"] = issued_number
        now = _read(settings, booking, merged(shown or {}, as_shown(booking), typed), sure=sure)
        changed = [field for field, value in now.items() if value != getattr(booking, field)]
        if not changed:
            return
        check_name(booking.name, now["name"])
        check_name(booking.reference, now["reference"])
        check_contact(booking.contact, now["contact"])
        check_issued(booking.issued_number, now.get("issued_number", booking.issued_number))
        corrected = len(told_of_booking(tx, booking, BookingCorrected.kind))
        if corrected + len(changed) > MOST_CORRECTIONS:
            raise Refused("typo-often")
        _refuse_anothers(tx, settings, booking, changed, now, services)
        series = siblings_to_come(tx, branch_id, booking.id)
        told = []
        for one in (booking, *_of_same_person(tx, booking, series, services)):
            alike = [
                field
                for field in changed
                if getattr(one, field) == getattr(booking, field)
                and (field != "issued_number" or one.service_id == booking.service_id)
            ]
            if not alike:
                continue
            values: dict[str, Any] = {field: now[field] for field in alike}
            if "contact" in alike:
                # The person spoke with staff. What was asked or answered at the old contact says nothing about the new one.
                values |= {"prove_until": None, "proven_at": None}
                told.append(one.id)
            tx.execute(
                sa.update(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == one.id).values(**values)
            )
            apart.remember(lock, one.id)
            for field in alike:
                lock.append(BookingCorrected(subject=str(one.id), code=one.code, field=field), actor)
        _tell(lock, settings, [booking_by_id(tx, branch_id, one) for one in told], in_series=bool(series))


def as_shown(booking: BookingView) -> dict[str, str]:
    """The fields that can be corrected, as a form shows them."""
    return {
        "name": booking.name,
        "reference": booking.reference,
        "issued_number": booking.issued_number,
        "contact": contacts.shown(booking.contact),
    }


def _read(settings: BranchSettings, booking: BookingView, said: Mapping[str, str], *, sure: bool) -> dict[str, str]:
    """The fields as they are stored; raises for text that cannot be read."""
    service, stored = settings.services[booking.service_id], as_shown(booking)
    name, reference, *_ = read_for(service, said["name"], said["reference"])
    contact, typed = booking.contact, said["contact"].strip()
    if typed != stored["contact"]:
        if not typed:
            raise Refused("typo-contact")
        contact = contacts.read_contact(typed, settings.country_code, phone_only=service.by_phone, sure=sure).value
    now = {"name": name, "reference": reference, "contact": contact}
    # What was stored before the service asked in another way stays.
    if said.get("issued_number", stored["issued_number"]) != stored["issued_number"]:
        now["issued_number"] = issued_of(service, said["issued_number"], needed=False)
    return now


def _of_same_person(
    tx: Tx, booking: BookingView, series: Collection[BookingView], services: Collection[UUID]
) -> list[BookingView]:
    """The other live appointments of its visit or series that are for the same person.

    A name may be spelled in another way there, and a case number may be missing or stand in place of the name.
    """
    parts = bookings_together(tx, booking.branch_id, booking.together_id) if booking.together_id else []
    found = {one.id: one for one in (*parts, *series) if one.id != booking.id}
    return [
        one
        for one in found.values()
        if one.state in LIVE
        and one.state is not BookingState.HELD
        and one.service_id in services
        and _is_same_person(one, booking)
    ]


def _is_same_person(one: BookingView, other: BookingView) -> bool:
    """A case number alone does not say so, because those who come together may share it."""
    names = name_key(one.name), name_key(other.name)
    return all(names) and (names[0] == names[1] or one.name == other.reference or other.name == one.reference)


def _tell(lock: Locked, settings: BranchSettings, spelled: Collection[BookingView], *, in_series: bool) -> None:
    to_come = [
        one
        for one in spelled
        if one.state is BookingState.CONFIRMED and one.starts_at > lock.tx.now and not one.taken_away
    ]
    if in_series and len(to_come) > 1:
        outbox.tell_series(lock, settings, to_come, Event.CONFIRMED, {0})
    else:
        outbox.tell_parts(lock, settings, to_come, Event.CONFIRMED, {0})


def _refuse_anothers(
    tx: Tx,
    settings: BranchSettings,
    booking: BookingView,
    changed: Collection[str],
    now: Mapping[str, str],
    services: Collection[UUID],
) -> None:
    """Refuse a case number of somebody with another contact, and a contact that as many persons have as may have it.

    Only `services` are looked at, because a refusal tells that there is somebody. A family has one contact.
    """
    if "contact" in changed:
        service = settings.services[booking.service_id]
        policy, standing = policy_of(settings, service), standing_of(tx, settings, service, now["contact"], now["name"])
        if standing.others >= policy.max_persons_per_contact:
            raise Refused("booking-persons", count=Count(policy.max_persons_per_contact))
    for field in changed:
        value = now[field]
        if field not in ("name", "reference") or not value or (field == "name" and not is_reference(value)):
            continue
        known = tx.rows(
            sa.select(BOOKING.c.contact).where(
                BOOKING.c.branch_id == settings.id,
                BOOKING.c.id != booking.id,
                BOOKING.c.service_id.in_(services),
                BOOKING.c.contact.not_in([booking.contact, now["contact"]]),
                BOOKING.c.erased_at.is_(None),
                sa.or_(BOOKING.c.name == value, BOOKING.c.reference == value),
            )
        )
        if known:
            raise Refused("typo-anothers")
