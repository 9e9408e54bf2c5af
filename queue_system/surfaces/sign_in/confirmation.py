"""Proving again who one is, before something that only the owner of an account may do.

A passkey or the provider of single sign-on begin a new session for that.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.sessions import confirm_session
from ...core.errors import TooMany
from ...store.queries.credentials import methods_of
from ...web import access, kit
from ...web.errors import message
from ...web.here import StaffHere, staff_here
from ...web.passkeys import party_of
from ...web.sign_in_check import checked
from ...web.single_sign_on import single_sign_on
from .entering import CHANNEL, browser_of, own_path

LONGEST: Final = 200
PAGE: Final = "/account/confirmation"


async def show(request: Request) -> Response:
    """The form for the password."""
    here = await staff_here(request)
    return await _page(here, own_path(request.query_params.get("next")))


async def confirm(request: Request) -> Response:
    """Check the password, with the limits of a sign-in, and go on."""
    here = await staff_here(request)
    form = await kit.form(request)
    wanted, password = own_path(form.get("next")), form.get("password", "")
    if not password:
        return await _page(here, wanted, wrong="desk.password-missing")
    try:
        account = await checked(here, here.person.login, password[:LONGEST], CHANNEL, browser_of(request))
    except TooMany as refusal:
        return await _page(here, wanted, refusal=refusal)
    if account is None or account.id != here.person.id:
        return await _page(here, wanted, wrong="login.password-wrong")
    await here.write_anywhere(confirm_session, request.cookies.get(access.session_cookie(request), ""))
    return kit.see_other(wanted or "/")


async def _page(here: StaffHere, wanted: str, *, wrong: str = "", refusal: TooMany | None = None) -> Response:
    kinds = {method.kind for method in await here.read(methods_of, here.person.id)}
    context = {
        "next": wanted,
        "passkeys_work": "passkey" in kinds and party_of(here.connection) is not None,
        "provider": "provider" in kinds and await single_sign_on(here) is not None,
        "errors": {"password": here.words.text(wrong)} if wrong else {},
        "refusal": message(refusal, here.words) if refusal else "",
    }
    status = refusal.status if refusal else 422 if wrong else 200
    headers = {"Retry-After": str(refusal.seconds)} if refusal else None
    return await here.page("sign_in/confirmation.html", context, status=status, headers=headers)


routes: list[BaseRoute] = [Route(PAGE, show), Route(PAGE, confirm, methods=["POST"])]
