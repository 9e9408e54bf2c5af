"""Before there is an organisation, only the first run, the files of its pages and the health check are served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import Unavailable
from ..live.codes import Closed
from . import kit
from .errors import API, refusal
from .installation import Installation

#: The health check and the measures serve machines, which look before people come.
_FOR_MACHINES: Final = ("/healthz", "/metrics")


class Founded:
    """Plain ASGI, because it also guards sockets. Once the organisation was seen, it only hands on.

    It looks at the database until then, so that the run that founds it may be on another node. `opened` are the
    beginnings of addresses that serve the first run.
    """

    def __init__(self, app: ASGIApp, installation: Installation, opened: Sequence[str]) -> None:
        self._app = app
        self._installation = installation
        self._opened = tuple(opened)
        self._seen = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._seen or scope["type"] == "lifespan" or self._is_open(scope["path"]) or await self._is_there():
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": Closed.NOT_THERE, "reason": "no organisation"})
        else:
            await self._refuse(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path.startswith(self._opened) or path in _FOR_MACHINES or path.split("/")[1:2] == ["static"]

    async def _is_there(self) -> bool:
        """Whether there is an organisation; also while the database is away, because then the pages say so."""
        try:
            await self._installation.organisation()
        except Unavailable as error:
            return error.code != "not-initialised"
        self._seen = True
        return True

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if scope["path"].startswith(API):
            answer = refusal(request, 503, "not-initialised")
        else:
            answer = await kit.page(request, "not_founded.html", status=503)
        await answer(scope, receive, send)
