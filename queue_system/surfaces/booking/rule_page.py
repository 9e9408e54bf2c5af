"""The published rule of a branch: a page, and a sheet for the wall."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...i18n import dates
from ...i18n.filters import localised
from ...store.queries.contact_proofs import asks_for_proofs
from ...store.queries.helping import helpers_of
from ...web import kit
from ...web.here import AtBranch, at_branch
from ...web.qr import qr_svg
from ...web.rules import rules_of
from .frame import frame

# The first languages of the branch stand side by side on the wall.
ON_THE_WALL: Final = 2
PAPERS: Final = ("a4", "a3")


async def page(request: Request) -> Response:
    """`/rules/{branch}`: who is called when."""
    here = await at_branch(request)
    return await frame(here, "booking/rules.html", None, _values(here))


def _values(here: AtBranch) -> dict[str, Any]:
    """The rule, which organisations have places of their own, and whether contacts must be confirmed."""
    today = hours.business_date(here.now, here.branch.zone, here.branch.day_starts)
    active = [one for one in helpers_of(here.branch).values() if one.until is None or today <= one.until]
    asks = asks_for_proofs(here.branch, here.installation.database.sends)
    return {"rules": rules_of(here.branch, here.words), "helpers": active, "asks_for_proofs": asks}


async def sheet(request: Request) -> Response:
    """`/rules/{branch}/sheet`: the same to hang up, in the first two languages of the branch (`?paper=a3`)."""
    here = await at_branch(request)
    branch = here.branch
    languages = kit.languages_of(branch)[:ON_THE_WALL]
    address = f"{here.installation.configuration.address}/rules/{branch.slug}"
    wanted = request.query_params.get("paper")
    values = {
        "columns": [rules_of(branch, kit.words_of(language, branch)) for language in languages],
        "paper": wanted if wanted in PAPERS else PAPERS[0],
        "address": address,
        "qr": qr_svg(address, kit.words_of(languages[0], branch).text("rules.title")),
        "on": here.now,
        "named": lambda names, words: localised(names, words.language),
        "day_of": lambda at, words: dates.day(at.astimezone(branch.zone).date(), words),
    }
    return await kit.page(request, "booking/rules_sheet.html", values, branch=branch, language=languages[0])


routes: list[BaseRoute] = [Route("/rules/{branch}", page), Route("/rules/{branch}/sheet", sheet)]
