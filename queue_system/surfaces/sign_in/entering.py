"""The cookies of a sign-in, and the page that follows it."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ...actions.sessions import BROWSER_KNOWN_FOR, SESSION_IDLE, end_session
from ...core.tokens import sha256
from ...store.queries.access import StaffView, staff_by_session
from ...store.queries.settings import branch_ids
from ...web import access, kit
from ...web.here import Here
from ...web.staff_pages import first_page, may_open

CHANNEL: Final = "web"
#: The refusals that lead back to a page, which says them.
PROVIDER_REFUSALS: Final = frozenset(
    {
        *("provider-away", "provider-refused", "provider-answer-wrong", "provider-unknown", "provider-taken"),
        *("provider-linked", "provider-unlinked", "sign-in-wrong", "sign-in-over"),
    }
)
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# A path of this installation: one slash, and no character that a browser could read as the start of a host.
_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f]*")


async def way(here: Here, person: StaffView, wanted: str) -> str:
    """Where to go after signing in: the page that was asked for if the person may open it, else their first."""
    branches = await here.read(branch_ids)
    if wanted and may_open(here.connection, person, wanted, branches):
        return wanted
    return first_page(here.connection, person)


async def welcome(here: Here, wanted: str, token: str, browser: str, recovery: str = "") -> Response:
    """On to the person's page, with the cookies for session, browser and language; to new recovery codes before it."""
    request = here.request
    if left_over := request.cookies.get(access.session_cookie(request)):
        await here.write_anywhere(end_session, left_over)
    person = await here.read(staff_by_session, sha256(token), SESSION_IDLE)
    led_to = await way(here, person, wanted) if person else "/sign-in"
    if recovery:
        response = go_on(here, "/account/sign-in/recovery-codes", recovery, led_to)
    else:
        response = kit.see_other(led_to)
        forget_step(here, response)
    set_cookie(here, response, access.session_cookie(request), token)
    set_cookie(here, response, access.browser_cookie(request), browser, max_age=BROWSER_KNOWN_FOR)
    if person and kit.LANGUAGE_COOKIE not in request.cookies:
        # The language of the person's account counts, not that of the computer at the counter.
        set_cookie(here, response, kit.LANGUAGE_COOKIE, person.language)
    return response


def go_on(here: Here, address: str, step: str, wanted: str) -> Response:
    """On to the page of a step; its token goes along in a cookie."""
    response = kit.see_other(f"{address}?{urlencode({'next': wanted})}" if wanted else address)
    set_cookie(here, response, access.step_cookie(here.request), step)
    return response


def step_of(request: Request) -> str:
    """The token of the step that the browser is in; "" if there is none."""
    return _secret(request.cookies.get(access.step_cookie(request), ""))


def forget_step(here: Here, response: Response) -> None:
    """The browser is in no step any more."""
    name = access.step_cookie(here.request)
    if name in here.request.cookies:
        delete_cookie(here, response, name)


def own_path(wanted: str | None) -> str:
    """`wanted` if it is a path of this installation, else "", so that signing in never leads to another site."""
    return wanted if wanted and _OWN_PATH.fullmatch(wanted) else ""


def browser_of(request: Request) -> str:
    """The secret of this browser; "" if there is none or it is malformed."""
    return _secret(request.cookies.get(access.browser_cookie(request), ""))


def browser_or_new(request: Request) -> str:
    """The secret of this browser, or a new one."""
    return browser_of(request) or secrets.token_urlsafe(32)


def set_cookie(here: Here, response: Response, name: str, value: str, max_age: timedelta | None = None) -> None:
    """Without `max_age` a cookie ends with the browser; what it names ends earlier by itself."""
    response.set_cookie(
        name,
        value,
        max_age=None if max_age is None else int(max_age.total_seconds()),
        path="/",
        secure=here.installation.configuration.behind_tls,
        httponly=True,
        samesite="lax",
    )


def delete_cookie(here: Here, response: Response, name: str) -> None:
    """The browser forgets a cookie of ours."""
    secure = here.installation.configuration.behind_tls
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def _secret(kept: str) -> str:
    return kept if _SECRET.fullmatch(kept) else ""
