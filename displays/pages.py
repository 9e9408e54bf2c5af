"""The page of a hall's screen, and the socket that keeps it up to date."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from queue_system.live.codes import Closed
from queue_system.live.socket import Frame, refuse
from queue_system.web import access, kit
from queue_system.web.installation import read_only_installation

from .picture import BoardKey, Picture, assets_version, picture, screen_languages
from .reach import reach_of

KIND: Final = "display"
PAIR: Final = "/pair?kind=display"


async def screen(request: Request) -> Response:
    """The page of a paired screen; an unpaired browser is redirected to the pairing page.

    With `?plain`, for old browsers, its only script is plain.js, which reloads it every ten seconds. Such a screen has
    no socket, so this page notes its presence.
    """
    device = await access.device_or_none(request, KIND)
    if device is None:
        return kit.see_other(PAIR)
    branch = await access.branch_of(request, device)
    plain = "plain" in request.query_params
    if plain:
        read_only_installation(request).presence.note(device.branch_id, device.id)
    shown = await picture(read_only_installation(request), BoardKey.of(device))
    languages = screen_languages(branch)
    calm = branch.access.calm_mode if branch.access else ()
    return await kit.page(
        request,
        "displays/screen.html",
        {
            "board": shown.html,
            "device": device,
            "look": assets_version(read_only_installation(request)),
            "reach": reach_of(device.kit),
            "bilingual": [kit.words_of(language, branch) for language in languages],
            "pair": PAIR,
            "without_script": plain,
            "silent": "no_chime" in calm,
            "still": "no_flashing" in calm,
        },
        branch=branch,
        language=languages[0],
    )


async def live(websocket: WebSocket) -> None:
    """Send pictures to a paired screen as they change; the gate has checked the origin."""
    device = await access.device_or_none(websocket, KIND)
    if device is None:
        await refuse(websocket, Closed.SIGNED_OUT)
        return
    await websocket.accept()
    installation = read_only_installation(websocket)
    key = BoardKey.of(device)
    me = (device.id, device.paired_at)

    async def admits(frame: Frame) -> bool:
        # Every picture names its screens, because looking up five hundred screens one by one would be slow. A screen
        # that is not named was paired after the picture was made, or has been revoked.
        assert isinstance(frame, Picture)  # noqa: S101 - what `picture` has made
        installation.presence.note(key.branch_id, device.id)
        return me in frame.screens or await access.device_or_none(websocket, KIND) is not None

    await installation.audiences.serve(
        websocket, installation.hub, key.branch_id, ("screen", key), lambda: picture(installation, key), admits
    )


routes: list[BaseRoute] = [Route("/display", screen), WebSocketRoute("/display/live", live)]
