"""Every request has an id that leads from the visitor's screen to the log, is counted, and may be logged itself."""

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
# What a proxy may write there: nothing that a log, a page or a header could take for something else.
_GOOD_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_FROM_PROXY: Final = "from_trusted_proxy"
# The route of a request that fits none; its path may be a secret link that was mistyped.
NO_ROUTE: Final = "-"
SWITCHING_PROTOCOLS: Final = 101

log = structlog.get_logger(__name__)


class TrustedProxies(ProxyHeadersMiddleware):
    """Believes the X-Forwarded-* headers of trusted proxies, and notes which requests came through one."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        client = scope.get("client")
        if client and client[0] in self.trusted_hosts:
            scope[_FROM_PROXY] = True
        await super().__call__(scope, receive, send)


class Observed:
    """Plain ASGI, because it stands before sockets and before the gate, so that refusals have an id too.

    The id is the proxy's where a trusted one sends a good one, else made here. It is bound to every line that is
    logged on the way, and goes back in `X-Request-ID`. With `log_access` each request is logged when it is over, by
    the template of its route: paths, queries and headers hold secret links, codes and telephone numbers.
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
        # Asking the system for chance lets go of the interpreter, and a busy thread keeps it for milliseconds. This id
        # opens nothing, so that it may be guessed.
        request_id = _given(scope) or f"{random.getrandbits(48):012x}"
        scope.setdefault("state", {})["request_id"] = request_id
        header = (HEADER.lower().encode(), request_id.encode())
        # Where nothing is answered, `web.errors` answers outside of us.
        status = 500
        opened = False
        began = self._traffic.now()

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
    """The id of a request; empty where it has not come through `Observed`."""
    found: str = scope.get("state", {}).get("request_id", "")
    return found


def route_of(scope: Scope) -> str:
    """The address as it is declared, `/b/{token}`, without what a visitor's own holds; NO_ROUTE where none fits."""
    route = scope.get("route")
    if not isinstance(route, (Route, WebSocketRoute)):
        return NO_ROUTE
    return f"{scope.get('root_path', '')}{route.path}"


def _given(scope: Scope) -> str:
    """The id that a trusted proxy gave; empty where none did, or no good one."""
    if not scope.get(_FROM_PROXY):
        return ""
    given = Headers(scope=scope).getlist(HEADER)
    return given[0] if len(given) == 1 and _GOOD_ID.fullmatch(given[0]) else ""
