"""Change some weekdays from a date on: the lines of their regular hours end the day before, and a new one begins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.calendars import Layer
from ...core.rights import HOURS_RIGHTS
from ...settings.agenda import HoursRule
from ...settings.consistency import Located
from ...settings.faults import Fault
from ...web.setting_forms import SettingForm, received
from ...web.setting_posted import Posted
from ...web.setting_widgets import Widget
from . import editing
from .hours import PAGE
from .hours_frame import Hours, hours_at, mistakes, replaced

FIELDS: Final = ("days", "opens", "closes", "last_ticket", "first")
_A_DAY: Final = timedelta(days=1)


async def ask(request: Request) -> Response:
    """Which weekdays, their hours, and from when; from tomorrow on, unless somebody says otherwise."""
    hours = await hours_at(request, HOURS_RIGHTS)
    return await _page(hours, _form(hours).fill({"first": f"{hours.today + _A_DAY}"}))


async def change(request: Request) -> Response:
    """Show what the new hours would do, and save them."""
    hours = await hours_at(request, HOURS_RIGHTS)
    form, posted = _form(hours), await received(request)
    typed = form.read(posted)
    if typed.faults or posted.text("step") == "form":
        return await _page(hours, posted, typed.faults)
    said = {name: value for name, value in typed.values.items() if value is not None}
    line = {"layer": Layer.REGULAR.value, **said}
    if faults := [*_begins(hours, said), *mistakes(HoursRule, line)]:
        return await _page(hours, posted, faults)
    present = hours.own.get("hours", [])
    was, now = _ended(present, said["days"], date.fromisoformat(said["first"]))
    edit = replaced("branch", hours.declared.slug, "hours", present, was, [*now, line])

    async def refused(found: tuple[Located, ...]) -> Response | None:
        faults = [replace(one.fault, field=one.fault.field.rpartition(".")[2]) for one in found]
        ours = all(one.fault.field.startswith("hours.") for one in found)
        return await _page(hours, posted, faults) if ours else None

    title, back = hours.words.text("hours.change-from"), f"{PAGE}/{hours.branch.slug}"
    return await editing.answer(request, hours.branch.id, (edit,), title=title, back=back, refused=refused)


def _ended(present: Iterable[Any], days: Collection[int], first: date) -> tuple[list[Any], list[Any]]:
    """The regular lines of these weekdays that hold on `first` or later, as they are, and what stays of them."""
    was: list[Any] = []
    now: list[Any] = []
    for value in present:
        rule = HoursRule.model_validate(value)
        hit = [day for day in rule.days if day in days]
        if rule.layer is not Layer.REGULAR or not hit or (rule.last is not None and rule.last < first):
            continue
        was.append(value)
        if others := [day for day in rule.days if day not in days]:
            now.append({**value, "days": others})
        if rule.first is None or rule.first < first:
            now.append({**value, "days": hit, "last": f"{first - _A_DAY}"})
    return was, now


def _begins(hours: Hours, said: Mapping[str, Any]) -> list[Fault]:
    """Without a first day, or with one that is over, nobody could see what changes."""
    if "first" not in said:
        return [Fault("setting-missing", "first")]
    return [Fault("day-past", "first")] if date.fromisoformat(said["first"]) < hours.today else []


async def _page(hours: Hours, posted: Posted, faults: Sequence[Fault] = ()) -> Response:
    drawn = _form(hours).draw(posted, faults)
    drawn = replace(drawn, fields=tuple(_from_today(field, hours) for field in drawn.fields))
    return await hours.page("office/hours-from.html", PAGE, {"drawn": drawn}, status=422 if faults else 200)


def _from_today(field: Widget, hours: Hours) -> Widget:
    if field.name != "first":
        return field
    return replace(field, attributes={**field.attributes, "min": hours.today.isoformat()}, needed=True)


def _form(hours: Hours) -> SettingForm:
    return SettingForm(HoursRule, hours.things, hours.words, hours.branch.languages, FIELDS)


routes: list[BaseRoute] = [
    Route(f"{PAGE}/{{branch}}/from", ask),
    Route(f"{PAGE}/{{branch}}/from", change, methods=["POST"]),
]
