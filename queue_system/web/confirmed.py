"""Pages that change how people sign in, or what they may do, want a recent proof of who asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ..core.errors import Denied
from ..core.tokens import sha256
from ..store.queries.credentials import confirmed_at
from . import access
from .here import StaffHere

CONFIRMED_FOR: Final = timedelta(minutes=15)


async def is_confirmed(here: StaffHere) -> bool:
    """Whether the person has typed the password, or signed in, within CONFIRMED_FOR."""
    token = here.connection.cookies.get(access.session_cookie(here.connection), "")
    proved = await here.read(confirmed_at, sha256(token))
    return proved is not None and here.now - proved <= CONFIRMED_FOR


async def require_confirmed(here: StaffHere) -> None:
    """Raises Denied("not-confirmed") otherwise; its answer asks for the password and leads back (`web/errors.py`)."""
    if not await is_confirmed(here):
        raise Denied("not-confirmed")
