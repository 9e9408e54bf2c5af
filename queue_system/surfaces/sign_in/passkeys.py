"""Passkeys: adding one, and signing in with one. The browser's script talks to these addresses in JSON."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ...actions.credentials import add_passkey
from ...actions.sessions import remember_browser
from ...actions.sign_in import enter_with_passkey
from ...actions.unfinished import begin_step, take_step
from ...core.errors import DomainError, Invalid, Missing, SignedOut
from ...i18n.filters import localised
from ...store.database import Tx
from ...store.queries.credentials import MethodView, method_by_handle, methods_of
from ...web import access
from ...web.confirmed import require_confirmed
from ...web.errors import message
from ...web.here import Here, anywhere, staff_here
from ...web.installation import in_thread
from ...web.limits import address_of, limits_of
from ...web.passkeys import (
    Party,
    check_registration,
    check_sign_in,
    party_of,
    registration_options,
    sign_in_options,
)
from .entering import CHANNEL, browser_or_new, own_path, set_cookie, step_of, welcome

METHODS: Final = "/account/sign-in"
LONGEST_HANDLE: Final = 1400
# The id of a credential is base64url (WebAuthn Level 3, 5.1).
_HANDLE: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_HANDLE}}}")


async def begin_adding(request: Request) -> Response:
    """What the browser is asked to make a passkey for the signed-in person."""
    here = await staff_here(request)
    await require_confirmed(here)
    party = _party(here)
    known = [method for method in await here.read(methods_of, here.person.id) if method.kind == "passkey"]
    organisation = localised((await here.installation.organisation()).names, here.language, ("ar", "en"))
    person = here.person
    options, challenge = await in_thread(
        partial(registration_options, party, organisation, person.id, person.login, person.name, known)
    )
    token = await here.write_anywhere(partial(begin_step, kind="new-passkey", staff_id=person.id, challenge=challenge))
    return _with_step(here, options, token)


async def add(request: Request) -> Response:
    """Check the new passkey and store it; answers with the address that follows."""
    here = await staff_here(request)
    party, answer = _party(here), await _body(request)
    step = await here.write_anywhere(take_step, step_of(request), "new-passkey")
    if step.staff_id != here.person.id:
        raise SignedOut("sign-in-over")
    made = await in_thread(partial(check_registration, party, step.data["challenge"], answer))
    if made is None:
        raise Invalid("passkey-wrong")
    recovery = await here.write_anywhere(
        add_passkey, here.person.id, made.handle, made.public_key, made.signatures, here.installation.secret, here.actor
    )
    if not recovery:
        return JSONResponse({"next": METHODS})
    return _with_step(here, {"next": f"{METHODS}/recovery-codes?next={METHODS}"}, recovery)


async def begin_sign_in(request: Request) -> Response:
    """What the browser is asked to sign in with any passkey of this place."""
    here = anywhere(request)
    party = _party(here)
    # Each of these is a row, so nobody may ask without end.
    limits_of(request).take("sign-in-starts", address_of(request))
    options, challenge = await in_thread(partial(sign_in_options, party))
    token = await here.write_anywhere(partial(begin_step, kind="passkey", challenge=challenge))
    return _with_step(here, options, token)


async def sign_in(request: Request) -> Response:
    """Check the answer of a passkey and open a session; answers with the address that follows."""
    here = anywhere(request)
    party, answer = _party(here), await _body(request)
    step = await here.write_anywhere(take_step, step_of(request), "passkey")
    method = await here.read(method_by_handle, "passkey", answer["id"])
    if method is None:
        raise SignedOut("passkey-unknown")
    count = await in_thread(partial(check_sign_in, party, step.data["challenge"], answer, method))
    if count is None:
        raise SignedOut("passkey-wrong")
    browser = browser_or_new(request)
    token = await here.write_anywhere(_come_in, method, count, browser)
    led = await welcome(here, own_path(request.query_params.get("next")), token, browser)
    response = JSONResponse({"next": led.headers["location"]}, headers={"Cache-Control": "no-store"})
    response.raw_headers.extend(header for header in led.raw_headers if header[0] == b"set-cookie")
    return response


def _come_in(tx: Tx, method: MethodView, count: int, browser: str) -> str:
    token = enter_with_passkey(tx, method, count, CHANNEL)
    remember_browser(tx, method.staff_id, browser)
    return token


def in_json(handler: Any) -> Any:
    """A refusal as {"error": sentence}, which the script shows beside the button."""

    async def wrapped(request: Request) -> Response:
        try:
            return await handler(request)  # type: ignore[no-any-return]
        except DomainError as refusal:
            said = message(refusal, anywhere(request).words)
            return JSONResponse({"error": said, "code": refusal.code}, refusal.status)

    return wrapped


def _party(here: Here) -> Party:
    party = party_of(here.connection)
    if party is None:
        raise Missing("passkeys-not-here")
    return party


async def _body(request: Request) -> dict[str, Any]:
    """The answer of a passkey, as far as its shape goes; raises Invalid("passkey-wrong")."""
    try:
        answer = json.loads(await request.body())
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not _HANDLE.fullmatch(str(answer.get("id", ""))):
        raise Invalid("passkey-wrong")
    return answer


def _with_step(here: Here, answer: dict[str, Any], token: str) -> Response:
    response = JSONResponse(answer, headers={"Cache-Control": "no-store"})
    set_cookie(here, response, access.step_cookie(here.request), token)
    return response


routes: list[BaseRoute] = [
    Route(f"{METHODS}/passkeys/challenge", in_json(begin_adding), methods=["POST"]),
    Route(f"{METHODS}/passkeys", in_json(add), methods=["POST"]),
    Route("/sign-in/passkey/challenge", in_json(begin_sign_in), methods=["POST"]),
    Route("/sign-in/passkey", in_json(sign_in), methods=["POST"]),
]
