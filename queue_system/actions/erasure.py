"""Erases one person who asks for it: name and contact go from every booking, at every branch, at once.

So do those of everybody else in these bookings, the person's own in bookings of others, which take place all the same, and
their invitations.

What remains says that there was an appointment, and not whose. Entries of the log hold no names, so the chain stays as
it is. Appointments that are still to come are cancelled.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from ..core.bookings import Booker, BookingState
from ..core.errors import Refused
from ..core.facts.data import DataErased
from ..core.tickets import OPEN
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries import line
from ..store.queries.booking_invitations import invitations_of_person
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.contact_proofs import is_proof_kept
from ..store.queries.participants import participations_of
from ..store.queries.persons import holdings_of
from ..store.queries.settings import branch_ids, branch_settings
from . import contact_proofs
from .bookings import cancel_booking
from .day import in_session
from .retention import erase, forget_invitations, forget_participants
from .second_person import SecondPersonNeeded


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased: `number` is also in the log, in the entry of each branch. `branch_id` is that of the request."""

    number: str
    branch_id: UUID
    bookings: int


def erase_person(
    tx: Tx, branch_id: UUID, booking_id: UUID, actor: Actor, *, everyone: bool = False, approved: bool = False
) -> Receipt:
    """Erase the person of a booking; with `everyone`, all persons with the same contact.

    `approved` says that a second person has agreed: without one, staff get SecondPersonNeeded, because nobody can bring
    the data back. Who has the machine needs none. It locks several branches, so it is given to `Database.write`.

    Raises Missing("booking"), Refused("erase-again") where that was done already, Refused("erase-in-hall") while one of
    them is here with a number.
    """
    asked = booking_by_id(tx, branch_id, booking_id)
    if asked.erased_at is not None:
        raise Refused("erase-again")
    if actor.kind == "staff" and not approved:
        raise SecondPersonNeeded(())
    number = secrets.token_hex(4).upper()
    mine = holdings_of(tx, asked, everyone=everyone).bookings
    # In the order of their ids, in which several branches are locked.
    for place in sorted(branch_ids(tx).values()):
        _erase_at(tx, place, [one for one in mine if one.branch_id == place], number, actor)
        with_others = participations_of(tx, place, asked.contact, asked.name, everyone=everyone)
        invited = invitations_of_person(tx, place, asked.contact, asked.name, everyone=everyone)
        if asked.contact and is_proof_kept(tx, place, asked.contact):
            with in_session(tx, place) as lock:
                contact_proofs.forget(lock, asked.contact)
        if with_others or invited:
            with in_session(tx, place) as lock:
                forget_participants(lock, with_others)
                forget_invitations(lock, invited)
    return Receipt(number, branch_id, len(mine))


def _erase_at(tx: Tx, branch_id: UUID, mine: Collection[BookingView], number: str, actor: Actor) -> None:
    if not mine:
        return
    for booking in mine:
        if _is_to_come(tx, booking):
            cancel_booking(tx, branch_id, booking.id, actor, Booker.STAFF)
    with in_session(tx, branch_id) as lock:
        for booking in mine:
            ticket = line.ticket(tx, branch_id, booking.ticket_id) if booking.ticket_id else None
            if ticket is not None and ticket.state in OPEN:
                raise Refused("erase-in-hall", code=ticket.code)
        count = erase(lock, [booking.id for booking in mine])
        lock.append(DataErased(subject=number, bookings=count), actor)


def _is_to_come(tx: Tx, booking: BookingView) -> bool:
    """Whether a booking still keeps a place that others could use."""
    live_since = branch_settings(tx, booking.branch_id).timetable.live_since(tx.now)
    return booking.state is BookingState.HELD or (
        booking.state is BookingState.CONFIRMED and booking.ends_at > live_since
    )
