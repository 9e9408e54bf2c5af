"""Change the hours of a branch: all its lines in one form, or one day alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.calendars import Layer
from ...core.errors import Missing, Stale
from ...core.hours import closures_on
from ...core.rights import CLOSING_RIGHTS, HOURS_RIGHTS
from ...settings.agenda import HoursRule
from ...settings.branch import Branch
from ...settings.consistency import Located
from ...settings.edits import Edit
from ...settings.faults import Fault
from ...web.setting_forms import Drawn, SettingForm, received
from ...web.setting_posted import Posted
from ...web.setting_widgets import Widget
from . import editing
from .hours import PAGE
from .hours_frame import Hours, element, hours_at, mistakes, replaced
from .hours_words import concerns, hours_words, strip_day

_OFTEN: Final = ("layer", "days", "opens", "closes", "last_ticket", "season", "service")
_OF_A_DAY: Final = ("opens", "closes", "last_ticket", "service", "names")


async def week(request: Request) -> Response:
    """All lines, with an empty one at the end."""
    hours = await hours_at(request, HOURS_RIGHTS)
    return await _week(hours, _lines(hours).fill({"hours": hours.own.get("hours", [])}))


async def save_week(request: Request) -> Response:
    """Show what the lines would do, and save them."""
    hours = await hours_at(request, HOURS_RIGHTS)
    form, posted = _lines(hours), await received(request)
    typed = form.read(posted)
    if typed.faults or posted.text("step") == "form" or posted.has("another"):
        return await _week(hours, form.again(posted, typed), typed.faults)
    was = form.was(posted)
    if was is None:
        raise Stale("settings-changed")
    edit = Edit("branch", hours.declared.slug, was=was, now=typed.values)
    title, back = hours.words.text("hours.edit-week"), _page_of(hours)

    async def refused(found: tuple[Located, ...]) -> Response | None:
        faults = [one.fault for one in found if one.fault.field.startswith("hours.")]
        return await _week(hours, form.again(posted, typed), faults) if len(faults) == len(found) else None

    return await editing.answer(request, hours.branch.id, (edit,), title=title, back=back, refused=refused)


async def day(request: Request) -> Response:
    """One day: its hours, what decides them, and what can be done with it alone."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    return await _day(hours, _day_of(request), _of_a_day(hours).fill({}))


async def save_day(request: Request) -> Response:
    """Show what other hours on one day would do, and save them; or take such an exception back."""
    hours = await hours_at(request, HOURS_RIGHTS)
    on, form, posted = _day_of(request), _of_a_day(hours), await received(request)
    known = element(posted.raw("without"), HoursRule)
    if posted.raw("without") and known is None:
        raise Missing("day")
    typed = form.read(posted)
    if posted.text("step") == "form" and known is None:
        return await _day(hours, on, posted)
    if known is None and typed.faults:
        return await _day(hours, on, posted, typed.faults)
    now = [] if known is not None else [_exception(hours, on, typed.values)]
    if faults := [fault for one in now for fault in mistakes(HoursRule, one)]:
        return await _day(hours, on, posted, faults)
    edit = replaced(
        "branch", hours.declared.slug, "hours", hours.own.get("hours", []), [] if known is None else [known], now
    )
    title = hours.words.text("hours.day-alone")
    return await editing.answer(request, hours.branch.id, (edit,), title=title, back=_page_of(hours))


async def _week(hours: Hours, posted: Posted, faults: Sequence[Fault] = ()) -> Response:
    drawn = _lines(hours).draw(posted, faults)
    context = {"drawn": drawn, "often": _OFTEN, "unfolded": _unfolded(drawn)}
    return await hours.page("office/hours-week.html", PAGE, context, status=422 if faults else 200)


async def _day(hours: Hours, on: date, posted: Posted, faults: Sequence[Fault] = ()) -> Response:
    context = {
        "on": on,
        "told": strip_day(hours.branch, hours.things, on, hours.words),
        "drawn": _of_a_day(hours).draw(posted, faults) if hours.here.may_any(HOURS_RIGHTS) else None,
        "exceptions": [
            (_said(hours, rule), json.dumps(value, ensure_ascii=False))
            for rule, value in zip(hours.declared.hours, hours.own.get("hours", ()), strict=True)
            if rule.layer is Layer.EXCEPTION and rule.first == rule.last == on
        ],
    }
    return await hours.page("office/hours-day.html", PAGE, context, status=422 if faults else 200)


def _said(hours: Hours, rule: HoursRule) -> str:
    return " · ".join([hours_words(rule.opens, rule.closes, hours.words), *concerns(rule, hours.things, hours.words)])


def _unfolded(drawn: Drawn) -> set[str]:
    """The lines with something in a field that is folded otherwise, or something wrong there."""
    return {
        line.name
        for line in drawn.field("hours").parts
        for part in line.parts
        if _field_of(part) not in _OFTEN and any(one.error or _says_something(one) for one in part.all())
    }


def _says_something(widget: Widget) -> bool:
    # Every line recurs every week unless it says otherwise.
    return bool(widget.value) and not (_field_of(widget) == "every_weeks" and widget.value == "1")


def _field_of(widget: Widget) -> str:
    """The field of a line, of a path such as hours.0.opens."""
    return ([*widget.name.split("."), "", ""])[2]


def _lines(hours: Hours) -> SettingForm:
    return SettingForm(Branch, hours.things, hours.words, hours.branch.languages, ("hours",))


def _of_a_day(hours: Hours) -> SettingForm:
    # As for a closed day, the reason is there in one language sooner than in two.
    languages = hours.branch.languages
    return SettingForm(HoursRule, hours.things, hours.words, languages, _OF_A_DAY, one_is_enough=True)


def _exception(hours: Hours, on: date, typed: dict[str, Any]) -> dict[str, Any]:
    """The line of other hours on one day; where the day is closed, it opens it."""
    said = {name: value for name, value in typed.items() if value is not None}
    closed = any(one.whole_day for one in closures_on(on, hours.branch.calendar, None))
    one_day = {"layer": Layer.EXCEPTION.value, "days": [on.weekday()], "first": f"{on}", "last": f"{on}"}
    return {**one_day, **said, **({"opens_anyway": True} if closed else {})}


def _day_of(request: Request) -> date:
    try:
        return date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise Missing("day") from None


def _page_of(hours: Hours) -> str:
    return f"{PAGE}/{hours.branch.slug}"


routes: list[BaseRoute] = [
    Route(f"{PAGE}/{{branch}}/week", week),
    Route(f"{PAGE}/{{branch}}/week", save_week, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/day/{{day}}", day),
    Route(f"{PAGE}/{{branch}}/day/{{day}}", save_day, methods=["POST"]),
]
