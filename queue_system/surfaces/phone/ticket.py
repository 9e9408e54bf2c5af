"""The visitor's place in line on the telephone: opened by the code on the slip, without signing in, live.

Whoever holds the link may look and may give the place up; more it does not open. Of a protected visit the page
names neither organisation nor service: it may be seen over a shoulder.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ...actions import tickets
from ...core.errors import IllegalTransition, Missing
from ...core.tickets import OPEN, TAKE_BACK, Step, TicketState, steps_from
from ...live.codes import Closed
from ...live.socket import Frame, serve
from ...store.log import CITIZEN
from ...store.queries.place import PlaceView, place
from ...store.queries.settings import BranchSettings
from ...web import access, kit
from ...web.installation import installation_of
from ...web.whole_line import everybody

# Names of services and counters are shown where the whole hall may see the code.
OPENLY: Final = "code"
# Nothing leads on from here, so there is nothing more to look for.
FINAL: Final = frozenset(state for state in TicketState if not steps_from(state))


async def show(request: Request) -> Response:
    """`/t/{token}`: the place in line, or where to go, or how it ended."""
    branch, stands = await _here(request)
    language = _language(request, branch, stands)
    values = await _values(request, branch, stands)
    return await kit.page(request, "phone/ticket.html", values, branch=branch, language=language)


async def leave(request: Request) -> Response:
    """POST `/t/{token}/leave`: give the place up. Called in the meantime, the page shows where to go instead."""
    branch, stands = await _here(request)
    # Who was called in the meantime, or has left before, is told by the page that follows.
    with suppress(IllegalTransition):
        await installation_of(request).database.write_in(branch.id, tickets.leave, branch.id, stands.ticket.id, CITIZEN)
    return kit.see_other(f"/t/{stands.ticket.token}")


async def live(websocket: WebSocket) -> None:
    """The same, as it changes; the language is that of the page that follows (`?lang=`)."""
    try:
        branch, _ = await _here(websocket)
    except Missing:
        await websocket.close(Closed.NOT_THERE)
        return
    await websocket.accept()
    await serve(
        websocket, installation_of(websocket).hub, [branch.id], _Telephone(websocket, branch.id).frame, ages=True
    )


class _Telephone:
    """What one telephone shows; drawn again only when that has changed, as most changes of a hall concern others."""

    def __init__(self, websocket: WebSocket, branch_id: UUID) -> None:
        self._websocket = websocket
        self._installation = installation_of(websocket)
        self._branch_id = branch_id
        self._shown: tuple[Hashable, ...] = ()
        self._drawn: Frame | None = None
        self._settled = False

    async def frame(self) -> Frame:
        """The page's changing part as it is now."""
        if self._drawn is not None and self._settled:
            return self._drawn
        await self._installation.audiences.settle(self._installation.hub, self._branch_id)
        branch, stands = await self._stands()
        now = self._installation.clock.now()
        ended = stands.ticket.ended_at
        # The end of a visit may be a slip of the hand that is taken back.
        self._settled = stands.ticket.state in FINAL and ended is not None and now - ended > TAKE_BACK
        # The page says when it was drawn, to the minute; the position alone is nothing that it shows.
        shown = (
            stands.ticket.state,
            replace(stands, seq=0),
            branch.config_version,
            now.replace(second=0, microsecond=0),
        )
        if self._drawn is None or shown != self._shown:
            self._shown, self._drawn = shown, await self._draw(branch, stands)
        return self._drawn

    async def _stands(self) -> tuple[BranchSettings, PlaceView]:
        line = await everybody(self._installation, self._branch_id)
        ticket = line.open.get(self._websocket.path_params["token"])
        return (line.settings, line.place(ticket)) if ticket else await _here(self._websocket)

    async def _draw(self, branch: BranchSettings, stands: PlaceView) -> Frame:
        values = await _values(self._websocket, branch, stands)
        language = _language(self._websocket, branch, stands)
        html = await kit.render(self._installation, "phone/_ticket.html", values, language=language, branch=branch)
        return Frame(stands.seq, json.dumps({"type": "ticket", "seq": stands.seq, "html": html}))


async def _here(connection: HTTPConnection) -> tuple[BranchSettings, PlaceView]:
    """The branch and place behind the link; raises Missing("ticket")."""
    branch, ticket = await access.ticket(connection)
    return branch, await installation_of(connection).database.read(place, branch, ticket.token)


async def _values(connection: HTTPConnection, branch: BranchSettings, stands: PlaceView) -> dict[str, Any]:
    """What page and socket hand to the partial."""
    ticket = stands.ticket
    service = branch.services[ticket.service_id]
    neutral = service.confidentiality.hides_service
    openly = service.confidentiality.display == OPENLY
    past = branch.timetable.session_over(ticket.business_date, installation_of(connection).clock.now())
    counter = branch.counters.get(ticket.counter_id) if ticket.counter_id else None
    return {
        "stands": stands,
        "ticket": ticket,
        "token": ticket.token,
        "state": ticket.state.value,
        # Nobody withdrew it: its day has ended.
        "past": past and ticket.state is TicketState.VOID,
        "over": past or ticket.state not in OPEN,
        "neutral": neutral,
        "names": None if neutral else service.shown_names,
        "counter": counter,
        "counter_names": counter.names if counter and openly else None,
        "served": [] if neutral else [(one.code, branch.counters[one.counter_id]) for one in stands.served],
        "may_leave": ticket.state is TicketState.WAITING and Step.LEAVE in steps_from(ticket.state),
        "organisation": {} if neutral else branch.organisation.names,
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
