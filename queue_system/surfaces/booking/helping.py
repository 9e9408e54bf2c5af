"""The page of an organisation that books for people: its services, and how many of its places are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...core.errors import Missing
from ...core.helping import PURPOSE, against_time, stretch
from ...core.tokens import unsealed
from ...store.database import Tx
from ...store.queries.helping import HelperView, helpers_of, places_taken
from ...store.queries.settings import BranchSettings
from ...web import access
from ...web.errors import message
from ...web.here import anywhere, at
from .frame import frame
from .through import VIA

# How many weeks, or days, the page shows.
AHEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days for which places count, and how many of them are taken."""

    first: date
    last: date
    taken: int


async def show(request: Request) -> Response:
    """`/helper?h=…`; raises Missing("helper")."""
    token = request.query_params.get("h", "")
    branch = await anywhere(request).read(access.branch_of_token, token, "helper")
    here = at(request, branch)
    text = token.removeprefix(branch.key)
    key = unsealed(here.installation.secret, PURPOSE, text)
    helper = helpers_of(branch).get(key) if key else None
    if helper is None:
        raise Missing("helper")
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    refusal = against_time(helper.until, today)
    values = {
        "helper": helper,
        "over": message(refusal, here.words) if refusal else None,
        "stretches": await here.read(stretches, branch, helper, today),
        "services": [one for key, one in branch.services_on(today).items() if key in helper.services],
        "query": f"?{VIA}={text}",
    }
    return await frame(here, "booking/helper.html", None, values)


def stretches(tx: Tx, branch: BranchSettings, helper: HelperView, today: date) -> list[Stretch]:
    """The present week or day of an organisation and the next ones."""
    found: list[Stretch] = []
    day = today
    for _ in range(AHEAD):
        days = stretch(day, helper.per, branch.week_starts)
        found.append(Stretch(*days, places_taken(tx, branch, helper, days)))
        day = days[1] + timedelta(days=1)
    return found


routes: list[BaseRoute] = [Route("/helper", show)]
