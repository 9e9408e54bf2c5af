"""Another time for one appointment: the times, then what a chosen one would change and who is told, then the move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.moves import MoveOrder, move_seen
from ...core import hours
from ...core.bookings import BookingStep
from ...core.errors import DomainError, Invalid, Stale
from ...core.rights import BOOK_RIGHTS, MOVE_RIGHTS
from ...store.queries.appointments import first_free
from ...store.queries.bookings import BookingView, booking_by_id
from ...store.queries.known_members import promised_members
from ...store.queries.members import members_of
from ...store.queries.moves import moving, seen_of
from ...store.queries.series import place_in_series
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch
from . import apart, new
from .acting import can
from .day import address
from .moments import read_day, read_start, start_key
from .one import ONE, enter
from .telling import telling_of

TIME: Final = f"{ONE}/time"


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
    """Move it to the time that was confirmed."""
    here, booking = await enter(request, BOOK_RIGHTS | MOVE_RIGHTS)
    form = await kit.form(request)
    service = here.branch.services[booking.service_id]
    asked = new.asked_for(here.branch, service, form["with"]) if "with" in form else None
    try:
        start = read_start(form.get("start", ""))
    except Invalid as mistake:
        return await _times(here, booking, form, mistake)
    order = MoveOrder(booking.id, start, form.get("seen", ""), asked, apart.leave_of(here, form))
    try:
        await here.do(move_seen, order, here.actor)
    except DomainError as refusal:
        if isinstance(refusal, Stale) or apart.asked_why(here, refusal):
            return await _confirmation(here, booking, form, start, refusal)
        return await _times(here, booking, form, refusal)
    return kit.see_other(f"{_one(here, booking)}?done=moved")


async def _times(
    here: StaffAtBranch, booking: BookingView, chosen: Mapping[str, str], refusal: DomainError | None = None
) -> Response:
    if not can(booking, BookingStep.CHANGE):
        return kit.see_other(_one(here, booking))
    branch, service = here.branch, here.branch.services[booking.service_id]
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    day = max(read_day(chosen.get("from", "")) or today, today)
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
    values = {
        "base": address(branch),
        "booking": booking,
        "service": service,
        "start": start,
        "key": start_key(start),
        "kept": kept,
        "times": f"{_one(here, booking)}/time?{urlencode(kept)}",
        "seen": seen_of([found]),
        "members": [known[one].names for one in stays.values() if one in known],
        "beside": [
            (part, branch.services[part.service_id].listed_names)
            if part.service_id in here.services(BOOK_RIGHTS | MOVE_RIGHTS)
            else (part, None)
            for part in found.beside
        ],
        "in_series": await here.read(place_in_series, branch.id, booking.id),
        "telling": telling_of(here, found),
        "refusal": message(refusal, here.words) if refusal else None,
        "accepted_for": apart.asked_why(here, refusal),
    }
    return await here.page("appointments/move_confirm.html", values, status=refusal.status if refusal else 200)


def _one(here: StaffAtBranch, booking: BookingView) -> str:
    return f"{address(here.branch)}/{booking.id}"


routes: list[BaseRoute] = [
    Route(TIME, show),
    Route(TIME, move, methods=["POST"]),
]
