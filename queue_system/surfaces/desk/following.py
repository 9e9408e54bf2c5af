"""The desk follows its branch over a socket, which sends the same partial as the page."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from starlette.websockets import WebSocket

from ...actions.sessions import SESSION_IDLE
from ...core.rights import DESK_RIGHTS
from ...live.socket import Frame
from ...store.queries.desk import DeskView, desk_view
from ...web import access
from ...web.at_counter import AtCounter, onlooker_at_counter
from ...web.here import StaffAtBranch, staff_at
from .sockets import accepted, follow
from .view import context


async def live(websocket: WebSocket) -> None:
    """Follow one counter's desk until the session ends."""
    if (here := await accepted(websocket, onlooker_at_counter)) is not None:
        await follow(here, websocket, partial(_frame, here))


def desk_values(here: StaffAtBranch, view: DeskView) -> dict[str, Any]:
    """The context of the partial `desk/_desk.html`, in the page, in the fragment and over the socket."""
    everybody = "all" in here.connection.query_params
    return context(view, here.person, here.now, here.installation.waits, everybody=everybody) | {
        "epoch": view.settings.organisation.epoch,
        "person": here.person,
        "said": None,
        "asked": None,
        "alarm_asked": None,
        "typed": {},
        "refused": "",
    }


async def _frame(opened: AtCounter) -> Frame | None:
    """The desk as it is now, for the person who is signed in now; None if nobody is.

    `opened` is from the start of the socket; person and settings may have changed since.
    """
    person = await access.onlooker(opened.connection)
    if person is None or not person.may_any(DESK_RIGHTS, opened.branch.id):
        return None
    await opened.screens_first()
    view = await opened.read(desk_view, opened.branch.id, opened.counter.slug, SESSION_IDLE)
    here = staff_at(opened.connection, person, view.settings)
    shown = desk_values(here, view)
    html = await here.render("desk/_desk.html", shown)
    return Frame(view.seq, json.dumps({"type": "desk", "epoch": str(shown["epoch"]), "seq": view.seq, "html": html}))
