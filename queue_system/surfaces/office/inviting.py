"""Inviting somebody: a name to sign in with, the name that colleagues see, a language, a role at a place."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.invitations import invite
from ...core.errors import DomainError, Invalid
from ...core.logins import login_key
from ...core.rights import INVITE_RIGHTS
from ...i18n.words import OWN_NAMES, available_languages
from ...store.queries.people import colleague
from ...web import kit
from ...web.confirmed import require_confirmed
from ...web.errors import message
from .frame import InOffice, enter, office_page
from .people import house_of, places_with
from .person import read_place, with_link

PAGE: Final = "/office/invitations"
FIELDS: Final = ("login", "name", "language", "place", "role")


async def show(request: Request) -> Response:
    """The form."""
    here = await enter(request, INVITE_RIGHTS)
    await require_confirmed(here)
    return await _page(here, {"language": here.language})


async def create(request: Request) -> Response:
    """Add the account and go on to its page, which shows the link."""
    here = await enter(request, INVITE_RIGHTS)
    await require_confirmed(here)
    form = await kit.form(request)
    typed = {name: form.get(name, "").strip() for name in FIELDS}
    if typed["language"] not in available_languages():
        typed["language"] = here.language
    try:
        place, department = read_place(typed["place"])
        token, asked = await here.write_anywhere(
            invite, typed["login"], typed["name"], typed["language"], place, typed["role"], department, here.actor
        )
    except DomainError as refusal:
        errors = {_field(refusal): message(refusal, here.words)}
        return await _page(here, typed, errors, refusal.status)
    added = await here.read(colleague, login_key(typed["login"]))
    assert added is not None  # noqa: S101 - it was just added, and only its inviter could remove it
    return with_link(here, added.id, token, "asked" if asked else "invited")


def _field(refusal: DomainError) -> str:
    """The field of the form that a refusal is about."""
    if isinstance(refusal, Invalid) and refusal.field in FIELDS:
        return str(refusal.field)
    return "login" if refusal.code == "login-taken" else "role"


async def _page(
    here: InOffice, typed: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    house = await here.read(house_of)
    context: dict[str, Any] = {
        "typed": {name: typed.get(name, "") for name in FIELDS},
        "languages": [(code, OWN_NAMES[code]) for code in available_languages()],
        "roles": [(role.slug, role.names) for role in house.roles.values()],
        "places": places_with(here, house, INVITE_RIGHTS),
        "house": house,
        "errors": errors or {},
    }
    return await office_page(here, "office/invite.html", context, status=status, belongs="/office/people")


routes: list[BaseRoute] = [Route(PAGE, show), Route(PAGE, create, methods=["POST"])]
