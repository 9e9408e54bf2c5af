"""What the pages of the office share: who may come in, the places inside, times of several branches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from ...core.errors import Denied, Missing
from ...i18n import dates, filters
from ...i18n.words import Words
from ...store.queries.access import StaffView
from ...store.queries.settings import BranchSettings
from ...store.tables import ORGANISATION
from ...web import access, kit
from ...web.staff_pages import SECTIONS, staff_page


async def enter(request: Request, rights: frozenset[str]) -> tuple[StaffView, list[BranchSettings]]:
    """The signed-in person and the branches where they have any of `rights`; raises SignedOut, Denied."""
    person = await access.staff(request)
    return person, await _places(request, person, rights)


async def look(request: Request, rights: frozenset[str]) -> list[BranchSettings]:
    """As `enter`, for what a page fetches by itself: it does not keep a session from falling idle."""
    person = await access.onlooker(request)
    if person is None:
        # The same refusal as for a page.
        person = await access.staff(request)
    return await _places(request, person, rights)


def named(branches: list[BranchSettings], slug: str) -> BranchSettings:
    """The branch of that name among those one may know of; raises Missing("branch")."""
    for branch in branches:
        if branch.slug == slug:
            return branch
    raise Missing("branch")


async def office_page(
    request: Request,
    person: StaffView,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    branch: BranchSettings | None = None,
    status: int = 200,
) -> Response:
    """Answer with a page of the office."""
    sections = [(href, key) for href, key, rights in SECTIONS if person.may_somewhere(rights)]
    return await staff_page(
        request, person, template, {"sections": sections} | (context or {}), branch=branch, status=status
    )


def words_for(request: Request, person: StaffView | None = None, branch: BranchSettings | None = None) -> Words:
    """The reader's texts, as `office_page` will choose them."""
    fallback = person.language if person else None
    return kit.words_of(kit.language_of(request, branch, fallback=fallback), branch)


def moment(at: datetime | None, branch: BranchSettings, words: Words, now: datetime) -> Markup | None:
    """When something was, on a branch's clock: the time alone where it was today."""
    if at is None:
        return None
    today = now.astimezone(branch.zone).date()
    if at.astimezone(branch.zone).date() == today:
        return filters.bdi(dates.time(at, branch.zone, words))
    return filters.bdi(dates.day_time(at, branch.zone, words), "auto")


async def _places(request: Request, person: StaffView, rights: frozenset[str]) -> list[BranchSettings]:
    found = [branch for branch in await access.branches(request) if person.may_any(rights, branch.id)]
    if not found and not person.may_any(rights, ORGANISATION):
        raise Denied("not-allowed")
    return found
