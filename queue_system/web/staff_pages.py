"""Pages for staff: the header with the pages that a person may open, and the first of them."""

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

# Address, key of the words, and the rights of which one is enough.
PLACES: Final = (
    ("/desk", "desk.place", DESK_RIGHTS),
    ("/office", "desk.place-office", OFFICE_RIGHTS),
    ("/reception", "reception.place", HALL_RIGHTS),
)
# The same for the sections of the office.
SECTIONS: Final = (
    ("/office", "office.overview", OFFICE_RIGHTS),
    ("/office/devices", "office.devices", DEVICE_RIGHTS),
    ("/office/printers", "office.printers", DEVICE_RIGHTS),
    ("/office/given-back", "office.given-back", PLACES_RIGHTS),
    ("/office/audit", "office.audit", AUDIT_RIGHTS),
)
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
    """The pages that this person may open, as (address, words)."""
    words = kit.words_of(language)
    return [(href, words.text(key)) for href, key, rights in PLACES if person.may_somewhere(rights)]


def first_page(person: StaffView) -> str:
    """The first page that this person may open."""
    return next((href for href, _, rights in PLACES if person.may_somewhere(rights)), NO_PLACE)


def is_for_staff(path: str) -> bool:
    """Whether an address belongs to the pages of the staff."""
    return path == NO_PLACE or any(_lies_in(path, href) for href, _, _ in PLACES)


def may_open(person: StaffView, address: str, branches: Mapping[str, UUID]) -> bool:
    """Whether a page would open for this person; `branches` are all branches, by their names in addresses.

    A page that needs no rights opens for everybody.
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
