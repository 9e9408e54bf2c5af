"""Pairing, as the device sees it: a short code on its screen until somebody in the office lets it in.

The shape of RFC 8628: the device keeps a long secret (here in a cookie that no script can read), shows a short
code, and asks every five seconds how it stands. Nobody types anything on the device: a screen has no hands, so
opening the page is the request.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ...actions import devices
from ...core.errors import Missing, TooMany
from ...core.tokens import sha256
from ...i18n import dates
from ...i18n.words import available_languages
from ...store.queries.pairing import pairing_state
from ...web import access, kit, limits
from ...web.installation import installation_of
from ...web.qr import qr_svg

KINDS: Final = ("display", "kiosk")
ASK_SECONDS: Final = 5
# Browsers drop cookies after 400 days; a device that is used renews its own when it is paired anew.
DEVICE_COOKIE_SECONDS: Final = 400 * 24 * 3600
NO_STORE: Final = {"Cache-Control": "no-store"}


class _Wish(NamedTuple):
    """What a device that waits carries in its cookie."""

    user_code: str
    device_code: str


async def pair(request: Request) -> Response:
    """The code to type in the office; a new one where there is none or the old one is over (`?new=1`)."""
    kind = _kind(request)
    if await access.device_or_none(request, kind) is not None:
        return kit.see_other(f"/{kind}")
    wish = _wish(request, kind)
    state = await _state(request, wish)
    if wish is not None and state in ("pending", "approved"):
        return await _page(request, kind, "pending", wish.user_code)
    if state == "refused" and request.query_params.get("new") is None:
        return await _page(request, kind, "refused")
    return await _new_code(request, kind, expired=wish is not None and state == "gone")


async def look(request: Request) -> Response:
    """`/pair/state` for a device without scripts: on to its own page when it was let in, else the code again."""
    kind = _kind(request)
    _, token = await _ask(request, kind)
    if token is None:
        return kit.see_other(f"/pair?kind={kind}")
    return _let_in(request, kind, token, kit.see_other(f"/{kind}"))


async def ask(request: Request) -> Response:
    """`/pair/state` for the script: {"state": pending | approved | refused | gone}; approved comes with the cookie."""
    kind = _kind(request)
    state, token = await _ask(request, kind)
    response = JSONResponse({"state": state}, headers=NO_STORE)
    return response if token is None else _let_in(request, kind, token, response)


async def _ask(request: Request, kind: str) -> tuple[str, str | None]:
    wish = _wish(request, kind)
    state = await _state(request, wish)
    if wish is None or state != "approved":
        return state, None
    return await installation_of(request).database.write(devices.redeem_pairing, wish.device_code)


async def _state(request: Request, wish: _Wish | None) -> str:
    if wish is None:
        return "gone"
    # Asking only reads: thousands of made-up codes cost no write.
    return await installation_of(request).database.read(pairing_state, sha256(wish.device_code))


async def _new_code(request: Request, kind: str, *, expired: bool) -> Response:
    try:
        limits.allow(request, "pairings")
    except TooMany as error:
        return await _page(request, kind, "busy", status=429, refresh=error.seconds)
    asked = await installation_of(request).database.write(devices.ask_pairing, kind)
    response = await _page(request, kind, "pending", asked.user_code, expired=expired)
    response.set_cookie(
        _cookie_name(kind),
        f"{asked.user_code}.{asked.device_code}",
        # Outlives the code, so that the next page can say that it has expired.
        max_age=2 * asked.seconds,
        path="/pair",
        httponly=True,
        samesite="strict",
        secure=installation_of(request).configuration.behind_tls,
    )
    return response


async def _page(
    request: Request,
    kind: str,
    state: str,
    user_code: str = "",
    *,
    expired: bool = False,
    status: int = 200,
    refresh: int = ASK_SECONDS,
) -> Response:
    installation = installation_of(request)
    organisation = await installation.organisation()
    languages = [language for language in organisation.languages if language in available_languages()][:2] or ["ar"]
    tongues = [kit.words_of(language) for language in languages]
    shown = f"{user_code[:4]}-{user_code[4:]}"
    minutes = int(devices.PAIRING_LIFETIME.total_seconds()) // 60
    return await kit.page(
        request,
        "pairing/pair.html",
        {
            "kind": kind,
            "state": state,
            "user_code": shown,
            "expired": expired,
            "refresh": refresh,
            "tongues": tongues,
            "good_for": {words.language: dates.minutes(minutes, words) for words in tongues},
            "title": "display.pair-kiosk" if kind == "kiosk" else "display.pair-display",
            "qr": qr_svg(f"{_address(request)}/office/devices?code={shown}", tongues[0].text("display.pair-qr")),
        },
        language=languages[0],
        status=status,
    )


def _let_in(request: Request, kind: str, token: str, response: Response) -> Response:
    secure = installation_of(request).configuration.behind_tls
    response.set_cookie(
        access.device_cookie(request, kind),
        token,
        max_age=DEVICE_COOKIE_SECONDS,
        path="/",
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    response.delete_cookie(_cookie_name(kind), path="/pair", httponly=True, samesite="strict", secure=secure)
    return response


def _kind(request: Request) -> str:
    kind = request.query_params.get("kind", "")
    if kind not in KINDS:
        raise Missing("device")
    return kind


def _wish(connection: HTTPConnection, kind: str) -> _Wish | None:
    user_code, _, device_code = connection.cookies.get(_cookie_name(kind), "").partition(".")
    well_formed = len(user_code) == 8 and set(user_code) <= set(devices.USER_CODE_ALPHABET) and device_code
    return _Wish(user_code, device_code) if well_formed else None


def _cookie_name(kind: str) -> str:
    return f"pairing-{kind}"


def _address(request: Request) -> str:
    """Where the phone in the office finds us: the public address, else the one that this device uses itself."""
    return installation_of(request).configuration.public_url or f"{request.url.scheme}://{request.url.netloc}"


routes: list[BaseRoute] = [
    Route("/pair", pair),
    Route("/pair/state", look, methods=["GET"]),
    Route("/pair/state", ask, methods=["POST"]),
]
