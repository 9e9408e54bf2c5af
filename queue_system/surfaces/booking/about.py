"""The pages that the footer of every public page links to: privacy, accessibility, how to reach each branch."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.messages import MAIL, SMS, Level, sent_as
from ...store.queries.contact_proofs import asks_for_proofs
from ...store.queries.offering import contact_details
from ...store.queries.settings import ShownText
from ...web.here import anywhere
from .frame import organisation_page
from .services import open_today

PRIVACY: Final[ShownText] = "privacy"


async def privacy(request: Request) -> Response:
    """`/privacy`: what is stored, why, who sees it and for how long. The organisation's own text comes first."""
    here = anywhere(request)
    branches = await here.all_branches()
    values = {
        "own_words": branches[0].text(PRIVACY),
        "kept": [(one, one.retention_days) for one in branches],
        "why": _why(here.installation.database.sends),
        "asks_for_proofs": any(asks_for_proofs(one, here.installation.database.sends) for one in branches),
    }
    return await organisation_page(here, "booking/privacy.html", branches, values)


def _why(sends: Collection[str]) -> str:
    """The key of the sentence that says what is done with names and contacts, and what is sent where."""
    by_mail = any(sent_as(MAIL, level) in sends for level in Level)
    by_phone = any(sent_as(SMS, level) in sends for level in Level)
    if by_mail:
        return "public.privacy-why-both" if by_phone else "public.privacy-why-mail"
    return "public.privacy-why-sms" if by_phone else "public.privacy-why"


async def accessibility(request: Request) -> Response:
    """`/accessibility`: what works for whom, what does not yet, and which counters are accessible."""
    here = anywhere(request)
    branches = await here.branches_in_service()
    counters = [
        (
            branch,
            sorted(
                (one for one in branch.counters_on(here.now.astimezone(branch.zone).date()).values() if one.accessible),
                key=lambda one: one.number,
            ),
        )
        for branch in branches
    ]
    values = {"counters": [(branch, accessible) for branch, accessible in counters if accessible]}
    return await organisation_page(here, "booking/accessibility.html", branches, values)


async def contact(request: Request) -> Response:
    """`/contact`: address, telephone, e-mail and today's opening hours of each branch."""
    here = anywhere(request)
    branches = await here.branches_in_service()
    values = {"places": [(branch, contact_details(branch), open_today(branch, here.now)) for branch in branches]}
    return await organisation_page(here, "booking/contact.html", branches, values)


routes: list[BaseRoute] = [
    Route("/privacy", privacy),
    Route("/accessibility", accessibility),
    Route("/contact", contact),
]
