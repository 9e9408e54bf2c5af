"""The bookings that this browser made. Only here are name and contact shown in full, and only for half an hour.

A signed cookie names them by the secrets of their links. The signature is needed, because otherwise anybody who knows a
link could write the cookie.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response

from ...core import contacts
from ...core.bookings import BookingState
from ...core.errors import Missing
from ...store.queries.bookings import BookingView
from ...store.queries.settings import ServiceView
from ...web import access
from ...web.here import AtBranch, Here

COOKIE: Final = "own"
# The browser may be shared, as in a library; the next person must find nothing.
LASTS: Final = timedelta(minutes=30)
AT_MOST: Final = 8
_SHOWN_DIGITS: Final = 3
# Cannot occur in a secret (base64url), and needs no quoting in a cookie.
_BEFORE_SEAL: Final = "~"


def own_tokens(here: Here) -> tuple[str, ...]:
    """The secrets of the bookings that this browser made, newest first."""
    tokens, _, seal = here.connection.cookies.get(COOKIE, "").rpartition(_BEFORE_SEAL)
    if not tokens or not hmac.compare_digest(_seal(here, tokens).encode(), seal.encode()):
        return ()
    return tuple(tokens.split("."))


def is_own(here: Here, booking: BookingView) -> bool:
    """Whether this browser made the booking."""
    return booking.token in own_tokens(here)


def remember(here: Here, response: Response, booking: BookingView) -> None:
    """Add the booking to this browser's cookie."""
    others = [token for token in own_tokens(here) if token != booking.token]
    tokens = ".".join([booking.token, *others][:AT_MOST])
    response.set_cookie(
        COOKIE,
        f"{tokens}{_BEFORE_SEAL}{_seal(here, tokens)}",
        max_age=LASTS // timedelta(seconds=1),
        path="/",
        samesite="lax",
        secure=here.installation.configuration.behind_tls,
        httponly=True,
    )


async def own_hold(here: AtBranch, service: ServiceView, start: datetime) -> BookingView | None:
    """This browser's hold at `start`: the time is full because the visitor made the hold and went back to the form."""
    for token in own_tokens(here):
        with suppress(Missing):
            where, booking = await here.read(access.booking_of_link, token)
            wanted = (here.branch.id, service.id, start)
            if booking.state is BookingState.HELD and (where.id, booking.service_id, booking.starts_at) == wanted:
                return booking
    return None


def shown_name(here: Here, booking: BookingView, service: ServiceView) -> str | None:
    """The name on the booking's pages: in full in the browser that made it, elsewhere its first part.

    The first part lets a parent tell the links of several children apart. A discreet service shows None elsewhere, so
    that a link that somebody finds does not tell who came. None where staff booked without a name, and once it is erased.
    """
    if booking.erased_at is not None or not booking.name:
        return None
    if _in_full(here, booking):
        return booking.name
    return None if service.confidentiality.discreet else booking.name.split()[0]


def shown_contact(here: Here, booking: BookingView) -> str:
    """The contact on the booking's pages: in full in the browser that made the booking, elsewhere its end only.

    It is empty where there is none, and once it is erased.
    """
    if not booking.contact or _in_full(here, booking):
        return contacts.shown(booking.contact)
    _, at, domain = booking.contact.rpartition("@")
    return f"…@{domain}" if at else f"…{booking.contact[-_SHOWN_DIGITS:]}"


def _in_full(here: Here, booking: BookingView) -> bool:
    """Whether to show all; also a hold made through the API, which its visitor checks in a browser of their own."""
    return is_own(here, booking) or (booking.source == "api" and booking.state is BookingState.HELD)


def _seal(here: Here, tokens: str) -> str:
    """HMAC-SHA-256 (RFC 2104) with the key of this installation, which no link holds."""
    return hmac.new(here.installation.secret, f"own {tokens}".encode(), hashlib.sha256).hexdigest()
