"""The appointments of one day of a branch: a table of members and queues, and the same as a list by time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...core.bookings import Mode
from ...core.errors import Denied, DomainError
from ...core.rights import APART_RIGHTS, APPOINTMENT_RIGHTS, BOOK_RIGHTS, DAY_RIGHTS, MOVE_RIGHTS
from ...store.database import Tx
from ...store.queries.apart import keeps_apart
from ...store.queries.appointments import appointments_on
from ...store.queries.home_visits import gives_home_visits
from ...store.queries.settings import BranchSettings, ServiceView
from ...web import kit
from ...web.access import in_service
from ...web.here import StaffAtBranch, staff_at_branch, staff_here
from .grid import Grid, grid_of
from .line import Line, lines_of
from .members_away import links_of
from .moments import read_day
from .selecting import selecting, selection_asked
from .selection import Selection
from .wished import bookable


async def choose(request: Request) -> Response:
    """`/appointments`: the branches whose appointments this person sees; if there is only one, on to it."""
    here = await staff_here(request)
    branches = in_service(await here.branches_with(DAY_RIGHTS), here.now)
    if not branches:
        raise Denied("not-allowed")
    if len(branches) == 1:
        return kit.see_other(address(branches[0]))
    return await here.page("appointments/choose.html", {"branches": branches})


async def show(request: Request) -> Response:
    """`/appointments/{branch}`: one day, today unless another is asked for; POST looks for a text in it."""
    here = await staff_at_branch(request, DAY_RIGHTS)
    return await page(here, await selection_asked(here))


async def page(
    here: StaffAtBranch, selection: Selection, sent: Mapping[str, str] | None = None, failure: DomainError | None = None
) -> Response:
    """The day; `sent` and `failure` are of a view that could not be saved."""
    branch, query = here.branch, here.request.query_params
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    day = read_day(query.get("day", (sent or {}).get("day", ""))) or today
    seen, named, opened = (here.services(rights) for rights in (DAY_RIGHTS, BOOK_RIGHTS, APPOINTMENT_RIGHTS))
    lines, grid = await here.read(_read, branch, day, seen, named, opened, selection, bookable(here))
    values = {
        **await selecting(here, day, selection, sent, failure),
        "base": address(branch),
        "day": day,
        "today": today,
        "earlier": day - timedelta(days=1),
        "later": day + timedelta(days=1),
        "may_book": here.may_any(BOOK_RIGHTS),
        "may_move": here.may_any(BOOK_RIGHTS | MOVE_RIGHTS),
        "movable": here.services(MOVE_RIGHTS) if day >= today else (),
        "book": to_book(branch, day, today),
        "keeps_apart": keeps_apart(branch) and here.may_any(APART_RIGHTS),
        "beside": [*await links_of(here, day), *_invitations(here)],
        "goes_out": gives_home_visits(branch),
        "lines": lines,
        "grid": grid,
        "as_list": query.get("view") == "list",
    }
    return await here.page("appointments/day.html", values, status=failure.status if failure else 200)


def address(branch: BranchSettings) -> str:
    """The address of the book of a branch."""
    return f"/appointments/{branch.slug}"


def to_book(branch: BranchSettings, day: date, today: date) -> str:
    """The address of booking from a day on."""
    return f"{address(branch)}/new" + (f"?from={day}" if day > today else "")


def day_asked(here: StaffAtBranch, asked: Mapping[str, str]) -> date:
    """The day that a form or an address asks for; today without one."""
    return read_day(asked.get("day", "")) or here.branch.timetable.business_date(here.now)


def invited_to(here: StaffAtBranch) -> list[ServiceView]:
    """The services to which this person may invite."""
    allowed, day = here.services(BOOK_RIGHTS), here.branch.timetable.business_date(here.now)
    found = here.branch.services_on(day).values()
    return [one for one in found if one.id in allowed and Mode(one.booked_as) is Mode.INVITE]


def _invitations(here: StaffAtBranch) -> list[tuple[str, str, int | None]]:
    """The links to invitations and to organisations that book for people, as `links_of` gives them, where there are some."""
    found: list[tuple[str, str, int | None]] = []
    if invited_to(here):
        found.append((f"{address(here.branch)}/invitations", "appointments.invitations", None))
    if here.branch.helpers and here.may_any(BOOK_RIGHTS):
        found.append((f"{address(here.branch)}/helpers", "appointments.helpers", None))
    return found


def _read(
    tx: Tx,
    branch: BranchSettings,
    day: date,
    seen: frozenset[UUID],
    named: frozenset[UUID],
    opened: frozenset[UUID],
    selection: Selection,
    offered: list[ServiceView],
) -> tuple[list[Line], Grid]:
    found = appointments_on(tx, branch, day)
    lines = lines_of(branch, found, seen, named, opened)
    grid = grid_of(tx, branch, day, found, lines, seen, selection, offered)
    return [one for one in lines if selection.takes(branch, one)], grid


routes: list[BaseRoute] = [
    Route("/appointments", choose),
    Route("/appointments/{branch}", show, methods=["GET", "POST"]),
]
