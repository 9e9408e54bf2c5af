"""Pages for staff: the header with the pages that a person may open, and the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from ..store.queries.access import StaffView
from ..store.queries.settings import BranchSettings
from . import kit
from .installation import installation_of

# The page that tells a person without rights that no page is open to them.
NO_PLACE: Final = "/staff"


async def staff_page(
    request: Request,
    person: StaffView,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    branch: BranchSettings | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Answer with a page that has the header of the staff."""
    language = kit.language_of_staff(request, person.language, branch)
    return await kit.page(
        request,
        template,
        {"navigation": navigation(request, person, language), "languages": kit.called_languages()} | (context or {}),
        branch=branch,
        language=language,
        status=status,
        headers=headers,
    )


def navigation(connection: HTTPConnection, person: StaffView, language: str) -> list[tuple[str, str]]:
    """The pages that this person may open, as (address, words)."""
    words = kit.words_of(language)
    places = installation_of(connection).places
    return [(place.address, words.text(place.words)) for place in places if person.may_somewhere(place.rights)]


def first_page(connection: HTTPConnection, person: StaffView) -> str:
    """The first page that this person may open."""
    places = installation_of(connection).places
    return next((place.address for place in places if person.may_somewhere(place.rights)), NO_PLACE)


def is_for_staff(connection: HTTPConnection) -> bool:
    """Whether the address that was asked for belongs to the pages of the staff."""
    path = connection.url.path
    return path == NO_PLACE or any(_lies_in(path, place.address) for place in installation_of(connection).places)


def may_open(connection: HTTPConnection, person: StaffView, address: str, branches: Mapping[str, UUID]) -> bool:
    """Whether a page would open for this person; `branches` are all branches, by their names in addresses.

    A page that needs no rights opens for everybody.
    """
    path = urlsplit(address).path
    every = [one for place in installation_of(connection).places for one in place.pages()]
    found = [place for place in every if _lies_in(path, place.address)]
    if not found:
        return True
    place = max(found, key=lambda one: len(one.address))
    branch = branches.get(path[len(place.address) + 1 :].partition("/")[0])
    return person.may_somewhere(place.rights) if branch is None else person.may_any(place.rights, branch)


def _lies_in(path: str, address: str) -> bool:
    return path == address or path.startswith(f"{address}/")
