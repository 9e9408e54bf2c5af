"""A booking by whatever its visitor has at hand: the code, the link on a telephone, the name, the contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from ..actions.bookings import record_look_ups
from ..core.bookings import read_code
from ..core.contacts import possible_contacts
from ..core.errors import Denied, Invalid, Missing
from ..core.names import SHORTEST_PART, name_key
from ..store.database import Tx
from ..store.queries import bookings, reception
from ..store.queries.access import StaffView
from ..store.queries.bookings import BookingView
from ..store.queries.reception import FoundBookings
from ..store.queries.settings import BranchSettings
from . import access
from .installation import installation_of

LONGEST: Final = 200
# A scanner reads the whole link of a booking.
LINK: Final = "/b/"
BY_CODE: Final = "code"
BY_NAME: Final = "name"
BY_CONTACT: Final = "contact"
# Not looked for: shown to whoever is to call the visitor.
BY_CALL: Final = "call"
# Fewer digits than this are nobody's telephone, and a name has none.
_DIGITS_OF_A_TELEPHONE: Final = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and by what: code, name or contact; or whose number was asked for, to call them."""

    bookings: tuple[BookingView, ...]
    by: str
    more: bool = False


async def find(request: Request, person: StaffView, branch: BranchSettings, typed: str) -> Found:
    """The booking with this code or link, of any day; else the bookings from today on by contact or name.

    A look-up by contact or name leaves a fact for each booking that it found. Raises Invalid("nothing-typed",
    "typed-too-short", and what `possible_contacts` raises), and Denied("names-not-allowed") for contacts and names
    where somebody may find by code alone.
    """
    typed = typed.strip()[:LONGEST]
    if not typed:
        raise Invalid("nothing-typed", "text")
    database = installation_of(request).database
    coded = await database.read(_by_code, branch, typed)
    if coded is not None:
        return Found((coded,), BY_CODE)
    if not person.may_any(access.NAME_RIGHTS, branch.id):
        raise Denied("names-not-allowed")
    by = BY_CONTACT if _is_contact(typed) else BY_NAME
    if by == BY_CONTACT:
        meant = possible_contacts(typed, [branch.country_code])
        found = await database.read(reception.bookings_of_contact, branch, meant)
    elif len(name_key(typed)) < SHORTEST_PART:
        raise Invalid("typed-too-short", "text")
    else:
        found = await database.read(reception.bookings_named, branch, typed)
    if found.bookings:
        await database.write_in(branch.id, record_look_ups, branch.id, found.bookings, by, access.actor(person))
    return _found(found, by)


def _found(found: FoundBookings, by: str) -> Found:
    return Found(found.bookings, by, found.more)


def _by_code(tx: Tx, branch: BranchSettings, typed: str) -> BookingView | None:
    """None for what is no code, or nobody's: a name may look like one."""
    _, link, token = typed.partition(LINK)
    try:
        if link:
            return bookings.booking_by_token(tx, branch.id, token.split("?")[0])
        return bookings.booking_by_code(tx, branch.id, read_code(typed))
    except (Invalid, Missing):
        return None


def _is_contact(typed: str) -> bool:
    return "@" in typed or sum(sign.isdigit() for sign in typed) >= _DIGITS_OF_A_TELEPHONE
