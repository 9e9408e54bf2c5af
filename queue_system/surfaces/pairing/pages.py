"""Pairing, as the device sees it: it shows a short code until somebody in the office lets it in.

This follows RFC 8628: the device keeps a long secret (here in a cookie that no script can read), shows a short code,
and asks for its state every five seconds. Opening the page starts the request, because a screen has no keyboard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ...actions import devices
from ...core.errors import Missing, TooMany
from ...core.tokens import sha256
from ...i18n import dates
from ...i18n.words import available_languages
from ...store.queries.pairing import pairing_state
from ...web import access, kit, limits
from ...web.here import Here, anywhere
from ...web.qr import qr_svg

KINDS: Final = ("display", "kiosk")
ASK_SECONDS: Final = 5
# Browsers drop a cookie after 400 days; pairing the device anew renews it.
DEVICE_COOKIE_SECONDS: Final = 400 * 24 * 3600
NO_STORE: Final = {"Cache-Control": "no-store"}


class _Wish(NamedTuple):
    """The codes of a device that waits for pairing, as its cookie keeps them."""

    user_code: str
    device_code: str


@dataclass(frozen=True, kw_only=True)
class AtDevice(Here):
    """At a device that is to be paired; `wish` is None if it has not asked yet."""

    kind: str
    wish: _Wish | None


async def pair(request: Request) -> Response:
    """The code to type in the office; a new one if there is none or it has expired (`?new=1`)."""
    here = _at_device(request)
    if await access.device_or_none(request, here.kind) is not None:
        return kit.see_other(f"/{here.kind}")
    state = await _state(here)
    if here.wish is not None and state in ("pending", "approved"):
        return await _page(here, "pending", here.wish.user_code)
    if state == "refused" and request.query_params.get("new") is None:
        return await _page(here, "refused")
    return await _new_code(here, expired=here.wish is not None and state == "gone")


async def come_back(request: Request) -> Response:
    """`/pair/state` for a device without scripts: on to its own page if it was let in, else the code again."""
    here = _at_device(request)
    _, token = await _ask(here)
    if token is None:
        return kit.see_other(f"/pair?kind={here.kind}")
    return _let_in(here, token, kit.see_other(f"/{here.kind}"))


async def ask(request: Request) -> Response:
    """`/pair/state` for the script: {"state": pending | approved | refused | gone}; approved sets the cookie."""
    here = _at_device(request)
    state, token = await _ask(here)
    response = JSONResponse({"state": state}, headers=NO_STORE)
    return response if token is None else _let_in(here, token, response)


# ---------------------------------------------------------------- inside


def _at_device(request: Request) -> AtDevice:
    """The device that asks; raises Missing("device") for a kind that is not paired."""
    kind = request.query_params.get("kind", "")
    if kind not in KINDS:
        raise Missing("device")
    return AtDevice(**vars(anywhere(request)), kind=kind, wish=_wish(request, kind))


async def _ask(here: AtDevice) -> tuple[str, str | None]:
    """The state of the request, and the device's token if it has just been let in."""
    state = await _state(here)
    if here.wish is None or state != "approved":
        return state, None
    return await here.write_anywhere(devices.redeem_pairing, here.wish.device_code)


async def _state(here: AtDevice) -> str:
    if here.wish is None:
        return "gone"
    # This only reads, so that guessing thousands of codes costs no writes.
    return await here.read(pairing_state, sha256(here.wish.device_code))


async def _new_code(here: AtDevice, *, expired: bool) -> Response:
    try:
        limits.allow(here.request, "pairings")
    except TooMany as error:
        return await _page(here, "busy", status=429, refresh=error.seconds)
    asked = await here.write_anywhere(devices.ask_pairing, here.kind)
    response = await _page(here, "pending", asked.user_code, expired=expired)
    response.set_cookie(
        _cookie_name(here.kind),
        f"{asked.user_code}.{asked.device_code}",
        # The cookie outlives the code, so that the next page can say that the code has expired.
        max_age=2 * asked.seconds,
        path="/pair",
        httponly=True,
        samesite="strict",
        secure=here.installation.configuration.behind_tls,
    )
    return response


async def _page(
    here: AtDevice,
    state: str,
    user_code: str = "",
    *,
    expired: bool = False,
    status: int = 200,
    refresh: int = ASK_SECONDS,
) -> Response:
    organisation = await here.installation.organisation()
    languages = [language for language in organisation.languages if language in available_languages()][:2] or ["ar"]
    bilingual = [kit.words_of(language) for language in languages]
    shown = f"{user_code[:4]}-{user_code[4:]}"
    minutes = int(devices.PAIRING_LIFETIME.total_seconds()) // 60
    context = {
        "kind": here.kind,
        "state": state,
        "user_code": shown,
        "expired": expired,
        "refresh": refresh,
        "bilingual": bilingual,
        "good_for": {words.language: dates.minutes(minutes, words) for words in bilingual},
        "title": "display.pair-kiosk" if here.kind == "kiosk" else "display.pair-display",
        "qr": qr_svg(f"{_address(here)}/office/devices?code={shown}", bilingual[0].text("display.pair-qr")),
    }
    # Nobody has chosen a language on a new device, so it shows the organisation's first two.
    return await replace(here, language=languages[0]).page("pairing/pair.html", context, status=status)


def _let_in(here: AtDevice, token: str, response: Response) -> Response:
    secure = here.installation.configuration.behind_tls
    response.set_cookie(
        access.device_cookie(here.request, here.kind),
        token,
        max_age=DEVICE_COOKIE_SECONDS,
        path="/",
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    response.delete_cookie(_cookie_name(here.kind), path="/pair", httponly=True, samesite="strict", secure=secure)
    return response


def _wish(request: Request, kind: str) -> _Wish | None:
    user_code, _, device_code = request.cookies.get(_cookie_name(kind), "").partition(".")
    well_formed = len(user_code) == 8 and set(user_code) <= set(devices.USER_CODE_ALPHABET) and device_code
    return _Wish(user_code, device_code) if well_formed else None


def _cookie_name(kind: str) -> str:
    return f"pairing-{kind}"


def _address(here: AtDevice) -> str:
    """The address that the office's telephone opens: the public one, else the one that this device uses."""
    url = here.request.url
    return here.installation.configuration.public_url or f"{url.scheme}://{url.netloc}"


routes: list[BaseRoute] = [
    Route("/pair", pair),
    Route("/pair/state", come_back, methods=["GET"]),
    Route("/pair/state", ask, methods=["POST"]),
]
