"""Check-in: the booking's code typed with large keys or read by a scanner, and a number for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from queue_system.actions import tickets
from queue_system.actions.tickets import Issued
from queue_system.core.bookings import ALPHABET, CODE_LENGTH, BookingState, read_code
from queue_system.core.errors import DomainError, Invalid, Missing
from queue_system.i18n import dates
from queue_system.i18n.filters import localised
from queue_system.store.database import Tx
from queue_system.store.queries import bookings
from queue_system.store.queries.access import printer_of_kiosk
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.settings import BranchSettings, branch_ids, branch_settings
from queue_system.web import errors, kit
from queue_system.web.installation import installation_of

from . import number
from .visit import Visit, show

PATH: Final = "/check-in"
ERASE: Final = "erase"
# A scanner may read the whole link of a booking instead of its code.
LINK: Final = "/b/"
LONGEST_READING: Final = 200

# What stands in the way of a check-in, in the words of the hall instead of those of the log.
SENTENCES: Final = {
    BookingState.HELD: "kiosk.booking-held",
    BookingState.CANCELLED: "kiosk.booking-cancelled",
    BookingState.EXPIRED: "kiosk.booking-expired",
    BookingState.FULFILLED: "kiosk.booking-fulfilled",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The booking is one of another branch; `branch` is None where even that is nobody's business."""

    branch: BranchSettings | None


async def check_in_page(request: Request, visit: Visit) -> Response:
    """`/kiosk/{lang}/check-in`: the keys."""
    return await _page(request, visit, "")


async def check_in(request: Request, visit: Visit) -> Response:
    """POST: one more key of the code, for a kiosk without scripts, or the code itself."""
    form = await kit.form(request)
    typed = str(form.get("code", ""))[:LONGEST_READING]
    if "key" in form:
        return await _page(request, visit, _pressed(typed, str(form["key"])))
    if not typed.strip():
        return await _page(request, visit, "", visit.words.text("kiosk.code-missing"), 422)
    installation = installation_of(request)
    try:
        booking = await installation.database.read(_booking, visit.branch, typed)
        if isinstance(booking, Elsewhere):
            return await _page(request, visit, _kept(typed), _directions(visit, booking), 409)
        issued = await installation.database.write_in(visit.branch.id, _check_in, visit, booking)
    except DomainError as error:
        return await _page(
            request, visit, _kept(typed), _sentence(visit, error, installation.clock.now()), error.status
        )
    return kit.see_other(number.address(request, visit, issued.ticket.token))


async def _page(request: Request, visit: Visit, code: str, error: str = "", status: int = 200) -> Response:
    values = {"code": code, "error": error, "keys": ALPHABET, "erase": ERASE}
    return await show(request, visit, "check_in.html", PATH, values, status)


def _pressed(typed: str, key: str) -> str:
    if key == ERASE:
        return typed[:-1]
    return typed + key if key in ALPHABET and len(typed) < CODE_LENGTH else typed


def _kept(typed: str) -> str:
    """What stays in the field: a code can be put right, a scanned link cannot."""
    return "" if LINK in typed else typed


def _check_in(tx: Tx, visit: Visit, booking: BookingView) -> Issued:
    printer = printer_of_kiosk(tx, visit.device)
    return tickets.check_in(
        tx,
        visit.branch.id,
        booking.id,
        visit.actor,
        language=visit.language,
        printer_id=printer.id if printer else None,
    )


def _booking(tx: Tx, branch: BranchSettings, typed: str) -> BookingView | Elsewhere:
    """The booking that was typed or scanned; raises Invalid("code-wrong"), Missing("booking")."""
    _, link, token = typed.strip().partition(LINK)
    code = "" if link else read_code(typed)
    token = token.split("?")[0]
    try:
        return _in_branch(tx, branch, code, token)
    except Missing:
        for other_id in branch_ids(tx).values():
            if other_id != branch.id and (elsewhere := _at(tx, branch_settings(tx, other_id), code, token)):
                return elsewhere
        raise


def _at(tx: Tx, other: BranchSettings, code: str, token: str) -> Elsewhere | None:
    try:
        booking = _in_branch(tx, other, code, token)
    except Missing:
        return None
    hidden = other.services[booking.service_id].confidentiality.hides_service
    return Elsewhere(None if hidden else other)


def _in_branch(tx: Tx, branch: BranchSettings, code: str, token: str) -> BookingView:
    if token:
        return bookings.booking_by_token(tx, branch.id, token)
    return bookings.booking_by_code(tx, branch.id, code)


def _directions(visit: Visit, elsewhere: Elsewhere) -> str:
    if elsewhere.branch is None:
        return visit.words.text("kiosk.booking-elsewhere")
    return visit.words.text("kiosk.booking-at", branch=localised(elsewhere.branch.names, visit.language))


def _sentence(visit: Visit, error: DomainError, now: datetime) -> str:
    state, opens_at = error.values.get("state"), error.values.get("opens_at")
    if isinstance(state, BookingState) and state in SENTENCES:
        return visit.words.text(SENTENCES[state])
    if isinstance(error, Invalid):
        return visit.words.text("kiosk.code-wrong")
    today = now.astimezone(visit.branch.zone).date()
    if error.code == "too-early" and isinstance(opens_at, datetime) and opens_at.date() == today:
        time = dates.time(opens_at, visit.branch.zone, visit.words)
        return visit.words.text("kiosk.too-early-today", time=time)
    return errors.message(error, visit.words)
