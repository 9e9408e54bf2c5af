"""Hours of a branch: the lines of its week, and the six weeks that follow from them."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.outside import open_alone
from ...core.rights import CLOSING_RIGHTS, HOURS_RIGHTS
from ...i18n import dates
from . import editing
from .effects import alone_of
from .hours_frame import hours_at, to_first
from .hours_words import column_of, lines_by_layer, shown_days, strip, there_otherwise

PAGE: Final = "/office/hours"


async def first(request: Request) -> Response:
    """The page of the first branch."""
    return await to_first(request, CLOSING_RIGHTS, PAGE)


async def show(request: Request) -> Response:
    """The week of a branch in words, and its result."""
    hours = await hours_at(request, CLOSING_RIGHTS)
    branch = hours.branch
    alone = open_alone(branch.services, shown_days(hours.today), branch.calendar)
    return await hours.page(
        "office/hours.html",
        PAGE,
        {
            "layers": lines_by_layer(hours.declared, hours.things, hours.today, hours.words),
            "free_otherwise": there_otherwise(hours.declared, hours.things),
            "days": strip(branch, hours.things, hours.today, hours.words),
            "alone": alone_of(alone, branch, hours.words),
            "weekday": partial(dates.weekday, words=hours.words),
            "column": column_of(hours.today, hours.declared.week_starts),
            "may_edit": hours.here.may_any(HOURS_RIGHTS),
            "saved": editing.saved_at(request, branch.slug),
        },
    )


routes: list[BaseRoute] = [Route(PAGE, first), Route(f"{PAGE}/{{branch}}", show)]
