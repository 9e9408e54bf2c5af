"""Check-in: the visitor types the code of a booking with large keys, or scans it, and gets a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from queue_system.actions import tickets
from queue_system.actions.tickets import Issued
from queue_system.actions.vouchers import come_again
from queue_system.core.bookings import ALPHABET, CODE_LENGTH, BookingState
from queue_system.core.errors import DomainError, Invalid, Missing
from queue_system.core.waits.announce import Announced
from queue_system.i18n import dates
from queue_system.i18n.filters import localised
from queue_system.store.database import Tx
from queue_system.store.queries.access import printer_of_kiosk
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.settings import BranchSettings, branch_ids, readable
from queue_system.store.queries.vouchers import VoucherView
from queue_system.web import errors, kit
from queue_system.web.code_or_link import (
    LONGEST_READING,
    CodeOrLink,
    booking_behind,
    is_link,
    read_code_or_link,
    voucher_behind,
)

from . import number
from .visit import Visit, show

PATH: Final = "/check-in"
ERASE: Final = "erase"

# Why a booking in a certain state gets no number, in words for visitors.
SENTENCES: Final = {
    BookingState.HELD: "kiosk.booking-held",
    BookingState.CANCELLED: "kiosk.booking-cancelled",
    BookingState.EXPIRED: "kiosk.booking-expired",
    BookingState.FULFILLED: "kiosk.booking-fulfilled",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The booking is at another branch; `branch` is None if its name would reveal what the visit is about."""

    branch: BranchSettings | None


async def check_in_page(visit: Visit) -> Response:
    """`/kiosk/{lang}/check-in`: the keypad."""
    return await _page(visit, "")


async def check_in(visit: Visit) -> Response:
    """POST: the whole code, or one more key of it, because a kiosk without scripts sends each key by itself."""
    form = await kit.form(visit.request)
    typed = str(form.get("code", ""))[:LONGEST_READING]
    if "key" in form:
        return await _page(visit, _pressed(typed, str(form["key"])))
    if not typed.strip():
        return await _page(visit, "", visit.words.text("kiosk.code-missing"), 422)
    try:
        voucher = await visit.read(voucher_behind, visit.branch.id, typed)
        if voucher is not None:
            again = await visit.write(_come_again, visit, voucher)
            return kit.see_other(number.address(visit, again.ticket.token))
        booking = await visit.read(_booking, visit.branch, typed)
        if isinstance(booking, Elsewhere):
            return await _page(visit, _kept(typed), _directions(visit, booking), 409)
        told = visit.installation.waits.for_booking(visit.branch, booking, visit.now, visit.language)
        issued = await visit.write(_check_in, visit, booking, told)
    except DomainError as error:
        return await _page(visit, _kept(typed), _sentence(visit, error), error.status)
    return kit.see_other(number.address(visit, issued.ticket.token))


async def _page(visit: Visit, code: str, error: str = "", status: int = 200) -> Response:
    values = {"code": code, "error": error, "keys": ALPHABET, "erase": ERASE}
    return await show(visit, "check_in.html", PATH, values, status)


def _pressed(typed: str, key: str) -> str:
    if key == ERASE:
        return typed[:-1]
    return typed + key if key in ALPHABET and len(typed) < CODE_LENGTH else typed


def _kept(typed: str) -> str:
    """What stays in the field: a typed code, because the visitor can correct it, but no scanned link."""
    return "" if is_link(typed) else typed


def _check_in(tx: Tx, visit: Visit, booking: BookingView, told: Announced | None) -> Issued:
    printer = printer_of_kiosk(tx, visit.device)
    return tickets.check_in(
        tx,
        visit.branch.id,
        booking.id,
        visit.actor,
        language=visit.language,
        printer_id=printer.id if printer else None,
        told=told,
    )


def _come_again(tx: Tx, visit: Visit, voucher: VoucherView) -> Issued:
    printer = printer_of_kiosk(tx, visit.device)
    return come_again(
        tx,
        visit.branch.id,
        voucher.ticket_id,
        visit.actor,
        language=visit.language,
        printer_id=printer.id if printer else None,
    )


def _booking(tx: Tx, branch: BranchSettings, typed: str) -> BookingView | Elsewhere:
    """The booking that was typed or scanned; raises Invalid("code-wrong"), Missing("booking")."""
    reading = read_code_or_link(typed)
    try:
        return booking_behind(tx, branch.id, reading)
    except Missing:
        for other in readable(tx, branch_ids(tx).values()):
            if other.id != branch.id and (elsewhere := _at(tx, other, reading)):
                return elsewhere
        raise


def _at(tx: Tx, other: BranchSettings, reading: CodeOrLink) -> Elsewhere | None:
    try:
        booking = booking_behind(tx, other.id, reading)
    except Missing:
        return None
    hidden = other.services[booking.service_id].confidentiality.hides_service
    return Elsewhere(None if hidden else other)


def _directions(visit: Visit, elsewhere: Elsewhere) -> str:
    if elsewhere.branch is None:
        return visit.words.text("kiosk.booking-elsewhere")
    return visit.words.text("kiosk.booking-at", branch=localised(elsewhere.branch.names, visit.language))


def _sentence(visit: Visit, error: DomainError) -> str:
    state, opens_at = error.values.get("state"), error.values.get("opens_at")
    if isinstance(state, BookingState) and state in SENTENCES:
        return visit.words.text(SENTENCES[state])
    if isinstance(error, Invalid):
        return visit.words.text("kiosk.code-wrong")
    today = visit.now.astimezone(visit.branch.zone).date()
    if error.code == "too-early" and isinstance(opens_at, datetime) and opens_at.date() == today:
        time = dates.time(opens_at, visit.branch.zone, visit.words)
        return visit.words.text("kiosk.too-early-today", time=time)
    return errors.message(error, visit.words)
