"""Gives every request an id, which leads from an error page to the log; counts requests, and may log them."""

from __future__ import annotations

import random
import re
from typing import Any, Final

import structlog
from starlette.datastructures import Headers
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ..measures import Traffic

HEADER: Final = "X-Request-ID"
# The ids that we accept from a proxy; they have no characters with a meaning in a log, a page or a header.
_GOOD_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_FROM_PROXY: Final = "from_trusted_proxy"
# Stands for the route if no route fits; the path is not used, because it may be a mistyped secret link.
NO_ROUTE: Final = "-"
SWITCHING_PROTOCOLS: Final = 101

log = structlog.get_logger(__name__)


class TrustedProxies(ProxyHeadersMiddleware):
    """Applies the X-Forwarded-* headers of trusted proxies, and notes which requests came through one."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        client = scope.get("client")
        if client and client[0] in self.trusted_hosts:
            scope[_FROM_PROXY] = True
        await super().__call__(scope, receive, send)


class Observed:
    """Plain ASGI, because it also serves sockets. It runs before the gate, so that refused requests have an id too.

    The id comes from a trusted proxy, if it sends a valid one, or is made here. It is bound to every log line of the
    request and is sent back in `X-Request-ID`. With `log_access` each request is logged when it has ended, with the
    template of its route, because paths, queries and headers hold secret links, codes and telephone numbers.
    """

    def __init__(self, app: ASGIApp, traffic: Traffic, *, log_access: bool, node: str) -> None:
        self._app = app
        self._traffic = traffic
        self._log_access = log_access
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # Not os.urandom(), because it releases the GIL, and a busy thread then holds it for milliseconds. The id may be
        # predictable, because it opens nothing.
        request_id = _given(scope) or f"{random.getrandbits(48):012x}"
        scope.setdefault("state", {})["request_id"] = request_id
        header = (HEADER.lower().encode(), request_id.encode())
        # If the application sends no answer, `web.errors` answers 500 outside of this middleware.
        status = 500
        opened = False
        began = self._traffic.now()
        if scope["type"] == "http":
            self._traffic.request_began()

        async def send_with_id(message: Message) -> None:
            nonlocal status, opened
            match message["type"]:
                case "http.response.start" | "websocket.accept" as kind:
                    status = message["status"] if kind == "http.response.start" else SWITCHING_PROTOCOLS
                    message = {**message, "headers": [*message.get("headers", ()), header]}
                    if kind == "websocket.accept":
                        opened = True
                        self._traffic.socket_opened(route_of(scope))
                case "websocket.close":
                    status = message.get("code", 1000)
            await send(message)
            if message["type"] == "websocket.send":
                self._traffic.spoke(route_of(scope))

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                if opened:
                    self._traffic.socket_ended(route_of(scope))
                self._note(scope, status, self._traffic.now() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        if scope["type"] == "http":
            self._traffic.request_ended(scope["method"], route_of(scope), status, seconds)
        if not self._log_access:
            return
        log.info(
            "request.ended" if scope["type"] == "http" else "socket.ended",
            method=scope.get("method", "GET"),
            route=route_of(scope),
            status=status,
            ms=round(seconds * 1e3, 1),
            node=self._node,
        )


def request_id_of(scope: Scope) -> str:
    """The id of a request; empty if it has not passed `Observed`."""
    found: str = scope.get("state", {}).get("request_id", "")
    return found


def route_of(scope: Scope) -> str:
    """The template of the route (`/b/{token}`), without the visitor's own values; NO_ROUTE if no route fits."""
    route = scope.get("route")
    if not isinstance(route, (Route, WebSocketRoute)):
        return NO_ROUTE
    return f"{scope.get('root_path', '')}{route.path}"


def _given(scope: Scope) -> str:
    """The id from a trusted proxy; empty if there is none or it is not valid."""
    if not scope.get(_FROM_PROXY):
        return ""
    given = Headers(scope=scope).getlist(HEADER)
    return given[0] if len(given) == 1 and _GOOD_ID.fullmatch(given[0]) else ""
