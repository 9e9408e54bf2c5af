"""Close a day: some days or a part of each, for the branch, for something in it, or for all branches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.rights import CLOSING_RIGHTS
from ...settings.agenda import BranchClosure
from ...settings.edits import Edit
from ...settings.faults import Fault
from ...store.tables import ORGANISATION
from ...web.setting_forms import Drawn, SettingForm, received
from ...web.setting_posted import Posted
from ...web.setting_widgets import Widget
from . import editing
from .hours_frame import Hours, address_of, element, hours_at, mistakes, replaced, to_first

PAGE: Final = "/office/closing"
CLOSURES: Final = "/office/closures"
FIELDS: Final = ("first", "last", "closes", "opens", "names")
# For whom: the whole branch, one thing in it, or all branches.
BRANCH: Final = "branch"
EVERYWHERE: Final = "everywhere"
_PARTS: Final = {"queue": "queues", "service": "services", "resource": "resources"}
_TAG: Final = "tag"


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
    known = _known(hours, asked.get("of", BRANCH), asked.get("change", ""))
    day = asked.get("first", "")
    values = known or {"first": day, "last": day}
    sent = [("for", _whom(values, asked.get("of", BRANCH))), ("replaces", json.dumps(known) if known else "")]
    return await _page(hours, Posted([*sent, *_form(hours).fill(values).items]))


async def close(request: Request) -> Response:
    """Show what closing would do, and do it."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    posted = _with_last(await received(request))
    typed = _form(hours).read(posted)
    whom = posted.text("for")
    if posted.text("step") == "form":
        return await _page(hours, posted)
    if typed.faults:
        return await _page(hours, posted, typed.faults)
    if whom not in {choice.value for choice in _choices(hours)}:
        return await _page(hours, posted, [Fault("setting-missing", "for")])
    value = {name: one for name, one in typed.values.items() if one is not None} | _concerned(whom)
    if faults := mistakes(BranchClosure, value):
        return await _page(hours, posted, faults)
    place, edit = _edit(hours, whom, element(posted.raw("replaces")), value)
    title = hours.words.text("hours.close-day")
    back = address_of(CLOSURES, hours, everywhere=place == ORGANISATION)
    return await editing.answer(request, place, (edit,), title=title, back=back)


async def _page(hours: Hours, posted: Posted, faults: Sequence[Fault] = ()) -> Response:
    context = {
        "drawn": _drawn(hours, posted, faults),
        "whom": posted.text("for") or BRANCH,
        "choices": list(_choices(hours)),
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
    return SettingForm(BranchClosure, hours.things, hours.words, hours.branch.languages, FIELDS)


def _with_last(posted: Posted) -> Posted:
    """The form with its first day as the last one, where none was typed."""
    if posted.text("last"):
        return posted
    others = [item for item in posted.items if item[0] != "last"]
    return Posted([*others, ("last", posted.text("first"))])


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
    if values.get("service_tag"):
        return f"{_TAG}:{values['service_tag']}"
    for kind, field in _PARTS.items():
        if values.get(field):
            return f"{kind}:{values[field][0]}"
    return EVERYWHERE if of == EVERYWHERE else BRANCH


def _edit(hours: Hours, whom: str, known: Any, value: Mapping[str, Any]) -> tuple[UUID, Edit]:
    was = [known] if isinstance(known, dict) else []
    if whom == EVERYWHERE or whom.startswith(_TAG):
        return ORGANISATION, replaced(
            "organisation", hours.organisation.slug, "closures", hours.common.get("closures", []), was, [value]
        )
    return hours.branch.id, replaced(
        "branch", hours.declared.slug, "closures", hours.own.get("closures", []), was, [value]
    )


def _known(hours: Hours, of: str, place: str) -> dict[str, Any] | None:
    """The closure with that number, of the branch or of all branches; None if there is none."""
    closures = (hours.common if of == EVERYWHERE else hours.own).get("closures", [])
    return dict(closures[int(place)]) if place.isdecimal() and int(place) < len(closures) else None


routes: list[BaseRoute] = [
    Route(PAGE, first),
    Route(f"{PAGE}/{{branch}}", ask),
    Route(f"{PAGE}/{{branch}}", close, methods=["POST"]),
]
