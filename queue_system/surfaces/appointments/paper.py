"""A day on paper: a sheet for each member and each queue, to tick off; also for a day on which the network is away.

Paper lies about. So it has no telephone number, no address, and neither name nor service of an appointment that is
confidential: its code must do.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...core.rights import BOOK_RIGHTS, DAY_RIGHTS
from ...i18n import dates
from ...web.here import staff_at_branch
from .day import address
from .moments import read_day
from .selection import read_selection
from .week import week_of


async def show(request: Request) -> Response:
    """`/appointments/{branch}/paper`: a day, today unless another is asked for; `who` is the slug of one sheet.

    The sheets have what the day had that led here.
    """
    here = await staff_at_branch(request, DAY_RIGHTS)
    branch, query = here.branch, request.query_params
    day = read_day(query.get("day", "")) or hours.business_date(here.now, branch.zone, branch.day_starts)
    seen, named = here.services(DAY_RIGHTS), here.services(BOOK_RIGHTS)
    selection = read_selection(branch, query, seen)
    found = await here.read(week_of, branch, (day,), seen, named, named, selection)
    having = [row for row in found.rows if row.days[0].lines]
    chosen = [row for row in having if row.slug == query.get("who")]
    values = {
        "base": address(branch),
        "day": day,
        "same": selection.query,
        "sheets": [(row, row.days[0].lines) for row in chosen or having],
        "all_sheets": having,
        "chosen": chosen[0].slug if chosen else None,
        "hidden": {key for key, one in branch.services.items() if one.confidentiality.discreet},
        "printed_at": dates.day_time(here.now, branch.zone, here.words),
        "printed_by": here.person.name,
    }
    return await here.page("appointments/paper.html", values)


routes: list[BaseRoute] = [Route("/appointments/{branch}/paper", show)]
