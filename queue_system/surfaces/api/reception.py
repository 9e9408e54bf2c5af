"""Reception: today's appointments, finding one, and checking its visitor in."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from starlette.requests import Request

from ...actions import tickets
from ...core.bookings import read_code
from ...core.errors import Missing
from ...core.rights import RECEPTION_RIGHTS
from ...store.queries import reception
from ...store.queries.bookings import BookingView, booking_by_code
from ...store.queries.settings import BranchSettings
from ...web.addresses import address_key
from ...web.booking_search import find
from ...web.here import staff_at_branch
from . import models
from .operation import Key, Operation
from .tickets import SOURCE, ticket_of
from .values import Nothing


async def today(request: Request, _asked: Nothing) -> models.Appointments:
    here = await staff_at_branch(request, RECEPTION_RIGHTS)
    services = here.services(RECEPTION_RIGHTS)
    found = await here.read(reception.appointments_of_today, here.branch)
    return _appointments(here.branch, [one for one in found if one.service_id in services])


async def search(request: Request, asked: models.LookUp) -> models.Appointments:
    here = await staff_at_branch(request, RECEPTION_RIGHTS)
    found = await find(here, asked.text)
    return _appointments(here.branch, found.bookings, more=found.more)


async def arrive(request: Request, asked: models.Arrived) -> models.Ticket:
    """Check in by the code, because reception does not know the secret of a booking."""
    here = await staff_at_branch(request, RECEPTION_RIGHTS)
    booking = await here.read(booking_by_code, here.branch.id, read_code(asked.code))
    if booking.service_id not in here.services(RECEPTION_RIGHTS):
        raise Missing("booking")
    told = here.installation.waits.for_booking(here.branch, booking, here.now)
    issued = await here.do(tickets.check_in, booking.id, here.actor, source=SOURCE, told=told)
    return await ticket_of(here, issued.ticket)


def _appointments(branch: BranchSettings, found: Iterable[BookingView], *, more: bool = False) -> models.Appointments:
    """Appointments without names and contacts, because a person who searches has typed one of them."""
    zone = branch.calendar.zone
    return models.Appointments(
        branch=branch.slug, appointments=[_appointment(branch, zone, one) for one in found], more=more
    )


def _appointment(branch: BranchSettings, zone: ZoneInfo, found: BookingView) -> models.Appointment:
    service = branch.services[found.service_id]
    return models.Appointment(
        code=found.code,
        state=found.state,
        service=address_key(service),
        service_names=service.listed_names,
        starts_at=found.starts_at.astimezone(zone),
        ends_at=found.ends_at.astimezone(zone),
    )


operations = [
    Operation(
        "GET",
        "/branches/{branch}/appointments",
        "api.list-appointments",
        today,
        models.Appointments,
        key=Key.STAFF,
    ),
    Operation(
        "POST",
        "/branches/{branch}/appointments/search",
        "api.find-appointments",
        search,
        models.Appointments,
        models.LookUp,
        key=Key.STAFF,
    ),
    Operation(
        "POST",
        "/branches/{branch}/arrivals",
        "api.check-in-by-code",
        arrive,
        models.Ticket,
        models.Arrived,
        status=201,
        key=Key.STAFF,
        refusals=(409,),
    ),
]
