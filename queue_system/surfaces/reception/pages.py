"""Reception: a number for who stands before it, check-in, a booking by what its visitor has at hand, slips anew."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from ...actions import slips, tickets
from ...actions.bookings import record_look_ups
from ...actions.raising import raise_ticket
from ...actions.tickets import TicketOrder
from ...core.errors import Denied, DomainError, Invalid, Missing
from ...core.tickets import ORDINARY
from ...store.queries import bookings as stored
from ...store.queries.access import StaffView
from ...store.queries.line import TicketView
from ...store.queries.reception import slip_printers
from ...store.queries.settings import BranchSettings
from ...web import access, kit
from ...web.booking_search import BY_CALL, Found, find
from ...web.errors import message
from ...web.installation import installation_of
from ...web.staff_pages import staff_page
from .view import NO_PAPER, PRINTER_COOKIE, hall_values, printer_of, ticket_values

SOURCE: Final = "reception"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")


async def choose(request: Request) -> Response:
    """`/reception`: the hall where somebody receives people; who has one goes straight in."""
    person = await access.staff(request)
    halls = [one for one in await access.branches(request) if person.may_any(access.HALL_RIGHTS, one.id)]
    if len(halls) == 1:
        return kit.see_other(f"/reception/{halls[0].slug}")
    if not halls:
        raise Denied("not-allowed")
    return await staff_page(request, person, "reception/choose.html", {"halls": halls})


async def show(request: Request) -> Response:
    """`/reception/{branch}`: find, give a number, who waits."""
    person, branch = await _here(request, access.HALL_RIGHTS)
    return await _hall(request, person, branch)


async def state(request: Request) -> Response:
    """The part of the page that changes by itself; looking does not keep a session from falling idle."""
    person = await access.onlooker(request) or await access.staff(request)
    branch = await access.branch(request)
    if not person.may_any(access.HALL_RIGHTS, branch.id):
        raise Denied("not-allowed")
    values = await hall_values(request, person, branch)
    language = kit.language_of(request, branch, fallback=person.language)
    html = await kit.render(
        installation_of(request), "reception/_state.html", values, language=language, branch=branch, request=request
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


async def search(request: Request) -> Response:
    """Bookings by code, name or contact. A form that is sent: what is typed must not stand in an address."""
    person, branch = await _here(request, access.HALL_RIGHTS)
    typed = str((await kit.form(request)).get("text", ""))
    try:
        found = await find(request, person, branch, typed)
    except DomainError as refusal:
        return await _hall(request, person, branch, refusal, about="text", typed=typed)
    return await _hall(request, person, branch, found=found, typed=typed)


async def issue(request: Request) -> Response:
    """A number for a service, and its slip where a printer is chosen."""
    person, branch = await _here(request, access.RECEPTION_RIGHTS)
    form = await kit.form(request)
    request_id = str(form.get("request_id", ""))
    try:
        if not _REQUEST_ID.fullmatch(request_id):
            raise Invalid("bad-request", "request_id")
        order = TicketOrder(
            branch_id=branch.id,
            service_id=_id(form.get("service"), "service"),
            language=_language(branch, str(form.get("language", ""))),
            source=SOURCE,
            actor=access.actor(person),
            request_id=request_id,
            priority=str(form.get("class") or ORDINARY),
            printer_id=await printer_of(request, branch),
        )
        issued = await installation_of(request).database.write_in(branch.id, tickets.issue_ticket, order)
    except DomainError as refusal:
        return await _hall(request, person, branch, refusal, about="service")
    return kit.see_other(_address(branch, issued.ticket))


async def check_in(request: Request) -> Response:
    """The visitor of a booking is there: the number, and its slip where a printer is chosen."""
    person, branch = await _here(request, access.RECEPTION_RIGHTS)
    booking_id = _id(request.path_params["booking"], "booking")
    printer_id = await printer_of(request, branch)
    try:
        issued = await installation_of(request).database.write_in(
            branch.id,
            tickets.check_in,
            branch.id,
            booking_id,
            access.actor(person),
            source=SOURCE,
            printer_id=printer_id,
        )
    except DomainError as refusal:
        return await _hall(request, person, branch, refusal, about="booking")
    return kit.see_other(_address(branch, issued.ticket))


async def contact(request: Request) -> Response:
    """Whom to call, or to go to, for an appointment that is held elsewhere; the log says who looked."""
    person, branch = await _here(request, access.RECEPTION_RIGHTS)
    database = installation_of(request).database
    found = await database.read(stored.booking, branch.id, _id(request.path_params["booking"], "booking"))
    if not branch.services[found.service_id].elsewhere:
        raise Missing("booking")
    await database.write_in(branch.id, record_look_ups, branch.id, (found,), BY_CALL, access.actor(person))
    return await _hall(request, person, branch, found=Found((found,), BY_CALL))


async def choose_printer(request: Request) -> Response:
    """Where slips come out, for this browser: reception may have several places, each with its printer."""
    _, branch = await _here(request, access.HALL_RIGHTS)
    chosen = (await kit.form(request)).get("printer", "")
    response = kit.see_other(f"/reception/{branch.slug}")
    printers = await installation_of(request).database.read(slip_printers, branch.id)
    if chosen not in {NO_PAPER, *(printer.slug for printer in printers)}:
        return response
    secure = installation_of(request).configuration.behind_tls
    response.set_cookie(
        PRINTER_COOKIE, chosen, max_age=kit.A_YEAR, path="/reception", samesite="lax", httponly=True, secure=secure
    )
    return response


async def ticket(request: Request) -> Response:
    """One number: where it stands, its slip, its class."""
    person, branch = await _here(request, access.HALL_RIGHTS)
    return await _ticket(request, person, branch)


Act = Callable[[Request, StaffView, BranchSettings, UUID, dict[str, str]], Awaitable[Any]]


def _act(rights: frozenset[str], act: Act) -> Callable[[Request], Awaitable[Response]]:
    """The handler of what is done to one number: its page afresh, refused or not."""

    async def handler(request: Request) -> Response:
        person, branch = await _here(request, rights)
        form = await kit.form(request)
        ticket_id = _id(request.path_params["ticket"], "ticket")
        try:
            await act(request, person, branch, ticket_id, form)
        except DomainError as refusal:
            return await _ticket(request, person, branch, refusal)
        return kit.see_other(f"/reception/{branch.slug}/tickets/{ticket_id}")

    return handler


async def _print(
    request: Request, person: StaffView, branch: BranchSettings, ticket_id: UUID, form: dict[str, str]
) -> None:
    printer_id = await printer_of(request, branch, str(form.get("printer", "")))
    if printer_id is None:
        raise Missing("device")
    await installation_of(request).database.write_in(
        branch.id, slips.reprint, branch.id, ticket_id, printer_id, access.actor(person)
    )


async def _raise(
    request: Request, person: StaffView, branch: BranchSettings, ticket_id: UUID, form: dict[str, str]
) -> None:
    priority, reason = str(form.get("class", "")), str(form.get("reason", ""))
    await installation_of(request).database.write_in(
        branch.id, raise_ticket, branch.id, ticket_id, priority, reason, access.actor(person)
    )


# ---------------------------------------------------------------- inside


async def _here(request: Request, rights: frozenset[str]) -> tuple[StaffView, BranchSettings]:
    """Who acts, and where; raises SignedOut, Missing, Denied."""
    await access.staff(request)
    branch = await access.branch(request)
    return await access.staff_for(request, rights, branch.id), branch


async def _hall(
    request: Request,
    person: StaffView,
    branch: BranchSettings,
    refusal: DomainError | None = None,
    *,
    about: str = "",
    **more: Any,
) -> Response:
    words = kit.words_of(kit.language_of(request, branch, fallback=person.language), branch)
    values = await hall_values(request, person, branch, **more) | {
        "refusal": message(refusal, words) if refusal else "",
        "about": about,
        "request_id": secrets.token_urlsafe(18),
        # What was sent cannot be asked for again in another language.
        "language_urls": lambda language: f"/reception/{branch.slug}?lang={language}",
    }
    status = refusal.status if refusal else 200
    return await staff_page(request, person, "reception/reception.html", values, branch=branch, status=status)


async def _ticket(
    request: Request, person: StaffView, branch: BranchSettings, refusal: DomainError | None = None
) -> Response:
    words = kit.words_of(kit.language_of(request, branch, fallback=person.language), branch)
    values = await ticket_values(request, person, branch, _id(request.path_params["ticket"], "ticket"))
    page = f"/reception/{branch.slug}/tickets/{values['ticket'].id}"
    values |= {
        "refusal": message(refusal, words) if refusal else "",
        "language_urls": lambda language: f"{page}?lang={language}",
    }
    status = refusal.status if refusal else 200
    return await staff_page(request, person, "reception/ticket.html", values, branch=branch, status=status)


def _language(branch: BranchSettings, wanted: str) -> str:
    return wanted if wanted in kit.languages_of(branch) else branch.default_language


def _id(value: object, what: str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise Missing(what) from None


def _address(branch: BranchSettings, found: TicketView) -> str:
    return f"/reception/{branch.slug}/tickets/{found.id}"


HERE: Final = "/reception/{branch}"
routes: list[BaseRoute] = [
    Route("/reception", choose),
    Route(HERE, show),
    Route(f"{HERE}/state", state),
    Route(f"{HERE}/search", search, methods=["POST"]),
    Route(f"{HERE}/printer", choose_printer, methods=["POST"]),
    Route(f"{HERE}/tickets", issue, methods=["POST"]),
    Route(f"{HERE}/bookings/{{booking}}/ticket", check_in, methods=["POST"]),
    Route(f"{HERE}/bookings/{{booking}}/contact", contact, methods=["POST"]),
    Route(f"{HERE}/tickets/{{ticket}}", ticket),
    Route(f"{HERE}/tickets/{{ticket}}/copies", _act(access.COPY_RIGHTS, _print), methods=["POST"]),
    Route(f"{HERE}/tickets/{{ticket}}/raises", _act(access.RAISE_RIGHTS, _raise), methods=["POST"]),
]
