"""The page behind the link of an invitation or of a reset: a person chooses a password, and then signs in with it."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.invitations import accept
from ...core.errors import Invalid, Missing
from ...core.passphrases import check_password
from ...store.queries.people import InvitationView, invitation_by_token
from ...web import kit
from ...web.errors import message
from ...web.here import Here, anywhere
from ...web.installation import in_thread
from ...web.passwords import hash_password

PAGE: Final = "/welcome/{token}"


async def show(request: Request) -> Response:
    """The form for the password; 404 for a link that is unknown, used or too old."""
    found = await _found(request)
    return await _page(anywhere(request, found.language), found)


async def choose(request: Request) -> Response:
    """Set the password and go on to the sign-in, which the person then does for the first time."""
    found = await _found(request)
    here = anywhere(request, found.language)
    form = await kit.form(request)
    password = form.get("password", "")
    try:
        check_password(password, found.login)
        if password != form.get("again", ""):
            raise Invalid("passwords-differ", "again")
    except Invalid as refusal:
        return await _page(here, found, {refusal.field or "password": message(refusal, here.words)}, refusal.status)
    hashed = await in_thread(partial(hash_password, password))
    await here.write_anywhere(accept, request.path_params["token"], hashed)
    return kit.see_other("/sign-in?welcome=1")


async def _found(request: Request) -> InvitationView:
    token = request.path_params["token"]
    # A character such as NUL cannot be compared in every database.
    found = await anywhere(request).read(invitation_by_token, token) if token.isprintable() else None
    if found is None:
        raise Missing("invitation")
    return found


async def _page(here: Here, found: InvitationView, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    context = {
        "login": found.login,
        "name": found.name,
        "kind": found.kind,
        "errors": errors or {},
        "navigation": [],
    }
    return await here.page("account/welcome.html", context, status=status)


routes: list[BaseRoute] = [Route(PAGE, show), Route(PAGE, choose, methods=["POST"])]
