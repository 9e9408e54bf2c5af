"""Reception: numbers and check-in by hand, finding bookings, printing slips again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import families, slips, tickets
from ...actions.escorts import take_escort
from ...actions.look_ups import record_look_ups
from ...actions.raising import raise_ticket
from ...actions.tickets import TicketOrder
from ...actions.voiding import ask_to_void, void_ticket
from ...actions.vouchers import come_again
from ...core.errors import Denied, DomainError, Invalid, Missing, Refused
from ...core.rights import COPY_RIGHTS, ESCORT_RIGHTS, HALL_RIGHTS, RAISE_RIGHTS, RECEPTION_RIGHTS, VOID_RIGHTS, Rights
from ...core.tickets import ORDINARY
from ...store.queries import line
from ...store.queries.bookings import BookingView, booking_by_id
from ...store.queries.channels import channel_of
from ...store.queries.families import LONGEST_NUMBER, waiting_with_number
from ...store.queries.line import TicketView
from ...store.queries.reception import slip_printers
from ...store.queries.settings import BranchSettings
from ...store.queries.vouchers import voucher_of
from ...web import kit
from ...web.access import in_service
from ...web.alarms import alarm_values
from ...web.booking_search import BY_CALL, Found, find
from ...web.code_or_link import LONGEST_READING, voucher_behind
from ...web.errors import message
from ...web.here import StaffAtBranch, onlooker_at_branch, staff_at_branch, staff_here
from .view import NO_PAPER, PRINTER_COOKIE, hall_values, printer_of, ticket_values

SOURCE: Final = "reception"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")


async def choose(request: Request) -> Response:
    """`/reception`: the branches where this person works at reception; if there is only one, on to it."""
    here = await staff_here(request)
    halls = in_service(await here.branches_with(HALL_RIGHTS), here.now)
    if len(halls) == 1:
        return kit.see_other(f"/reception/{halls[0].slug}")
    if not halls:
        raise Denied("not-allowed")
    return await here.page("reception/choose.html", {"halls": halls})


async def show(request: Request) -> Response:
    """`/reception/{branch}`: find a booking, give a number, see who waits."""
    return await _hall_page(await staff_at_branch(request, HALL_RIGHTS))


async def state(request: Request) -> Response:
    """The part of the page that is refreshed; fetching it does not keep a session alive."""
    here = await onlooker_at_branch(request, HALL_RIGHTS)
    return await here.part("reception/_state.html", await hall_values(here))


async def search(request: Request) -> Response:
    """Bookings by code, name or contact. This is a POST, because names and contacts must not be in addresses."""
    here = await staff_at_branch(request, HALL_RIGHTS)
    typed = str((await kit.form(request)).get("text", ""))
    voucher = await here.read(voucher_behind, here.branch.id, typed[:LONGEST_READING])
    if voucher is not None and voucher.service_id in here.services(RECEPTION_RIGHTS):
        return await _hall_page(here, typed=typed, voucher=voucher)
    try:
        found = await find(here, typed)
    except DomainError as refusal:
        return await _hall_page(here, refusal, about="text", typed=typed)
    return await _hall_page(here, found=found, typed=typed)


async def issue(request: Request) -> Response:
    """Issue a number for a service, and print its slip if a printer is chosen."""
    here = await staff_at_branch(request, RECEPTION_RIGHTS)
    form = await kit.form(request)
    request_id = str(form.get("request_id", ""))
    try:
        if not _REQUEST_ID.fullmatch(request_id):
            raise Invalid("bad-request", "request_id")
        service_id = _service(here, _id(form.get("service"), "service"))
        priority, language = str(form.get("class") or ORDINARY), _language(here.branch, str(form.get("language", "")))
        order = TicketOrder(
            branch_id=here.branch.id,
            service_id=service_id,
            language=language,
            source=SOURCE,
            actor=here.actor,
            request_id=request_id,
            priority=priority,
            printer_id=await printer_of(here),
            told=here.installation.waits.for_newcomer(
                here.branch, here.branch.services[service_id], here.now, priority, language
            ),
        )
        issued = await here.write(tickets.issue_ticket, order)
    except DomainError as refusal:
        return await _hall_page(here, refusal, about="service")
    return kit.see_other(_address(here.branch, issued.ticket))


async def check_in(request: Request) -> Response:
    """Check in the visitor of a booking, and print the slip if a printer is chosen."""
    here = await staff_at_branch(request, RECEPTION_RIGHTS)
    booking = await _booking(here)
    printer_id = await printer_of(here)
    try:
        told = here.installation.waits.for_booking(here.branch, booking, here.now)
        issued = await here.do(
            tickets.check_in, booking.id, here.actor, source=SOURCE, printer_id=printer_id, told=told
        )
    except DomainError as refusal:
        return await _hall_page(here, refusal, about="booking")
    return kit.see_other(_address(here.branch, issued.ticket))


async def come_back(request: Request) -> Response:
    """A number for the visitor who has come back with a voucher; a slip if a printer is chosen."""
    here = await staff_at_branch(request, RECEPTION_RIGHTS)
    form = await kit.form(request)
    voucher = await here.read(voucher_of, here.branch.id, _id(form.get("visit"), "voucher"))
    if voucher is None or voucher.service_id not in here.services(RECEPTION_RIGHTS):
        raise Missing("voucher")
    language = _language(here.branch, str(form.get("language", "")))
    printer_id = await printer_of(here)
    try:
        issued = await here.do(
            come_again, voucher.ticket_id, here.actor, language=language, source=SOURCE, printer_id=printer_id
        )
    except DomainError as refusal:
        return await _hall_page(here, refusal, about="booking")
    return kit.see_other(_address(here.branch, issued.ticket))


async def contact(request: Request) -> Response:
    """The contact of an appointment that takes place elsewhere, so that staff can call the visitor or go there; and the
    link of a video call.

    The log keeps who looked it up.
    """
    here = await staff_at_branch(request, RECEPTION_RIGHTS)
    found = await _booking(here)
    if channel_of(here.branch, found).is_received:
        raise Missing("booking")
    await here.do(record_look_ups, (found,), BY_CALL, here.actor)
    return await _hall_page(here, found=Found((found,), BY_CALL))


async def choose_printer(request: Request) -> Response:
    """The printer for slips from this browser, because each desk of a reception may have its own."""
    here = await staff_at_branch(request, HALL_RIGHTS)
    chosen = (await kit.form(request)).get("printer", "")
    response = kit.see_other(f"/reception/{here.branch.slug}")
    printers = await here.read(slip_printers, here.branch.id)
    if chosen not in {NO_PAPER, *(printer.slug for printer in printers)}:
        return response
    secure = here.installation.configuration.behind_tls
    response.set_cookie(
        PRINTER_COOKIE, chosen, max_age=kit.A_YEAR, path="/reception", samesite="lax", httponly=True, secure=secure
    )
    return response


async def ticket(request: Request) -> Response:
    """One number: its place in line, its slip, its class."""
    return await _ticket_page(await staff_at_branch(request, HALL_RIGHTS))


# Acts on the ticket with that id; the form's fields are the arguments.
Act = Callable[[StaffAtBranch, UUID, dict[str, str]], Awaitable[None]]


def _act(rights: Rights, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """The handler of an action on one number; it answers with the number's page, also after a refusal."""

    async def handler(request: Request) -> Response:
        here = await staff_at_branch(request, rights)
        form = await kit.form(request)
        ticket_id = _id(request.path_params["ticket"], "ticket")
        found = await here.read(line.ticket, here.branch.id, ticket_id)
        if found.service_id not in here.services(rights):
            raise Missing("ticket")
        try:
            await act(here, ticket_id, form)
        except DomainError as refusal:
            return await _ticket_page(here, refusal, str(form.get("number", ""))[:LONGEST_NUMBER])
        return kit.see_other(f"/reception/{here.branch.slug}/tickets/{ticket_id}")

    return handler


