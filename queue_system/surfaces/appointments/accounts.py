"""Which account each member has that is a person, so that whoever goes on a home visit can read where it is."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.member_accounts import link_member
from ...core.errors import Missing, Refused
from ...core.rights import GRANT_RIGHTS
from ...store.queries.member_accounts import linkable, member_accounts
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address


async def show(request: Request) -> Response:
    """`/appointments/{branch}/accounts`: the people among the members, each with an account to choose."""
    return await _page(await staff_at_branch(request, GRANT_RIGHTS))


async def _page(here: StaffAtBranch, refusal: Refused | None = None) -> Response:
    values = {
        "base": address(here.branch),
        "members": await here.read(member_accounts, here.branch),
        "people": await here.read(linkable, here.branch.id),
        "refusal": message(refusal, here.words) if refusal else "",
    }
    return await here.page("appointments/accounts.html", values, status=refusal.status if refusal else 200)


async def choose(request: Request) -> Response:
    """Say who one member is; "" is nobody with an account."""
    here = await staff_at_branch(request, GRANT_RIGHTS)
    form = await kit.form(request)
    try:
        account = UUID(form["account"]) if form.get("account") else None
    except ValueError:
        raise Missing("staff") from None
    try:
        await here.do(link_member, form.get("member", ""), account, here.actor)
    except Refused as refusal:
        return await _page(here, refusal)
    return kit.see_other(f"{address(here.branch)}/accounts")


PAGE: Final = "/appointments/{branch}/accounts"
routes: list[BaseRoute] = [Route(PAGE, show), Route(PAGE, choose, methods=["POST"])]
