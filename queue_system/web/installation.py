"""The objects that all pages and sockets share: the database, the clock, the hub, the words, the templates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast
from uuid import UUID

from jinja2 import Environment
from starlette.requests import HTTPConnection

from ..actions.slips import SlipOutcome
from ..clock import Clock
from ..configuration import Configuration
from ..core.errors import Unavailable
from ..live.audience import Audiences
from ..live.hub import Hub
from ..live.latecomers import Latecomers
from ..live.presence import Presence
from ..live.shared import SharedReads
from ..measures import Traffic
from ..store.database import Database
from ..store.queries.organisation import OrganisationView, organisation
from ..store.reader import Reader
from ..store.tables import ORGANISATION
from .errands import Errands
from .places import Place
from .waits import Waits

T = TypeVar("T")


@dataclass(slots=True)
class Installation:
    """Made once by `app`; found again from a request with `installation_of(request)`."""

    configuration: Configuration
    secret: bytes
    clock: Clock
    database: Database
    hub: Hub
    templates: Environment
    shared: SharedReads = field(default_factory=SharedReads)
    audiences: Audiences = field(default_factory=Audiences)
    presence: Presence = field(default_factory=Presence)
    traffic: Traffic = field(default_factory=Traffic)
    errands: Errands = field(default_factory=Errands)
    waits: Waits = field(default_factory=Waits)
    # The pages for staff of all surfaces, in the order of the header; the first that a person may open is their first.
    places: tuple[Place, ...] = ()
    # Only `demo` sets this; the front page shows it, so that a newcomer finds the way in.
    demo: dict[str, object] | None = None
    # Prints a trial slip on a printer of a branch and returns the outcome. The spooler sets it when it starts.
    test_slip: Callable[[UUID, UUID, str], Awaitable[SlipOutcome]] | None = None
    _memory: dict[type, object] = field(default_factory=dict)
    # The hub of those who hear of a change after the screens.
    latecomers: Latecomers = field(init=False)

    def __post_init__(self) -> None:
        self.latecomers = Latecomers(self.hub, self.audiences, self.traffic.is_answering)

    @property
    def read_only(self) -> ReadOnlyInstallation:
        """The part of the installation that screens may use."""
        return ReadOnlyInstallation(
            reader=Reader(self.database),
            clock=self.clock,
            hub=self.hub,
            templates=self.templates,
            shared=self.shared,
            audiences=self.audiences,
            presence=self.presence,
            waits=self.waits,
            demo=self.demo,
        )

    def memory(self, kind: type[T]) -> T:
        """The one object of `kind` that this node keeps in memory, such as counts of requests; made at the first use."""
        if kind not in self._memory:
            self._memory[kind] = kind()
        return cast(T, self._memory[kind])

    async def organisation(self) -> OrganisationView:
        """The organisation of this installation; raises Unavailable("not-initialised").

        While the database is unavailable, this is the value that was read last, so that an error page can show its name.
        """
        try:
            return await self.database.read(organisation)
        except Unavailable:
            known = self.database.settings.last(ORGANISATION)
            if known is None:
                raise
            return cast(OrganisationView, known)


@dataclass(frozen=True, slots=True)
class ReadOnlyInstallation:
    """The part of the installation that screens may use. Nothing in it leads to a database that can be written to.

    A test follows the types of its fields, and of their fields and results, to check this.
    """

    reader: Reader
    clock: Clock
    hub: Hub
    templates: Environment
    shared: SharedReads
    audiences: Audiences
    presence: Presence
    waits: Waits
    demo: dict[str, object] | None

    async def organisation(self) -> OrganisationView:
        """The organisation of this installation; raises Unavailable("not-initialised")."""
        return await self.reader.read(organisation)


def installation_of(connection: HTTPConnection) -> Installation:
    """The installation of a request or socket."""
    return connection.app.state.installation  # type: ignore[no-any-return]


async def in_thread(work: Callable[[], T]) -> T:
    """Run slow work (a password, a picture) in a thread, so that the event loop stays free."""
    return await asyncio.to_thread(work)
