"""A booking is found again by its code and its contact; whoever knows the code only cannot go through the contacts.

The code is told to screens and clerks, and a telephone number has few digits. So one address has few tries at a code.
Many addresses together have more, after which the code asks for the name as well: that stops who guesses, and never
keeps the person out whose appointment it is.
"""

from __future__ import annotations

from contextlib import ExitStack

from starlette.requests import HTTPConnection

from ..core.bookings import read_code
from ..core.errors import Invalid, Missing, TooMany
from ..core.names import name_key
from ..store.queries.bookings import BookingView
from . import access
from .limits import address_of, limits_of


async def look_up(connection: HTTPConnection, code: str, contact: str, name: str) -> BookingView:
    """The booking of a code, for somebody who knows its contact, and its name where that is asked for.

    Raises what `access.booking_by_code` raises, Invalid("name-needed") on the field `name`, TooMany("too-many",
    seconds=…). The answers are the same for a code that nobody has.
    """
    limits, read = limits_of(connection), read_code(code)
    from_here = f"{read} {address_of(connection)}"
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
            _, found = await access.booking_by_code(connection, code, contact)
            if guarded and name_key(found.name) != name_key(name):
                raise Missing("booking")
        except Missing:
            limits.count("code-from-address", from_here)
            limits.count("code-guesses", read)
            raise
    return found
