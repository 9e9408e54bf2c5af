"""Close a day: some days or a part of each, for the branch, for something in it, or for all branches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Missing
from ...core.rights import CLOSING_RIGHTS
from ...settings.agenda import BranchClosure
from ...settings.edits import Edit
from ...settings.faults import Fault
from ...settings.typed import LONGEST_NUMBER
from ...store.tables import ORGANISATION
from ...web.setting_forms import Drawn, SettingForm, received
from ...web.setting_posted import Posted
from ...web.setting_widgets import Widget
from . import editing
from .hours_frame import Hours, address_of, element, hours_at, mistakes, replaced, to_first

PAGE: Final = "/office/closing"
CLOSURES: Final = "/office/closures"
FIELDS: Final = ("first", "last", "closes", "opens", "names")
# For whom: the whole branch, one thing in it, all branches; or what a closure concerns already, where that is several.
BRANCH: Final = "branch"
EVERYWHERE: Final = "everywhere"
#: How long one closure may be.
LONGEST: Final = timedelta(days=90)
_KEPT: Final = "kept"
_PARTS: Final = {"queue": "queues", "service": "services", "resource": "resources"}
_TAG: Final = "tag"
_CONCERNS: Final = (*_PARTS.values(), "service_tag")


@dataclass(frozen=True, slots=True)
class Concerned:
    """Something to close; `group` is the kind of thing, the end of `state.closing-group.<…>`."""

    value: str
    label: str
    group: str


async def first(request: Request) -> Response:
    """The page of the first branch."""
    return await to_first(request, CLOSING_RIGHTS, PAGE)


async def ask(request: Request) -> Response:
    """Which days; `?first=` is one to begin with, `?change=` the number of a closure to change, `?of=` whose it is."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    asked = request.query_params
    of = asked.get("of", BRANCH)
    known = _known(hours, of, asked.get("change", ""))
    day = asked.get("first", "")
    values = known or {"first": day, "last": day}
    sent = [("for", _whom(values, of)), ("of", of), ("replaces", json.dumps(known) if known else "")]
    return await _page(hours, Posted([*sent, *_form(hours).fill(values).items]))


