"""The context of one request or socket: a frozen value that handlers make first and pass on.

It holds the installation, the branch, the person, the words of the page that answers, and the time.
`here.read(query, …)` reads; `here.write(action, …)` writes in the branch's own writer thread. Both take their types from
the function that they are given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response

from ..core.errors import Denied, Invalid, Missing, SignedOut, Stale
from ..core.rights import Rights
from ..i18n.words import Words
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import StaffView
from ..store.queries.bookings import BookingView
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings
from . import access, kit
from .departments import services_for
from .installation import Installation, installation_of
from .staff_pages import staff_page

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Here:
    """A request about no branch; `language` is the language of the answer."""

    connection: HTTPConnection
    language: str

    @property
    def installation(self) -> Installation:
        return installation_of(self.connection)

    @property
    def now(self) -> datetime:
        return self.installation.clock.now()

    @property
    def about(self) -> BranchSettings | None:
        """The branch that the answer is about."""
        return None

    @property
    def words(self) -> Words:
        return kit.words_of(self.language, self.about)

    @property
    def request(self) -> Request:
        """The request that a page answers; only for requests, not for sockets."""
        if not isinstance(self.connection, Request):
            raise TypeError("a socket has no request to answer")
        return self.connection

    async def read(self, query: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `query(tx, …)` on one consistent snapshot and return its result."""
        return await self.installation.database.read(query, *args, **kwargs)

    async def read_apart(self, query: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same in a process of its own, for what takes long (`Database.read_apart`)."""
        return await self.installation.database.read_apart(query, *args, **kwargs)

    async def all_branches(self) -> list[BranchSettings]:
        """All branches that can be visited."""
        return await self.read(access.all_branches)

    async def branches_in_service(self) -> list[BranchSettings]:
        """The branches that are not retired."""
        return await self.read(access.branches_in_service)

    async def write_anywhere(self, action: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `action(tx, …)`, which takes its own locks, and return its result after the commit."""
        return await self.installation.database.write(action, *args, **kwargs)

    async def render(self, template: str, context: dict[str, Any] | None = None) -> str:
        """The text of a template, also for a socket."""
        request = self.connection if isinstance(self.connection, Request) else None
        return await kit.render(
            self.installation, template, context, language=self.language, branch=self.about, request=request
        )

    async def part(self, template: str, context: dict[str, Any] | None = None) -> Response:
        """Answer with a part of a page, for a page that fetches it."""
        return HTMLResponse(await self.render(template, context), headers={"Cache-Control": "no-store"})

    async def page(
        self,
        template: str,
        context: dict[str, Any] | None = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Answer with a page."""
        return await kit.page(
            self.request,
            template,
            context,
            branch=self.about,
            status=status,
            language=self.language,
            headers=headers,
        )


@dataclass(frozen=True, kw_only=True)
class AtBranch(Here):
    """A request about a branch."""

    branch: BranchSettings

    @property
    def about(self) -> BranchSettings:
        return self.branch

    async def write(self, action: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `action(tx, …)`, which locks only this branch, and return its result after the commit."""
        return await self.installation.database.write_in(self.branch.id, action, *args, **kwargs)

    async def do(self, action: Callable[Concatenate[Tx, UUID, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `write`, for an action that takes the branch's id as its first argument."""
        return await self.installation.database.write_in(self.branch.id, action, self.branch.id, *args, **kwargs)

    async def screens_first(self) -> None:
        """Wait a moment until the screens of the branch show its present state, because the hall comes first."""
        await self.installation.audiences.settle(self.installation.hub, self.branch.id)


@dataclass(frozen=True, kw_only=True)
class StaffHere(Here):
    """A request of a signed-in person, about no branch."""

    person: StaffView

    @property
    def actor(self) -> Actor:
        """The person as an actor in the log."""
        return access.actor(self.person)

    async def branches_with(self, rights: Rights) -> list[BranchSettings]:
        """The branches where the person has any of `rights`, in their order."""
        return await self.read(access.branches_with, self.person, rights)

    async def page(
        self,
        template: str,
        context: dict[str, Any] | None = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Answer with a page that has the header of the staff."""
        return await staff_page(
            self.request, self.person, template, context, branch=self.about, status=status, headers=headers
        )


@dataclass(frozen=True, kw_only=True)
class StaffAtBranch(StaffHere, AtBranch):
    """A request of a signed-in person about a branch."""

    def may_any(self, rights: Rights) -> bool:
        """Whether the person has any of `rights` at the branch."""
        return self.person.may_any(rights, self.branch.id)

    def services(self, rights: Rights) -> frozenset[UUID]:
        """The services for which the person has any of `rights`; a role may be held for one department only."""
        return services_for(self.person, self.branch, rights)


def anywhere(connection: HTTPConnection, fallback: str | None = None) -> Here:
    """The context of a request about no branch; `fallback` is the language if the request asks for none."""
    return Here(connection=connection, language=kit.language_of(connection, fallback=fallback))


async def at_branch(connection: HTTPConnection) -> AtBranch:
    """The context at the branch that the address names; raises Missing("branch")."""
    return at(connection, await _branch_of(connection))


async def at_known_branch(connection: HTTPConnection, work: Callable[[AtBranch, int | None], Awaitable[R]]) -> R:
    """Do `work` with the cached settings of the branch that the address names; for very frequent requests.

    With a version, `work` must compare it under the lock and raise Stale if it differs. Then, and after Missing or
    Invalid, because what it did not find may be new, it is done once more with the settings that were just read and
    without a version: who edits quickly must not keep visitors away. Raises Missing("branch") and what `work` raises.
    """
    wanted, kept = connection.path_params["branch"], installation_of(connection).database.settings.all_last()
    known = next((one for one in kept if isinstance(one, BranchSettings) and one.slug == wanted), None)
    if known is None:
        return await work(await at_branch(connection), None)
    try:
        return await work(at(connection, known), known.config_version)
    except (Stale, Missing, Invalid):
        if (present := await _branch_of(connection)) is known:
            raise
        return await work(at(connection, present), None)


async def at_ticket(connection: HTTPConnection) -> tuple[AtBranch, TicketView]:
    """The ticket behind the secret link `{token}`, in the language in which it was taken; raises Missing("ticket")."""
    branch, ticket = await anywhere(connection).read(access.ticket_of_link, connection.path_params["token"])
    return at(connection, branch, preferred=ticket.language), ticket


async def at_booking(connection: HTTPConnection) -> tuple[AtBranch, BookingView]:
    """The booking behind the secret link `{token}`; raises Missing("booking")."""
    branch, booking = await anywhere(connection).read(access.booking_of_link, connection.path_params["token"])
    return at(connection, branch), booking


def at(connection: HTTPConnection, branch: BranchSettings, preferred: str | None = None) -> AtBranch:
    """The context at a branch that is loaded already; `preferred` is the language until another is chosen."""
    language = kit.language_of(connection, branch, preferred=preferred)
    return AtBranch(connection=connection, language=language, branch=branch)


async def staff_here(connection: HTTPConnection) -> StaffHere:
    """The context of the signed-in person; raises SignedOut."""
    return _staff(connection, await access.staff(connection))


async def onlooker_here(connection: HTTPConnection) -> StaffHere:
    """Like `staff_here`, for sockets and for parts that a page fetches by itself.

    It does not prolong the session, because an open page alone is no activity.
    """
    return _staff(connection, await _onlooker(connection))


async def staff_at_branch(connection: HTTPConnection, rights: Rights) -> StaffAtBranch:
    """The context of the signed-in person at the branch that the address names, with any of `rights` there.

    Raises SignedOut, Missing("branch"), Denied("not-allowed"), in this order, so that people who are not signed in do
    not learn which branches exist.
    """
    return await _with_rights(connection, await access.staff(connection), rights)


async def onlooker_at_branch(connection: HTTPConnection, rights: Rights) -> StaffAtBranch:
    """Like `staff_at_branch`, and like `onlooker_here` it does not prolong the session."""
    return await _with_rights(connection, await _onlooker(connection), rights)


def not_allowed(connection: HTTPConnection, rights: Rights) -> Denied:
    """The refusal of a page that needs any of `rights`; its page says which roles have one (`web.errors`)."""
    connection.state.needed_rights = rights
    return Denied("not-allowed")


def staff_at(connection: HTTPConnection, person: StaffView, branch: BranchSettings) -> StaffAtBranch:
    """The context of a known person at a known branch."""
    language = kit.language_of_staff(connection, person.language, branch)
    return StaffAtBranch(connection=connection, language=language, branch=branch, person=person)


def _staff(connection: HTTPConnection, person: StaffView) -> StaffHere:
    language = kit.language_of(connection, fallback=person.language)
    return StaffHere(connection=connection, language=language, person=person)


async def _onlooker(connection: HTTPConnection) -> StaffView:
    person = await access.onlooker(connection)
    if person is None:
        raise SignedOut("signed-out")
    return person


async def _branch_of(connection: HTTPConnection) -> BranchSettings:
    return await anywhere(connection).read(access.branch_named, connection.path_params["branch"])


async def _with_rights(connection: HTTPConnection, person: StaffView, rights: Rights) -> StaffAtBranch:
    branch = await _branch_of(connection)
    if not person.may_any(rights, branch.id):
        raise not_allowed(connection, rights)
    return staff_at(connection, person, branch)
