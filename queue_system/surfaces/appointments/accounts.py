"""Which account each member has that is a person, so that whoever goes on a home visit can read where it is."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.member_accounts import link_member
from ...core.errors import Missing
from ...core.rights import GRANT_RIGHTS
from ...store.queries.member_accounts import linkable, member_accounts
from ...web import kit
from ...web.here import staff_at_branch
from .day import address


async def show(request: Request) -> Response:
    """`/appointments/{branch}/accounts`: the people among the members, each with an account to choose."""
    here = await staff_at_branch(request, GRANT_RIGHTS)
    values = {
        "base": address(here.branch),
        "members": await here.read(member_accounts, here.branch),
        "people": await here.read(linkable, here.branch.id),
    }
    return await here.page("appointments/accounts.html", values)


async def choose(request: Request) -> Response:
    """Say who one member is; "" is nobody with an account."""
    here = await staff_at_branch(request, GRANT_RIGHTS)
    form = await kit.form(request)
    try:
        account = UUID(form["account"]) if form.get("account") else None
    except ValueError:
        raise Missing("staff") from None
    await here.do(link_member, form.get("member", ""), account, here.actor)
    return kit.see_other(f"{address(here.branch)}/accounts")


PAGE: Final = "/appointments/{branch}/accounts"
routes: list[BaseRoute] = [Route(PAGE, show), Route(PAGE, choose, methods=["POST"])]
