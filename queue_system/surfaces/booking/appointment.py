"""An existing booking: its page, its calendar file, moving it, cancelling it. The secret link opens all of these."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import bookings
from ...core.bookings import BookingState, Policy, spaced_code
from ...core.contact_proof import is_asked
from ...core.errors import DomainError, Missing, Refused
from ...core.messages import Level, is_told
from ...core.promises import Decided
from ...core.tickets import TicketState
from ...store.queries import line
from ...store.queries.access import visitors_have_a_kiosk
from ...store.queries.bookings import BookingView, check_in_rules, policy_of
from ...store.queries.channels import channel_of, video_link
from ...store.queries.helping import helper_named
from ...store.queries.messages import level_of_service
from ...store.queries.offering import is_named
from ...store.queries.settings import BranchSettings
from ...web import booking_steps
from ...web.booking_warnings import warnings_of
from ...web.errors import message
from ...web.here import AtBranch, at_booking
from ...web.kit import see_other
from ...web.qr import qr_svg
from ...web.safe_contact import way_to_show
from . import earlier, hard_waiting, times
from .bringing import brought_by
from .frame import BESIDE, base_of, frame, retry_after
from .holding import ABOUT_THE_TIME, gone, is_held
from .own_bookings import is_own, own_tokens, shown_name

# Asks for a calendar entry that names neither the organisation nor the service.
NEUTRAL: Final = "neutral"
IN_CALENDARS: Final = frozenset({BookingState.CONFIRMED, BookingState.CHECKED_IN, BookingState.CANCELLED})
# Refusals of a move after which the appointment is unchanged; the page of times shows them above the times.
TOLD_BY_THE_TIMES: Final = ABOUT_THE_TIME | {"member-promised", "booking-given-back", "helper-places", "too-many"}


class Phase(StrEnum):
    """What a booking's page says: the stored state, as it counts at this moment."""

    HELD = "held"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    MISSED = "missed"
    GIVEN_UP = "given_up"
    ARRIVED = "arrived"
    DONE = "done"
    CANCELLED = "cancelled"
    CALLED_OFF = "called_off"


_SETTLED: Final = {
    BookingState.EXPIRED: Phase.EXPIRED,
    BookingState.CHECKED_IN: Phase.ARRIVED,
    BookingState.FULFILLED: Phase.DONE,
    BookingState.NO_SHOW: Phase.MISSED,
    BookingState.CANCELLED: Phase.CANCELLED,
}
CANCELLABLE: Final = frozenset({Phase.HELD, Phase.CONFIRMED, Phase.OFFERED, Phase.WITHDRAWN})


def phase_of(booking: BookingView, now: datetime) -> Phase:
    """The phase at `now`: a hold may have expired, or a time passed, before the stored state changes."""
    if booking.state is BookingState.HELD:
        return Phase.HELD if is_held(booking, now) else Phase.EXPIRED
    if booking.is_lost:
        return Phase.OFFERED if booking.offer_until and now < booking.offer_until else Phase.WITHDRAWN
    if booking.is_called_off:
        return Phase.CALLED_OFF
    if booking.state is BookingState.CONFIRMED:
        return Phase.MISSED if now >= booking.ends_at else Phase.CONFIRMED
    return _SETTLED[booking.state]


