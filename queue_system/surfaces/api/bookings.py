"""Programs that book for people: hold a time, confirm it, move it, cancel it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from ...actions import bookings
from ...actions.bookings import HoldOrder
from ...actions.channels import How
from ...core.bookings import BookingState
from ...core.channels import read_address
from ...core.errors import Invalid
from ...core.issued import FIELD
from ...core.promises import is_for_staff_alone
from ...store.log import VISITOR
from ...store.queries.bookings import BookingView
from ...store.queries.channels import channel_of, channels_of, place_of, video_link
from ...store.queries.settings import BranchSettings, ServiceView
from ...web import booking_steps
from ...web.addresses import address_key, service_at
from ...web.booking_warnings import warnings_of
from ...web.here import AtBranch, at_booking, at_known_branch
from ...web.open_holds import within_limit
from . import models
from .languages import language_at
from .operation import Operation
from .values import Nothing

# Who only holds a time has no call yet.
WITH_A_CALL: Final = (BookingState.CONFIRMED, BookingState.CHECKED_IN)


async def hold(request: Request, asked: models.Hold) -> models.Booking:
    return await at_known_branch(request, lambda here, version: _hold_at(here, asked, version))


async def _hold_at(here: AtBranch, asked: models.Hold, settings_version: int | None) -> models.Booking:
    branch = here.branch
    service = service_at(branch, asked.service)
    language = language_at(branch, asked.language)
    order = HoldOrder(
        branch_id=branch.id,
        service_id=service.id,
        starts_at=asked.starts_at,
        name=asked.name,
        contact=asked.contact,
        language=language,
        actor=VISITOR,
        source="api",
        request_id=asked.request_id,
        contact_sure=asked.contact_sure,
        persons=asked.persons,
        settings_version=settings_version,
        how=_how(branch, service, asked),
        issued_number=_issued(service, asked),
    )
    found, warnings = await within_limit(here, lambda: here.write(bookings.hold_slot, order))
    return _booking(branch, found, warnings)


def _how(branch: BranchSettings, service: ServiceView, asked: models.Hold) -> How | None:
    """What the program says of how it takes place; None where it says nothing and need not.

    Raises Invalid: "channel-not-here" for a channel that the service does not have, "address-missing" where staff would
    not know where to go, "address-not-here" for a service to which visitors come.
    """
    if asked.channel is not None and asked.channel not in channels_of(branch, service):
        raise Invalid("channel-not-here", "channel")
    address = read_address(asked.address or "")
    if service.at_home and not address:
        raise Invalid("address-missing", "address")
    if address and not service.at_home:
        raise Invalid("address-not-here", "address")
    return How(asked.channel or "", address) if asked.channel is not None or address else None


def _issued(service: ServiceView, asked: models.Hold) -> str:
    """The number that another office gave; raises Invalid("issued-not-here") for a service that asks for none."""
    if asked.issued_number and service.issued_number is None:
        raise Invalid("issued-not-here", FIELD)
    return asked.issued_number or ""


async def show(request: Request, _asked: Nothing) -> models.Booking:
    here, found = await at_booking(request)
    return await _answer(here, found)


async def confirm(request: Request, _asked: Nothing) -> models.Booking:
    here, found = await at_booking(request)
    return await _answer(here, await booking_steps.confirm(here, found))


async def change(request: Request, asked: models.Change) -> models.Booking:
    here, found = await at_booking(request)
    return await _answer(here, await booking_steps.change(here, found, asked.starts_at))


async def cancel(request: Request, _asked: Nothing) -> models.Booking:
    here, found = await at_booking(request)
    return await _answer(here, await booking_steps.cancel(here, found))


async def _answer(here: AtBranch, found: BookingView) -> models.Booking:
    return _booking(here.branch, found, await warnings_of(here, found))


def _booking(branch: BranchSettings, found: BookingView, warnings: list[str]) -> models.Booking:
    """A booking without name and contact, because only the booker needs them and knows them already.

    A protected booking also has neither branch nor service, because the service's id leads to a page that names it.
    """
    service = branch.services[found.service_id]
    protected = service.confidentiality.hides_service
    # That staff look for another person stays with them, as on the page of the appointment (decision 0036).
    ours = is_for_staff_alone(found.decision, found.lost_why)
    zone = branch.calendar.zone
    return models.Booking(
        token=found.token,
        code=found.code,
        state=found.state,
        branch=None if protected else branch.slug,
        service=None if protected else address_key(service),
        service_names=service.shown_names,
        place=None if protected else place_of(branch, found),
        starts_at=found.starts_at.astimezone(zone),
        ends_at=found.ends_at.astimezone(zone),
        held_until=found.held_until.astimezone(zone) if found.held_until else None,
        persons=found.persons,
        channel=channel_of(branch, found),
        video_link=video_link(branch, found) if found.state in WITH_A_CALL else None,
        changes=found.changes,
        decision=None if ours else found.decision,
        why=None if ours else found.lost_why,
        offer=_offer(branch, found),
        warnings=warnings,
    )


def _offer(branch: BranchSettings, found: BookingView) -> models.Offer | None:
    """The time that the branch offers instead; moving the booking to it accepts the offer."""
    if found.offered_starts_at is None or found.offered_ends_at is None or found.offer_until is None:
        return None
    zone = branch.zone
    return models.Offer(
        starts_at=found.offered_starts_at.astimezone(zone),
        ends_at=found.offered_ends_at.astimezone(zone),
        answer_by=found.offer_until.astimezone(zone),
    )


operations = [
    Operation(
        "POST",
        "/branches/{branch}/bookings",
        "api.hold-time",
        hold,
        models.Booking,
        models.Hold,
        status=201,
        found_at="/bookings/{token}",
        refusals=(409, 429),
    ),
    Operation("GET", "/bookings/{token}", "api.show-booking", show, models.Booking),
    Operation("DELETE", "/bookings/{token}", "api.cancel-booking", cancel, models.Booking, refusals=(409,)),
    Operation(
        "POST", "/bookings/{token}/confirmation", "api.confirm-booking", confirm, models.Booking, refusals=(409, 429)
    ),
    Operation(
        "PUT",
        "/bookings/{token}/start",
        "api.change-booking",
        change,
        models.Booking,
        models.Change,
        refusals=(409, 429),
    ),
]
