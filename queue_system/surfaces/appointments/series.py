"""A series: its dates, calling several off at once, and booking a date that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.series_changes import end_series, fill_date
from ...core.errors import DomainError, Missing
from ...core.messages import is_told
from ...core.rights import BOOK_RIGHTS
from ...core.series import MOST_DATES, Scope
from ...i18n import repetition
from ...store.queries.messages import level_for
from ...store.queries.series import PlannedDate, SeriesView, series_by_id
from ...store.queries.series_chances import WantedDate
from ...store.queries.series_changes import endings_of, endings_shown
from ...store.queries.settings import ServiceView
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from . import apart, new
from .acting import chosen_reason, reasons_for
from .day import address
from .moments import start_key
from .series_new import asked_members, usual
from .series_rows import Row, errors_of, is_number, read, rows_of, times_of

SERIES: Final = "/appointments/{branch}/series/{series}"


async def show(request: Request) -> Response:
    """`/appointments/{branch}/series/{series}`: the rule and every date."""
    here, series, service = await enter(request)
    n = number_of(series, request.query_params, here)
    values = {**frame(here, series, service), "n": n, "may_lengthen": series.person and series.last < MOST_DATES}
    return await here.page("appointments/series.html", values)


async def end(request: Request) -> Response:
    """`…/end`: what ends with one appointment, with it and those after it, or with all to come; sending it ends them."""
    here, series, service = await enter(request)
    if request.method == "GET":
        return await _end_page(here, series, service, request.query_params)
    form = await kit.form(request)
    n, scope = number_of(series, form, here), scope_of(form)
    why = chosen_reason(reasons_for(here, service.id), form)
    try:
        await here.do(end_series, series.id, n, scope, form.get("shown", ""), here.actor, why)
    except DomainError as refusal:
        return await _end_page(here, series, service, form, refusal)
    return kit.see_other(address_of(here, series))


async def fill(request: Request) -> Response:
    """`…/dates/{n}`: times for a date that was left out or called off; sending one books it."""
    here, series, service = await enter(request)
    try:
        date = series.number(int(request.path_params["n"]))
    except ValueError:
        raise Missing("series-date") from None
    person = series.person
    if date.stands or person is None:
        return kit.see_other(address_of(here, series))
    form = request.query_params if request.method == "GET" else await read(request)
    with_ = form["with"] if "with" in form else await usual(here, person, service)
    members = await asked_members(here, person, service, with_)
    # The time that was given back is still kept for a while, but not from whom it belonged to.
    wish = WantedDate(date.n, date.at, date.booking.id if date.booking else None, members)
    rows = await rows_of(here, service, [wish], form, person, sees_apart=apart.may_see(here))
    if request.method == "GET":
        return await _fill_page(here, series, service, date, with_, rows)
    if errors_of(rows, here):
        return await _fill_page(here, series, service, date, with_, rows, errors=errors_of(rows, here))
    start = times_of(rows).get(date.n)
    if start is not None:
        try:
            await here.do(
                fill_date, series.id, date.n, start, here.actor, members, apart.leave_of(here, form, second=False)
            )
        except DomainError as refusal:
            rows = await rows_of(here, service, [wish], form, person, sees_apart=apart.may_see(here))
            return await _fill_page(here, series, service, date, with_, rows, refusal)
    return kit.see_other(address_of(here, series))


async def enter(request: Request) -> tuple[StaffAtBranch, SeriesView, ServiceView]:
    """The series that the address names, of a department of this person; raises Missing("series")."""
    here = await staff_at_branch(request, BOOK_RIGHTS)
    try:
        series = await here.read(series_by_id, here.branch.id, UUID(request.path_params["series"]))
    except ValueError:
        raise Missing("series") from None
    service = here.branch.services.get(series.service_id)
    if service is None or service.id not in here.services(BOOK_RIGHTS):
        raise Missing("series")
    return here, series, service


def number_of(series: SeriesView, form: Mapping[str, str], here: StaffAtBranch) -> int:
    """The number that a form means; without one the next that is to come, else the last."""
    text = form.get("n", "")
    if is_number(text) and any(one.n == int(text) for one in series.dates):
        return int(text)
    return next((one.n for one in series.dates if one.stands and one.at > here.now), series.last)


def scope_of(form: Mapping[str, str]) -> Scope:
    """Which appointments a form means; this one and those after it at first."""
    text = form.get("scope", "")
    return Scope(text) if text in set(Scope) else Scope.FOLLOWING


def frame(here: StaffAtBranch, series: SeriesView, service: ServiceView) -> dict[str, object]:
    """What every page of a series shows."""
    person = series.person
    return {
        "base": address(here.branch),
        "series": series,
        "series_at": address_of(here, series),
        "service": service,
        "sentence": repetition.rule(series.course, series.last, here.words),
        "person": person,
        "to_come": [one for one in series.dates if not one.occurrence.over and one.at > here.now],
        "scopes": list(Scope),
        "is_told": person is not None
        and is_told(level_for(here.branch, person), person.contact, here.installation.database.sends),
        "key": start_key,
    }


def address_of(here: StaffAtBranch, series: SeriesView) -> str:
    """The address of the page of a series."""
    return f"{address(here.branch)}/series/{series.id}"


async def _end_page(
    here: StaffAtBranch,
    series: SeriesView,
    service: ServiceView,
    form: Mapping[str, str],
    refusal: DomainError | None = None,
) -> Response:
    series = await here.read(series_by_id, here.branch.id, series.id)
    n, scope = number_of(series, form, here), scope_of(form)
    endings = endings_of(series, n, scope, here.now)
    values = {
        **frame(here, series, service),
        "n": n,
        "scope": scope,
        "endings": endings,
        "shown": endings_shown(series, endings),
        "reasons": reasons_for(here, service.id),
        "as_wished": True,
        "why": form.get("why", ""),
        "refusal": message(refusal, here.words) if refusal else "",
    }
    return await here.page("appointments/series_end.html", values, status=refusal.status if refusal else 200)


async def _fill_page(
    here: StaffAtBranch,
    series: SeriesView,
    service: ServiceView,
    date: PlannedDate,
    with_: str,
    rows: list[Row],
    refusal: DomainError | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    values = {
        **frame(here, series, service),
        "date": date,
        "with_": with_,
        "choices": new.choices(here.branch, service),
        "rows": rows,
        "errors": errors or {},
        "refusal": message(refusal, here.words) if refusal else "",
        "accepted_for": apart.asked_why(here, refusal),
    }
    status = refusal.status if refusal else 422 if errors else 200
    return await here.page("appointments/series_date.html", values, status=status)


routes: list[BaseRoute] = [
    Route(SERIES, show),
    Route(f"{SERIES}/end", end, methods=["GET", "POST"]),
    Route(f"{SERIES}/dates/{{n}}", fill, methods=["GET", "POST"]),
]
