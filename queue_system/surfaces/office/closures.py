"""The closed days of a branch: its own, those of all branches, and those of the calendars that it follows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from math import ceil
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Missing
from ...core.rights import CLOSING_RIGHTS
from ...settings.agenda import BranchClosure
from ...store.queries.settings import Names
from ...store.tables import ORGANISATION
from ...web.setting_forms import received
from . import editing
from .closing import BRANCH, CLOSURES, EVERYWHERE
from .hours_frame import Hours, address_of, element, hours_at, replaced, saved_here, to_first
from .hours_words import dates_words, part_words

#: How long ago earlier closures ended, at most, and how many are on a page.
EARLIER: Final = timedelta(days=365)
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """A closure in words. `sent` is what the page sends back to remove it, "" if the person may not, or it is a calendar's.

    `place` is its number among those of `of`; `source` is the name of the calendar, if it is one's.
    """

    first: date
    last: date
    dates: str
    hours: str
    names: Names
    concerns: tuple[str, ...]
    provisional: bool
    of: str
    source: str
    place: int
    sent: str


async def first(request: Request) -> Response:
    """The page of the first branch."""
    return await to_first(request, CLOSING_RIGHTS, CLOSURES)


async def show(request: Request) -> Response:
    """The closed days from today on, the nearest first."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    listed = [one for one in _listed(hours) if one.last >= hours.today]
    listed.sort(key=lambda one: (one.first, one.dates))
    saved = saved_here(request, hours)
    return await hours.page("office/closures.html", CLOSURES, {"closures": listed, "saved": saved})


async def earlier(request: Request) -> Response:
    """The closed days of the last twelve months, the latest first; `?page=` is the page, from 1."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    listed = [one for one in _listed(hours) if hours.today - EARLIER <= one.last < hours.today]
    listed.sort(key=lambda one: (one.last, one.first, one.dates), reverse=True)
    pages = max(ceil(len(listed) / SHOWN), 1)
    asked = request.query_params.get("page", "")
    page = min(int(asked), pages) if re.fullmatch("[1-9][0-9]{0,3}", asked) else 1
    context = {"closures": listed[(page - 1) * SHOWN : page * SHOWN], "page": page, "pages": pages}
    return await hours.page("office/closures-earlier.html", CLOSURES, context)


async def remove(request: Request) -> Response:
    """Show what it would do to remove a closure, and do it."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    posted = await received(request)
    known, everywhere = element(posted.raw("closure"), BranchClosure), posted.text("of") == EVERYWHERE
    if known is None:
        raise Missing("closure")
    place = ORGANISATION if everywhere else hours.branch.id
    kind, slug = ("organisation", hours.organisation.slug) if everywhere else ("branch", hours.declared.slug)
    present = (hours.common if everywhere else hours.own).get("closures", [])
    return await editing.answer(
        request,
        place,
        (replaced(kind, slug, "closures", present, [known], []),),
        title=hours.words.text("hours.remove-closure"),
        back=address_of(CLOSURES, hours, everywhere=everywhere),
    )


def _listed(hours: Hours) -> Iterator[ClosedDays]:
    may_all = hours.here.person.may_any(CLOSING_RIGHTS, ORGANISATION)
    yield from _of(hours, hours.own.get("closures", ()), BRANCH, may_edit=True)
    yield from _of(hours, hours.common.get("closures", ()), EVERYWHERE, may_edit=may_all)
    calendars = hours.organisation.catalogue.calendars
    for slug in hours.declared.calendars:
        values = [one.model_dump(mode="json", exclude_defaults=True) for one in calendars[slug].closures]
        yield from _of(hours, values, "calendar", source=hours.things["calendar"].get(slug, slug))


def _of(
    hours: Hours, values: Iterable[Mapping[str, Any]], of: str, *, may_edit: bool = False, source: str = ""
) -> Iterator[ClosedDays]:
    for place, value in enumerate(values):
        begins, ends = (date.fromisoformat(value[name]) for name in ("first", "last"))
        yield ClosedDays(
            first=begins,
            last=ends,
            dates=dates_words(begins, ends, hours.words),
            hours=_part_of_day(hours, value),
            names=value.get("names", {}),
            concerns=tuple(_concerns(hours, value)),
            provisional=bool(value.get("provisional")),
            of=of,
            source=source,
            place=place,
            sent=json.dumps(value, ensure_ascii=False) if may_edit else "",
        )


def _part_of_day(hours: Hours, value: Mapping[str, Any]) -> str:
    closes, opens = (time.fromisoformat(value[name]) if value.get(name) else None for name in ("closes", "opens"))
    return part_words(closes, opens, hours.words)


def _concerns(hours: Hours, value: Mapping[str, Any]) -> Iterator[str]:
    for field, kind in (("services", "service"), ("queues", "queue"), ("resources", "resource")):
        for slug in value.get(field) or ():
            yield hours.things[kind].get(slug, slug)
    if tag := value.get("service_tag"):
        yield hours.things["service tag"].get(tag, tag)


routes: list[BaseRoute] = [
    Route(CLOSURES, first),
    Route(f"{CLOSURES}/{{branch}}", show),
    Route(f"{CLOSURES}/{{branch}}/earlier", earlier),
    Route(f"{CLOSURES}/{{branch}}", remove, methods=["POST"]),
]
