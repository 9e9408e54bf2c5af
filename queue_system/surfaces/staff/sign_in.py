"""Staff come in and go out."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import sessions
from ...actions.sessions import BROWSER_KNOWN_FOR, remember_browser
from ...core.errors import SignedOut, TooMany
from ...core.tokens import sha256
from ...store.database import Tx
from ...store.queries.access import AccountView, StaffView, staff_by_session
from ...store.queries.settings import branch_ids
from ...web import access, kit
from ...web.errors import message
from ...web.installation import installation_of
from ...web.sign_in_check import checked
from ...web.staff_pages import NO_PLACE, first_page, may_open, staff_page

CHANNEL: Final = "web"
LONGEST: Final = 200
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# A path of ours: one slash, and none of the characters that a browser would read as another host.
_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f]*")


async def show(request: Request) -> Response:
    """The form; who is signed in already goes on."""
    wanted = own_path(request.query_params.get("next"))
    person = await access.staff_or_none(request)
    if person is not None:
        return kit.see_other(await _way(request, person, wanted))
    # A cookie without a session: it was left idle, or its twelve hours are over.
    ended = access.session_cookie(request) in request.cookies
    return await _form(request, wanted, ended=ended)


async def create(request: Request) -> Response:
    """Check name and password and open a session."""
    form = await kit.form(request)
    login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
    wanted = own_path(str(form.get("next", "")))
    missing = {
        name: key
        for name, key, value in (
            ("login", "desk.login-missing", login),
            ("password", "desk.password-missing", password),
        )
        if not value
    }
    if missing:
        return await _form(request, wanted, login=login, wrong=missing, status=422)
    try:
        account = await checked(request, login[:LONGEST], password[:LONGEST], CHANNEL, _browser(request))
    except TooMany as refusal:
        words = kit.words_of(kit.language_of(request))
        headers = {"Retry-After": str(refusal.seconds)}
        return await _form(
            request, wanted, login=login, refusal=message(refusal, words), status=refusal.status, headers=headers
        )
    if account is None:
        return await _wrong(request, wanted, login)
    database = installation_of(request).database
    if left_over := request.cookies.get(access.session_cookie(request)):
        await database.write(sessions.end_session, left_over)
    browser = _browser(request) or secrets.token_urlsafe(32)
    try:
        token = await database.write(_come_in, account, browser)
    except SignedOut:
        return await _wrong(request, wanted, login)
    person = await database.read(staff_by_session, sha256(token), sessions.SESSION_IDLE)
    response = kit.see_other(await _way(request, person, wanted) if person else "/sign-in")
    _set_cookie(request, response, access.session_cookie(request), token)
    _set_cookie(request, response, access.browser_cookie(request), browser, max_age=BROWSER_KNOWN_FOR)
    if person and kit.LANGUAGE_COOKIE not in request.cookies:
        # People read the language they were entered with, whatever the machine at the counter prefers.
        _set_cookie(request, response, kit.LANGUAGE_COOKIE, person.language)
    return response


async def destroy(request: Request) -> Response:
    """Sign out: the session is gone, not only its cookie."""
    name = access.session_cookie(request)
    if token := request.cookies.get(name):
        await installation_of(request).database.write(sessions.end_session, token)
    response = kit.see_other("/sign-in")
    response.delete_cookie(
        name, path="/", secure=installation_of(request).configuration.behind_tls, httponly=True, samesite="lax"
    )
    return response


async def home(request: Request) -> Response:
    """On to the first page; or, where somebody's rights open none, a page that says so and what helps."""
    person = await access.staff(request)
    first = first_page(person)
    return kit.see_other(first) if first != NO_PLACE else await staff_page(request, person, "staff/no-place.html")


def own_path(wanted: str | None) -> str:
    """`wanted` where it is a path of this house, else "": nobody is led elsewhere after signing in."""
    return wanted if wanted and _OWN_PATH.fullmatch(wanted) else ""


async def _way(request: Request, person: StaffView, wanted: str) -> str:
    """Where somebody goes after signing in: the page they asked for where they may open it, else their first."""
    branches = await installation_of(request).database.read(branch_ids)
    return wanted if wanted and may_open(person, wanted, branches) else first_page(person)


def _come_in(tx: Tx, account: AccountView, browser: str) -> str:
    """A session and a browser that knows the person, both or neither; raises what `sessions.start_session` raises."""
    token = sessions.start_session(tx, account.id, CHANNEL, account.password)
    remember_browser(tx, account.id, browser)
    return token


async def _wrong(request: Request, wanted: str, login: str) -> Response:
    # Which of the two was wrong is not said: it would tell who works here.
    said = kit.words_of(kit.language_of(request)).text("desk.sign-in-wrong")
    return await _form(request, wanted, login=login, refusal=said, status=422)


def _browser(request: Request) -> str:
    """The secret of this browser, "" where it has none; what we would not have made is none of ours."""
    kept = request.cookies.get(access.browser_cookie(request), "")
    return kept if _SECRET.fullmatch(kept) else ""


def _set_cookie(request: Request, response: Response, name: str, value: str, max_age: timedelta | None = None) -> None:
    # Without Max-Age it ends with the browser; how long a session lasts is decided by SESSION_LIFETIME and SESSION_IDLE.
    response.set_cookie(
        name,
        value,
        max_age=None if max_age is None else int(max_age.total_seconds()),
        path="/",
        secure=installation_of(request).configuration.behind_tls,
        httponly=True,
        samesite="lax",
    )


async def _form(
    request: Request,
    wanted: str,
    *,
    login: str = "",
    wrong: dict[str, str] | None = None,
    refusal: str = "",
    ended: bool = False,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    words = kit.words_of(kit.language_of(request))
    context = {
        "next": wanted,
        "login": login,
        "errors": {name: words.text(key) for name, key in (wrong or {}).items()},
        "refusal": refusal,
        "ended": ended,
        "navigation": [],
    }
    return await kit.page(request, "staff/sign-in.html", context, status=status, headers=headers)


routes: list[BaseRoute] = [
    Route("/sign-in", show),
    Route("/sign-in", create, methods=["POST"]),
    Route("/sign-out", destroy, methods=["POST"]),
    Route(NO_PLACE, home),
]
