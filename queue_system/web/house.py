"""What every page and socket shares: the database, the clock, the hub, the words, the templates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from jinja2 import Environment
from starlette.requests import HTTPConnection

from ..actions.spool import SlipOutcome
from ..clock import Clock
from ..live.audience import Audiences
from ..live.hub import Hub
from ..live.presence import Presence
from ..live.shared import SharedLooks
from ..settings import Settings
from ..store.database import Database
from ..store.queries.organisation import OrganisationView, organisation
from ..store.reader import Reader

T = TypeVar("T")


@dataclass(slots=True)
class House:
    """Made once by `app`; found again from a request with `house(request)`."""

    settings: Settings
    secret: bytes
    clock: Clock
    database: Database
    hub: Hub
    templates: Environment
    shared: SharedLooks = field(default_factory=SharedLooks)
    audiences: Audiences = field(default_factory=Audiences)
    presence: Presence = field(default_factory=Presence)
    # Set by `demo` alone: shown on the front page, so that a newcomer finds the way in.
    demo: dict[str, object] | None = None
    # Prints a trial slip on a printer of a branch and says how it went; set by `app`, which alone knows printers.
    test_slip: Callable[[UUID, UUID, str], Awaitable[SlipOutcome]] | None = None
    # Work that goes on beside the requests (printing, expiry); `app` starts and stops it.
    background: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    _organisation: OrganisationView | None = None

    @property
    def reader(self) -> Reader:
        """For whoever only looks."""
        return Reader(self.database)

    async def organisation(self) -> OrganisationView:
        """The organisation of this installation, read once; raises Unavailable("not-initialised")."""
        if self._organisation is None:
            self._organisation = await self.database.read(organisation)
        return self._organisation


def house(connection: HTTPConnection) -> House:
    """The house a request or socket came to."""
    return connection.app.state.house  # type: ignore[no-any-return]


async def in_thread(work: Callable[[], T]) -> T:
    """Run something slow (a password, a picture) beside the event loop."""
    return await asyncio.to_thread(work)
