"""Several appointments of a series at another time or with somebody else, and more dates after the last one."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.series_changes import ChangeOrder, change_series, lengthen_series
from ...core.errors import DomainError, Invalid
from ...core.hours import instant_at
from ...core.series import Chance
from ...store.queries.bookings import BookingView
from ...store.queries.series import SeriesView, series_by_id
from ...store.queries.series_chances import Wish
from ...store.queries.series_changes import Change, changes_of, further, shown_of
from ...store.queries.settings import ServiceView
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch
from . import new
from .day import read_day
from .series import SERIES, address_of, enter, frame, number_of, scope_of
from .series_new import asked_members, usual
from .series_rows import LEAVE_REST, Row, errors_of, is_number, read, read_wall, rows_of, times_of

#: How many dates are added at first.
MORE: int = 4


async def change(request: Request) -> Response:
    """`…/change`: another day, time or member from one date on; then every date; sending them changes them."""
    here, series, service = await enter(request)
    person = series.person
    if person is None:
        return kit.see_other(address_of(here, series))
    if request.method == "GET":
        return await _change_page(here, series, service, person, request.query_params)
    form = await read(request)
    if LEAVE_REST in form:
        return await _change_page(here, series, service, person, form)
    try:
        wanted = _change(here, series, service, form)
        _, rows = await _changes(here, series, service, person, wanted, form)
        if errors_of(rows, here):
            return await _change_page(here, series, service, person, form, undecided=True)
        order = ChangeOrder(series.id, wanted, times_of(rows), form.get("shown", ""))
        await here.do(change_series, order, here.actor)
    except DomainError as refusal:
        return await _change_page(here, series, service, person, form, refusal)
    return kit.see_other(address_of(here, series))


async def more(request: Request) -> Response:
    """`…/more`: dates after the last one."""
    here, series, service = await enter(request)
    person = series.person
    if person is None:
        return kit.see_other(address_of(here, series))
    if request.method == "GET":
        return await _more_page(here, series, service, person, request.query_params)
    form = await read(request)
    if LEAVE_REST in form:
        return await _more_page(here, series, service, person, form)
    try:
        wishes, members = await _further(here, series, service, person, form)
        rows = await rows_of(here, service, wishes, form, person)
        if errors_of(rows, here):
            return await _more_page(here, series, service, person, form, undecided=True)
        await here.do(
            lengthen_series, series.id, times_of(rows), len(wishes), form.get("shown", ""), members, here.actor
        )
    except DomainError as refusal:
        return await _more_page(here, series, service, person, form, refusal)
    return kit.see_other(address_of(here, series))


def _change(here: StaffAtBranch, series: SeriesView, service: ServiceView, form: Mapping[str, str]) -> Change:
    """The change that a form describes; raises Invalid for what is no day or time."""
    day, wall = read_day(form.get("day", "")), read_wall(form.get("time", ""))
    if day is None or wall is None:
        raise Invalid("series-time", "day" if day is None else "time")
    members = new.asked_for(here.branch, service, form.get("with", ""))
    n = number_of(series, form, here)
    return Change(n, scope_of(form), instant_at(day, wall, here.branch.zone), members or None)


async def _changes(
    here: StaffAtBranch,
    series: SeriesView,
    service: ServiceView,
    person: BookingView,
    wanted: Change,
    form: Mapping[str, str],
) -> tuple[list[Wish], list[Row]]:
    """What a change is for, and its rows. Raises Invalid("series-not-then") for a time at which no appointment begins.

    All would have to be moved alone from it, and then be left out of every later change.
    """
    wishes = await here.read(changes_of, here.branch, series, wanted)
    rows = await rows_of(here, service, wishes, form, person)
    for row in rows:
        if row.n == wanted.n and row.chance is Chance.NOT_THEN and row.times:
            nearest = min(row.times, key=lambda at: abs(at - row.wanted))
            raise Invalid("series-not-then", "time", nearest=nearest.astimezone(here.branch.zone))
    return wishes, rows


async def _change_page(
    here: StaffAtBranch,
    series: SeriesView,
    service: ServiceView,
    person: BookingView,
    form: Mapping[str, str],
    failure: DomainError | None = None,
    *,
    undecided: bool = False,
) -> Response:
    series = await here.read(series_by_id, here.branch.id, series.id)
    n = number_of(series, form, here)
    local = series.number(n).at.astimezone(here.branch.zone)
    rows: list[Row] = []
    shown = ""
    if "day" in form:
        try:
            wanted = _change(here, series, service, form)
            wishes, rows = await _changes(here, series, service, person, wanted, form)
            shown = shown_of(series, wishes)
        except Invalid as mistake:
            failure = failure or mistake
    values = {
        **frame(here, series, service),
        "n": n,
        "scope": scope_of(form),
        "day": form.get("day", f"{local:%Y-%m-%d}"),
        "wall": form.get("time", f"{local:%H:%M}"),
        "with_": form.get("with", ""),
        "choices": new.choices(here.branch, service),
        "asked": "day" in form,
        **_asked(here, rows, failure, undecided=undecided),
        "shown": shown,
    }
    return await here.page("appointments/series_change.html", values, status=_status(failure, undecided=undecided))


async def _more_page(
    here: StaffAtBranch,
    series: SeriesView,
    service: ServiceView,
    person: BookingView,
    form: Mapping[str, str],
    failure: DomainError | None = None,
    *,
    undecided: bool = False,
) -> Response:
    series = await here.read(series_by_id, here.branch.id, series.id)
    rows: list[Row] = []
    shown = ""
    try:
        wishes, _ = await _further(here, series, service, person, form)
        rows, shown = await rows_of(here, service, wishes, form, person), shown_of(series, wishes)
    except Invalid as mistake:
        failure = failure or mistake
    values = {
        **frame(here, series, service),
        "dates_": form.get("dates", str(MORE)),
        "with_": form["with"] if "with" in form else await usual(here, person, service),
        "choices": new.choices(here.branch, service),
        **_asked(here, rows, failure, undecided=undecided),
        "shown": shown,
    }
    return await here.page("appointments/series_more.html", values, status=_status(failure, undecided=undecided))


async def _further(
    here: StaffAtBranch, series: SeriesView, service: ServiceView, person: BookingView, form: Mapping[str, str]
) -> tuple[list[Wish], dict[UUID, UUID]]:
    text = form.get("dates", str(MORE)).strip()
    if not is_number(text):
        raise Invalid("series-long", "dates")
    with_ = form["with"] if "with" in form else await usual(here, person, service)
    members = await asked_members(here, person, service, with_)
    return further(here.branch, series, int(text), members), members


def _asked(here: StaffAtBranch, rows: list[Row], failure: DomainError | None, *, undecided: bool) -> dict[str, object]:
    """The rows, and what is wrong with them or with the fields before them."""
    field = failure.field if isinstance(failure, Invalid) and not rows else None
    words = message(failure, here.words) if failure else ""
    return {
        "rows": rows,
        "open": sum(1 for row in rows if not row.chosen),
        "errors": {field: words} if field else errors_of(rows, here) if undecided or failure else {},
        "refusal": "" if field else words,
    }


def _status(failure: DomainError | None, *, undecided: bool) -> int:
    return failure.status if failure else 422 if undecided else 200


routes: list[BaseRoute] = [
    Route(f"{SERIES}/change", change, methods=["GET", "POST"]),
    Route(f"{SERIES}/more", more, methods=["GET", "POST"]),
]
