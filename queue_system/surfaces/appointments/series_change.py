"""Several appointments of a series at another time or with somebody else, and more dates after the last one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.series_changes import ChangeOrder, change_series, lengthen_series
from ...core.errors import DomainError, Invalid
from ...core.hours import instant_at
from ...core.series import Chance
from ...store.queries.bookings import BookingView
from ...store.queries.series import SeriesView, series_by_id
from ...store.queries.series_chances import WantedDate
from ...store.queries.series_changes import Change, changes_of, changes_shown, further
from ...store.queries.settings import ServiceView
from ...web import kit
from ...web.here import StaffAtBranch
from . import new
from .moments import read_day
from .series import SERIES, address_of, enter, frame, number_of, scope_of
from .series_new import asked_members, usual
from .series_rows import LEAVE_REST, Row, dates_after, errors_of, is_number, read, read_wall, rows_of, times_of

#: How many dates are added at first.
MORE: int = 4


@dataclass(frozen=True, slots=True)
class On:
    """A series that somebody is about to change; `person` is the appointment that says for whom and where it is."""

    here: StaffAtBranch
    series: SeriesView
    service: ServiceView
    person: BookingView


@dataclass(frozen=True, slots=True)
class Proposal:
    """The dates that a form is about. `carry_out` does it, with the fingerprint of what was shown; raises DomainError."""

    wishes: list[WantedDate]
    rows: list[Row]
    carry_out: Callable[[str], Awaitable[object]]


class Flow(Protocol):
    """A change of a series: its fields, then every date as a question, then all of it or nothing."""

    template: str
    #: The fields without which no dates are shown yet.
    needs: frozenset[str]

    async def fields(self, on: On, form: Mapping[str, str]) -> dict[str, object]:
        """What the template needs for the fields."""

    async def propose(self, on: On, form: Mapping[str, str]) -> Proposal:
        """The dates for these fields; raises Invalid with the field that is wrong."""


async def change(request: Request) -> Response:
    """`…/change`: another day, time or member from one date on; then every date; sending them changes them."""
    return await _answer(request, _Changing())


async def more(request: Request) -> Response:
    """`…/more`: dates after the last one."""
    return await _answer(request, _Lengthening())


async def _answer(request: Request, flow: Flow) -> Response:
    here, series, service = await enter(request)
    if series.person is None:
        return kit.see_other(address_of(here, series))
    on = On(here, series, service, series.person)
    if request.method == "GET":
        return await _page(on, flow, request.query_params)
    form = await read(request)
    if LEAVE_REST in form:
        return await _page(on, flow, form)
    try:
        proposal = await flow.propose(on, form)
        if errors_of(proposal.rows, here):
            return await _page(on, flow, form, undecided=True)
        await proposal.carry_out(form.get("shown", ""))
    except DomainError as refusal:
        return await _page(on, flow, form, refusal)
    return kit.see_other(address_of(here, series))


async def _page(
    on: On, flow: Flow, form: Mapping[str, str], failure: DomainError | None = None, *, undecided: bool = False
) -> Response:
    here = on.here
    on = replace(on, series=await here.read(series_by_id, here.branch.id, on.series.id))
    rows: list[Row] = []
    shown = ""
    if flow.needs <= form.keys():
        try:
            proposal = await flow.propose(on, form)
            rows, shown = proposal.rows, changes_shown(on.series, proposal.wishes)
        except Invalid as mistake:
            failure = failure or mistake
    dates_sent, status = dates_after(rows, here, failure, undecided=undecided)
    values = {
        **frame(here, on.series, on.service),
        **await flow.fields(on, form),
        "choices": new.choices(here.branch, on.service),
        **dates_sent,
        "shown": shown,
    }
    return await here.page(flow.template, values, status=status)


class _Changing:
    """Another day, time or member from one date on."""

    template = "appointments/series_change.html"
    needs = frozenset({"day"})

    async def fields(self, on: On, form: Mapping[str, str]) -> dict[str, object]:
        n = number_of(on.series, form, on.here)
        local = on.series.number(n).at.astimezone(on.here.branch.zone)
        return {
            "n": n,
            "scope": scope_of(form),
            "day": form.get("day", f"{local:%Y-%m-%d}"),
            "wall": form.get("time", f"{local:%H:%M}"),
            "with_": form.get("with", ""),
            "asked": self.needs <= form.keys(),
        }

    async def propose(self, on: On, form: Mapping[str, str]) -> Proposal:
        """Raises Invalid("series-not-then") for a time at which no appointment begins.

        All would have to be moved alone from it, and then be left out of every later change.
        """
        here = on.here
        wanted = _change(here, on.series, on.service, form)
        wishes = await here.read(changes_of, here.branch, on.series, wanted)
        rows = await rows_of(here, on.service, wishes, form, on.person)
        for row in rows:
            if row.n == wanted.n and row.chance is Chance.NOT_THEN and row.times:
                nearest = min(row.times, key=lambda at: abs(at - row.wanted))
                raise Invalid("series-not-then", "time", nearest=nearest.astimezone(here.branch.zone))

        async def carry_out(shown: str) -> object:
            return await here.do(change_series, ChangeOrder(on.series.id, wanted, times_of(rows), shown), here.actor)

        return Proposal(wishes, rows, carry_out)


class _Lengthening:
    """Dates after the last one."""

    template = "appointments/series_more.html"
    needs = frozenset[str]()

    async def fields(self, on: On, form: Mapping[str, str]) -> dict[str, object]:
        return {"dates_": form.get("dates", str(MORE)), "with_": await self._with(on, form)}

    async def propose(self, on: On, form: Mapping[str, str]) -> Proposal:
        here = on.here
        text = form.get("dates", str(MORE)).strip()
        if not is_number(text):
            raise Invalid("series-long", "dates")
        members = await asked_members(here, on.person, on.service, await self._with(on, form))
        wishes = further(here.branch, on.series, int(text), members)
        rows = await rows_of(here, on.service, wishes, form, on.person)

        async def carry_out(shown: str) -> object:
            times, count = times_of(rows), len(wishes)
            return await here.do(lengthen_series, on.series.id, times, count, shown, members, here.actor)

        return Proposal(wishes, rows, carry_out)

    async def _with(self, on: On, form: Mapping[str, str]) -> str:
        return form["with"] if "with" in form else await usual(on.here, on.person, on.service)


def _change(here: StaffAtBranch, series: SeriesView, service: ServiceView, form: Mapping[str, str]) -> Change:
    """The change that a form describes; raises Invalid for what is no day or time."""
    day, wall = read_day(form.get("day", "")), read_wall(form.get("time", ""))
    if day is None or wall is None:
        raise Invalid("series-time", "day" if day is None else "time")
    members = new.asked_for(here.branch, service, form.get("with", ""))
    n = number_of(series, form, here)
    return Change(n, scope_of(form), instant_at(day, wall, here.branch.zone), members or None)


routes: list[BaseRoute] = [
    Route(f"{SERIES}/change", change, methods=["GET", "POST"]),
    Route(f"{SERIES}/more", more, methods=["GET", "POST"]),
]
