"""Staff's programs sign in with name and password and get a token."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from ...actions import sessions
from ...core.errors import Denied
from ...core.errors import SignedOut as NotSignedIn
from ...core.tokens import sha256
from ...store.queries.access import staff_by_session
from ...web import access
from ...web.installation import installation_of
from ...web.sign_in_check import checked
from . import models
from .operation import Key, Operation
from .values import Nothing

CHANNEL: Final = "api"


async def create(request: Request, asked: models.SignIn) -> models.Session:
    installation = installation_of(request)
    account = await checked(request, asked.login, asked.password, CHANNEL)
    if account is None:
        raise NotSignedIn("sign-in-wrong")
    now = installation.clock.now()
    token = await installation.database.write(sessions.start_session, account.id, CHANNEL, account.password)
    person = await installation.database.read(staff_by_session, sha256(token), sessions.SESSION_IDLE)
    if person is None:
        raise NotSignedIn("sign-in-wrong")
    return models.Session(
        token=token,
        expires_at=now + sessions.SESSION_LIFETIME,
        idle_minutes=round(sessions.SESSION_IDLE.usual.total_seconds() / 60),
        name=person.name,
        language=person.language,
    )


async def destroy(request: Request, _asked: Nothing) -> models.SignedOut:
    await access.staff(request)
    token = access.bearer(request)
    if token is None:
        # Signed in by a cookie: that one ends with the page's own button.
        raise Denied("not-allowed")
    await installation_of(request).database.write(sessions.end_session, token)
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
