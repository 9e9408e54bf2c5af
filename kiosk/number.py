"""The number on the screen, and the state of its slip.

The page opens only with a signed pass that is valid for a few minutes. Afterwards its address, and the browser's way
back, lead to the first page, because the next visitor must not see the number.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response
from starlette.websockets import WebSocket

from queue_system.actions.slips import reprint
from queue_system.core.confidentiality import Summons
from queue_system.core.errors import DomainError, Missing, SignedOut
from queue_system.core.printers import STANDING_STILL
from queue_system.live.codes import Closed
from queue_system.live.socket import Frame, refuse, serve
from queue_system.store.database import Tx
from queue_system.store.queries.access import printer_of_kiosk
from queue_system.store.queries.line import TicketView, told_with
from queue_system.store.queries.place import PaperView, PlaceView, paper, place
from queue_system.store.queries.settings import BranchSettings
from queue_system.web import access, kit
from queue_system.web.qr import qr_svg

from .visit import ACCESS_OPTIONS, AccessOption, Visit, show, visit_of

SHOWN_FOR: Final = timedelta(minutes=3)
SECONDS: Final = 20
SECONDS_LARGER: Final = 40
WAITS_FOR: Final = {
    Summons.SCREEN: "kiosk.wait-for-call",
    Summons.VOICE: "kiosk.wait-for-voice",
    Summons.STAFF: "kiosk.wait-for-staff",
}


async def number(visit: Visit) -> Response:
    """`/kiosk/{lang}/tickets/{token}`: the number, as large as on the slip."""
    ticket = await _ticket(visit)
    if ticket is None:
        return kit.see_other(visit.home)
    stands, slip = await visit.read(_place_and_paper, visit.branch, ticket.token)
    service = visit.branch.services[ticket.service_id]
    path = f"/tickets/{ticket.token}"
    query = visit.request.query_params
    ticket_pass = query["u"]
    hidden = service.confidentiality.hides_service
    values = {
        "ticket": ticket,
        "names": None if hidden else service.shown_names,
        "waits_for": WAITS_FOR[service.confidentiality.summons(seen=stands.on_screen)],
        "stands": stands,
        "wait": told_with(ticket) if stands.ahead is not None else None,
        "no_counter_open": stands.ahead is not None and not stands.counter_open,
        "qr": qr_svg(
            f"{visit.installation.configuration.address}/t/{ticket.token}", visit.words.text("kiosk.qr-label")
        ),
        "live": visit.at(f"{path}/live", u=ticket_pass),
        "seconds": SECONDS_LARGER if "l" in visit.options else SECONDS,
        "looked": "n" in query,
        "look_again": visit.at(path, u=ticket_pass, n="1"),
        "access_options": [
            AccessOption(name, letter in visit.options, visit.toggled(letter, path, u=ticket_pass))
            for letter, name in ACCESS_OPTIONS.items()
        ],
    }
    return await show(visit, "number.html", path, values | await _paper_values(visit, ticket, slip))


async def answer(visit: Visit) -> Response:
    """POST …/copies: the visitor says whether the slip came out; if not, a marked copy is printed."""
    ticket = await _ticket(visit)
    form = await kit.form(visit.request)
    if ticket is None or form.get("answer") == "yes":
        return kit.see_other(visit.home)
    await visit.write(_reprint, visit, ticket.id)
    return kit.see_other(address(visit, ticket.token))


async def live(websocket: WebSocket) -> None:
    """Sends the state of the slip whenever it changes."""
    try:
        visit = await visit_of(websocket)
        ticket = await _ticket(visit)
    except SignedOut:
        await refuse(websocket, Closed.SIGNED_OUT)
        return
    except DomainError:
        await refuse(websocket, Closed.NOT_THERE)
        return
    if ticket is None:
        await refuse(websocket, Closed.NOT_THERE)
        return
    await websocket.accept()
    await serve(websocket, visit.installation.hub, [visit.branch.id], partial(_frame, websocket))


def address(visit: Visit, token: str) -> str:
    """The address that shows the number, valid for SHOWN_FOR from now."""
    until = visit.now + SHOWN_FOR
    return visit.at(f"/tickets/{token}", u=_pass(visit.installation.secret, token, int(until.timestamp())))


def paper_state(slip: PaperView | None) -> str:
    """What the visitor is told about the slip: none, printing, printed, ask (did it come out?) or trouble."""
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


async def _frame(websocket: WebSocket) -> Frame | None:
    """The state of the slip now; None if the kiosk is revoked or the pass has expired."""
    try:
        visit = await visit_of(websocket)
        ticket = await _ticket(visit)
    except DomainError:
        return None
    if ticket is None:
        return None
    stands, slip = await visit.read(_place_and_paper, visit.branch, ticket.token)
    values = await _paper_values(visit, ticket, slip)
    html = await visit.render("kiosk/_paper.html", values)
    text = json.dumps({"type": "paper", "seq": stands.seq, "state": values["paper"], "html": html})
    return Frame(stands.seq, text)


async def _paper_values(visit: Visit, ticket: TicketView, slip: PaperView | None) -> dict[str, Any]:
    printer = await visit.read(printer_of_kiosk, visit.device) if slip is None else None
    return {
        "paper": paper_state(slip),
        "code": ticket.code,
        "texts": visit.branch.texts,
        "copies": visit.at(f"/tickets/{ticket.token}/copies", u=visit.connection.query_params["u"]),
        "printable": printer is not None,
    }


def _place_and_paper(tx: Tx, branch: BranchSettings, token: str) -> tuple[PlaceView, PaperView | None]:
    stands = place(tx, branch, token)
    return stands, paper(tx, branch.id, stands.ticket.id)


def _reprint(tx: Tx, visit: Visit, ticket_id: UUID) -> None:
    """Raises Refused("slip-pending", "copies-used-up"), and Missing("device") for a kiosk without a printer."""
    printer = printer_of_kiosk(tx, visit.device)
    if printer is None:
        raise Missing("device")
    reprint(tx, visit.branch.id, ticket_id, printer.id, visit.actor)


async def _ticket(visit: Visit) -> TicketView | None:
    """The ticket of the address, or None without a valid pass; raises Missing("ticket")."""
    if not _has_good_pass(visit, visit.connection.path_params["token"]):
        return None
    branch, ticket = await visit.read(access.ticket_of_link, visit.connection.path_params["token"])
    if branch.id != visit.branch.id:
        raise Missing("ticket")
    return ticket


def _has_good_pass(visit: Visit, token: str) -> bool:
    given = visit.connection.query_params.get("u", "")
    until, _, _ = given.partition(".")
    if not until.isascii() or not until.isdigit() or len(until) > 12:
        return False
    is_ours = hmac.compare_digest(_pass(visit.installation.secret, token, int(until)).encode(), given.encode())
    return is_ours and visit.now < _instant(int(until))


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _pass(secret: bytes, token: str, until: int) -> str:
    """`until` in seconds of POSIX time, and 80 bits of HMAC-SHA-256 (RFC 2104) over it and the token."""
    seal = hmac.new(secret, f"kiosk {token} {until}".encode(), hashlib.sha256).hexdigest()[:20]
    return f"{until}.{seal}"
