"""Signing in and out."""

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
from ...web.here import Here, anywhere, staff_here
from ...web.sign_in_check import checked
from ...web.staff_pages import NO_PLACE, first_page, may_open

CHANNEL: Final = "web"
LONGEST: Final = 200
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# A path of this installation: one slash, and no character that a browser could read as the start of a host.
_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f]*")


async def show(request: Request) -> Response:
    """The form; a person who is already signed in goes on."""
    here = anywhere(request)
    wanted = own_path(request.query_params.get("next"))
    person = await access.staff_or_none(request)
    if person is not None:
        return kit.see_other(await _way(here, person, wanted))
    # A cookie without a session means that the session was idle too long or reached its twelve hours.
    ended = access.session_cookie(request) in request.cookies
    return await _form(here, wanted, ended=ended)


async def create(request: Request) -> Response:
    """Check name and password and open a session."""
    here = anywhere(request)
    form = await kit.form(request)
    login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
    wanted = own_path(str(form.get("next", "")))
    if missing := _missing(login, password):
        return await _form(here, wanted, login=login, wrong=missing, status=422)
    try:
        account = await checked(here, login[:LONGEST], password[:LONGEST], CHANNEL, _browser(request))
    except TooMany as refusal:
        headers = {"Retry-After": str(refusal.seconds)}
        said = message(refusal, here.words)
        return await _form(here, wanted, login=login, refusal=said, status=refusal.status, headers=headers)
    if account is None:
        return await _wrong(here, wanted, login)
    if left_over := request.cookies.get(access.session_cookie(request)):
        await here.write_anywhere(sessions.end_session, left_over)
    browser = _browser(request) or secrets.token_urlsafe(32)
    try:
        token = await here.write_anywhere(_come_in, account, browser)
    except SignedOut:
        return await _wrong(here, wanted, login)
    return await _welcome(here, wanted, token, browser)


async def destroy(request: Request) -> Response:
    """Sign out: ends the session itself, not only its cookie."""
    here = anywhere(request)
    name = access.session_cookie(request)
    if token := request.cookies.get(name):
        await here.write_anywhere(sessions.end_session, token)
    response = kit.see_other("/sign-in")
    secure = here.installation.configuration.behind_tls
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
    return response


async def home(request: Request) -> Response:
    """On to the person's first page; if their rights open none, a page that says so and what helps."""
    here = await staff_here(request)
    first = first_page(request, here.person)
    return kit.see_other(first) if first != NO_PLACE else await here.page("sign_in/no-place.html")


def own_path(wanted: str | None) -> str:
    """`wanted` if it is a path of this installation, else "", so that signing in never leads to another site."""
    return wanted if wanted and _OWN_PATH.fullmatch(wanted) else ""


async def _way(here: Here, person: StaffView, wanted: str) -> str:
    """Where to go after signing in: the page that was asked for if the person may open it, else their first."""
    branches = await here.read(branch_ids)
    if wanted and may_open(here.connection, person, wanted, branches):
        return wanted
    return first_page(here.connection, person)


def _missing(login: str, password: str) -> dict[str, str]:
    """The key of the message for each empty field."""
    fields = (("login", "desk.login-missing", login), ("password", "desk.password-missing", password))
    return {name: key for name, key, value in fields if not value}


def _come_in(tx: Tx, account: AccountView, browser: str) -> str:
    """Start a session and remember the browser in one transaction; raises what `sessions.start_session` raises."""
    token = sessions.start_session(tx, account.id, CHANNEL, account.password)
    remember_browser(tx, account.id, browser)
    return token


async def _welcome(here: Here, wanted: str, token: str, browser: str) -> Response:
    """On to the person's page, with the cookies for session, browser and language."""
    request = here.request
    person = await here.read(staff_by_session, sha256(token), sessions.SESSION_IDLE)
    response = kit.see_other(await _way(here, person, wanted) if person else "/sign-in")
    _set_cookie(here, response, access.session_cookie(request), token)
    _set_cookie(here, response, access.browser_cookie(request), browser, max_age=BROWSER_KNOWN_FOR)
    if person and kit.LANGUAGE_COOKIE not in request.cookies:
        # The language of the person's account counts, not that of the computer at the counter.
        _set_cookie(here, response, kit.LANGUAGE_COOKIE, person.language)
    return response


async def _wrong(here: Here, wanted: str, login: str) -> Response:
    # The form does not say which of the two is wrong, because that would reveal who works here.
    said = here.words.text("desk.sign-in-wrong")
    return await _form(here, wanted, login=login, refusal=said, status=422)


def _browser(request: Request) -> str:
    """The secret of this browser; "" if there is none or it is malformed."""
    kept = request.cookies.get(access.browser_cookie(request), "")
    return kept if _SECRET.fullmatch(kept) else ""


def _set_cookie(here: Here, response: Response, name: str, value: str, max_age: timedelta | None = None) -> None:
    # Without Max-Age a cookie ends with the browser; SESSION_LIFETIME and SESSION_IDLE limit the session itself.
    response.set_cookie(
        name,
        value,
        max_age=None if max_age is None else int(max_age.total_seconds()),
        path="/",
        secure=here.installation.configuration.behind_tls,
        httponly=True,
        samesite="lax",
    )


async def _form(
    here: Here,
    wanted: str,
    *,
    login: str = "",
    wrong: dict[str, str] | None = None,
    refusal: str = "",
    ended: bool = False,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    context = {
        "next": wanted,
        "login": login,
        "errors": {name: here.words.text(key) for name, key in (wrong or {}).items()},
        "refusal": refusal,
        "ended": ended,
        "navigation": [],
    }
    return await here.page("sign_in/sign-in.html", context, status=status, headers=headers)


routes: list[BaseRoute] = [
    Route("/sign-in", show),
    Route("/sign-in", create, methods=["POST"]),
    Route("/sign-out", destroy, methods=["POST"]),
    Route(NO_PLACE, home),
]
