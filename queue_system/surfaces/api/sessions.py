"""Sessions of staff's programs: sign in with name and password, and get a token."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from ...actions import sessions
from ...core.errors import Denied, SignedOut
from ...core.tokens import sha256
from ...store.queries.access import staff_by_session
from ...web import access
from ...web.here import anywhere, staff_here
from ...web.sign_in_check import checked
from . import models
from .operation import Key, Operation
from .values import Nothing

CHANNEL: Final = "api"


async def create(request: Request, asked: models.SignIn) -> models.Session:
    here = anywhere(request)
    account = await checked(here, asked.login, asked.password, CHANNEL)
    if account is None:
        raise SignedOut("sign-in-wrong")
    now = here.now
    token = await here.write_anywhere(sessions.start_session, account.id, CHANNEL, account.password)
    person = await here.read(staff_by_session, sha256(token), sessions.SESSION_IDLE)
    if person is None:
        raise SignedOut("sign-in-wrong")
    return models.Session(
        token=token,
        expires_at=now + sessions.SESSION_LIFETIME,
        idle_minutes=round(sessions.SESSION_IDLE.usual.total_seconds() / 60),
        name=person.name,
        language=person.language,
    )


async def destroy(request: Request, _asked: Nothing) -> models.SignedOut:
    here = await staff_here(request)
    token = access.bearer(request)
    if token is None:
        # A session with a cookie is ended on the page.
        raise Denied("not-allowed")
    await here.write_anywhere(sessions.end_session, token)
    return models.SignedOut()


operations = [
    Operation(
        "POST",
        "/sessions",
        "api.sign-in",
        create,
        models.Session,
        models.SignIn,
        status=201,
        refusals=(401, 429),
    ),
    Operation("DELETE", "/sessions/current", "api.sign-out", destroy, models.SignedOut, key=Key.STAFF),
]
