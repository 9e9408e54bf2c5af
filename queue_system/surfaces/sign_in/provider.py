"""Single sign-on: the way to the provider and back, to sign in or to link one's own account."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.provider import Proved, enter_with_provider, link_provider
from ...actions.sessions import remember_browser
from ...actions.unfinished import begin_step, take_step
from ...core.errors import DomainError, Missing, SignedOut
from ...store.database import Tx
from ...store.queries.credentials import StepView
from ...web import access, kit
from ...web.confirmed import require_confirmed
from ...web.here import Here, anywhere, staff_here
from ...web.limits import address_of, limits_of
from ...web.single_sign_on import ANSWER_PATH, Identity, begin, identity, single_sign_on
from .entering import (
    CHANNEL,
    PROVIDER_REFUSALS,
    browser_or_new,
    forget_step,
    own_path,
    set_cookie,
    step_of,
    welcome,
)

METHODS: Final = "/account/sign-in"


async def go(request: Request) -> Response:
    """On to the provider. A link, because the policy of our pages lets a form lead to ourselves only."""
    here = anywhere(request)
    limits_of(request).take("sign-in-starts", address_of(request))
    return await _to_provider(here, None, own_path(request.query_params.get("next")))


async def go_to_link(request: Request) -> Response:
    """On to the provider, to link the signed-in person's account with the one there."""
    here = await staff_here(request)
    await require_confirmed(here)
    return await _to_provider(here, here.person.id, "")


async def come_back(request: Request) -> Response:
    """The provider's answer: sign in, or link the account that the step is about."""
    here = anywhere(request)
    linking = False
    try:
        step = await here.write_anywhere(take_step, step_of(request), "provider")
        linking = step.staff_id is not None
        settings = await single_sign_on(here)
        if settings is None:
            raise SignedOut("provider-unknown")
        found = await identity(here, settings, step.data, request.query_params)
        if linking:
            return await _link(here, step, found)
        browser = browser_or_new(request)
        proved = Proved(**asdict(found))
        token = await here.write_anywhere(partial(_come_in, person=proved, language=here.language, browser=browser))
        return await welcome(here, step.data["next"], token, browser)
    except DomainError as refusal:
        if refusal.code not in PROVIDER_REFUSALS:
            raise
        return kit.see_other(f"{METHODS if linking else '/sign-in'}?{urlencode({'refused': refusal.code})}")


async def _to_provider(here: Here, staff_id: UUID | None, wanted: str) -> Response:
    settings = await single_sign_on(here)
    if settings is None:
        raise Missing("provider-not-here")
    try:
        address, kept = await begin(here, settings)
    except SignedOut as refusal:
        return kit.see_other(f"{METHODS if staff_id else '/sign-in'}?{urlencode({'refused': refusal.code})}")
    token = await here.write_anywhere(_begin, staff_id, kept | {"next": wanted})
    response = kit.see_other(address)
    set_cookie(here, response, access.step_cookie(here.request), token)
    return response


def _begin(tx: Tx, staff_id: UUID | None, kept: dict[str, str]) -> str:
    return begin_step(tx, "provider", staff_id, **kept)


async def _link(here: Here, step: StepView, found: Identity) -> Response:
    me = await staff_here(here.request)
    if me.person.id != step.staff_id:
        raise SignedOut("sign-in-over")
    await here.write_anywhere(link_provider, Proved(**asdict(found)), me.person.id, me.actor)
    response = kit.see_other(METHODS)
    forget_step(here, response)
    return response


def _come_in(tx: Tx, person: Proved, language: str, browser: str) -> str:
    staff_id, token = enter_with_provider(tx, person, language, CHANNEL)
    remember_browser(tx, staff_id, browser)
    return token


routes: list[BaseRoute] = [
    Route("/sign-in/provider", go),
    Route(ANSWER_PATH, come_back),
    Route(f"{METHODS}/provider", go_to_link),
]
