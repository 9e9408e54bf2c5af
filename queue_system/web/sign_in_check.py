"""Checks a name and a password, with limits on tries and on parallel work that other people's failures do not touch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from starlette.requests import HTTPConnection

from ..actions import sessions
from ..core.errors import TooMany
from ..core.logins import login_key
from ..core.tokens import sha256
from ..store.queries.access import AccountView, account_of, knows_browser
from .here import Here
from .installation import in_thread, installation_of
from .limits import address_of, limits_of
from .passwords import is_password

T = TypeVar("T")

# How many sign-ins may wait while a password is checked, which takes a third of a second; more would wait in vain.
LONGEST_LINE: Final = 40
SECONDS_WHEN_BUSY: Final = 10


class Turns:
    """Checks passwords one after the other, so that the work fills only one thread."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; raises TooMany("sign-in-busy", seconds=…) if the line is too long."""
        if self._waiting >= LONGEST_LINE:
            raise TooMany("sign-in-busy", seconds=SECONDS_WHEN_BUSY)
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1


class Doors:
    """Two lines, so that people with a known browser do not wait behind strangers."""

    def __init__(self) -> None:
        self.known = Turns()
        self.strangers = Turns()


async def checked(here: Here, login: str, password: str, channel: str, browser: str = "") -> AccountView | None:
    """The account with this name and password; None if there is none. `browser` is the secret of a known browser.

    Raises TooMany with "too-many" or "sign-in-busy", seconds=….
    """
    limits = limits_of(here.connection)
    account = await here.read(account_of, login)
    known = account is not None and browser != ""
    if known and account is not None:
        known = await here.read(knows_browser, account.id, sha256(browser))
    with ExitStack() as tries:
        counts = [
            tries.enter_context(limits.attempt(*count)) for count in _counts(here, account, login, browser, known)
        ]
        doors = _doors(here.connection)
        async with (doors.known if known else doors.strangers).turn():
            is_right = await in_thread(partial(is_password, account.password if account else None, password))
        if not is_right:
            for fail in counts:
                fail()
    if account is not None and is_right:
        for name, key in _counts(here, account, login, browser, known):
            # A success clears the person's own failures, but not those counted for the address or for strangers.
            if name in ("sign-in-browser", "sign-in-here"):
                limits.clear(name, key)
        return account
    staff_id = account.id if account else None
    if limits.is_left("sign-in-facts", str(staff_id or "")):
        await here.write_anywhere(sessions.record_failed_sign_in, staff_id, channel)
    return None


async def limited(here: Here, person: str, check: Callable[[], Awaitable[T | None]]) -> T | None:
    """Run the check of a code that a person typed; None counts as a failure. Raises TooMany("too-many", seconds=…).

    `person` is what `person_key` returns.
    """
    limits = limits_of(here.connection)
    with ExitStack() as tries:
        counts = [tries.enter_context(limits.attempt(name, person)) for name in ("sign-in-code", "sign-in-codes")]
        found = await check()
        if found is None:
            for fail in counts:
                fail()
    if found is not None:
        # The count of the day stays, because a guesser must not profit from the person's own sign-ins.
        limits.clear("sign-in-code", person)
    return found


def person_key(login: str, unlocked_at: datetime | None) -> str:
    """By what failures of a person are counted; `unlock` clears the count on every node."""
    return f"{login} {unlocked_at}"


def _counts(here: Here, account: AccountView | None, login: str, browser: str, known: bool) -> list[tuple[str, str]]:
    """The limits that a failure counts against, as (limit, key)."""
    name = person_key(account.login, account.unlocked_at) if account else login_key(login)
    if known:
        return [("sign-in-browser", f"{name} {browser}")]
    address = address_of(here.connection)
    return [("sign-in-here", f"{name} {address}"), ("sign-in-login", name), ("sign-in-address", address)]


def _doors(connection: HTTPConnection) -> Doors:
    """The two lines of this node."""
    return installation_of(connection).memory(Doors)
