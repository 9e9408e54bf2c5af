"""Check the year: the closed days of each calendar, line by line: as they are, confirmed, on other days, or not here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Missing
from ...core.rights import HOURS_RIGHTS
from ...i18n import dates
from ...settings.catalogue import Closure
from ...settings.edits import Edit
from ...settings.faults import Fault
from ...settings.organisation import ORGANISATION_SLUG, Profile
from ...store.queries.access import staff_names
from ...store.queries.changes import ChangeView, history
from ...store.queries.hours import declared_organisation, unchecked_calendars, year_to_check
from ...store.queries.people import zone_of
from ...store.queries.settings import Names
from ...store.tables import ORGANISATION
from ...web.setting_forms import received
from ...web.setting_posted import Posted
from ...web.setting_words import Things, fault_sentence, things_of_catalogue
from . import editing
from .frame import InOffice, enter, office_page
from .hours_frame import element, mistakes, replaced

PAGE: Final = "/office/calendars"
AS_IS: Final = "as-is"
CONFIRM: Final = "confirm"
NOT_HERE: Final = "not-here"
#: The line that adds a day.
_NEW: Final = "new"


@dataclass(frozen=True, slots=True)
class DayLine:
    """A closure in the form: `row` ends the names of its fields, `first` and `last` are what stands in them."""

    row: str
    names: Names
    first: str
    last: str
    act: str
    provisional: bool
    sent: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A calendar in the list; `by` and `at` tell who last checked a year, and when."""

    slug: str
    name: str
    unchecked: bool
    checked: tuple[int, ...]
    by: str
    at: str


async def show(request: Request) -> Response:
    """The calendars, those first that are to be checked."""
    here = await enter(request, HOURS_RIGHTS)
    known, year = await here.read(declared_organisation), year_to_check(here.now.date())
    unchecked = await here.read(unchecked_calendars, year)
    names, changes = await here.read(staff_names), await here.read(history, ORGANISATION, "calendar")
    things = things_of_catalogue(known.catalogue, here.words)
    zone = await here.read(zone_of, here.person)
    found = []
    for slug, calendar in known.catalogue.calendars.items():
        last = next((one for one in changes if one.slug == slug and _checks(one)), None)
        by = names.get(UUID(last.actor_id), "") if last and last.actor_id else ""
        at = dates.day_time(last.at, zone, here.words) if last else ""
        found.append(
            Listed(slug, things["calendar"].get(slug, slug), slug in unchecked, calendar.checked_years, by, at)
        )
    found.sort(key=lambda one: not one.unchecked)
    context: dict[str, Any] = {"calendars": found, "year": year, "saved": editing.saved_at(request, ORGANISATION_SLUG)}
    context["edits"] = here.person.may_any(HOURS_RIGHTS, ORGANISATION)
    return await office_page(here, "office/calendars.html", context)


async def ask(request: Request) -> Response:
    """The days of one calendar, in the year to check and after it."""
    here = await enter(request, HOURS_RIGHTS)
    known = await here.read(declared_organisation)
    slug, year = _named(request, known), year_to_check(here.now.date())
    values = [one.model_dump(mode="json", exclude_defaults=True) for one in known.catalogue.calendars[slug].closures]
    lines = [
        DayLine(str(row), one["names"], one["first"], one["last"], AS_IS, bool(one.get("provisional")), json.dumps(one))
        for row, one in enumerate(values)
        if one["last"] >= f"{here.now.date()}"
    ]
    return await _page(here, known, slug, lines, {"year": year, "checked": ""})


async def check(request: Request) -> Response:
    """Show what the checked days would do, and save them."""
    here = await enter(request, HOURS_RIGHTS)
    known, posted = await here.read(declared_organisation), await received(request)
    slug, year = _named(request, known), year_to_check(here.now.date())
    lines = list(_sent_lines(posted))
    was, now, faults = _changed(lines, posted)
    if faults or posted.text("step") == "form":
        typed = {name: posted.text(f"{name}-{_NEW}") for name in ("first", "last", "name-ar", "name-en")}
        shown = {"year": year, "checked": posted.text("checked"), "typed": typed}
        things = things_of_catalogue(known.catalogue, here.words)
        return await _page(here, known, slug, lines, shown, _errors(faults, things, here))
    present = [one.model_dump(mode="json", exclude_defaults=True) for one in known.catalogue.calendars[slug].closures]
    edit = replaced("calendar", slug, "closures", present, was, now)
    if posted.text("checked"):
        edit = _with_year(edit, known.catalogue.calendars[slug].checked_years, year)
    title = here.words.text("hours.check-year")
    return await editing.answer(request, ORGANISATION, (edit,), title=title, back=PAGE)


