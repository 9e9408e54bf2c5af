"""The organisations that book for people: their links to pass on, and how many of their places are taken."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...core.helping import PURPOSE, stretch
from ...core.rights import BOOK_RIGHTS
from ...core.tokens import sealed
from ...store.database import Tx
from ...store.queries.helping import HelperView, helpers_of, places_taken
from ...store.queries.settings import Names
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address


@dataclass(frozen=True, slots=True)
class Line:
    """An organisation, its services, its link, how many of the present places it has taken, and whether its time is over."""

    helper: HelperView
    services: tuple[Names, ...]
    link: str
    taken: int
    over: bool


async def show(request: Request) -> Response:
    """`/appointments/{branch}/helpers`: those all of whose services this person may book."""
    here = await staff_at_branch(request, BOOK_RIGHTS)
    values = {"base": address(here.branch), "lines": await here.read(_lines, here)}
    return await here.page("appointments/helpers.html", values)


def _lines(tx: Tx, here: StaffAtBranch) -> list[Line]:
    branch, allowed = here.branch, here.services(BOOK_RIGHTS)
    today = hours.business_date(tx.now, branch.zone, branch.day_starts)
    base = f"{here.installation.configuration.address}/helper?h={branch.key}"
    return [
        Line(
            one,
            tuple(branch.services[key].listed_names for key in branch.services if key in one.services),
            base + sealed(here.installation.secret, PURPOSE, one.key),
            places_taken(tx, branch, one, stretch(today, one.per, branch.week_starts)),
            one.until is not None and today > one.until,
        )
        for one in helpers_of(branch).values()
        if one.services <= allowed
    ]


routes: list[BaseRoute] = [Route("/appointments/{branch}/helpers", show)]
