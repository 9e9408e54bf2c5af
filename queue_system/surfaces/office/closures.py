"""The closed days of a branch from today on: its own, those of all branches, and those of the calendars that it follows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

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
from .hours_words import clock, dates_words, hours_words


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """A closure in words. `sent` is what the page sends back to remove it, "" if the person may not, or it is a calendar's.

    `place` is its number among those of `of`; `source` is the name of the calendar, if it is one's.
    """

    first: date
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
    """The closed days, the nearest first."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    listed = sorted(_listed(hours), key=lambda one: (one.first, one.dates))
    saved = saved_here(request, hours)
    return await hours.page("office/closures.html", CLOSURES, {"closures": listed, "saved": saved})


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
        if ends >= hours.today:
            yield ClosedDays(
                first=begins,
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
    if closes and opens:
        return hours_words(closes, opens, hours.words)
    if closes:
        return hours.words.text("hours.closed-from", time=clock(closes, hours.words))
    return hours.words.text("hours.closed-until", time=clock(opens, hours.words)) if opens else ""


def _concerns(hours: Hours, value: Mapping[str, Any]) -> Iterator[str]:
    for field, kind in (("services", "service"), ("queues", "queue"), ("resources", "resource")):
        for slug in value.get(field) or ():
            yield hours.things[kind].get(slug, slug)
    if tag := value.get("service_tag"):
        yield hours.things["service tag"].get(tag, tag)


routes: list[BaseRoute] = [
    Route(CLOSURES, first),
    Route(f"{CLOSURES}/{{branch}}", show),
    Route(f"{CLOSURES}/{{branch}}", remove, methods=["POST"]),
]
