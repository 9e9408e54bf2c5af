"""Pages for people who work here: the header with the places they may go to, and which of them is their first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from ..store.queries.access import StaffView
from ..store.queries.settings import BranchSettings
from . import kit
from .access import AUDIT_RIGHTS, DESK_RIGHTS, DEVICE_RIGHTS, HALL_RIGHTS, OFFICE_RIGHTS, PLACES_RIGHTS

# Address, words, and the rights of which one is enough.
PLACES: Final = (
    ("/desk", "desk.place", DESK_RIGHTS),
    ("/office", "desk.place-office", OFFICE_RIGHTS),
    ("/reception", "reception.place", HALL_RIGHTS),
)
# The same within the office.
SECTIONS: Final = (
    ("/office", "office.overview", OFFICE_RIGHTS),
    ("/office/devices", "office.devices", DEVICE_RIGHTS),
    ("/office/printers", "office.printers", DEVICE_RIGHTS),
    ("/office/given-back", "office.given-back", PLACES_RIGHTS),
    ("/office/audit", "office.audit", AUDIT_RIGHTS),
)
# Where somebody without any place learns that there is none.
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
    """Answer with a page in the house's frame for staff."""
    language = kit.language_of(request, branch, fallback=person.language)
    return await kit.page(
        request,
        template,
        {"navigation": navigation(person, language)} | (context or {}),
        branch=branch,
        language=language,
        status=status,
        headers=headers,
    )


def navigation(person: StaffView, language: str) -> list[tuple[str, str]]:
    """Where this person may go, as (address, words)."""
    words = kit.words_of(language)
    return [(href, words.text(key)) for href, key, rights in PLACES if person.may_somewhere(rights)]


def first_page(person: StaffView) -> str:
    """The first page that this person may open."""
    return next((href for href, _, rights in PLACES if person.may_somewhere(rights)), NO_PLACE)


def is_for_staff(path: str) -> bool:
    """Whether an address lies where only staff go."""
    return path == NO_PLACE or any(_lies_in(path, href) for href, _, _ in PLACES)


def may_open(person: StaffView, address: str, branches: Mapping[str, UUID]) -> bool:
    """Whether a page would open for this person; `branches` are all, by the name that stands in addresses.

    What no rights are asked for opens for everybody.
    """
    path = urlsplit(address).path
    found = [(href, rights) for href, _, rights in (*PLACES, *SECTIONS) if _lies_in(path, href)]
    if not found:
        return True
    href, rights = max(found, key=lambda place: len(place[0]))
    branch = branches.get(path[len(href) + 1 :].partition("/")[0])
    return person.may_somewhere(rights) if branch is None else person.may_any(rights, branch)


def _lies_in(path: str, href: str) -> bool:
    return path == href or path.startswith(f"{href}/")
