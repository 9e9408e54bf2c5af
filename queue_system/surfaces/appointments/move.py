"""Another time for one appointment: the times, then what a chosen one would change and who is told, then the move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.look_ups import record_look_ups
from ...actions.moves import NewTime, move_seen, offer_seen
from ...core import contacts, hours
from ...core.bookings import BookingStep
from ...core.errors import Denied, DomainError, Invalid, Missing
from ...core.promises import NOT_BEFORE, is_beside
from ...core.rights import BOOK_RIGHTS, MOVE_RIGHTS
from ...core.slots import Slot
from ...store.queries.appointments import first_free
from ...store.queries.bookings import BookingView, booking_by_id, plan_on
from ...store.queries.known_members import promised_members
from ...store.queries.members import members_of
from ...store.queries.moves import against_offer, moving
from ...store.queries.series import place_in_series
from ...web import kit
from ...web.booking_search import BY_CALL
from ...web.errors import message
from ...web.here import StaffAtBranch
from . import apart, new
from .acting import can
from .besides import besides_at
from .day import address
from .moments import read_day, read_start, start_key
from .one import ONE, enter
from .telling import telling_of
from .whereabouts import may_tell

TIME: Final = f"{ONE}/time"
OFFER: Final = "offer"


async def show(request: Request) -> Response:
    """`…/time`: other times of the same service; with `start`, what moving it to that time would change."""
    here, booking = await enter(request, BOOK_RIGHTS | MOVE_RIGHTS)
    chosen = request.query_params
    if "start" not in chosen:
        return await _times(here, booking, chosen)
    try:
        return await _confirmation(here, booking, chosen, read_start(chosen["start"]))
    except DomainError as refusal:
        return await _times(here, booking, chosen, refusal)


async def move(request: Request) -> Response:
    """Move it to the time that was confirmed, or offer that time to its visitor where the form says `how=offer`."""
    here, booking = await enter(request, BOOK_RIGHTS | MOVE_RIGHTS)
    form = await kit.form(request)
    service = here.branch.services[booking.service_id]
    asked = new.asked_for(here.branch, service, form["with"]) if "with" in form else None
    offers = form.get("how") == OFFER
    if offers and service.id not in here.services(MOVE_RIGHTS):
        raise Denied("not-allowed")
    try:
        start = read_start(form.get("start", ""))
    except Invalid as mistake:
        return await _times(here, booking, form, mistake)
    to = NewTime(start, form.get("seen", ""), asked)
    try:
        if offers:
            await here.do(offer_seen, {booking.id: to}, here.actor)
        else:
            await here.do(move_seen, booking.id, to, here.actor, apart.leave_of(here, form))
    except DomainError as refusal:
        if refusal.code == "moves-changed" or apart.asked_why(here, refusal):
            return await _confirmation(here, booking, form, start, refusal)
        return await _times(here, booking, form, refusal)
    return kit.see_other(f"{_one(here, booking)}?done={'offered' if offers else 'moved'}")


async def number(request: Request) -> Response:
    """The page that asks before the move, with the contact of a visitor whom no message tells; the log keeps who looked."""
    here, booking = await enter(request, BOOK_RIGHTS | MOVE_RIGHTS)
    form = await kit.form(request)
    start = read_start(form.get("start", ""))
    if not await may_tell(here, booking):
        raise Missing("booking")
    await here.do(record_look_ups, (booking,), BY_CALL, here.actor)
    return await _confirmation(here, booking, form, start, shows_number=True)


async def _times(
    here: StaffAtBranch, booking: BookingView, chosen: Mapping[str, str], refusal: DomainError | None = None
) -> Response:
    if not can(booking, BookingStep.CHANGE):
        return kit.see_other(_one(here, booking))
    branch, service = here.branch, here.branch.services[booking.service_id]
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    # Whoever wants another time mostly wants one near their own.
    own_day = hours.business_date(booking.starts_at, branch.zone, branch.day_starts)
    day = max(read_day(chosen.get("from", "")) or own_day, today)
    choices = new.choices(branch, service)
    promised = await here.read(promised_members, branch, booking)
    wanted = chosen["with"] if "with" in chosen else new.first_of(choices, promised.values())
    asked = promised | new.asked_for(branch, service, wanted) if wanted else {}
    begin, people = new.begin_of(branch, day, here.now), await apart.known_people(here, booking)
    sees = apart.may_see(here)
    found = await here.read(first_free, branch, service, begin, asked, booking, people, sees_apart=sees)
    values = {
        "base": address(branch),
        "booking": booking,
        "service": service,
        "today": today,
        "day": day,
        "with_": wanted,
        "choices": choices,
        "found": found,
        "key": start_key,
        "refusal": message(refusal, here.words) if refusal else None,
    }
    return await here.page("appointments/move.html", values, status=refusal.status if refusal else 200)


async def _confirmation(
    here: StaffAtBranch,
    booking: BookingView,
    chosen: Mapping[str, str],
    start: datetime,
    refusal: DomainError | None = None,
    *,
    shows_number: bool = False,
) -> Response:
    """What moving it to `start` would change, as it is now, and who is told."""
    booking = await here.read(booking_by_id, here.branch.id, booking.id)
    if not can(booking, BookingStep.CHANGE):
        return kit.see_other(_one(here, booking))
    branch, service = here.branch, here.branch.services[booking.service_id]
    found = await here.read(moving, branch, booking)
    asked = new.asked_for(branch, service, chosen.get("with", ""))
    # Whoever chose "anybody" has taken the promise back.
    stays = {} if chosen.get("with") == "" else dict(found.stays) | asked
    known = members_of(branch)
    kept = {name: chosen[name] for name in ("from", "with") if name in chosen}
    slot, telling = _slot_at(here, booking, start), telling_of(found)
    values = {
        "base": address(branch),
        "booking": booking,
        "service": service,
        "start": start,
        "key": start_key(start),
        "kept": kept,
        "times": f"{_one(here, booking)}/time?{urlencode(kept)}",
        "seen": found.seen,
        "members": [known[one].names for one in stays.values() if one in known],
        "beside": [
            (part, branch.services[part.service_id].listed_names)
            if part.service_id in here.services(BOOK_RIGHTS | MOVE_RIGHTS)
            else (part, None)
            for part in found.beside
        ],
        "in_series": await here.read(place_in_series, branch.id, booking.id),
        "besides": await besides_at(here, booking, slot.start, slot.end),
        "telling": telling,
        "may_tell": telling.by is None and await may_tell(here, booking),
        "number": contacts.shown(booking.contact) if shows_number else "",
        "may_offer": _may_offer(here, booking, start),
        "refusal": message(refusal, here.words) if refusal else None,
        "accepted_for": apart.asked_why(here, refusal),
    }
    if here.request.method == "POST":
        # What a form has answered cannot be fetched again in another language.
        again = f"{_one(here, booking)}/time?{urlencode(kept | {'start': start_key(start)})}"
        values["language_urls"] = lambda language: f"{again}&lang={language}"
    return await here.page("appointments/move_confirm.html", values, status=refusal.status if refusal else 200)


def _may_offer(here: StaffAtBranch, booking: BookingView, start: datetime) -> bool:
    """Whether this person can offer the time to the visitor, who keeps the present one until the answer."""
    branch, service = here.branch, here.branch.services[booking.service_id]
    plan = plan_on(branch, service, start.astimezone(branch.zone).date())
    slot = _slot_at(here, booking, start)
    return (
        service.id in here.services(MOVE_RIGHTS)
        and against_offer(booking, here.now) is None
        and start >= here.now + NOT_BEFORE
        and is_beside(slot, plan, booking.starts_at, booking.ends_at)
    )


def _slot_at(here: StaffAtBranch, booking: BookingView, start: datetime) -> Slot:
    """The time that the appointment would have, as long as its service takes on that day."""
    branch = here.branch
    plan = plan_on(branch, branch.services[booking.service_id], start.astimezone(branch.zone).date())
    return Slot(start, start + timedelta(minutes=plan.duration_min), 1)


def _one(here: StaffAtBranch, booking: BookingView) -> str:
    return f"{address(here.branch)}/{booking.id}"


routes: list[BaseRoute] = [
    Route(TIME, show),
    Route(TIME, move, methods=["POST"]),
    Route(f"{TIME}/number", number, methods=["POST"]),
]