async def booking_page(request: Request) -> Response:
    """`/b/{token}`: the appointment, and what can be done with it now."""
    here, booking = await at_booking(request)
    branch, now = here.branch, here.now
    phase = phase_of(booking, now)
    if phase is Phase.HELD:
        return see_other(f"/b/{booking.token}/check")
    if phase is Phase.MISSED and await _was_given_up(here, booking):
        phase = Phase.GIVEN_UP
    service = branch.services[booking.service_id]
    policy = policy_of(branch, service)
    against = {
        "change": against_change(policy, booking, now),
        "cancel": bookings.against_cancel(policy, booking.limited_as(), booking.state, booking.starts_at, now),
    }
    rules = check_in_rules(branch)
    own = is_own(here, booking)
    is_shown = own or not service.confidentiality.discreet
    at_the_door = phase is Phase.CONFIRMED and channel_of(branch, booking).is_received
    values: dict[str, Any] = {
        "booking": booking,
        "phase": phase.value,
        "name": shown_name(here, booking, service),
        "own": own,
        "helped_by": helper.names if is_shown and (helper := helper_named(branch, booking.helper)) else None,
        "brought_by": await brought_by(here, booking) if own else "",
        "warnings": await warnings_of(here, booking, own_tokens(here)),
        "family": _family(branch, booking) if own and service.bookable else None,
        "code": spaced_code(booking.code),
        "qr": qr_svg(booking.code, here.words.text("booking.qr-label")) if at_the_door else None,
        # The documents would reveal a protected service, because the link may be opened on somebody else's telephone.
        "documents": [document.names for document in service.to_bring] if is_named(service) else [],
        "video": video_link(branch, booking),
        "early": rules.early_min,
        "has_kiosk": await here.read(visitors_have_a_kiosk, branch.id),
        "grace": rules.late_grace_min,
        "against_change": _sentence(here, against["change"]),
        "against_cancel": _sentence(here, against["cancel"]),
        "until": bookings.last_moment(policy, booking.starts_at),
        "moved": "moved" in request.query_params,
        "again": f"{base_of(branch, service)}/days" + (f"?instead={booking.token}" if phase is Phase.EXPIRED else ""),
        "kept_because": booking.lost_why if booking.decision is Decided.KEEP else None,
        "earlier": await here.read(earlier.shown, branch, booking) if phase is Phase.CONFIRMED else None,
        "asks_waiting": phase is Phase.CONFIRMED and hard_waiting.asks(here, booking),
        "waiting": hard_waiting.known(here, booking),
        "too_late": earlier.OVER in request.query_params,
        "contact_until": booking.prove_until if is_asked(booking.prove_until, booking.starts_at, now) else None,
        "offer": _offer(branch, booking) if phase is Phase.OFFERED else None,
        "ticket": await _ticket_token(here, booking) if phase is Phase.ARRIVED else None,
    }
    return await frame(here, "booking/booking.html", service, values)


def against_change(policy: Policy, booking: BookingView, now: datetime) -> Refused | None:
    """Why its visitor cannot move the booking to another time; None when they can."""
    return bookings.against_change(policy, booking.limited_as(), booking.state, booking.starts_at, booking.changes, now)


