"""Limits guesses at the contact of a booking, which is found by its code and its contact.

Screens and clerks know the code, and a telephone number has few digits, so one address has few tries at a code. All
addresses together have more tries. After those the name is asked for as well, which stops guessing and still lets the
owner of the appointment in.
"""

from __future__ import annotations

from contextlib import ExitStack

from ...core.bookings import read_code
from ...core.errors import Invalid, Missing, TooMany
from ...core.names import name_key
from ...store.queries.bookings import BookingView
from ...web import access
from ...web.here import Here
from ...web.limits import address_of, limits_of


async def look_up(here: Here, code: str, contact: str, name: str) -> BookingView:
    """The booking with this code and contact, and with this name if the name is asked for.

    Raises what `access.booking_by_code` raises, Invalid("name-needed") on the field `name`, TooMany("too-many",
    seconds=…). A code that does not exist gets the same answers.
    """
    limits, read = limits_of(here.connection), read_code(code)
    from_here = f"{read} {address_of(here.connection)}"
    with ExitStack() as tries:
        tries.enter_context(limits.attempt("code-from-address", from_here))
        guarded = False
        try:
            tries.enter_context(limits.attempt("code-guesses", read))
        except TooMany:
            guarded = True
        if guarded and not name.strip():
            raise Invalid("name-needed", "name")
        try:
            found = await here.read(access.booking_by_code, code, contact)
            if guarded and name_key(found.name) != name_key(name):
                raise Missing("booking")
        except Missing:
            limits.count("code-from-address", from_here)
            limits.count("code-guesses", read)
            raise
    return found
