"""After the password: the code of an app, or setting up an app where a second factor is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.sessions import remember_browser
from ...actions.sign_in import SetUp, finish_set_up, finish_with_code
from ...core.errors import SignedOut, TooMany
from ...core.tokens import sha256
from ...store.database import Tx
from ...store.queries.credentials import StepView, methods_of, step_by_token
from ...web import kit
from ...web.errors import message
from ...web.here import Here, anywhere
from ...web.passkeys import party_of
from ...web.sign_in_check import limited, person_key
from .app_set_up import LONGEST_CODE, app_words
from .entering import CHANNEL, browser_or_new, own_path, step_of, welcome


def or_from_the_start(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The handler of a step; if the step is used up or too old, the password is asked for again."""

    @wraps(handler)
    async def wrapped(request: Request) -> Response:
        try:
            return await handler(request)
        except SignedOut:
            return kit.see_other("/sign-in?again=1")

    return wrapped


@or_from_the_start
async def show_code(request: Request) -> Response:
    """The form for the code."""
    here, step = await _step(request, "code")
    return await _code_page(here, step, own_path(request.query_params.get("next")))


@or_from_the_start
async def check_code(request: Request) -> Response:
    """Check the code of the app, or a recovery code, and open the session."""
    here, step = await _step(request, "code")
    form = await kit.form(request)
    wanted, typed = own_path(form.get("next")), form.get("code", "").strip()[:LONGEST_CODE]
    if not typed:
        return await _code_page(here, step, wanted, wrong="login.code-missing")
    browser = browser_or_new(request)
    work = partial(here.write_anywhere, _finish_code, step_of(request), typed, here.installation.secret, browser)
    try:
        token = await limited(here, person_key(step.login, step.unlocked_at), work)
    except TooMany as refusal:
        return await _code_page(here, step, wanted, refusal=refusal)
    if token is None:
        return await _code_page(here, step, wanted, wrong="login.code-wrong")
    return await welcome(here, wanted, token, browser)


@or_from_the_start
async def show_set_up(request: Request) -> Response:
    """The symbol for the app, and the form for its first code."""
    here, step = await _step(request, "set-up")
    return await _set_up_page(here, step, own_path(request.query_params.get("next")))


@or_from_the_start
async def check_set_up(request: Request) -> Response:
    """Check the first code of the app, store the app and open the session; recovery codes follow."""
    here, step = await _step(request, "set-up")
    form = await kit.form(request)
    wanted, typed = own_path(form.get("next")), form.get("code", "").strip()[:LONGEST_CODE]
    if not typed:
        return await _set_up_page(here, step, wanted, wrong="login.code-missing")
    browser = browser_or_new(request)
    work = partial(here.write_anywhere, _finish_set_up, step_of(request), typed, here.installation.secret, browser)
    try:
        done = await limited(here, person_key(step.login, step.unlocked_at), work)
    except TooMany as refusal:
        return await _set_up_page(here, step, wanted, refusal=refusal)
    if done is None:
        return await _set_up_page(here, step, wanted, wrong="login.code-wrong-new")
    return await welcome(here, wanted, done.token, browser, done.recovery)


def _finish_code(tx: Tx, token: str, typed: str, key: bytes, browser: str) -> str | None:
    step = step_by_token(tx, sha256(token), "code")
    session = finish_with_code(tx, token, typed, CHANNEL, key)
    if session and step and step.staff_id:
        remember_browser(tx, step.staff_id, browser)
    return session


def _finish_set_up(tx: Tx, token: str, typed: str, key: bytes, browser: str) -> SetUp | None:
    step = step_by_token(tx, sha256(token), "set-up")
    done = finish_set_up(tx, token, typed, CHANNEL, key)
    if done and step and step.staff_id:
        remember_browser(tx, step.staff_id, browser)
    return done


async def _step(request: Request, kind: str) -> tuple[Here, StepView]:
    """The step of this browser, in the language of its person; raises SignedOut("sign-in-over")."""
    step = await anywhere(request).read(step_by_token, sha256(step_of(request)), kind)
    if step is None or step.staff_id is None:
        raise SignedOut("sign-in-over")
    return anywhere(request, step.language), step


async def _code_page(
    here: Here, step: StepView, wanted: str, *, wrong: str = "", refusal: TooMany | None = None
) -> Response:
    assert step.staff_id is not None  # noqa: S101 - `_step` has checked it
    kinds = {method.kind for method in await here.read(methods_of, step.staff_id)}
    context = {"kinds": kinds, "passkeys_work": party_of(here.connection) is not None} | _common(
        here, wanted, wrong, refusal
    )
    return await here.page("sign_in/code.html", context, **_said(wrong, refusal))


async def _set_up_page(
    here: Here, step: StepView, wanted: str, *, wrong: str = "", refusal: TooMany | None = None
) -> Response:
    context = await app_words(here, step) | {"action": "/sign-in/set-up"} | _common(here, wanted, wrong, refusal)
    return await here.page("sign_in/set-up.html", context, **_said(wrong, refusal))


def _common(here: Here, wanted: str, wrong: str, refusal: TooMany | None) -> dict[str, object]:
    return {
        "next": wanted,
        "errors": {"code": here.words.text(wrong)} if wrong else {},
        "refusal": message(refusal, here.words) if refusal else "",
    }


def _said(wrong: str, refusal: TooMany | None) -> dict[str, Any]:
    if refusal:
        return {"status": refusal.status, "headers": {"Retry-After": str(refusal.seconds)}}
    return {"status": 422 if wrong else 200}


routes: list[BaseRoute] = [
    Route("/sign-in/code", show_code),
    Route("/sign-in/code", check_code, methods=["POST"]),
    Route("/sign-in/set-up", show_set_up),
    Route("/sign-in/set-up", check_set_up, methods=["POST"]),
]
