"""What somebody says to staff who book for them, while a time is held: as it was typed, and stored in the booking."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core import bookings, contacts
from ..core.apart import NO_LEAVE, Leave
from ..core.bookings import BookingState
from ..core.errors import Invalid, Refused
from ..core.issued import FIELD, read_issued
from ..core.participants import Person
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.settings import BranchSettings, ServiceView, branch_settings
from ..store.tables import Booking, table
from . import channels, members, participants, safe_contact
from .channels import How
from .participants import read_for

BOOKING = table(Booking)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says to staff who book for them, as it was typed: a name or case number, a contact, a language.

    Name and contact may be empty, but staff need a contact where they call or visit the person, also by video. `reference` is a case
    number besides the name; `others` are the people who come along, and `later` says that the missing ones of the parties
    that the service asks for will be named later. `way` and `note` say how the person may be contacted
    (`core.safe_contact.ContactWay`); "" where nobody asked. `issued_number` is that of another office; staff may do without it. `seen`: who was shown, as for `participants.store_people`.
    """

    name: str
    contact: str
    language: str
    contact_sure: bool = False
    reference: str = ""
    others: tuple[Person, ...] = ()
    later: bool = False
    persons: int = 1
    way: str = ""
    note: str = ""
    how: How | None = None
    leave: Leave = NO_LEAVE
    seen: str | None = None
    issued_number: str = ""


def as_said(lock: Locked, settings: BranchSettings, hold: BookingView, said: Said, actor: Actor) -> BookingView:
    """The hold with what was said to staff, and with whom the person has met before where that is possible."""
    service = settings.services[hold.service_id]
    name, reference = read_for(service, said.name, said.reference)
    needed = service.elsewhere or bool(said.how and said.how.by_video)
    contact = contact_of(settings, service, said.contact, sure=said.contact_sure, needed=needed)
    persons = bookings.checked_persons(said.persons, service.most_persons)
    way = safe_contact.asked(lock.tx, settings, service.id, said.way, said.note)
    number = issued_of(service, said.issued_number, needed=False)
    values = {
        "name": name,
        "contact": contact,
        "reference": reference,
        "issued_number": number,
        "persons": persons,
        **way,
    }
    lock.tx.execute(
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == hold.id)
        .values(language=said.language, **values)
    )
    named = channels.keep(lock, settings, booking_by_id(lock.tx, lock.id, hold.id), said.how)
    participants.store_people(lock, settings, named, said.others, actor, all_parties=not said.later, seen=said.seen)
    members.meet_again(lock, settings, named)
    return named


def as_said_before(settings: BranchSettings, booking: BookingView, said: Said | None) -> BookingView:
    """An appointment that is bound, for whom was said before; raises Refused("booking-bound") where somebody else is said now.

    So a form that was sent twice changes nothing, and one that was corrected meanwhile is not lost without a word.
    """
    if said is not None:
        service, meant = settings.services[booking.service_id], None
        with suppress(Invalid):
            contact = contact_of(settings, service, said.contact, sure=True, needed=False)
            number = issued_of(service, said.issued_number, needed=False)
            meant = *read_for(service, said.name, said.reference), contact, number
        if meant != (booking.name, booking.reference, booking.contact, booking.issued_number):
            raise Refused("booking-bound")
    return booking


def keep_answers(
    tx: Tx, branch_id: UUID, hold_id: UUID, reference: str, way: str, note: str, issued_number: str
) -> None:
    """Keep what was said for a time that has gone with the hold of another one; what is wrong is left out."""
    with locked(tx, branch_id) as lock:
        hold = booking_by_id(tx, branch_id, hold_id)
        settings = branch_settings(tx, branch_id, lock.config_version)
        service = settings.services[hold.service_id]
        values: dict[str, Any] = {}
        with suppress(Invalid):
            called, number = read_for(service, hold.name, reference)
            values |= {"name": called, "reference": number}
        with suppress(Invalid):
            values |= safe_contact.asked(tx, settings, service.id, way, note)
        with suppress(Invalid):
            values["issued_number"] = issued_of(service, issued_number, needed=False)
        if values and hold.state is BookingState.HELD:
            tx.execute(
                sa.update(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == hold_id).values(**values)
            )


def issued_of(service: ServiceView, typed: str, *, needed: bool) -> str:
    """The number of another office as it is stored; "" where the service asks for none, or none was typed and none is `needed`.

    Raises what `core.issued.read_issued` raises, and Invalid("issued-missing") on the same field.
    """
    asked = service.issued_number
    if asked is None:
        return ""
    number = read_issued(typed, digits_only=asked.digits_only, length=asked.length)
    if not number and needed and asked.required:
        raise Invalid("issued-missing", FIELD)
    return number


def contact_of(settings: BranchSettings, service: ServiceView, typed: str, *, sure: bool, needed: bool) -> str:
    """The contact as it is stored, "" where none was typed and none is needed; raises as `core.contacts.read_contact`."""
    if not needed and not typed.strip():
        return ""
    return contacts.read_contact(typed, settings.country_code, phone_only=service.by_phone, sure=sure).value
