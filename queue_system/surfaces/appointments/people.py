"""Who comes along to an appointment: named when it is booked, or later on a page of its own."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.participants import name_participants
from ...core.bookings import LIVE
from ...core.errors import DomainError, Stale
from ...core.participants import Person
from ...core.rights import BOOK_RIGHTS
from ...store.queries.bookings import BookingView
from ...store.queries.participants import others_of, seen_of
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch
from . import people_form
from .day import address
from .one import ONE, enter


async def show(request: Request) -> Response:
    """`…/people`: everybody besides whom the appointment was booked for; sending it names them."""
    here, booking = await enter(request)
    if booking.state not in LIVE:
        return kit.see_other(f"{address(here.branch)}/{booking.id}")
    if request.method == "GET":
        found = await here.read(others_of, here.branch.id, booking.id)
        return await _page(here, booking, people_form.stored(found), seen_of(found))
    form = await people_form.read(request)
    service = here.branch.services[booking.service_id]
    others, seen = people_form.read_others(here, service, form), form.get(people_form.SEEN, "")
    if people_form.ONE_MORE in form:
        more = people_form.one_more(service, others)
        return await _page(here, booking, more, seen, focus_last=True)
    try:
        services = here.services(BOOK_RIGHTS)
        await here.do(name_participants, booking.id, here.actor, others, seen, services)
    except Stale as failure:
        found = await here.read(others_of, here.branch.id, booking.id)
        return await _page(here, booking, people_form.with_stored(found, others), seen_of(found), failure)
    except DomainError as failure:
        return await _page(here, booking, others, seen, failure)
    return kit.see_other(f"{address(here.branch)}/{booking.id}")


async def _page(
    here: StaffAtBranch,
    booking: BookingView,
    others: tuple[Person, ...],
    seen: str,
    failure: DomainError | None = None,
    *,
    focus_last: bool = False,
) -> Response:
    service = here.branch.services[booking.service_id]
    asked = people_form.asked(here, service, booking.name, others, seen)
    if not asked.others:
        asked = people_form.asked(here, service, booking.name, people_form.one_more(service, others), seen)
    words = message(failure, here.words) if failure else ""
    errors = people_form.errors_of(failure, words)
    values = {
        "base": address(here.branch),
        "booking": booking,
        "service": service,
        "people": asked,
        "roles": people_form.roles(here.words),
        "errors": errors,
        "refusal": "" if errors else words,
        "focus_last": focus_last,
    }
    return await here.page("appointments/people.html", values, status=failure.status if failure else 200)


routes: list[BaseRoute] = [Route(f"{ONE}/people", show, methods=["GET", "POST"])]
