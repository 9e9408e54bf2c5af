"""Finds a booking by the code, the link on a telephone, the name or the contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..actions.look_ups import record_look_ups
from ..core.contacts import possible_contacts
from ..core.errors import Denied, Invalid, Missing
from ..core.names import SHORTEST_PART, name_key
from ..core.rights import HALL_RIGHTS, NAME_RIGHTS, Rights
from ..store.database import Tx
from ..store.queries import reception
from ..store.queries.bookings import BookingView
from ..store.queries.settings import BranchSettings
from .code_or_link import LONGEST_READING, booking_behind, read_code_or_link
from .here import StaffAtBranch

BY_CODE: Final = "code"
BY_NAME: Final = "name"
BY_CONTACT: Final = "contact"
# Shown without a search, to the staff who are to call the visitor.
BY_CALL: Final = "call"
# The address of a home visit, to staff who do not go there.
BY_ADDRESS: Final = "address"
# A text with fewer digits than this is a name, because no telephone number is so short.
_DIGITS_OF_A_TELEPHONE: Final = 5


@dataclass(frozen=True, slots=True)
class Found:
    """The bookings found, and how: BY_CODE, BY_NAME, BY_CONTACT or BY_CALL. `more`: there are others beside them."""

    bookings: tuple[BookingView, ...]
    by: str
    more: bool = False


async def find(here: StaffAtBranch, typed: str) -> Found:
    """The booking with this code or link, of any day; else the bookings from today on by contact or name.

    Only those of the services for which the person receives visitors, or may search by name, are found.

    A search by contact or name appends a fact for each booking found. Raises Invalid("nothing-typed",
    "typed-too-short", and what `possible_contacts` raises), and Denied("names-not-allowed") for contacts and names if
    the person may search by code only.
    """
    typed = typed.strip()[:LONGEST_READING]
    if not typed:
        raise Invalid("nothing-typed", "text")
    coded = await here.read(_by_code, here.branch, typed)
    if coded is not None:
        return Found(_of(here, (coded,), HALL_RIGHTS), BY_CODE)
    if not here.may_any(NAME_RIGHTS):
        raise Denied("names-not-allowed")
    by = BY_CONTACT if _is_contact(typed) else BY_NAME
    if by == BY_CONTACT:
        meant = possible_contacts(typed, [here.branch.country_code])
        found = await here.read(reception.bookings_of_contact, here.branch, meant)
    elif len(name_key(typed)) < SHORTEST_PART:
        raise Invalid("typed-too-short", "text")
    else:
        found = await here.read(reception.bookings_named, here.branch, typed)
    bookings = _of(here, found.bookings, NAME_RIGHTS)
    if bookings:
        await here.do(record_look_ups, bookings, by, here.actor)
    return Found(bookings, by, found.more)


def _of(here: StaffAtBranch, bookings: tuple[BookingView, ...], rights: Rights) -> tuple[BookingView, ...]:
    """Those of the services for which the person has any of `rights`."""
    services = here.services(rights)
    return tuple(one for one in bookings if one.service_id in services)


def _by_code(tx: Tx, branch: BranchSettings, typed: str) -> BookingView | None:
    """The booking of a code or link; None where there is none, because a name may look like a code."""
    try:
        return booking_behind(tx, branch.id, read_code_or_link(typed))
    except (Invalid, Missing):
        return None


def _is_contact(typed: str) -> bool:
    return "@" in typed or sum(sign.isdigit() for sign in typed) >= _DIGITS_OF_A_TELEPHONE