async def _print(here: StaffAtBranch, ticket_id: UUID, form: dict[str, str]) -> None:
    printer_id = await printer_of(here, str(form.get("printer", "")))
    if printer_id is None:
        raise Missing("device")
    await here.do(slips.reprint, ticket_id, printer_id, here.actor)


async def _raise(here: StaffAtBranch, ticket_id: UUID, form: dict[str, str]) -> None:
    priority, reason = str(form.get("class", "")), str(form.get("reason", ""))
    await here.do(raise_ticket, ticket_id, priority, reason, here.actor)


async def _join(here: StaffAtBranch, ticket_id: UUID, form: dict[str, str]) -> None:
    """The number of the page is called with the one that was typed, which must be one that this person receives, too."""
    found = await here.read(waiting_with_number, here.branch, str(form.get("number", "")))
    if found.service_id not in here.services(RECEPTION_RIGHTS):
        raise Refused("family-unknown", code=found.code)
    await here.do(families.join, ticket_id, found.id, here.actor)


async def _split(here: StaffAtBranch, ticket_id: UUID, _form: dict[str, str]) -> None:
    await here.do(families.split, ticket_id, here.actor)


async def escort(request: Request) -> Response:
    """This person fetches a visitor who was called."""
    here = await staff_at_branch(request, ESCORT_RIGHTS)
    found = await here.read(line.ticket, here.branch.id, _id(request.path_params["ticket"], "ticket"))
    if found.service_id not in here.services(ESCORT_RIGHTS):
        raise Missing("ticket")
    try:
        await here.do(take_escort, found.id, here.person.id, here.actor)
    except Refused as refusal:
        return await _hall_page(here, refusal, about="escort")
    return kit.see_other(f"/reception/{here.branch.slug}")


