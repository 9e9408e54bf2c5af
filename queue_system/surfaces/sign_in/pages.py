"""Signing in and out."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import sessions
from ...actions.sessions import remember_browser
from ...actions.sign_in import Entered, enter
from ...core.errors import SignedOut, TooMany
from ...store.database import Tx
from ...store.queries.access import AccountView
from ...web import access, kit
from ...web.errors import message
from ...web.here import Here, anywhere, staff_here
from ...web.passkeys import party_of
from ...web.sign_in_check import checked
from ...web.single_sign_on import single_sign_on
from ...web.staff_pages import NO_PLACE, first_page
from .entering import (
    CHANNEL,
    PROVIDER_REFUSALS,
    browser_of,
    browser_or_new,
    delete_cookie,
    go_on,
    own_path,
    way,
    welcome,
)

LONGEST: Final = 200


async def show(request: Request) -> Response:
    """The form; a person who is already signed in goes on."""
    here = anywhere(request)
    wanted = own_path(request.query_params.get("next"))
    person = await access.staff_or_none(request)
    if person is not None:
        return kit.see_other(await way(here, person, wanted))
    # A cookie without a session means that the session was idle too long or reached its twelve hours.
    ended = access.session_cookie(request) in request.cookies
    refused = request.query_params.get("refused")
    said = here.words.text(f"errors.{refused}") if refused in PROVIDER_REFUSALS else ""
    said = here.words.text("login.again") if "again" in request.query_params else said
    return await _form(here, wanted, ended=ended, refusal=said, done="welcome" in request.query_params)


async def create(request: Request) -> Response:
    """Check name and password and open a session."""
    here = anywhere(request)
    form = await kit.form(request)
    login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
    wanted = own_path(str(form.get("next", "")))
    if missing := _missing(login, password):
        return await _form(here, wanted, login=login, wrong=missing, status=422)
    try:
        account = await checked(here, login[:LONGEST], password[:LONGEST], CHANNEL, browser_of(request))
    except TooMany as refusal:
        headers = {"Retry-After": str(refusal.seconds)}
        said = message(refusal, here.words)
        return await _form(here, wanted, login=login, refusal=said, status=refusal.status, headers=headers)
    if account is None:
        return await _wrong(here, wanted, login)
    browser = browser_or_new(request)
    try:
        entered = await here.write_anywhere(_come_in, account, browser)
    except SignedOut:
        return await _wrong(here, wanted, login)
    if entered.step:
        return go_on(here, f"/sign-in/{entered.step}", entered.token, wanted)
    return await welcome(here, wanted, entered.token, browser)


async def destroy(request: Request) -> Response:
    """Sign out: ends the session itself, not only its cookie."""
    here = anywhere(request)
    name = access.session_cookie(request)
    if token := request.cookies.get(name):
        await here.write_anywhere(sessions.end_session, token)
    response = kit.see_other("/sign-in")
    delete_cookie(here, response, name)
    return response


async def home(request: Request) -> Response:
    """On to the person's first page; if their rights open none, a page that says so and what helps."""
    here = await staff_here(request)
    first = first_page(request, here.person)
    return kit.see_other(first) if first != NO_PLACE else await here.page("sign_in/no-place.html")


def _missing(login: str, password: str) -> dict[str, str]:
    """The key of the message for each empty field."""
    fields = (("login", "desk.login-missing", login), ("password", "desk.password-missing", password))
    return {name: key for name, key, value in fields if not value}


def _come_in(tx: Tx, account: AccountView, browser: str) -> Entered:
    """Begin a session and remember the browser in one transaction; raises what `enter` raises."""
    entered = enter(tx, account.id, CHANNEL, account.password)
    if not entered.step:
        remember_browser(tx, account.id, browser)
    return entered


async def _wrong(here: Here, wanted: str, login: str) -> Response:
    # The form does not say which of the two is wrong, because that would reveal who works here.
    said = here.words.text("desk.sign-in-wrong")
    return await _form(here, wanted, login=login, refusal=said, status=422)


async def _form(
    here: Here,
    wanted: str,
    *,
    login: str = "",
    wrong: dict[str, str] | None = None,
    refusal: str = "",
    ended: bool = False,
    done: bool = False,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    context = {
        "next": wanted,
        "login": login,
        "errors": {name: here.words.text(key) for name, key in (wrong or {}).items()},
        "refusal": refusal,
        "ended": ended,
        "done": done,
        "provider": await single_sign_on(here) is not None,
        "passkeys_work": party_of(here.connection) is not None,
        "navigation": [],
    }
    return await here.page("sign_in/sign-in.html", context, status=status, headers=headers)


routes: list[BaseRoute] = [
    Route("/sign-in", show),
    Route("/sign-in", create, methods=["POST"]),
    Route("/sign-out", destroy, methods=["POST"]),
    Route(NO_PLACE, home),
]
