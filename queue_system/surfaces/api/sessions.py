"""Sessions of programs that staff use."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request

from ...actions import sessions
from ...actions.sign_in import enter_program
from ...core.errors import Denied, SignedOut
from ...core.tokens import sha256
from ...store.queries.access import staff_by_session
from ...web import access
from ...web.here import anywhere, staff_here
from ...web.sign_in_check import checked, limited, person_key
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
    key = here.installation.secret
    enter = partial(enter_program, staff_id=account.id, channel=CHANNEL, checked=account.password, key=key)
    if asked.code:
        work = partial(here.write_anywhere, partial(enter, code=asked.code))
        token = await limited(here, person_key(account.login, account.unlocked_at), work)
    else:
        token = await here.write_anywhere(partial(enter, code=""))
    if token is None:
        raise SignedOut("second-code-wrong")
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