async def _void(here: StaffAtBranch, ticket_id: UUID, form: dict[str, str]) -> None:
    reason = str(form.get("reason", ""))
    try:
        await here.do(void_ticket, ticket_id, reason, here.actor)
    except Refused as refusal:
        if refusal.code != "void-after-call":
            raise
        await here.write_anywhere(ask_to_void, here.branch.id, ticket_id, reason, here.actor)
        raise Refused("void-asked", code=refusal.values["code"]) from None


# ---------------------------------------------------------------- inside


async def _hall_page(
    here: StaffAtBranch, refusal: DomainError | None = None, *, about: str = "", **more: Any
) -> Response:
    values = await hall_values(here, **more) | {
        "refusal": message(refusal, here.words) if refusal else "",
        "about": about,
        **await alarm_values(here, here.branch),
        "request_id": secrets.token_urlsafe(18),
        # The results of a POST cannot be fetched again in another language.
        "language_urls": lambda language: f"/reception/{here.branch.slug}?lang={language}",
    }
    return await here.page("reception/reception.html", values, status=refusal.status if refusal else 200)


async def _ticket_page(here: StaffAtBranch, refusal: DomainError | None = None, typed_number: str = "") -> Response:
    values = await ticket_values(here, _id(here.request.path_params["ticket"], "ticket"))
    address = _address(here.branch, values["ticket"])
    values |= {
        "typed_number": typed_number,
        "refusal": message(refusal, here.words) if refusal else "",
        "language_urls": lambda language: f"{address}?lang={language}",
    }
    return await here.page("reception/ticket.html", values, status=refusal.status if refusal else 200)


def _service(here: StaffAtBranch, service_id: UUID) -> UUID:
    """A service for which the person receives visitors; raises Missing("service")."""
    if service_id not in here.services(RECEPTION_RIGHTS):
        raise Missing("service")
    return service_id


async def _booking(here: StaffAtBranch) -> BookingView:
    """The booking of the address, of a service for which the person receives visitors; raises Missing("booking")."""
    booking_id = _id(here.request.path_params["booking"], "booking")
    found = await here.read(booking_by_id, here.branch.id, booking_id)
    if found.service_id not in here.services(RECEPTION_RIGHTS):
        raise Missing("booking")
    return found


def _language(branch: BranchSettings, wanted: str) -> str:
    return wanted if wanted in kit.languages_of(branch) else branch.default_language


def _id(value: object, what: str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise Missing(what) from None


def _address(branch: BranchSettings, found: TicketView) -> str:
    return f"/reception/{branch.slug}/tickets/{found.id}"


HALL: Final = "/reception/{branch}"
routes: list[BaseRoute] = [
    Route("/reception", choose),
    Route(HALL, show),
    Route(f"{HALL}/state", state),
    Route(f"{HALL}/search", search, methods=["POST"]),
    Route(f"{HALL}/printer", choose_printer, methods=["POST"]),
    Route(f"{HALL}/tickets", issue, methods=["POST"]),
    Route(f"{HALL}/vouchers", come_back, methods=["POST"]),
    Route(f"{HALL}/bookings/{{booking}}/ticket", check_in, methods=["POST"]),
    Route(f"{HALL}/bookings/{{booking}}/contact", contact, methods=["POST"]),
    Route(f"{HALL}/tickets/{{ticket}}", ticket),
    Route(f"{HALL}/tickets/{{ticket}}/escort", escort, methods=["POST"]),
    Route(f"{HALL}/tickets/{{ticket}}/copies", _act(COPY_RIGHTS, _print), methods=["POST"]),
    Route(f"{HALL}/tickets/{{ticket}}/raises", _act(RAISE_RIGHTS, _raise), methods=["POST"]),
    Route(f"{HALL}/tickets/{{ticket}}/joins", _act(RECEPTION_RIGHTS, _join), methods=["POST"]),
    Route(f"{HALL}/tickets/{{ticket}}/splits", _act(RECEPTION_RIGHTS, _split), methods=["POST"]),
    Route(f"{HALL}/tickets/{{ticket}}/void", _act(VOID_RIGHTS, _void), methods=["POST"]),
]
