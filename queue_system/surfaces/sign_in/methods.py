"""A person's own ways to sign in: /account/sign-in."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import credentials
from ...actions.unfinished import end_step
from ...core.errors import Missing, Stale, TooMany
from ...core.one_time_codes import recovery_codes
from ...core.tokens import sha256
from ...i18n import dates
from ...store.queries.credentials import StepView, methods_of, needs_second_factor, step_by_token
from ...store.queries.people import zone_of
from ...web import kit
from ...web.confirmed import require_confirmed
from ...web.errors import message
from ...web.here import StaffHere, staff_here
from ...web.passkeys import party_of
from ...web.sign_in_check import limited, person_key
from ...web.single_sign_on import single_sign_on
from .app_set_up import LONGEST_CODE, app_words
from .entering import PROVIDER_REFUSALS, forget_step, go_on, own_path, step_of

PAGE = "/account/sign-in"


async def show(request: Request) -> Response:
    """The methods, and what can be added."""
    here = await staff_here(request)
    await require_confirmed(here)
    methods = await here.read(methods_of, here.person.id)
    refused = request.query_params.get("refused")
    zone, words = await here.read(zone_of, here.person), here.words
    context = {
        "clock": lambda at: dates.day_time(at, zone, words),
        "apps": [method for method in methods if method.kind == "app"],
        "passkeys": [method for method in methods if method.kind == "passkey"],
        "passkeys_work": party_of(request) is not None,
        "linked": [method for method in methods if method.kind == "provider"],
        "provider": await single_sign_on(here) is not None,
        "refusal": here.words.text(f"errors.{refused}") if refused in PROVIDER_REFUSALS else "",
        "recovery_left": sum(method.kind == "recovery" for method in methods),
        "has_second": any(method.kind in ("app", "passkey") for method in methods),
        "needed": await here.read(needs_second_factor, here.person.id),
    }
    return await here.page("sign_in/methods.html", context)


async def begin_app(request: Request) -> Response:
    """Begin to add an app."""
    here = await staff_here(request)
    await require_confirmed(here)
    token = await here.write_anywhere(credentials.begin_app, here.person.id)
    return go_on(here, f"{PAGE}/app", token, "")


async def show_app(request: Request) -> Response:
    """The symbol for the app, and the form for its first code."""
    here = await staff_here(request)
    return await _app_page(here, await _own_step(here, "app"))


async def add_app(request: Request) -> Response:
    """Check the first code and store the app; recovery codes follow if there are none."""
    here = await staff_here(request)
    step = await _own_step(here, "app")
    typed = (await kit.form(request)).get("code", "").strip()[:LONGEST_CODE]
    if not typed:
        return await _app_page(here, step, wrong="login.code-missing")
    token, key = step_of(request), here.installation.secret
    work = partial(here.write_anywhere, credentials.add_app, token, typed, key, here.actor)
    try:
        recovery = await limited(here, person_key(step.login, step.unlocked_at), work)
    except TooMany as refusal:
        return await _app_page(here, step, refusal=refusal)
    if recovery is None:
        return await _app_page(here, step, wrong="login.code-wrong-new")
    if recovery:
        return go_on(here, f"{PAGE}/recovery-codes", recovery, PAGE)
    response = kit.see_other(PAGE)
    forget_step(here, response)
    return response


async def renew_recovery_codes(request: Request) -> Response:
    """Make new recovery codes and show them."""
    here = await staff_here(request)
    await require_confirmed(here)
    key = here.installation.secret
    token = await here.write_anywhere(credentials.renew_recovery_codes, here.person.id, key, here.actor)
    return go_on(here, f"{PAGE}/recovery-codes", token, PAGE)


async def show_recovery_codes(request: Request) -> Response:
    """The new recovery codes, for the minutes of their step and until the person goes on."""
    here = await staff_here(request)
    step = await _own_step(here, "recovery")
    codes = recovery_codes(here.installation.secret, step.data["salt"])
    wanted = own_path(request.query_params.get("next")) or PAGE
    return await here.page(
        "sign_in/recovery-codes.html", {"codes": [f"{code[:5]}-{code[5:]}" for code in codes], "next": wanted}
    )


async def keep_recovery_codes(request: Request) -> Response:
    """The person has kept the codes: they are not shown again."""
    here = await staff_here(request)
    wanted = own_path((await kit.form(request)).get("next")) or PAGE
    await here.write_anywhere(end_step, step_of(request))
    response = kit.see_other(wanted)
    forget_step(here, response)
    return response


async def remove(request: Request) -> Response:
    """Remove a method."""
    here = await staff_here(request)
    await require_confirmed(here)
    try:
        method_id = UUID(request.path_params["method"])
    except ValueError:
        raise Missing("method") from None
    await here.write_anywhere(credentials.remove_method, here.person.id, method_id, here.actor)
    return kit.see_other(PAGE)


async def _own_step(here: StaffHere, kind: str) -> StepView:
    """The step of this browser, which must be of the same person; raises Stale("step-over")."""
    step = await here.read(step_by_token, sha256(step_of(here.request)), kind)
    if step is None or step.staff_id != here.person.id:
        raise Stale("step-over")
    return step


async def _app_page(here: StaffHere, step: StepView, *, wrong: str = "", refusal: TooMany | None = None) -> Response:
    context = await app_words(here, step) | {
        "action": f"{PAGE}/app",
        "next": "",
        "errors": {"code": here.words.text(wrong)} if wrong else {},
        "refusal": message(refusal, here.words) if refusal else "",
    }
    status = refusal.status if refusal else 422 if wrong else 200
    headers = {"Retry-After": str(refusal.seconds)} if refusal else None
    return await here.page("sign_in/set-up.html", context, status=status, headers=headers)


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/app", show_app),
    Route(f"{PAGE}/app", add_app, methods=["POST"]),
    Route(f"{PAGE}/new-app", begin_app, methods=["POST"]),
    Route(f"{PAGE}/recovery-codes", show_recovery_codes),
    Route(f"{PAGE}/recovery-codes", renew_recovery_codes, methods=["POST"]),
    Route(f"{PAGE}/kept", keep_recovery_codes, methods=["POST"]),
    Route(f"{PAGE}/methods/{{method}}/removal", remove, methods=["POST"]),
]
