"""The page of a hall's screen, and the socket that keeps it up to date."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from queue_system.live.codes import Closed
from queue_system.live.socket import Frame, refuse
from queue_system.web import kit
from queue_system.web.screens import paired_screen

from .picture import BoardKey, Picture, assets_version, picture, screen_languages
from .reach import reach_of

PAIR: Final = "/pair?kind=display"


async def screen(request: Request) -> Response:
    """The page of a paired screen; an unpaired browser is redirected to the pairing page.

    With `?plain`, for old browsers, its only script is plain.js, which reloads it every ten seconds. Such a screen has
    no socket, so this page notes its presence.
    """
    asking = await paired_screen(request)
    if asking is None:
        return kit.see_other(PAIR)
    installation, device = asking.installation, asking.device
    branch = await asking.branch()
    plain = "plain" in request.query_params
    if plain:
        installation.presence.note(device.branch_id, device.id)
    shown = await picture(installation, BoardKey.of(device))
    languages = screen_languages(branch)
    calm = branch.access.calm_mode if branch.access else ()
    return await kit.page(
        request,
        "displays/screen.html",
        {
            "board": shown.html,
            "device": device,
            "look": assets_version(installation),
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
    asking = await paired_screen(websocket)
    if asking is None:
        await refuse(websocket, Closed.SIGNED_OUT)
        return
    await websocket.accept()
    installation, device = asking.installation, asking.device
    key = BoardKey.of(device)
    me = (device.id, device.paired_at)

    async def admits(frame: Frame) -> bool:
        # Every picture names its screens, because looking up five hundred screens one by one would be slow. A screen
        # that is not named was paired after the picture was made, or has been revoked.
        assert isinstance(frame, Picture)  # noqa: S101 - what `picture` has made
        installation.presence.note(key.branch_id, device.id)
        return me in frame.screens or await paired_screen(websocket) is not None

    await installation.audiences.serve(
        websocket, installation.hub, key.branch_id, ("screen", key), lambda: picture(installation, key), admits
    )


routes: list[BaseRoute] = [Route("/display", screen), WebSocketRoute("/display/live", live)]
