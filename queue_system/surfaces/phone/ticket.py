"""The visitor's place in line on the telephone: opened by the QR code on the slip, without signing in, updated live.

The link allows to see the place and to leave the line, and nothing else. For a protected visit the page names neither
organisation nor service, because others may see the telephone.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ...actions import tickets
from ...core import hours
from ...core.errors import IllegalTransition, Missing
from ...core.tickets import OPEN, TAKE_BACK, Step, TicketState, steps_from
from ...live.codes import Closed
from ...live.socket import Frame, refuse, serve
from ...store.log import VISITOR
from ...store.queries.coming_near import is_near
from ...store.queries.families import called_with, is_joined
from ...store.queries.line import TicketView
from ...store.queries.passed_by import passed_by
from ...store.queries.place import LineView, PlaceView, place
from ...store.queries.stranded import was_taken_away
from ...store.queries.vouchers import voucher_of
from ...web import kit
from ...web.here import AtBranch, at, at_ticket
from ...web.qr import qr_svg
from ...web.waits import Told
from ...web.way_out import SAFE_PLACE
from ...web.whole_line import everybody

# Names of services and counters are shown only if screens show the plain code.
OPENLY: Final = "code"
# From these states no step is possible, so nothing can change any more.
FINAL: Final = frozenset(state for state in TicketState if not steps_from(state))


async def show(request: Request) -> Response:
    """`/t/{token}`: the place in line, or where to go, or how the visit ended."""
    here, stands = await _at_place(request)
    return await here.page(
        "phone/ticket.html", await _values(here, stands, await here.read(called_with, stands.ticket))
    )


async def leave(request: Request) -> Response:
    """POST `/t/{token}/leave`: leave the line. A visitor who was called meanwhile is shown where to go instead."""
    here, ticket = await at_ticket(request)
    # The page after the redirect tells a visitor who was called meanwhile, or had left before.
    with suppress(IllegalTransition):
        await here.do(tickets.leave, ticket.id, VISITOR)
    return kit.see_other(f"/t/{ticket.token}")


async def why(request: Request) -> Response:
    """`/t/{token}/why`: why others were called before; not for a service that others must not learn of."""
    here, ticket = await at_ticket(request)
    if here.branch.services[ticket.service_id].confidentiality.hides_service:
        return kit.see_other(f"/t/{ticket.token}")
    passed = await here.read(passed_by, here.branch, ticket)
    return await here.page("phone/why.html", {"ticket": ticket, "token": ticket.token, "passed": passed})


async def live(websocket: WebSocket) -> None:
    """Sends the page's changing part whenever it changes, in the language of the page (`?lang=`)."""
    try:
        here, _ = await at_ticket(websocket)
    except Missing:
        await refuse(websocket, Closed.NOT_THERE)
        return
    await websocket.accept()
    telephone = _Telephone(here)
    changes = here.installation.latecomers.of(telephone)
    await serve(websocket, changes, [here.branch.id], telephone.frame, ages=True)


class _Telephone:
    """The view of one telephone; rendered only when it has changed, because most changes concern other visitors."""

    def __init__(self, opened: AtBranch) -> None:
        self._opened, self._reading = opened, opened.installation.read_only
        self._token: str = opened.connection.path_params["token"]
        self._shown: tuple[Hashable, ...] = ()
        self._drawn: Frame | None = None
        self._settled = False
        # The line in which it stood as it is shown; None where it stood in none.
        self._line: LineView | None = None
        self._stood: PlaceView | None = None
        self._told: Told | None = None
        self._minute: datetime | None = None

    async def frame(self) -> Frame:
        """The page's changing part now."""
        if self._drawn is not None and (self._settled or not self._differs(await self.look())):
            return self._drawn
        here, stands = await self._stands()
        now = here.now
        ended = stands.ticket.ended_at
        # The end of a visit may be a mistake that is taken back.
        # A number that is called with another one may be split from it.
        is_over = stands.ticket.state in FINAL or (
            stands.ticket.state is TicketState.VOID and not is_joined(stands.ticket)
        )
        self._settled = is_over and ended is not None and now - ended > TAKE_BACK
        # The page shows the minute of its rendering, but not the position in the log.
        self._stood, self._told, self._minute = replace(stands, seq=0), _wait(here, stands), _minute(now)
        # It is called with another number, whose call is its own, too.
        first = await here.read(called_with, stands.ticket) if is_joined(stands.ticket) else None
        shown = (stands.ticket.state, self._stood, here.branch.config_version, self._told, self._minute, first)
        if self._drawn is None or shown != self._shown:
            html = await here.render("phone/_ticket.html", await _values(here, stands, first))
            frame = Frame(stands.seq, json.dumps({"type": "ticket", "seq": stands.seq, "html": html}))
            self._shown, self._drawn = shown, frame
        return self._drawn

    def is_done(self) -> bool:
        """Whether the visit is over for good."""
        return self._settled

    async def look(self) -> LineView:
        """The line, which all telephones of the branch share."""
        return await everybody(self._reading, self._opened.branch.id)

    def is_concerned(self, line: LineView) -> bool:
        """Whether the page would look different in this line; the next pulse brings what only time and forecasts change."""
        ticket, before = line.open.get(self._token), self._line
        if ticket is None or before is None:
            # Out of the line only coming back into it concerns the page; the pulse brings what else is new.
            return (ticket is None) != (before is None)
        if line.settings is not before.settings:
            return True
        if not line.is_as_in(before, ticket) and replace(line.place(ticket), seq=0) != self._stood:
            return True
        self._line = line
        return False

    def _differs(self, line: LineView) -> bool:
        """Whether a page drawn now could differ; always so out of the line, of which a line knows nothing."""
        ticket, now = line.open.get(self._token), self._reading.clock.now()
        return (
            ticket is None
            or self._minute != _minute(now)
            or self.is_concerned(line)
            or self._told != self._reading.waits.of_ticket(line.settings.id, ticket.id, now)
        )

    async def _stands(self) -> tuple[AtBranch, PlaceView]:
        connection, line = self._opened.connection, await self.look()
        ticket = line.open.get(self._token)
        self._line = None if ticket is None else line
        if ticket is not None:
            return at(connection, line.settings, preferred=ticket.language), line.place(ticket)
        here, found = await at_ticket(connection)
        if here.branch is line.settings and found.state not in OPEN:
            # Those who are gone share the look too, and each reads its own row instead of the hall.
            return here, line.place(found)
        return here, await here.read(place, here.branch, found.token)


