"""Views of one's own: members and queues that somebody looks at together, saved under a name and deleted again."""

from __future__ import annotations

from uuid import UUID

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.own_views import remove_view, save_view
from ...core.errors import DomainError, Missing
from ...core.rights import DAY_RIGHTS
from ...web import kit
from ...web.here import StaffAtBranch, staff_at_branch
from . import day, week
from .day import address
from .moments import read_day
from .selection import ALL, Selection, read_selection


async def save(request: Request) -> Response:
    """`POST /appointments/{branch}/views`: give what is shown a name; on to where it was chosen."""
    here = await staff_at_branch(request, DAY_RIGHTS)
    items = await kit.form_items(request)
    form, many = dict(items), ImmutableMultiDict(items)
    selection = read_selection(here.branch, many, here.services(DAY_RIGHTS))
    try:
        await here.do(save_view, here.person.id, form.get("name", ""), selection.only)
    except DomainError as refusal:
        page = week.page if form.get("from") == "week" else day.page
        return await page(here, selection, form, refusal)
    return kit.see_other(_back(here, form, selection))


async def leave(request: Request) -> Response:
    """`GET` of the same address: on to the day, because a refused name leaves the browser here."""
    here = await staff_at_branch(request, DAY_RIGHTS)
    return kit.see_other(address(here.branch))


async def remove(request: Request) -> Response:
    """`POST /appointments/{branch}/views/{view}/end`: delete one."""
    here = await staff_at_branch(request, DAY_RIGHTS)
    await here.do(remove_view, here.person.id, _id_of(request))
    return kit.see_other(_back(here, await kit.form(request), ALL))


def _id_of(request: Request) -> UUID:
    try:
        return UUID(request.path_params["view"])
    except ValueError:
        raise Missing("own-view") from None


def _back(here: StaffAtBranch, form: dict[str, str], selection: Selection) -> str:
    place = "/week" if form.get("from") == "week" else ""
    at = read_day(form.get("day", ""))
    query = (f"&day={at}" if at else "") + selection.query
    return f"{address(here.branch)}{place}{f'?{query[1:]}' if query else ''}"


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/views", save, methods=["POST"]),
    Route("/appointments/{branch}/views", leave),
    Route("/appointments/{branch}/views/{view}/end", remove, methods=["POST"]),
]
