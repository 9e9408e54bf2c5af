"""Where a request or a socket has come to: one frozen value, made at the door and handed on from there.

It knows the installation, the branch and the person that it is about, the words of the page that answers, and the
moment. `here.read(query, …)` looks, `here.write(action, …)` acts in the branch's own writer; both are typed by what
they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response

from ..core.errors import Denied, SignedOut
from ..i18n.words import Words
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import StaffView
from ..store.queries.settings import BranchSettings
from . import access, kit
from .installation import Installation, installation_of
from .staff_pages import staff_page

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Here:
    """Somewhere in the installation; `language` is that of the page that answers."""

    connection: HTTPConnection
    language: str

    @property
    def installation(self) -> Installation:
        return installation_of(self.connection)

    @property
    def now(self) -> datetime:
        return self.installation.clock.now()

    @property
    def words(self) -> Words:
        return kit.words_of(self.language)

    @property
    def request(self) -> Request:
        """The request to answer with a page; a socket has none."""
        if not isinstance(self.connection, Request):
            raise TypeError("a socket has no request to answer")
        return self.connection

    async def read(self, query: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `query(tx, …)` finds on one consistent snapshot."""
        return await self.installation.database.read(query, *args, **kwargs)

    async def write_anywhere(self, action: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do `action(tx, …)`, which locks what it needs by itself, and return its result after the commit."""
        return await self.installation.database.write(action, *args, **kwargs)

    async def render(self, template: str, context: dict[str, Any] | None = None) -> str:
        """The text of a template, also for a socket."""
        return await self._render(template, context, None)

    async def part(self, template: str, context: dict[str, Any] | None = None) -> Response:
        """Answer with a part of a page, which the page fetches by itself."""
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
        return await kit.page(self.request, template, context, status=status, language=self.language, headers=headers)

    async def _render(self, template: str, context: dict[str, Any] | None, branch: BranchSettings | None) -> str:
        request = self.connection if isinstance(self.connection, Request) else None
        return await kit.render(
            self.installation, template, context, language=self.language, branch=branch, request=request
        )


@dataclass(frozen=True, kw_only=True)
class AtBranch(Here):
    """At a branch."""

    branch: BranchSettings

    @property
    def words(self) -> Words:
        return kit.words_of(self.language, self.branch)

    async def write(self, action: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do `action(tx, …)`, which locks this branch alone, and return its result after the commit."""
        return await self.installation.database.write_in(self.branch.id, action, *args, **kwargs)

    async def do(self, action: Callable[Concatenate[Tx, UUID, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for an action that takes the branch's id first."""
        return await self.installation.database.write_in(self.branch.id, action, self.branch.id, *args, **kwargs)

    async def render(self, template: str, context: dict[str, Any] | None = None) -> str:
        return await self._render(template, context, self.branch)

    async def page(
        self,
        template: str,
        context: dict[str, Any] | None = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return await kit.page(
            self.request,
            template,
            context,
            branch=self.branch,
            status=status,
            language=self.language,
            headers=headers,
        )


@dataclass(frozen=True, kw_only=True)
class StaffHere(Here):
    """Somebody who works here, somewhere in the installation."""

    person: StaffView

    @property
    def actor(self) -> Actor:
        """The person as the log names them."""
        return access.actor(self.person)

    async def page(
        self,
        template: str,
        context: dict[str, Any] | None = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Answer with a page in the frame for staff."""
        return await staff_page(self.request, self.person, template, context, status=status, headers=headers)


@dataclass(frozen=True, kw_only=True)
class StaffAtBranch(StaffHere, AtBranch):
    """Somebody who works here, at a branch."""

    def may_any(self, rights: frozenset[str]) -> bool:
        """Whether the person has any of `rights` at the branch."""
        return self.person.may_any(rights, self.branch.id)

    async def page(
        self,
        template: str,
        context: dict[str, Any] | None = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return await staff_page(
            self.request, self.person, template, context, branch=self.branch, status=status, headers=headers
        )


def anywhere(connection: HTTPConnection, fallback: str | None = None) -> Here:
    """Where it is about no branch; `fallback` is the language of a reader who asks for none."""
    return Here(connection=connection, language=kit.language_of(connection, fallback=fallback))


async def at_branch(connection: HTTPConnection) -> AtBranch:
    """At the branch that the address names; raises Missing("branch")."""
    return at(connection, await access.branch(connection))


def at(connection: HTTPConnection, branch: BranchSettings) -> AtBranch:
    """At a branch that is known already."""
    return AtBranch(connection=connection, language=kit.language_of(connection, branch), branch=branch)


async def staff_here(connection: HTTPConnection) -> StaffHere:
    """The signed-in person; raises SignedOut."""
    person = await access.staff(connection)
    return StaffHere(
        connection=connection, language=kit.language_of(connection, fallback=person.language), person=person
    )


async def staff_at_branch(connection: HTTPConnection, rights: frozenset[str]) -> StaffAtBranch:
    """The signed-in person at the branch that the address names, with any of `rights` there.

    Raises SignedOut, Missing("branch"), Denied("not-allowed"), in this order: people who are not signed in need not
    learn which branches there are.
    """
    return await _with_rights(connection, await access.staff(connection), rights)


async def onlooker_at_branch(connection: HTTPConnection, rights: frozenset[str]) -> StaffAtBranch:
    """As `staff_at_branch`, for sockets and parts that a page fetches by itself.

    The session may fall idle meanwhile, because a page that stays open is no work.
    """
    person = await access.onlooker(connection)
    if person is None:
        raise SignedOut("signed-out")
    return await _with_rights(connection, person, rights)


def staff_at(connection: HTTPConnection, person: StaffView, branch: BranchSettings) -> StaffAtBranch:
    """A known person at a known branch."""
    language = kit.language_of(connection, branch, fallback=person.language)
    return StaffAtBranch(connection=connection, language=language, branch=branch, person=person)


async def _with_rights(connection: HTTPConnection, person: StaffView, rights: frozenset[str]) -> StaffAtBranch:
    branch = await access.branch(connection)
    if not person.may_any(rights, branch.id):
        raise Denied("not-allowed")
    return staff_at(connection, person, branch)