async def _at_place(connection: HTTPConnection) -> tuple[AtBranch, PlaceView]:
    """The place behind the link; raises Missing("ticket")."""
    here, ticket = await at_ticket(connection)
    return here, await here.read(place, here.branch, ticket.token)


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def _wait(here: AtBranch, stands: PlaceView) -> Told | None:
    """How long the visitor is told to wait; None where no range is told, and where the visitor does not wait."""
    if stands.ahead is None:
        return None
    return here.installation.waits.of_ticket(here.branch.id, stands.ticket.id, here.now)


def _is_late(here: AtBranch, stands: PlaceView) -> bool:
    """Whether the visitor may be called after closing: the longest time that is told goes beyond it."""
    wait, branch = _wait(here, stands), here.branch
    if wait is None:
        return False
    closes = hours.last_closing(here.now, branch.calendar, branch.day_starts, stands.ticket.service_id)
    return here.now + timedelta(minutes=wait.range.most) > closes


async def _values(here: AtBranch, stands: PlaceView, first: TicketView | None) -> dict[str, Any]:
    """The values of the partial, for page and socket; `first`: the number with which it is called."""
    branch, ticket = here.branch, stands.ticket
    service = branch.services[ticket.service_id]
    neutral = service.confidentiality.hides_service
    openly = service.confidentiality.display == OPENLY
    past = branch.timetable.session_over(ticket.business_date, here.now)
    counter = branch.counters.get(ticket.counter_id) if ticket.counter_id else None
    return {
        "stands": stands,
        "wait": _wait(here, stands),
        "late": _is_late(here, stands),
        "near": is_near(stands, branch),
        "ticket": ticket,
        "token": ticket.token,
        "state": ticket.state.value,
        # Nobody cancelled it; its day has ended.
        "past": past and ticket.state is TicketState.VOID,
        # The branch took it away, and says so.
        "taken_away": ticket.state is TicketState.VOID and not past and await here.read(was_taken_away, ticket),
        "first": first,
        "first_counter": branch.counters.get(first.counter_id) if first and first.counter_id else None,
        "over": past or ticket.state not in OPEN,
        "neutral": neutral,
        "way_out": SAFE_PLACE if service.confidentiality.has_quick_exit else None,
        "names": None if neutral else service.shown_names,
        "counter": counter,
        # What the house says in place of a service that its screens do not name.
        "call_words": None if openly else branch.text("neutral_call"),
        "counter_names": counter.names if counter and openly else None,
        "served": [] if neutral else [(one.code, branch.counters[one.counter_id]) for one in stands.served],
        **await _voucher(here, ticket),
        "may_leave": ticket.state is TicketState.WAITING and Step.LEAVE in steps_from(ticket.state),
        "organisation": {} if neutral else branch.organisation.names,
    }


async def _voucher(here: AtBranch, ticket: TicketView) -> dict[str, Any]:
    """What the page says of the voucher that the visit got: its number, and this page's address to scan."""
    if ticket.state is not TicketState.SERVED:
        return {"voucher": None}
    found = await here.read(voucher_of, here.branch.id, ticket.id)
    if found is None:
        return {"voucher": None}
    address = f"{here.installation.configuration.address}/t/{ticket.token}"
    past = here.branch.timetable.business_date(here.now) > found.valid_until
    return {
        "voucher": found,
        "voucher_over": past,
        "voucher_qr": qr_svg(address, here.words.text("voucher.qr-label")),
    }


routes: list[BaseRoute] = [
    Route("/t/{token}", show),
    Route("/t/{token}/why", why),
    Route("/t/{token}/leave", leave, methods=["POST"]),
    WebSocketRoute("/t/{token}/live", live),
]