async def close(request: Request) -> Response:
    """Show what closing would do, and do it."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    posted = _with_last(await received(request))
    typed = _form(hours).read(posted)
    whom, known = posted.text("for"), _replaces(posted)
    if posted.text("step") == "form":
        return await _page(hours, posted)
    if typed.faults:
        return await _page(hours, posted, typed.faults)
    if whom not in {choice.value for choice in _offered(hours, posted)}:
        return await _page(hours, posted, [Fault("setting-missing", "for")])
    said = {name: one for name, one in typed.values.items() if one is not None}
    value = {**_not_asked(known or {}, whom), **said, **_concerned(whom)}
    if faults := mistakes(BranchClosure, value) or _over(hours, value, known or {}) or _too_long(value, known or {}):
        return await _page(hours, posted, faults)
    everywhere = posted.text("of") == EVERYWHERE if known else _is_everywhere(whom)
    place, edit = _edit(hours, everywhere, known, value)
    title = hours.words.text("hours.close-day")
    back = address_of(CLOSURES, hours, everywhere=everywhere)
    return await editing.answer(request, place, (edit,), title=title, back=back)


def _over(hours: Hours, value: Mapping[str, Any], known: Mapping[str, Any]) -> Sequence[Fault]:
    """A first day before today, which would be on no list; one that has begun can still be changed."""
    over = value["first"] != known.get("first") and date.fromisoformat(value["first"]) < hours.today
    return [Fault("day-past", "first")] if over else []


def _too_long(value: Mapping[str, Any], known: Mapping[str, Any]) -> Sequence[Fault]:
    """More days than anybody means, as where a year was mistyped; one that has them already can still be changed."""
    dates = "first", "last"
    first, last = (date.fromisoformat(value[name]) for name in dates)
    same = all(value[name] == known.get(name) for name in dates)
    return [Fault("closure-long", "last")] if last - first >= LONGEST and not same else []


async def _page(hours: Hours, posted: Posted, faults: Sequence[Fault] = ()) -> Response:
    context = {
        "drawn": _drawn(hours, posted, faults),
        "whom": posted.text("for") or BRANCH,
        "of": posted.text("of"),
        "choices": _offered(hours, posted),
        "replaces": posted.raw("replaces"),
    }
    return await hours.page("office/closing.html", PAGE, context, status=422 if faults else 200)


def _drawn(hours: Hours, posted: Posted, faults: Sequence[Fault]) -> Drawn:
    drawn = _form(hours).draw(posted, faults)
    return replace(drawn, fields=tuple(_from_today(field, hours) for field in drawn.fields))


def _from_today(field: Widget, hours: Hours) -> Widget:
    """A date from today on; the last day may be left out, because one day is what is closed most."""
    if field.name not in ("first", "last"):
        return field
    attributes = {**field.attributes, "min": hours.today.isoformat()}
    return replace(field, attributes=attributes, needed=field.name == "first")


def _form(hours: Hours) -> SettingForm:
    # Whoever closes a day in the morning has no time for a translation.
    languages = hours.branch.languages
    return SettingForm(BranchClosure, hours.things, hours.words, languages, FIELDS, one_is_enough=True)


def _with_last(posted: Posted) -> Posted:
    """The form with its first day as the last one, where none was typed."""
    if posted.text("last"):
        return posted
    others = [item for item in posted.items if item[0] != "last"]
    return Posted([*others, ("last", posted.text("first"))])


def _replaces(posted: Posted) -> dict[str, Any] | None:
    """The closure that is changed, None for a new one. Raises Missing if it cannot be read."""
    sent = posted.raw("replaces")
    known = element(sent, BranchClosure)
    if sent and known is None:
        raise Missing("closure")
    return known


def _offered(hours: Hours, posted: Posted) -> list[Concerned]:
    """For whom to close; a closure that is changed stays in its branch, or for all branches."""
    known, of = _replaces(posted), posted.text("of")
    if known is None:
        return list(_choices(hours))
    everywhere = of == EVERYWHERE
    found = [one for one in _choices(hours) if _is_everywhere(one.value) == everywhere]
    if _whom(known, of) == _KEPT and found:
        found.insert(0, Concerned(_KEPT, _names_of(hours, known), EVERYWHERE if everywhere else BRANCH))
    return found


def _names_of(hours: Hours, known: Mapping[str, Any]) -> str:
    """Everything that a closure concerns."""
    kinds = {**{field: kind for kind, field in _PARTS.items()}, "service_tag": "service tag"}
    slugs = [(kinds[field], slug) for field in _CONCERNS for slug in _several(known.get(field))]
    return (hours.words.text("desk.list-comma") + " ").join(hours.things[kind].get(slug, slug) for kind, slug in slugs)


def _several(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else value or ()


def _choices(hours: Hours) -> Iterator[Concerned]:
    yield Concerned(BRANCH, hours.words.text("hours.whole-branch"), BRANCH)
    for kind, things in (
        ("service", hours.declared.services),
        ("queue", hours.declared.queues),
        ("resource", hours.declared.resources),
    ):
        for slug in things:
            yield Concerned(f"{kind}:{slug}", hours.things[kind][slug], kind)
    if hours.here.person.may_any(CLOSING_RIGHTS, ORGANISATION):
        yield Concerned(EVERYWHERE, hours.words.text("hours.all-branches"), EVERYWHERE)
        for slug in hours.organisation.catalogue.service_tags:
            yield Concerned(f"{_TAG}:{slug}", hours.things["service tag"][slug], EVERYWHERE)


def _concerned(whom: str) -> dict[str, Any]:
    """The fields of a closure that say what is closed."""
    kind, _, slug = whom.partition(":")
    if kind == _TAG:
        return {"service_tag": slug}
    return {_PARTS[kind]: [slug]} if kind in _PARTS else {}


def _whom(values: Mapping[str, Any], of: str) -> str:
    """What a closure closes, as the form says it."""
    concerned = {field: values[field] for field in _CONCERNS if values.get(field)}
    if not concerned:
        return EVERYWHERE if of == EVERYWHERE else BRANCH
    if concerned.keys() == {"service_tag"} and of == EVERYWHERE:
        return f"{_TAG}:{concerned['service_tag']}"
    single = (f"{kind}:{concerned[field][0]}" for kind, field in _PARTS.items() if field in concerned)
    return next((whom for whom in single if _concerned(whom) == concerned), _KEPT)


def _is_everywhere(whom: str) -> bool:
    return whom == EVERYWHERE or whom.startswith(f"{_TAG}:")


def _not_asked(known: Mapping[str, Any], whom: str) -> dict[str, Any]:
    """What stays of a closure that is changed, because the form does not ask for it."""
    asked = {*FIELDS, *(() if whom == _KEPT else _CONCERNS)}
    return {name: one for name, one in known.items() if name not in asked}


def _edit(
    hours: Hours, everywhere: bool, known: Mapping[str, Any] | None, value: Mapping[str, Any]
) -> tuple[UUID, Edit]:
    was = [] if known is None else [known]
    if everywhere:
        return ORGANISATION, replaced(
            "organisation", hours.organisation.slug, "closures", hours.common.get("closures", []), was, [value]
        )
    return hours.branch.id, replaced(
        "branch", hours.declared.slug, "closures", hours.own.get("closures", []), was, [value]
    )


def _known(hours: Hours, of: str, place: str) -> dict[str, Any] | None:
    """The closure with that number, of the branch or of all branches; None if there is none."""
    closures = (hours.common if of == EVERYWHERE else hours.own).get("closures", [])
    return (
        dict(closures[int(place)])
        if place.isdecimal() and len(place) <= LONGEST_NUMBER and int(place) < len(closures)
        else None
    )


routes: list[BaseRoute] = [
    Route(PAGE, first),
    Route(f"{PAGE}/{{branch}}", ask),
    Route(f"{PAGE}/{{branch}}", close, methods=["POST"]),
]
