"""The visitor's place in line on the telephone: opened by the code on the slip, without signing in, live.

Whoever holds the link may look and may give the place up; more it does not open. Of a protected visit the page
names neither organisation nor service: it may be seen over a shoulder.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import Any, Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ..actions import kiosk
from ..core.errors import IllegalTransition, Missing
from ..core.tickets import OPEN, Step, TicketState, steps_from
from ..live.socket import Frame, serve
from ..store.log import CITIZEN
from ..store.queries.place import PlaceView, place
from ..store.queries.settings import BranchSettings
from . import access, kit
from .house import house

# After RFC 6455, 7.4.2: a code of our own.
NOT_THERE: Final = 4404
# Names of services and counters are shown where the whole hall may see the code.
OPENLY: Final = "code"


async def show(request: Request) -> Response:
    """`/t/{token}`: the place in line, or where to go, or how it ended."""
    branch, stands = await _here(request)
    language = _language(request, branch, stands)
    values = await _values(request, branch, stands)
    return await kit.page(request, "ticket/ticket.html", values, branch=branch, language=language)


async def leave(request: Request) -> Response:
    """POST `/t/{token}/leave`: give the place up. Called in the meantime, the page shows where to go instead."""
    branch, stands = await _here(request)
    # Who was called in the meantime, or has left before, is told by the page that follows.
    with suppress(IllegalTransition):
        await house(request).database.write_in(branch.id, kiosk.leave, branch.id, stands.ticket.id, CITIZEN)
    return kit.see_other(f"/t/{stands.ticket.token}")


async def live(websocket: WebSocket) -> None:
    """The same, as it changes; the language is that of the page that follows (`?lang=`)."""
    try:
        branch, _ = await _here(websocket)
    except Missing:
        await websocket.close(NOT_THERE)
        return
    await websocket.accept()
    await serve(websocket, house(websocket).hub, branch.id, partial(_frame, websocket), ages=True)


async def _frame(websocket: WebSocket) -> Frame:
    branch, stands = await _here(websocket)
    values = await _values(websocket, branch, stands)
    html = await kit.render(
        house(websocket),
        "ticket/_ticket.html",
        values,
        language=_language(websocket, branch, stands),
        branch=branch,
    )
    return Frame(stands.seq, json.dumps({"type": "ticket", "seq": stands.seq, "html": html}))


async def _here(connection: HTTPConnection) -> tuple[BranchSettings, PlaceView]:
    """The branch and place behind the link; raises Missing("ticket")."""
    branch, ticket = await access.ticket(connection)
    return branch, await house(connection).database.read(place, branch, ticket.token)


async def _values(connection: HTTPConnection, branch: BranchSettings, stands: PlaceView) -> dict[str, Any]:
    """What page and socket hand to the partial."""
    ticket = stands.ticket
    service = branch.services[ticket.service_id]
    neutral = service.confidentiality.hides_service
    openly = service.confidentiality.display == OPENLY
    today = branch.timetable.business_date(house(connection).clock.now())
    counter = branch.counters.get(ticket.counter_id) if ticket.counter_id else None
    return {
        "stands": stands,
        "ticket": ticket,
        "token": ticket.token,
        "state": ticket.state.value,
        # What was left open on an earlier day is over, whatever was written down of it.
        "past": ticket.business_date < today and ticket.state in OPEN,
        "over": ticket.business_date < today or ticket.state not in OPEN,
        "neutral": neutral,
        "names": None if neutral else service.shown_names,
        "counter": counter,
        "counter_names": counter.names if counter and openly else None,
        "served": [] if neutral else [(one.code, branch.counters[one.counter_id]) for one in stands.served],
        "may_leave": ticket.state is TicketState.WAITING and Step.LEAVE in steps_from(ticket.state),
        "organisation": {} if neutral else (await house(connection).organisation()).names,
    }


def _language(connection: HTTPConnection, branch: BranchSettings, stands: PlaceView) -> str:
    """What this telephone has chosen; until then, what the visitor chose when taking the number."""
    chosen = (connection.query_params.get("lang"), connection.cookies.get(kit.LANGUAGE_COOKIE))
    offered = kit.languages_of(branch)
    wishes = [wish for wish in (*chosen, stands.ticket.language) if wish in offered]
    return wishes[0] if wishes else kit.language_of(connection, branch)


routes: list[BaseRoute] = [
    Route("/t/{token}", show),
    Route("/t/{token}/leave", leave, methods=["POST"]),
    WebSocketRoute("/t/{token}/live", live),
]
