"""How a page of the desk opens a socket of its branch: who may not have it learns why, everybody else follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.websockets import WebSocket

from ...core.errors import DomainError, SignedOut
from ...live.codes import Closed
from ...live.socket import Frame, refuse, serve
from ...store.tables import ORGANISATION
from ...web.here import StaffAtBranch

H = TypeVar("H", bound=StaffAtBranch)


async def accepted(websocket: WebSocket, find: Callable[[WebSocket], Awaitable[H]]) -> H | None:
    """The context that `find` gives, on an accepted socket; None if it refused, and then the socket is closed."""
    try:
        here = await find(websocket)
    except SignedOut:
        await refuse(websocket, Closed.SIGNED_OUT)
        return None
    except DomainError:
        await refuse(websocket, Closed.NOT_THERE)
        return None
    await websocket.accept()
    return here


async def follow(here: StaffAtBranch, websocket: WebSocket, frame: Callable[[], Awaitable[Frame | None]]) -> None:
    """Send what `frame` gives at each change of the branch, and as time passes, until the session ends."""
    # Sign-ins and sign-outs are facts of the organisation and not of the branch, so both are followed.
    await serve(websocket, here.installation.hub, [here.branch.id, ORGANISATION], frame, ages=True)