async def calendar(request: Request) -> Response:
    """`/b/{token}.ics`: the appointment for a calendar; 404 for a hold or an expired booking."""
    here, booking = await at_booking(request)
    if booking.state not in IN_CALENDARS:
        raise Missing("booking")
    # Imported here, because the library has eighty modules and few visitors ask for the file.
    from ...web.calendar_file import MEDIA_TYPE, calendar_file, method

    address = here.installation.configuration.address
    # As the letters do, so that this file does not replace a neutral entry by one that says more. Who chose that for an
    # earlier appointment asks for it anew, because another person may have booked this one under the same name.
    level = level_of_service(here.branch, booking.service_id, way_to_show(booking))
    neutral = level is Level.NEUTRAL or NEUTRAL in here.request.query_params
    # Without a letter there is no entry to replace; the file itself hides what is discreet.
    has_letter = is_told(level, booking.contact, here.installation.database.sends)
    most = Level.NEUTRAL if neutral else level if has_letter else Level.FULL
    content = calendar_file(booking, here.branch, here.words, here.now, address, most)
    headers = {"Content-Disposition": 'inline; filename="appointment.ics"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA_TYPE.format(method(booking)), headers=headers)


async def change_days(request: Request) -> Response:
    """`/b/{token}/change`: choose another day. The present time stays booked until the new one is confirmed."""
    here, booking = await _changeable(request)
    if booking is None:
        return see_other(f"/b/{request.path_params['token']}")
    wanted = request.query_params.get("from")
    asked = times.read_day(wanted) if wanted else None
    service = here.branch.services[booking.service_id]
    found = await here.read(times.days, here.branch, service, asked, booking)
    base = f"/b/{booking.token}/change"
    return await frame(
        here,
        "booking/days.html",
        service,
        {"found": found, "base": base, "back": f"/b/{booking.token}", "booking": booking},
    )


async def change_times(request: Request) -> Response:
    """`/b/{token}/change/{date}`: the times of the other day."""
    return await _change_times(request, None)


async def change(request: Request) -> Response:
    """`/b/{token}/change/{date}/{start}`: shows the old and the new time; sending the form moves the booking."""
    here, booking = await _changeable(request)
    if booking is None:
        return see_other(f"/b/{request.path_params['token']}")
    start = times.read_start(request.path_params["start"])
    day = times.read_day(request.path_params["date"])
    service = here.branch.services[booking.service_id]
    if start == booking.starts_at:
        return see_other(f"/b/{booking.token}")
    if request.method == "POST":
        try:
            await booking_steps.change(here, booking, start)
        except DomainError as error:
            if error.code in TOLD_BY_THE_TIMES:
                return await _change_times(request, error)
            return see_other(f"/b/{booking.token}")
        return see_other(f"/b/{booking.token}?moved")
    found = await here.read(times.times, here.branch, service, day, booking)
    now = here.now
    if not found.offers(start):
        return await _change_times(request, gone(found, start, now))
    values = {
        "booking": booking,
        "start": start,
        "fixed": bookings.fixed_at_once(policy_of(here.branch, service), start, now),
        "back": f"/b/{booking.token}/change/{day.isoformat()}",
    }
    return await frame(here, "booking/change.html", service, values)


async def cancel(request: Request) -> Response:
    """`/b/{token}/cancellation`: asks once, cancels, then shows that it is done. Idempotent."""
    here, booking = await at_booking(request)
    phase = phase_of(booking, here.now)
    if request.method == "POST":
        try:
            await booking_steps.cancel(here, booking)
        except DomainError:
            # The booking's page says why it can no longer be cancelled.
            return see_other(f"/b/{booking.token}")
    elif phase in CANCELLABLE:
        return await frame(
            here,
            "booking/cancel.html",
            here.branch.services[booking.service_id],
            {"booking": booking, "back": f"/b/{booking.token}"},
        )
    return see_other(f"/b/{booking.token}")


async def _changeable(request: Request) -> tuple[AtBranch, BookingView | None]:
    """The booking, or None if it can no longer be moved; its own page says why."""
    here, booking = await at_booking(request)
    branch = here.branch
    policy = policy_of(branch, branch.services[booking.service_id])
    return here, None if against_change(policy, booking, here.now) else booking


async def _change_times(request: Request, refusal: DomainError | None) -> Response:
    here, booking = await _changeable(request)
    if booking is None:
        return see_other(f"/b/{request.path_params['token']}")
    service = here.branch.services[booking.service_id]
    day = times.read_day(request.path_params["date"])
    found = await here.read(times.times, here.branch, service, day, booking)
    base = f"/b/{booking.token}/change"
    values = {
        "day": day,
        "parts": found.parts,
        "reason": _sentence(here, found.refusal),
        "base": f"{base}/{day.isoformat()}",
        "back": base,
        "booking": booking,
        "refusal": _sentence(here, refusal),
        "kept": None,
    }
    return await frame(
        here,
        "booking/times.html",
        service,
        values,
        status=refusal.status if refusal else 200,
        headers=retry_after(refusal),
    )


def _offer(branch: BranchSettings, booking: BookingView) -> str:
    """The address that accepts the offered time: moving the booking to it."""
    start = booking.offered_starts_at or booking.starts_at
    return f"/b/{booking.token}/change/{start.astimezone(branch.zone).date().isoformat()}/{times.start_key(start)}"


def _family(branch: BranchSettings, booking: BookingView) -> str:
    """The address where another member of the family books a time close to this one."""
    day = booking.starts_at.astimezone(branch.zone).date()
    return f"{base_of(branch, branch.services[booking.service_id])}/{day.isoformat()}?{BESIDE}={booking.token}"


async def _was_given_up(here: AtBranch, booking: BookingView) -> bool:
    """Whether its visitor came and left the line before the call."""
    if booking.ticket_id is None:
        return False
    ticket = await here.read(line.ticket, here.branch.id, booking.ticket_id)
    return ticket.state is TicketState.LEFT


async def _ticket_token(here: AtBranch, booking: BookingView) -> str | None:
    if booking.ticket_id is None:
        return None
    return (await here.read(line.ticket, here.branch.id, booking.ticket_id)).token


def _sentence(here: AtBranch, refusal: DomainError | None) -> str | None:
    return message(refusal, here.words) if refusal else None


routes: list[BaseRoute] = [
    *earlier.routes,
    *hard_waiting.routes,
    # This route stands before the page's, because the pattern of the page would match the dot too.
    Route("/b/{token}.ics", calendar),
    Route("/b/{token}", booking_page),
    Route("/b/{token}/change", change_days),
    Route("/b/{token}/change/{date}", change_times),
    Route("/b/{token}/change/{date}/{start}", change, methods=["GET", "POST"]),
    Route("/b/{token}/cancellation", cancel, methods=["GET", "POST"]),
]
