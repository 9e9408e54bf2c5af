"""Which bookings this browser made: only there do name and contact stand in full, for as long as a family needs.

The cookie names them by the secrets of their links, under a seal: whoever has a link alone cannot write the cookie.
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
# A browser may be that of a library: the next person there is to find nothing.
LASTS: Final = timedelta(minutes=30)
AT_MOST: Final = 8
_SHOWN_DIGITS: Final = 3
# It occurs in no secret (base64url), and a cookie takes it as it is.
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
    """Leave the booking with the browser that made it."""
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
    """The hold that this browser has at a time which is full, because of itself: its visitor went back to the form."""
    for token in own_tokens(here):
        with suppress(Missing):
            where, booking = await access.booking(here.connection, token)
            wanted = (here.branch.id, service.id, start)
            if booking.state is BookingState.HELD and (where.id, booking.service_id, booking.starts_at) == wanted:
                return booking
    return None


def shown_name(here: Here, booking: BookingView, service: ServiceView) -> str | None:
    """The name on the booking's pages: whole where it was typed, elsewhere its first part, of discreet services none.

    Whoever books for several children tells the links apart; whoever finds one does not learn who came to a clinic.
    """
    if _in_full(here, booking):
        return booking.name
    return None if service.confidentiality.discreet else booking.name.split()[0]


def shown_contact(here: Here, booking: BookingView) -> str:
    """The contact on the booking's pages: whole where it was typed, elsewhere its end only."""
    if _in_full(here, booking):
        return contacts.shown(booking.contact)
    _, at, domain = booking.contact.rpartition("@")
    return f"…@{domain}" if at else f"…{booking.contact[-_SHOWN_DIGITS:]}"


def _in_full(here: Here, booking: BookingView) -> bool:
    """A hold made by a program is shown in full as well, because its visitor checks it in a browser of their own."""
    return is_own(here, booking) or (booking.source == "api" and booking.state is BookingState.HELD)


def _seal(here: Here, tokens: str) -> str:
    """HMAC-SHA-256 (RFC 2104) with the key of this installation, which no link holds."""
    return hmac.new(here.installation.secret, f"own {tokens}".encode(), hashlib.sha256).hexdigest()
