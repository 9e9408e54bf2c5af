"""The number on the screen and what becomes of its paper.

The page is opened with a pass that is good for a few minutes: whoever finds its address later, or goes back in
a browser, comes to the first page instead of somebody else's number.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from queue_system.actions.slips import reprint
from queue_system.core.errors import DomainError, Missing, SignedOut
from queue_system.core.printers import STANDING_STILL
from queue_system.live.codes import Closed
from queue_system.live.socket import Frame, serve
from queue_system.store.database import Tx
from queue_system.store.queries.access import printer_of_kiosk
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.place import PaperView, PlaceView, paper, place
from queue_system.store.queries.settings import BranchSettings
from queue_system.web import access, kit
from queue_system.web.installation import installation_of
from queue_system.web.qr import qr_svg

from .visit import EASE, Ease, Visit, show, visit_of

SHOWN_FOR: Final = timedelta(minutes=3)
SECONDS: Final = 20
SECONDS_LARGER: Final = 40


async def number(request: Request, visit: Visit) -> Response:
    """`/kiosk/{lang}/tickets/{token}`: the number as large as on paper."""
    ticket = await _ticket(request, visit)
    if ticket is None:
        return kit.see_other(visit.home)
    stands, slip = await installation_of(request).database.read(_look, visit.branch, ticket.token)
    service = visit.branch.services[ticket.service_id]
    path = f"/tickets/{ticket.token}"
    ticket_pass = request.query_params["u"]
    hidden = service.confidentiality.hides_service
    values = {
        "ticket": ticket,
        "names": None if hidden else service.shown_names,
        "hidden": hidden,
        "stands": stands,
        "no_counter_open": stands.ahead is not None and not stands.counter_open,
        "qr": qr_svg(
            f"{installation_of(request).configuration.address}/t/{ticket.token}", visit.words.text("kiosk.qr-label")
        ),
        "live": visit.at(f"{path}/live", u=ticket_pass),
        "seconds": SECONDS_LARGER if "l" in visit.ease else SECONDS,
        "looked": "n" in request.query_params,
        "look_again": visit.at(path, u=ticket_pass, n="1"),
        "eases": [
            Ease(name, letter in visit.ease, visit.toggled(letter, path, u=ticket_pass))
            for letter, name in EASE.items()
        ],
    }
    return await show(
        request, visit, "number.html", path, values | await _paper_values(request, visit, ticket, slip, ticket_pass)
    )


async def answer(request: Request, visit: Visit) -> Response:
    """POST …/copies: did the paper come out? Yes: done. No: a marked copy of the same number."""
    ticket = await _ticket(request, visit)
    form = await kit.form(request)
    if ticket is None or form.get("answer") == "yes":
        return kit.see_other(visit.home)
    await installation_of(request).database.write_in(visit.branch.id, _reprint, visit, ticket.id)
    return kit.see_other(address(request, visit, ticket.token))


async def live(websocket: WebSocket) -> None:
    """What becomes of the paper, as it happens."""
    try:
        visit = await visit_of(websocket)
        ticket = await _ticket(websocket, visit)
    except SignedOut:
        await websocket.close(Closed.SIGNED_OUT)
        return
    except DomainError:
        await websocket.close(Closed.NOT_THERE)
        return
    if ticket is None:
        await websocket.close(Closed.NOT_THERE)
        return
    await websocket.accept()
    await serve(websocket, installation_of(websocket).hub, [visit.branch.id], partial(_frame, websocket, visit))


def address(request: Request, visit: Visit, token: str) -> str:
    """Where the number is shown, from now for SHOWN_FOR."""
    until = installation_of(request).clock.now() + SHOWN_FOR
    return visit.at(f"/tickets/{token}", u=_pass(installation_of(request).secret, token, int(until.timestamp())))


def paper_state(slip: PaperView | None) -> str:
    """What the visitor is told of the paper: none, printing, printed, ask (did it come out?) or trouble."""
    match slip:
        case None:
            return "none"
        case PaperView(state="printed"):
            return "printed"
        case PaperView(state="unknown"):
            return "ask"
        case PaperView(state="failed" | "void"):
            return "trouble"
        case PaperView(state="queued") if slip.error is not None or slip.printer_status in STANDING_STILL:
            return "trouble"
    return "printing"


async def _frame(websocket: WebSocket, visit: Visit) -> Frame | None:
    """The paper as it is now; None once the kiosk is locked out or the visitor's time is over."""
    try:
        visit = await visit_of(websocket)
        ticket = await _ticket(websocket, visit)
    except DomainError:
        return None
    if ticket is None:
        return None
    stands, slip = await installation_of(websocket).database.read(_look, visit.branch, ticket.token)
    values = await _paper_values(websocket, visit, ticket, slip, websocket.query_params["u"])
    html = await kit.render(
        installation_of(websocket), "kiosk/_paper.html", values, language=visit.language, branch=visit.branch
    )
    text = json.dumps({"type": "paper", "seq": stands.seq, "state": values["paper"], "html": html})
    return Frame(stands.seq, text)


async def _paper_values(
    connection: HTTPConnection, visit: Visit, ticket: TicketView, slip: PaperView | None, ticket_pass: str
) -> dict[str, Any]:
    printer = await installation_of(connection).database.read(printer_of_kiosk, visit.device) if slip is None else None
    return {
        "paper": paper_state(slip),
        "code": ticket.code,
        "texts": visit.branch.texts,
        "copies": visit.at(f"/tickets/{ticket.token}/copies", u=ticket_pass),
        "printable": printer is not None,
    }


def _look(tx: Tx, branch: BranchSettings, token: str) -> tuple[PlaceView, PaperView | None]:
    stands = place(tx, branch, token)
    return stands, paper(tx, branch.id, stands.ticket.id)


def _reprint(tx: Tx, visit: Visit, ticket_id: UUID) -> None:
    """Raises Refused("slip-pending", "copies-used-up"), Missing("device") where the kiosk has no printer."""
    printer = printer_of_kiosk(tx, visit.device)
    if printer is None:
        raise Missing("device")
    reprint(tx, visit.branch.id, ticket_id, printer.id, visit.actor)


async def _ticket(connection: HTTPConnection, visit: Visit) -> TicketView | None:
    """The ticket of the address, None without a pass that is still good; raises Missing("ticket")."""
    token = connection.path_params["token"]
    if not _is_good(connection, token):
        return None
    settings, ticket = await access.ticket(connection)
    if settings.id != visit.branch.id:
        raise Missing("ticket")
    return ticket


def _is_good(connection: HTTPConnection, token: str) -> bool:
    given = connection.query_params.get("u", "")
    until, _, _ = given.partition(".")
    if not until.isascii() or not until.isdigit() or len(until) > 12:
        return False
    good = hmac.compare_digest(_pass(installation_of(connection).secret, token, int(until)).encode(), given.encode())
    return good and installation_of(connection).clock.now() < _instant(int(until))


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _pass(secret: bytes, token: str, until: int) -> str:
    """`until` in seconds of POSIX time, and 80 bits of HMAC-SHA-256 (RFC 2104) over it and the token."""
    seal = hmac.new(secret, f"kiosk {token} {until}".encode(), hashlib.sha256).hexdigest()[:20]
    return f"{until}.{seal}"
