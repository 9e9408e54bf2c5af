"""The least that uvicorn and Starlette can do for screens: the same bytes to every socket, on a POST."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

# Marks the place of the called ticket's code in the text.
CODE: Final = "{code}"


def serve(path: str) -> None:
    """Send the text of a file to all sockets at `/live`; the body of each POST to `/` replaces CODE."""
    text = Path(path).read_text(encoding="utf-8")
    screens: set[WebSocket] = set()

    async def live(screen: WebSocket) -> None:
        await screen.accept()
        screens.add(screen)
        try:
            while True:
                await screen.receive_text()
        except WebSocketDisconnect:
            screens.discard(screen)

    async def call(request: Request) -> Response:
        message = text.replace(CODE, (await request.body()).decode())
        for screen in screens:
            await screen.send_text(message)
        return Response()

    app = Starlette(routes=[WebSocketRoute("/live", live), Route("/", call, methods=["POST"])])
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    _Bare(config).run()


class _Bare(uvicorn.Server):
    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)
