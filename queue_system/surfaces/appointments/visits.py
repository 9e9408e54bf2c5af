"""Home visits of a day in the order in which they are driven to, and who is not back when they should be.

The address is for whoever goes, and for staff who may see contacts once they ask for it. On paper there is no telephone number.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.home_visits import report_back
from ...actions.look_ups import record_look_ups
from ...core import contacts, hours
from ...core.errors import DomainError, Missing
from ...core.rights import CONTACT_RIGHTS, DAY_RIGHTS, GRANT_RIGHTS, VISIT_PAGE_RIGHTS, VISIT_RIGHTS
from ...store.database import Tx
from ...store.queries.bookings import BookingView
from ...store.queries.home_visits import Visit, home_visits_on, overdue_visits
from ...store.queries.members import PEOPLE, members_of
from ...store.queries.settings import BranchSettings, Names
from ...web import kit
from ...web.booking_search import BY_ADDRESS
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.safe_contact import WayInForce, way_of
from .day import address
from .moments import read_day
from .named import booking_named


@dataclass(frozen=True, slots=True)
class Line:
    """A visit in the list. `mine`: this person goes there; `where`: the address is shown; `asks`: it can be asked for.

    `name`, `contact` and `way`, how they may be contacted, are only for whoever goes; they are None for others.
    `discreet`: the name is not for paper. `planned` are the people who go, `together` how many should at least.
    """

    visit: Visit
    names: Names
    members: tuple[Names, ...]
    mine: bool
    where: bool
    asks: bool
    name: str | None
    discreet: bool
    contact: str | None
    way: WayInForce | None
    overdue: bool
    begun: bool
    planned: int
    together: int


async def show(request: Request) -> Response:
    """`/appointments/{branch}/visits`: those of one day, today unless another is asked for; and who is missed."""
    return await _page(await staff_at_branch(request, VISIT_PAGE_RIGHTS))


async def where(request: Request) -> Response:
    """The page with the address of one visit, for staff who may see contacts; the log keeps who looked it up."""
    here = await staff_at_branch(request, CONTACT_RIGHTS)
    booking = await _booking(here)
    if booking.service_id not in here.services(CONTACT_RIGHTS):
        raise Missing("booking")
    await here.do(record_look_ups, (booking,), BY_ADDRESS, here.actor)
    return await _page(here, shown=booking)


async def back(request: Request) -> Response:
    """Whoever went there is back; they say so themselves, or call somebody who does."""
    here = await staff_at_branch(request, VISIT_PAGE_RIGHTS)
    booking = await _booking(here)
    try:
        await here.do(report_back, booking.id, here.person.id, here.actor)
    except DomainError as refusal:
        return await _page(here, refusal)
    return kit.see_other(f"{address(here.branch)}/visits?day={_day(here.branch, booking)}")


async def _page(here: StaffAtBranch, refusal: DomainError | None = None, shown: BookingView | None = None) -> Response:
    branch = here.branch
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    day = _day(branch, shown) if shown else read_day(here.request.query_params.get("day", "")) or today
    visits, overdue = await here.read(_read, branch, day)
    lines = _lines(here, visits, shown)
    values: dict[str, Any] = {
        "base": address(branch),
        "day": day,
        "sees_day": here.may_any(DAY_RIGHTS),
        "links": here.may_any(GRANT_RIGHTS),
        "mine": [one for one in lines if one.mine],
        "others": [one for one in lines if not one.mine],
        "missed": _lines(here, overdue),
        "day_of": lambda one: _day(branch, one.visit.booking),
        "refusal": message(refusal, here.words) if refusal else "",
    }
    if here.request.method == "POST":
        # What a form has answered cannot be fetched again in another language.
        values["language_urls"] = lambda language: f"{address(branch)}/visits?day={day}&lang={language}"
    return await here.page("appointments/visits.html", values, status=refusal.status if refusal else 200)


def _day(branch: BranchSettings, booking: BookingView) -> date:
    return hours.business_date(booking.starts_at, branch.zone, branch.day_starts)


def _read(tx: Tx, branch: BranchSettings, day: date) -> tuple[list[Visit], list[Visit]]:
    return home_visits_on(tx, branch, day), overdue_visits(tx, branch)


def _lines(here: StaffAtBranch, visits: list[Visit], shown: BookingView | None = None) -> list[Line]:
    seen, reachable = here.services(VISIT_RIGHTS), here.services(CONTACT_RIGHTS)
    return [
        _line(here, one, reachable, is_shown=shown is not None and one.booking.id == shown.id)
        for one in visits
        if one.booking.service_id in seen or here.person.id in one.staff
    ]


def _line(here: StaffAtBranch, visit: Visit, reachable: Collection[UUID], *, is_shown: bool) -> Line:
    booking, mine = visit.booking, here.person.id in visit.staff
    way = way_of(here.branch, here.words, booking.service_id, booking.contact_way, booking.contact_note)
    known = members_of(here.branch)
    return Line(
        visit,
        here.branch.services[booking.service_id].listed_names,
        tuple(known[one].names for one in visit.members if one in known),
        mine,
        mine or is_shown,
        booking.service_id in reachable and not mine and not is_shown,
        (booking.name or booking.reference) if mine else None,
        here.branch.services[booking.service_id].confidentiality.discreet,
        contacts.shown(booking.contact) if mine and way.shows else None,
        way if mine and way.says else None,
        visit.is_overdue(here.now),
        booking.starts_at <= here.now,
        sum(known[one].kind in PEOPLE for one in visit.members if one in known),
        here.branch.services[booking.service_id].go_together,
    )


async def _booking(here: StaffAtBranch) -> BookingView:
    """The visit that the address names, of a department of this person or their own; raises Missing("booking")."""
    booking = await booking_named(here)
    if booking.service_id not in here.services(VISIT_RIGHTS):
        visits, _ = await here.read(_read, here.branch, _day(here.branch, booking))
        if not any(one.booking.id == booking.id and here.person.id in one.staff for one in visits):
            raise Missing("booking")
    return booking


PAGE: Final = "/appointments/{branch}/visits"
routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/{{booking}}/address", where, methods=["POST"]),
    Route(f"{PAGE}/{{booking}}/back", back, methods=["POST"]),
]
