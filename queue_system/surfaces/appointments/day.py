"""The appointments of one day of a branch, as a list by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...core.errors import Denied
from ...core.rights import BOOK_RIGHTS, DAY_RIGHTS
from ...store.queries.appointments import appointments_on
from ...store.queries.bookings import BookingView
from ...store.queries.members import members_of
from ...store.queries.settings import BranchSettings, Names
from ...web import kit
from ...web.access import in_service
from ...web.here import StaffAtBranch, staff_at_branch, staff_here

# Days near the ends of the calendar have no instants in UTC.
YEARS: Final = range(1970, 3000)


@dataclass(frozen=True, slots=True)
class Line:
    """An appointment in the list. `name` is None where the person may not see it, or the level keeps it off screens.

    `opens`: whether the person may open its page.
    """

    booking: BookingView
    names: Names
    name: str | None
    members: tuple[Names, ...]
    opens: bool


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
    """`/appointments/{branch}`: one day, today unless another is asked for."""
    here = await staff_at_branch(request, DAY_RIGHTS)
    branch = here.branch
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    day = read_day(request.query_params.get("day", "")) or today
    values = {
        "base": address(branch),
        "day": day,
        "today": today,
        "earlier": day - timedelta(days=1),
        "later": day + timedelta(days=1),
        "lines": await _lines(here, day),
        "may_book": here.may_any(BOOK_RIGHTS),
    }
    return await here.page("appointments/day.html", values)


def address(branch: BranchSettings) -> str:
    """The address of the book of a branch."""
    return f"/appointments/{branch.slug}"


def read_day(text: str) -> date | None:
    """A day as browsers send it, 2026-11-22; None for anything else, and for years in which nobody has appointments."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


async def _lines(here: StaffAtBranch, day: date) -> list[Line]:
    branch = here.branch
    seen, booked_for = here.services(DAY_RIGHTS), here.services(BOOK_RIGHTS)
    found, had = await here.read(appointments_on, branch, day)
    return [
        Line(
            one,
            branch.services[one.service_id].listed_names,
            _name(branch, one) if one.service_id in booked_for else None,
            _members(branch, had.get(one.id, ())),
            one.service_id in booked_for,
        )
        for one in found
        if one.service_id in seen
    ]


def _name(branch: BranchSettings, booking: BookingView) -> str | None:
    return None if branch.services[booking.service_id].confidentiality.discreet else booking.name


def _members(branch: BranchSettings, ids: tuple[UUID, ...]) -> tuple[Names, ...]:
    known = members_of(branch)
    return tuple(known[one].names for one in ids if one in known)


routes: list[BaseRoute] = [
    Route("/appointments", choose),
    Route("/appointments/{branch}", show),
]
