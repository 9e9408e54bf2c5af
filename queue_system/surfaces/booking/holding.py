"""From a time to an appointment: name and contact, a hold of ten minutes, check the answers, confirm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.bookings import HoldOrder, hold_instead, hold_slot
from ...actions.channels import How
from ...actions.lost_holds import against_ended
from ...actions.said import issued_of
from ...core import bookings, contacts
from ...core.bookings import BookingState
from ...core.channels import read_address
from ...core.errors import DomainError, Doubtful, Invalid, Refused
from ...store.log import VISITOR
from ...store.queries.bookings import BookingView, policy_of
from ...store.queries.channels import channels_to_choose
from ...store.queries.home_visits import address_of
from ...store.queries.settings import BranchSettings, ServiceView
from ...web import booking_steps
from ...web.addresses import service_at
from ...web.booking_warnings import warnings_of
from ...web.errors import message
from ...web.here import AtBranch, at_booking, at_branch
from ...web.kit import see_other
from ...web.open_holds import within_limit
from . import bringing, services, times
from .contact_use import contact_use
from .frame import base_of, beside, carried, carry, frame, is_language_switch, retry_after, typed
from .own_bookings import is_own, own_hold, own_tokens, remember, shown_contact, shown_name
from .through import Through, hold_through, may_book, through, via_of
from .times import Times

# Refusals that do not apply to another time: the times are shown again, and the typed answers are kept.
ABOUT_THE_TIME: Final = frozenset({"slot-taken", "slot-past", "slot-unknown", "day-full", "day-past", "day-too-far"})


async def times_page(
    here: AtBranch,
    service: ServiceView,
    day: date,
    *,
    refusal: DomainError | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    """The times of a day. After a refusal it gives the reason and keeps the typed answers in hidden fields.

    A day without times then gives way to the next one that has some.
    """
    branch, words = here.branch, here.words
    base = base_of(branch, service)
    if not await may_book(here, service):
        return see_other(base + carry(here))
    earlier, family = await carried(here), await beside(here)
    found = await here.read(times.times, branch, service, day, earlier)
    if kept and not found.parts:
        # What was typed goes along with a time, so those of another day are shown.
        day = await here.read(times.next_day, branch, service, day, earlier)
        found = await here.read(times.times, branch, service, day, earlier)
    values = {
        "family": family,
        "near": found.nearest(family.starts_at) if family else (),
        "day": day,
        "parts": found.parts,
        "reason": message(found.refusal, words) if found.refusal else None,
        "base": f"{base}/{day.isoformat()}",
        "back": f"{base}/days{carry(here)}",
        "refusal": message(refusal, words) if refusal else None,
        "kept": kept,
        "request_id": uuid4(),
    }
    return await frame(here, "booking/times.html", service, values, status=refusal.status if refusal else 200)


async def details(request: Request) -> Response:
    """`/book/{branch}/{service}/{date}/{start}`: name and contact; sending them holds the time."""
    here = await at_branch(request)
    service = service_at(here.branch, request.path_params["service"])
    day = times.read_day(request.path_params["date"])
    start = times.read_start(request.path_params["start"])
    earlier = await carried(here)
    if request.method == "POST":
        return await _hold(here, service, day, start, earlier)
    own = earlier is not None and earlier.state is BookingState.HELD and earlier.starts_at == start
    if not own:
        found = await here.read(times.times, here.branch, service, day, earlier)
        if not found.offers(start):
            held = await own_hold(here, service, start)
            if held is not None:
                return see_other(f"{request.url.path}?instead={held.token}{await via_of(here, held)}")
            refusal = gone(found, start, here.now)
            return await times_page(here, service, day, refusal=refusal)
    answers = {"name": "", "contact": ""}
    if earlier and is_own(here, earlier):
        answers = {"name": earlier.name, "contact": earlier.contact, "persons": str(earlier.persons)}
        answers |= {
            "channel": earlier.channel or "",
            "address": await here.read(address_of, here.branch.id, earlier.id),
            "issued_number": earlier.issued_number,
            bringing.FIELD: await bringing.brought_by(here, earlier),
        }
    elif family := await beside(here):
        answers["contact"] = family.contact
    elif (via := await through(here)) and via.opens(service) and not service.confidentiality.discreet:
        answers["name"] = via.invitation.name if via.invitation else ""
    return await _form(here, service, day, start, answers)


async def check(request: Request) -> Response:
    """`/b/{token}/check`: the answers to check, with a way to change each, while the time is kept."""
    here, booking = await at_booking(request)
    if not is_held(booking, here.now):
        return see_other(f"/b/{booking.token}")
    return await _check_page(here, booking, None)


async def confirm(request: Request) -> Response:
    """`/b/{token}/confirmation`: makes the hold an appointment. Idempotent."""
    here, booking = await at_booking(request)
    if request.method == "POST":
        try:
            await booking_steps.confirm(here, booking)
        except DomainError as error:
            if is_held(booking, here.now):
                return await _check_page(here, booking, error)
    response = see_other(f"/b/{booking.token}")
    if is_own(here, booking):
        remember(here, response, booking)
    return response


def gone(found: Times, start: datetime, now: datetime) -> Refused:
    """Why the time in an address is no longer offered; the reason of the day if the day has no times."""
    return found.refusal or Refused("slot-past" if start <= now else "slot-taken")


def is_held(booking: BookingView, now: datetime) -> bool:
    """Whether the time is still held; the stored state follows a little later."""
    return booking.state is BookingState.HELD and (booking.held_until is None or now < booking.held_until)


async def _hold(
    here: AtBranch, service: ServiceView, day: date, start: datetime, earlier: BookingView | None
) -> Response:
    fields = (
        "name",
        "contact",
        "persons",
        "contact_sure",
        "channel",
        "address",
        "issued_number",
        bringing.FIELD,
        "request_id",
        "switch",
    )
    answers = await typed(here, *fields)
    if is_language_switch(answers):
        return await _form(here, service, day, start, answers)
    via = await through(here)
    most = via.most(service) if via else service.most_persons
    mistakes = _mistakes(answers, here.branch, service, most)
    if mistakes:
        return await _form(here, service, day, start, answers, mistakes=mistakes)
    order = HoldOrder(
        branch_id=here.branch.id,
        service_id=service.id,
        starts_at=start,
        name=answers["name"],
        contact=answers["contact"],
        language=here.language,
        actor=VISITOR,
        request_id=_request_id(answers["request_id"]),
        contact_sure=bool(answers["contact_sure"]),
        persons=bookings.persons_said(answers["persons"], most),
        how=_how(here.branch, service, answers),
        issued_number=answers["issued_number"],
    )
    try:
        booking, _ = await within_limit(here, lambda: _held(here, service, order, earlier, via))
        if bringing.is_asked(here.branch, service):
            await bringing.keep(here, booking, answers[bringing.FIELD])
    except DomainError as error:
        if error.code in ABOUT_THE_TIME:
            if earlier and earlier.lost_why and earlier.starts_at == start:
                error = against_ended(earlier)
            return await times_page(here, service, day, refusal=error, kept=answers)
        return await _form(here, service, day, start, answers, failure=error)
    response = see_other(f"/b/{booking.token}/check")
    remember(here, response, booking)
    return response


async def _held(
    here: AtBranch, service: ServiceView, order: HoldOrder, earlier: BookingView | None, via: Through | None
) -> BookingView:
    """A new hold, in place of `earlier`, or of this browser's own hold if that is why the time is full.

    An own hold with another contact stays, because it belongs to another person, whose form is open in a second tab.
    """
    if via is not None and via.replaces(service):
        return await hold_through(here, order, via, earlier.id if earlier else None)
    try:
        if earlier is None:
            return await here.write(hold_slot, order)
    except Refused as error:
        earlier = await own_hold(here, service, order.starts_at) if error.code == "slot-taken" else None
        meant = contacts.possible_contacts(order.contact, [here.branch.country_code])
        if earlier is None or earlier.contact not in meant:
            raise
    return await here.write(hold_instead, order, earlier.id)


async def _form(
    here: AtBranch,
    service: ServiceView,
    day: date,
    start: datetime,
    answers: dict[str, str],
    *,
    mistakes: Sequence[Invalid] = (),
    failure: DomainError | None = None,
) -> Response:
    branch, words = here.branch, here.words
    if not await may_book(here, service):
        return see_other(base_of(branch, service) + carry(here))
    status = failure.status if failure else 422 if mistakes else 200
    values: dict[str, Any] = {
        "day": day,
        "start": start,
        "back": f"{base_of(branch, service)}/{day.isoformat()}{carry(here)}",
        "answers": answers,
        "errors": {error.field or "name": message(error, words) for error in mistakes},
        "understood": [(meant, contacts.shown(meant)) for meant in _understood(mistakes)],
        "example": contacts.example(branch.country_code),
        "failure": message(failure, words) if failure else None,
        "failure_code": failure.code if failure else None,
        # The old id would repeat the refusal, because the request with that id has its answer.
        "request_id": uuid4() if failure else _request_id(answers.get("request_id", "")),
        "contact_use": contact_use(branch, [service], here.installation.database.sends),
        "channels": channels_to_choose(branch, service),
        "asks_who_brings": bringing.is_asked(branch, service),
        "alias": branch.text("alias"),
        "takes_alias": service.confidentiality.takes_alias,
        "privacy_words": branch.text("privacy_short"),
    }
    return await frame(here, "booking/details.html", service, values, status=status, headers=retry_after(failure))


async def _check_page(here: AtBranch, booking: BookingView, failure: DomainError | None) -> Response:
    branch = here.branch
    service = branch.services[booking.service_id]
    day = booking.starts_at.astimezone(branch.calendar.zone).date()
    base, instead = base_of(branch, service), f"?instead={booking.token}{await via_of(here, booking)}"
    details = f"{base}/{day.isoformat()}/{times.start_key(booking.starts_at)}{instead}"
    now = here.now
    left = (booking.held_until or booking.starts_at) - now
    values = {
        "booking": booking,
        "own": is_own(here, booking),
        "name": shown_name(here, booking, service),
        "contact": shown_contact(here, booking),
        "address": await here.read(address_of, branch.id, booking.id) if is_own(here, booking) else "",
        "brought_by": await bringing.brought_by(here, booking) if is_own(here, booking) else "",
        "warnings": await warnings_of(here, booking, own_tokens(here)),
        # Minutes instead of a time of day, because the visitor's clock may be in another zone.
        "minutes_left": max(1, left // timedelta(minutes=1)),
        "fixed": bookings.fixed_at_once(policy_of(branch, service), booking.starts_at, now),
        "back": details,
        "change_service": f"/book/{branch.slug}{instead}",
        "change_day": f"{base}/days{instead}",
        "change_time": f"{base}/{day.isoformat()}{instead}",
        "change_details": details,
        "failure": message(failure, here.words) if failure else None,
        "failure_code": failure.code if failure else None,
        "sentences": services.sentences(branch, ("no_brokers",)),
    }
    status = failure.status if failure else 200
    return await frame(here, "booking/check.html", service, values, status=status, headers=retry_after(failure))


def _mistakes(answers: dict[str, str], branch: BranchSettings, service: ServiceView, most: int) -> list[Invalid]:
    """All mistakes of the answers at once, so that nobody corrects one field after the other."""
    found = []
    for read in (
        lambda: contacts.read_name(answers["name"]),
        lambda: contacts.read_contact(
            answers["contact"],
            branch.country_code,
            phone_only=service.by_phone,
            sure=bool(answers["contact_sure"]),
        ),
        lambda: bookings.persons_said(answers["persons"], most),
        lambda: issued_of(service, answers["issued_number"], needed=True),
        lambda: _address(answers["address"], service),
        lambda: bringing.read(answers[bringing.FIELD]),
    ):
        try:
            read()
        except Invalid as error:
            found.append(error)
    return found


def _address(typed: str, service: ServiceView) -> None:
    """Raises Invalid on the field `address`, also where staff would not know where to go."""
    if service.at_home and not read_address(typed):
        raise Invalid("address-missing", "address")


def _how(branch: BranchSettings, service: ServiceView, answers: dict[str, str]) -> How | None:
    """What the form says, if it asks how or where the appointment takes place, or did when it was opened."""
    asks = service.at_home or channels_to_choose(branch, service) or answers["channel"]
    return How(answers["channel"], answers["address"]) if asks else None


def _understood(mistakes: Sequence[Invalid]) -> tuple[str, ...]:
    """The possible meanings of an ambiguous contact; the visitor chooses one."""
    return next((error.understood for error in mistakes if isinstance(error, Doubtful)), ())


def _request_id(sent: str) -> str:
    """The id that makes a repeated request idempotent; a new one if the form has none that we made."""
    try:
        return str(UUID(sent))
    except ValueError:
        return str(uuid4())


routes: list[BaseRoute] = [
    Route("/book/{branch}/{service}/{date}/{start}", details, methods=["GET", "POST"]),
    Route("/b/{token}/check", check),
    Route("/b/{token}/confirmation", confirm, methods=["GET", "POST"]),
]
