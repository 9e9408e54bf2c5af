"""Numbers for visitors in the hall, from a kiosk's or reception's program, or remote ones if the branch allows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final
from uuid import UUID

from starlette.requests import Request

from ...actions import tickets
from ...actions.tickets import Issued, TicketOrder
from ...core.errors import Denied, Missing
from ...core.rights import RECEPTION_RIGHTS
from ...core.tickets import AT_COUNTER, TicketState
from ...core.waits.announce import Announced
from ...store.database import Tx
from ...store.log import VISITOR, Actor
from ...store.queries.access import DeviceView, printer_of_kiosk
from ...store.queries.bookings import booking_by_id
from ...store.queries.line import TicketView
from ...store.queries.place import PlaceView, place
from ...store.queries.settings import branch_settings
from ...web import access
from ...web.addresses import address_key, service_at
from ...web.here import AtBranch, at_booking, at_known_branch, at_ticket
from ...web.limits import allow
from ...web.whole_line import everybody
from . import models
from .languages import language_at
from .operation import Key, Operation
from .values import Nothing

SOURCE: Final = "api"


async def take(request: Request, asked: models.Take) -> models.Ticket:
    # Cached, because it must count against the limit of an address only once, even if the work runs again.
    token = cache(lambda: _token(request))
    return await at_known_branch(request, lambda here, version: _take_at(here, asked, token, version))


async def _take_at(
    here: AtBranch, asked: models.Take, token_of: Callable[[], str | None], settings_version: int | None
) -> models.Ticket:
    branch = here.branch
    service, language = service_at(branch, asked.service), language_at(branch, asked.language)
    waits, token = here.installation.waits, token_of()
    order = TicketOrder(
        branch_id=branch.id,
        service_id=service.id,
        language=language,
        source=SOURCE,
        actor=VISITOR,
        request_id=asked.request_id,
        remote=token is None,
        settings_version=settings_version,
        told=waits.for_newcomer(branch, service, here.now, language=language),
        too_late=waits.too_late(branch, service, here.now, language=language),
    )
    return await _in_line(here, await here.do(_take, order, token, asked.slip))


async def arrive(request: Request, asked: models.Arrival) -> models.Ticket:
    """Check in, so that the booking becomes a ticket."""
    here, booking = await at_booking(request)
    told = here.installation.waits.for_booking(here.branch, booking, here.now)
    return await _in_line(here, await here.do(_arrive, booking.id, _token(request), asked.slip, told))


async def show(request: Request, _asked: Nothing) -> models.Ticket:
    return await ticket_of(*await at_ticket(request))


async def leave(request: Request, _asked: Nothing) -> models.Ticket:
    here, found = await at_ticket(request)
    if found.state is not TicketState.LEFT:
        found = await here.do(tickets.leave, found.id, VISITOR)
    return await ticket_of(here, found)


def _token(request: Request) -> str | None:
    """The bearer token; a request without one counts against the limit of its address."""
    token = access.bearer(request)
    if token is None:
        allow(request, "remote-tickets")
    return token


def _take(tx: Tx, branch_id: UUID, order: TicketOrder, token: str | None, slip: bool) -> Issued:
    actor, device = _attendant(tx, token, branch_id, order.service_id)
    printer = _printer(tx, device, slip=slip)
    return tickets.issue_ticket(tx, replace(order, actor=actor, printer_id=printer))


def _arrive(tx: Tx, branch_id: UUID, booking_id: UUID, token: str | None, slip: bool, told: Announced | None) -> Issued:
    actor, device = _attendant(tx, token, branch_id, booking_by_id(tx, branch_id, booking_id).service_id)
    printer = _printer(tx, device, slip=slip)
    return tickets.check_in(
        tx, branch_id, booking_id, actor, source=SOURCE, printer_id=printer, remote=token is None, told=told
    )


def _attendant(tx: Tx, token: str | None, branch_id: UUID, service_id: UUID) -> tuple[Actor, DeviceView | None]:
    """The actor of a press for a visitor of a service, and its device; of staff those who receive for its department."""
    if token is None:
        return VISITOR, None
    branch = branch_settings(tx, branch_id)
    service = branch.services.get(service_id)
    if service is None:
        raise Missing("service")
    return access.attendant(tx, token, branch_id, RECEPTION_RIGHTS, branch.departments[service.department_id].slug)


def _printer(tx: Tx, device: DeviceView | None, *, slip: bool) -> UUID | None:
    """The printer of the requesting kiosk, because a slip must be printed where the visitor is; None without `slip`."""
    if not slip:
        return None
    if device is None:
        raise Denied("slip-at-kiosks")
    printer = printer_of_kiosk(tx, device)
    return printer.id if printer else None


async def _in_line(here: AtBranch, issued: Issued) -> models.Ticket:
    """A new ticket with its place; simultaneous requests share one read of the line."""
    if issued.created:
        line = await everybody(here.installation.read_only, here.branch.id)
        # A read that began before the ticket was issued does not contain it.
        if issued.ticket.token in line.open:
            return _shown(here, line.place(line.open[issued.ticket.token]))
    return await ticket_of(here, issued.ticket)


async def ticket_of(here: AtBranch, known: TicketView) -> models.Ticket:
    """The ticket with its present place."""
    return _shown(here, await here.read(place, here.branch, known.token))


def _shown(here: AtBranch, stands: PlaceView) -> models.Ticket:
    """The same as on the ticket's page: without branch and service for a protected visit, because ids lead to pages."""
    branch = here.branch
    found = stands.ticket
    at_counter = found.state in AT_COUNTER and found.counter_id is not None
    service = branch.services[found.service_id]
    protected = service.confidentiality.hides_service
    return models.Ticket(
        token=found.token,
        code=found.code,
        state=found.state,
        branch=None if protected else branch.slug,
        service=None if protected else address_key(service),
        issued_at=found.issued_at.astimezone(branch.calendar.zone),
        ahead=stands.ahead,
        counter_open=stands.counter_open,
        wait_in=[zone.names for zone in stands.wait_in],
        counter=branch.counters[found.counter_id].number if at_counter and found.counter_id else None,
        page=f"{here.installation.configuration.address}/t/{found.token}",
    )


operations = [
    Operation(
        "POST",
        "/branches/{branch}/tickets",
        "api.take-ticket",
        take,
        models.Ticket,
        models.Take,
        status=201,
        found_at="/tickets/{token}",
        key=Key.DEVICE_OR_STAFF,
        refusals=(409,),
    ),
    Operation(
        "POST",
        "/bookings/{token}/ticket",
        "api.check-in",
        arrive,
        models.Ticket,
        models.Arrival,
        status=201,
        found_at="/tickets/{token}",
        key=Key.DEVICE_OR_STAFF,
        refusals=(409,),
    ),
    Operation("GET", "/tickets/{token}", "api.show-ticket", show, models.Ticket),
    Operation("DELETE", "/tickets/{token}", "api.leave-line", leave, models.Ticket, refusals=(409,)),
]
