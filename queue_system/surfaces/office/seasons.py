"""Seasons such as Ramadan: move them by a day when the moon is seen, shorten them, confirm them; for all branches or one.

What belongs to a season moves with it: the closed days that are still provisional and follow its end, such as Eid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Missing, Stale
from ...core.rights import HOURS_RIGHTS
from ...settings.catalogue import Season
from ...settings.edits import Edit
from ...store.queries.settings import Names
from ...store.tables import ORGANISATION
from ...web.setting_forms import received
from . import editing
from .closing import EVERYWHERE
from .hours_frame import Hours, address_of, element, hours_at, replaced, saved_here, to_first
from .hours_words import Line, dates_words, line_of

PAGE: Final = "/office/seasons"
#: What can be done with a stretch: by how many days its first and its last day move.
MOVES: Final = {"earlier": (-1, -1), "later": (1, 1), "shorter": (0, -1), "longer": (0, 1)}
CONFIRM: Final = "confirm"
#: Provisional closed days that begin so soon after the end of a season belong to it.
_FOLLOWS_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a season that is not over; `own`: this branch has days of its own for the season.

    `moves_along` are the names of closed days that move with it, `lines` its hours in words.
    """

    season: str
    name: str
    dates: str
    provisional: bool
    own: bool
    sent: str
    moves_along: tuple[Names, ...]
    lines: tuple[Line, ...]


async def first(request: Request) -> Response:
    """The page of the first branch."""
    return await to_first(request, HOURS_RIGHTS, PAGE)


async def show(request: Request) -> Response:
    """The seasons to come in which the branch has hours of their own."""
    hours = await hours_at(request, HOURS_RIGHTS)
    context = {
        "stretches": list(_stretches(hours)),
        "moves": (*MOVES, CONFIRM),
        "may_all": hours.here.person.may_any(HOURS_RIGHTS, ORGANISATION),
        "saved": saved_here(request, hours),
    }
    return await hours.page("office/seasons.html", PAGE, context)


async def move(request: Request) -> Response:
    """Show what it would do to move or confirm a stretch, and do it."""
    hours = await hours_at(request, HOURS_RIGHTS)
    posted = await received(request)
    season, seen, act = posted.text("season"), element(posted.raw("stretch"), Season), posted.text("act")
    if seen is None or season not in hours.things["season"] or act not in {*MOVES, CONFIRM}:
        raise Missing("season")
    everywhere = posted.text("for") == EVERYWHERE and season not in hours.own.get("seasons", {})
    if not everywhere and seen not in _values(hours, season):
        raise Stale("settings-changed")
    edits = list(_everywhere(hours, season, seen, act) if everywhere else _here(hours, season, seen, act))
    title = hours.words.text("hours.seasons")
    back = address_of(PAGE, hours, everywhere=everywhere)
    place = ORGANISATION if everywhere else hours.branch.id
    return await editing.answer(request, place, edits, title=title, back=back)


def _stretches(hours: Hours) -> Iterator[Stretch]:
    for season in dict.fromkeys(rule.season for rule in hours.declared.hours if rule.season):
        own = season in hours.own.get("seasons", {})
        for value in _values(hours, season):
            if date.fromisoformat(value["last"]) >= hours.today:
                yield Stretch(
                    season=season,
                    name=hours.things["season"].get(season, season),
                    dates=dates_words(*_days(value), hours.words),
                    provisional=bool(value.get("provisional")),
                    own=own,
                    sent=json.dumps(value),
                    moves_along=tuple(one["names"] for one in _all_following(hours, value, own=own)),
                    lines=tuple(
                        line_of(place, rule, hours.declared.week_starts, hours.things, hours.today, hours.words)
                        for place, rule in enumerate(hours.declared.hours)
                        if rule.season == season
                    ),
                )


def _values(hours: Hours, season: str) -> list[Mapping[str, Any]]:
    """The stretches of a season at the branch, as edits have them."""
    if season in (own := hours.own.get("seasons", {})):
        return list(own[season])
    shared = hours.organisation.catalogue.seasons.get(season, ())
    return [one.model_dump(mode="json", exclude_defaults=True) for one in shared]


def _everywhere(hours: Hours, season: str, seen: Mapping[str, Any], act: str) -> Iterator[Edit]:
    yield replaced("season", season, "stretches", _values(hours, season), [seen], [_moved(seen, act)])
    if days := MOVES.get(act, (0, 0))[1]:
        for slug, calendar in hours.organisation.catalogue.calendars.items():
            values = [one.model_dump(mode="json", exclude_defaults=True) for one in calendar.closures]
            yield from _shifted("calendar", slug, values, seen, days)
        yield from _shifted("organisation", hours.organisation.slug, hours.common.get("closures", []), seen, days)


def _here(hours: Hours, season: str, seen: Mapping[str, Any], act: str) -> Iterator[Edit]:
    known = _values(hours, season)
    now = [_moved(one, act) if one == seen else one for one in known]
    was = {season: known} if season in hours.own.get("seasons", {}) else {}
    yield Edit("branch", hours.declared.slug, {"seasons": was}, {"seasons": {season: now}})
    if days := MOVES.get(act, (0, 0))[1]:
        yield from _shifted("branch", hours.declared.slug, hours.own.get("closures", []), seen, days)


def _shifted(
    kind: str, slug: str, present: Sequence[Mapping[str, Any]], stretch: Mapping[str, Any], days: int
) -> Iterator[Edit]:
    """Move the closed days that follow a stretch."""
    if closures := _following(present, stretch):
        yield replaced(kind, slug, "closures", present, closures, [_by(one, days, days) for one in closures])


def _all_following(hours: Hours, value: Mapping[str, Any], *, own: bool) -> Iterator[Mapping[str, Any]]:
    yield from _following(hours.own.get("closures", ()), value)
    if not own:
        yield from _following(hours.common.get("closures", ()), value)
        for slug in hours.declared.calendars:
            closures = hours.organisation.catalogue.calendars[slug].closures
            yield from _following([one.model_dump(mode="json", exclude_defaults=True) for one in closures], value)


def _following(closures: Iterable[Mapping[str, Any]], stretch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The provisional closures that follow the end of a stretch."""
    _, last = _days(stretch)
    until = _shifted_day(last, _FOLLOWS_DAYS)
    return [one for one in closures if one.get("provisional") and last < date.fromisoformat(one["first"]) <= until]


def _moved(value: Mapping[str, Any], act: str) -> dict[str, Any]:
    if act == CONFIRM:
        return {name: one for name, one in value.items() if name != "provisional"}
    return _by(value, *MOVES[act])


def _by(value: Mapping[str, Any], first: int, last: int) -> dict[str, Any]:
    begins, ends = _days(value)
    return {**value, "first": f"{_shifted_day(begins, first)}", "last": f"{_shifted_day(ends, last)}"}


def _shifted_day(day: date, days: int) -> date:
    """Raises Missing where the calendar ends, which no season of a real form comes near."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise Missing("season") from None


def _days(value: Mapping[str, Any]) -> tuple[date, date]:
    try:
        return date.fromisoformat(value["first"]), date.fromisoformat(value["last"])
    except (KeyError, TypeError, ValueError):
        raise Missing("season") from None


routes: list[BaseRoute] = [
    Route(PAGE, first),
    Route(f"{PAGE}/{{branch}}", show),
    Route(f"{PAGE}/{{branch}}", move, methods=["POST"]),
]
