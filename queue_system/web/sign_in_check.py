"""Whose name and password these are: bounded in tries, in work at once, and never by what other people fail at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Final

from starlette.requests import HTTPConnection, Request

from ..actions import sessions
from ..core.errors import TooMany
from ..core.logins import login_key
from ..core.tokens import sha256
from ..store.queries import access as stored
from ..store.queries.access import AccountView
from .installation import in_thread, installation_of
from .limits import Limits, address_of, limits_of
from .passwords import is_password

# How many may wait for their password to be looked at, which takes a third of a second; more would wait in vain.
LONGEST_LINE: Final = 40
SECONDS_WHEN_BUSY: Final = 10


class Turns:
    """One password is looked at after the other: the work fills no more than one thread."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn; raises TooMany("sign-in-busy", seconds=…) where the line is too long."""
        if self._waiting >= LONGEST_LINE:
            raise TooMany("sign-in-busy", seconds=SECONDS_WHEN_BUSY)
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1


class Doors:
    """Two lines: whoever comes with a known browser does not stand behind strangers."""

    def __init__(self) -> None:
        self.known = Turns()
        self.strangers = Turns()


async def checked(request: Request, login: str, password: str, channel: str, browser: str = "") -> AccountView | None:
    """Whose name and password these are; None for nobody's. `browser` is the secret of a browser that was given one.

    Raises TooMany with "too-many" or "sign-in-busy", seconds=….
    """
    database, limits = installation_of(request).database, limits_of(request)
    account = await database.read(stored.account_of, login)
    known = account is not None and browser != ""
    if known and account is not None:
        known = await database.read(stored.knows_browser, account.id, sha256(browser))
    with ExitStack() as tries:
        counts = [
            tries.enter_context(limits.attempt(*count)) for count in _counts(request, account, login, browser, known)
        ]
        doors = _doors(request)
        async with (doors.known if known else doors.strangers).turn():
            is_right = await in_thread(partial(is_password, account.password if account else None, password))
        if not is_right:
            for fail in counts:
                fail()
    if account is not None and is_right:
        for name, key in _counts(request, account, login, browser, known):
            # Own slips are forgiven; what an address or strangers have tried is not.
            if name in ("sign-in-browser", "sign-in-here"):
                limits.clear(name, key)
        return account
    await _record(request, limits, account, channel)
    return None


def _counts(
    request: Request, account: AccountView | None, login: str, browser: str, known: bool
) -> list[tuple[str, str]]:
    """What one failure counts against, as (limit, key). After `unlock` a name begins anew on every node."""
    name = f"{account.login} {account.unlocked_at}" if account else login_key(login)
    if known:
        return [("sign-in-browser", f"{name} {browser}")]
    address = address_of(request)
    return [("sign-in-here", f"{name} {address}"), ("sign-in-login", name), ("sign-in-address", address)]


async def _record(request: Request, limits: Limits, account: AccountView | None, channel: str) -> None:
    staff_id = account.id if account else None
    if limits.is_left("sign-in-facts", str(staff_id or "")):
        await installation_of(request).database.write(sessions.record_failed_sign_in, staff_id, channel)


def _doors(connection: HTTPConnection) -> Doors:
    """The lines of this node."""
    state = connection.app.state
    if not hasattr(state, "doors"):
        state.doors = Doors()
    return state.doors  # type: ignore[no-any-return]
