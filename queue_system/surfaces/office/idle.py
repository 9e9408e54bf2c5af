"""What is set and nothing acts on yet, in the words of the house: what does not happen, and what to do meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Denied
from ...core.rights import DATA_RIGHTS
from ...i18n.filters import localised
from ...i18n.words import Words, available_languages
from ...settings.declared import Names
from ...settings.objects import OF_BRANCH, OF_ORGANISATION
from ...settings.organisation import ORGANISATION_SLUG
from ...store.database import Tx
from ...store.queries.pending import Detail, Idle, known_idle
from ...store.tables import ORGANISATION
from ...web.setting_words import label_of
from .frame import InOffice, enter, office_page
from .setting_kinds import kind_named

PAGE: Final = "/office/idle"
#: Where the words of a detail are, by the code of what it is a detail of.
_FAMILIES: Final = {
    "abilities": "right",
    "language": "language",
    "access-needs": "setting.word.part-of-the-calm-mode",
    "referral-data": "setting.word.kind-of-data",
}
#: Details that are said as they are: the make of a connection.
_AS_IT_IS: Final = ("printer-transport",)


@dataclass(frozen=True, slots=True)
class Line:
    """A thing with such a setting; `href` is "" where it has no page. `branch` is None for what all branches share."""

    href: str
    name: str
    kind: str
    branch: Names | None
    details: tuple[str, ...]


async def show(request: Request) -> Response:
    """What does not act yet, by what it is."""
    here = await enter(request, DATA_RIGHTS)
    if not here.person.may_any(DATA_RIGHTS, ORGANISATION):
        raise Denied("not-allowed")
    groups, count = await here.read(_groups, here)
    return await office_page(here, "office/idle.html", {"groups": groups, "count": count}, belongs="/office")


def _groups(tx: Tx, here: InOffice) -> tuple[list[tuple[str, list[Line]]], int]:
    """The lines by code, and how many there are."""
    found = known_idle(tx, available_languages())
    by_code = groupby(found, key=lambda one: one.told.code)
    return [(code, list(_lines(here, code, group))) for code, group in by_code], len(found)


def _lines(here: InOffice, code: str, found: Iterable[Idle]) -> Iterator[Line]:
    words = here.words
    for one in found:
        at = one.at
        shape = OF_BRANCH if at.branch else OF_ORGANISATION
        known = kind_named(at.kind, shape)
        there = any(branch.slug == at.place for branch in here.branches) if at.branch else True
        place = at.place or ORGANISATION_SLUG
        slug = place if known is not None and known.alone else at.slug
        may = known is not None and here.person.may_somewhere(known.rights)
        details = (_detail(words, code, detail) for detail in one.details)
        yield Line(
            f"/office/settings/{place}/{at.kind}/{slug}" if there and may else "",
            localised(at.names, words.language) or at.slug,
            at.kind,
            at.branch.names if at.branch and at.kind != OF_BRANCH.kind else None,
            tuple(said for said in details if said),
        )


def _detail(words: Words, code: str, detail: Detail) -> str:
    """Which setting it is in words; "" where there are none, as for a right that only a file names."""
    if detail.declaration is not None:
        return label_of(detail.declaration, detail.name, words)
    if detail.names:
        return localised(detail.names, words.language)
    key = f"{_FAMILIES.get(code, '')}.{detail.name}"
    return words.text(key) if words.has(key) else detail.name if code in _AS_IT_IS else ""


routes: list[BaseRoute] = [Route(PAGE, show)]