async def _page(
    here: InOffice,
    known: Profile,
    slug: str,
    lines: Sequence[DayLine],
    shown: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
) -> Response:
    things = things_of_catalogue(known.catalogue, here.words)
    context = {
        "slug": slug,
        "name": things["calendar"].get(slug, slug),
        "lines": lines,
        "acts": (AS_IS, CONFIRM, NOT_HERE),
        "typed": {},
        "may_edit": here.person.may_any(HOURS_RIGHTS, ORGANISATION),
        "errors": errors or {},
    }
    return await office_page(here, "office/calendar.html", {**context, **shown}, status=422 if errors else 200)


def _sent_lines(posted: Posted) -> Iterator[DayLine]:
    """The lines as they were sent; one that cannot be read is left out."""
    for name, sent in posted.items:
        row = name.removeprefix("closure-")
        if row != name and (known := element(sent, Closure)) is not None:
            first, last = posted.text(f"first-{row}"), posted.text(f"last-{row}")
            act = posted.text(f"act-{row}")
            yield DayLine(row, known.get("names", {}), first, last, act, bool(known.get("provisional")), sent)


def _changed(lines: Sequence[DayLine], posted: Posted) -> tuple[list[Any], list[Any], dict[str, Fault]]:
    """The closures that change, as they were and as they shall be; and what is wrong, by the field."""
    was: list[Any] = []
    now: list[Any] = []
    faults: dict[str, Fault] = {}
    for line in lines:
        known = element(line.sent, Closure) or {}
        if line.act == NOT_HERE:
            was.append(known)
            continue
        value = {**known, "first": line.first, "last": line.last}
        if line.act == CONFIRM:
            value.pop("provisional", None)
        if value != known:
            was.append(known)
            now.append(value)
            faults |= _faults(value, line.row)
    if (new := _new(posted)) is not None:
        now.append(new)
        faults |= _faults(new, _NEW)
    return was, now, faults


def _new(posted: Posted) -> dict[str, Any] | None:
    """The day that was added; None if nothing was typed."""
    first, last, *names = (posted.text(f"{name}-{_NEW}") for name in ("first", "last", "name-ar", "name-en"))
    if not any((first, last, *names)):
        return None
    said = {language: name for language, name in zip(("ar", "en"), names, strict=True) if name}
    return {"first": first, "last": last or first, "names": said}


def _faults(value: Mapping[str, Any], row: str) -> dict[str, Fault]:
    found = mistakes(Closure, value)
    return {
        f"{'name-ar' if fault.field.startswith('names') else fault.field or 'first'}-{row}": fault for fault in found
    }


def _errors(faults: Mapping[str, Fault], things: Things, here: InOffice) -> dict[str, str]:
    return {field: fault_sentence(fault, things, here.words) for field, fault in faults.items()}


def _with_year(edit: Edit, checked: tuple[int, ...], year: int) -> Edit:
    """The edit that also says that somebody has checked the year."""
    years = {"checked_years": [*checked]}, {"checked_years": sorted({*checked, year})}
    was, now = {**(edit.was or {}), **years[0]}, {**(edit.now or {}), **years[1]}
    return replace(edit, was=was, now=now)


def _checks(change: ChangeView) -> bool:
    """Whether a change says that a year was checked."""
    before, after = change.before or {}, change.after or {}
    return bool(set(after.get("checked_years") or ()) - set(before.get("checked_years") or ()))


def _named(request: Request, known: Profile) -> str:
    slug = str(request.path_params["calendar"])
    if slug not in known.catalogue.calendars:
        raise Missing("calendar")
    return slug


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/{{calendar}}", ask),
    Route(f"{PAGE}/{{calendar}}", check, methods=["POST"]),
]
