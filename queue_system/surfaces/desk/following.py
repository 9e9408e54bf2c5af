"""The desk that follows its branch: the same partial as the page, over a socket."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from starlette.websockets import WebSocket

from ...actions.sessions import SESSION_IDLE
from ...core.errors import Denied, DomainError, SignedOut
from ...live.codes import Closed
from ...live.socket import Frame, serve
from ...store.queries.access import StaffView
from ...store.queries.desk import DeskView
from ...store.queries.desk import desk as desk_view
from ...store.queries.settings import BranchSettings
from ...store.tables import ORGANISATION
from ...web import access, kit
from ...web.installation import Installation, installation_of
from .view import context


async def live(websocket: WebSocket) -> None:
    """Follow one counter's desk until the session ends."""
    try:
        branch, counter = await _here(websocket)
    except SignedOut:
        await websocket.close(Closed.SIGNED_OUT)
        return
    except DomainError:
        await websocket.close(Closed.NOT_THERE)
        return
    await websocket.accept()
    render = partial(_frame, websocket, branch, counter)
    # Sign-ins and sign-outs are facts of the organisation, not of the branch: those are followed too.
    await serve(websocket, installation_of(websocket).hub, [branch.id, ORGANISATION], render, ages=True)


def values(installation: Installation, view: DeskView, person: StaffView, *, everybody: bool) -> dict[str, Any]:
    """What page, fragment and socket hand to the partial."""
    return context(view, person, installation.clock.now(), everybody=everybody) | {
        "epoch": view.settings.organisation.epoch,
        "person": person,
        "said": None,
        "asked": None,
    }


async def _here(websocket: WebSocket) -> tuple[BranchSettings, str]:
    person = await access.onlooker(websocket)
    if person is None:
        raise SignedOut("signed-out")
    branch = await access.branch(websocket)
    if not person.may_any(access.DESK_RIGHTS, branch.id):
        raise Denied("not-allowed")
    return branch, branch.counter(websocket.path_params["counter"]).slug


async def _frame(websocket: WebSocket, branch: BranchSettings, counter: str) -> Frame | None:
    """The desk as it is now, for who is signed in now; None when nobody is any more."""
    person = await access.onlooker(websocket)
    if person is None or not person.may_any(access.DESK_RIGHTS, branch.id):
        return None
    installation = installation_of(websocket)
    await installation.audiences.settle(installation.hub, branch.id)
    view = await installation.database.read(desk_view, branch.id, counter, SESSION_IDLE)
    shown = values(installation, view, person, everybody="all" in websocket.query_params)
    html = await kit.render(
        installation,
        "desk/_desk.html",
        shown,
        language=kit.language_of(websocket, view.settings, fallback=person.language),
        branch=view.settings,
    )
    text = json.dumps({"type": "desk", "epoch": str(shown["epoch"]), "seq": view.seq, "html": html})
    return Frame(view.seq, text)
