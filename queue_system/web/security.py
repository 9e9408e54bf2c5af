"""The gate checks the origin and the size of every request, and adds the security headers to every answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..live.codes import Closed

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LARGEST_BODY: Final = 64 * 1024
# A line of opening hours is most of a kilobyte in a form, and a branch has hundreds; the file of a branch is as long.
LARGEST_FORM: Final = 4 * 1024 * 1024
# A name or an address, and a port (RFC 3986, 3.2.2). It is checked because we build addresses from the client's Host.
_HOST: Final = re.compile(r"([A-Za-z0-9._~-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' data:; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "media-src 'self'; "
    "manifest-src 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'none'; "
    "base-uri 'none'; "
)


_SOCKET_SCHEMES: Final = {"ws": "http", "wss": "https"}


class Gate:
    """Plain ASGI, because it also guards sockets.

    Forged requests: a browser says with Sec-Fetch-Site where a request comes from; older ones send Origin.
    A request that changes something must come from our own pages. Programs (the API's clients) send neither header;
    they are let through unless they bring a cookie, because only a browser would. A socket's origin must be ours exactly: `own_origins` where the
    public address is configured, else the address it was called at.

    `refusal(request, status, code)` makes the answer to a refused request. Addresses below those in `large` take forms of
    up to LARGEST_FORM; their handlers read a body only after they know who has signed in.
    """

    def __init__(
        self,
        app: ASGIApp,
        own_origins: Iterable[str],
        refusal: Callable[[Request, int, str], Response],
        *,
        https: bool,
        large: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._refusal = refusal
        self._own_origins = frozenset(origin.rstrip("/") for origin in own_origins)
        self._https = https
        self._large = tuple(f"{address}/" for address in large)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if not _has_good_host(scope) or not self._same_origin(scope):
                await send({"type": "websocket.close", "code": Closed.FOREIGN_ORIGIN, "reason": "foreign origin"})
                return
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message), https=self._https)
            await send(message)

        if not _has_good_host(scope):
            await self._refusal(Request(scope), 400, "bad-request")(scope, receive, send_with_headers)
            return
        if _has_nul(scope):
            await self._refusal(Request(scope), 404, "not-found")(scope, receive, send_with_headers)
            return
        if scope["method"] not in SAFE_METHODS and self._is_forged(scope, headers):
            await self._refusal(Request(scope), 403, "cross-site")(scope, receive, send_with_headers)
            return
        length = headers.get("content-length", "0")
        largest = LARGEST_FORM if scope["path"].startswith(self._large) else LARGEST_BODY
        if not length.isdecimal() or len(length) > 9 or int(length) > largest:
            await self._refusal(Request(scope), 413, "too-large")(scope, receive, send_with_headers)
            return
        await self._app(scope, _bounded(receive, largest), send_with_headers)

    def _is_forged(self, scope: Scope, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        if headers.get("origin") is not None:
            return not self._same_origin(scope)
        # Recent browsers send one of the headers; without them, a cookie still tells that it is a browser.
        return "cookie" in headers

    def _same_origin(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None:
            # Without a cookie it is a program, which must send a token; `web.access` checks that.
            return "cookie" not in headers
        if self._own_origins:
            return origin in self._own_origins
        url = HTTPConnection(scope).url
        try:
            return (_SOCKET_SCHEMES.get(url.scheme, url.scheme), url.netloc) == urlsplit(origin)[:2]
        except ValueError:
            # An unreadable origin is never ours.
            return False


def _has_good_host(scope: Scope) -> bool:
    return _HOST.fullmatch(Headers(scope=scope).get("host", "")) is not None


def _has_nul(scope: Scope) -> bool:
    """Whether the address contains NUL, which PostgreSQL and file systems refuse. The API checks its own fields."""
    return not scope["path"].startswith("/api/") and (b"%00" in scope["query_string"] or "\0" in scope["path"])


def add_headers(headers: MutableHeaders, *, https: bool) -> None:
    """Add the headers of every answer, except those that the handler has set."""
    own = {name for name, _ in headers.raw}
    headers.raw.extend(header for header in (_HTTPS_HEADERS if https else _HEADERS) if header[0] not in own)


# Encoded and in lower case, as ASGI sends them, because every answer gets them.
_HEADERS: Final = tuple(
    (name.lower().encode("latin-1"), value.encode("latin-1"))
    for name, value in {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
        "X-Frame-Options": "DENY",
    }.items()
)
# HSTS without includeSubDomains, because other hosts below an organisation's domain may have no TLS.
_HTTPS_HEADERS: Final = (*_HEADERS, (b"strict-transport-security", b"max-age=63072000"))


def _bounded(receive: Receive, largest: int) -> Receive:
    """Cut a body off if it is too long, whatever its Content-Length said."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > largest:
                return {"type": "http.disconnect"}
        return message

    return limited
