"""Pages for people who work here: the header with the places they may go to."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from ..store.queries.access import StaffView
from ..store.queries.settings import BranchSettings
from ..store.tables import ORGANISATION
from . import kit
from .access import DESK_RIGHTS, OFFICE_RIGHTS

# Address, words, and the rights of which one is enough.
PLACES: Final = (
    ("/desk", "desk.place", DESK_RIGHTS),
    ("/office", "desk.place-office", OFFICE_RIGHTS),
)


async def staff_page(
    request: Request,
    person: StaffView,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    branch: BranchSettings | None = None,
    status: int = 200,
) -> Response:
    """Answer with a page in the house's frame for staff."""
    language = kit.language_of(request, branch, fallback=person.language)
    return await kit.page(
        request,
        template,
        {"navigation": navigation(person, language)} | (context or {}),
        branch=branch,
        language=language,
        status=status,
    )


def navigation(person: StaffView, language: str) -> list[tuple[str, str]]:
    """Where this person may go, as (address, words)."""
    words = kit.words_of(language)
    places: set[UUID] = {ORGANISATION, *person.rights}
    return [
        (href, words.text(key))
        for href, key, rights in PLACES
        if any(person.may_any(rights, place) for place in places)
    ]
