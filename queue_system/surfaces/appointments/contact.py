"""How the people of an appointment may be contacted: asked at each visit where the branch wants it, and changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.look_ups import record_look_ups
from ...actions.safe_contact import set_contact_ways
from ...core.errors import DomainError, Invalid, Missing, Stale
from ...core.rights import BOOK_RIGHTS, SAFE_CONTACT_RIGHTS
from ...store.queries.bookings import BookingView
from ...store.queries.participants import others_of, seen_of
from ...web import kit
from ...web.booking_search import BY_CALL
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from . import people_form
from .day import address
from .named import booking_named, page_about


@dataclass(frozen=True, slots=True)
class Asked:
    """A person of whom the page asks; `name` is "" for nobody's name, and None where it is not for this screen."""

    n: int
    role: str
    name: str | None
    way: str
    note: str


async def show(request: Request) -> Response:
    """`…/contact`: everybody of the appointment; sending it stores what they said."""
    here, booking = await _enter(request)
    people, seen = await _people(here, booking)
    if request.method == "GET":
        if booking.service_id not in here.services(BOOK_RIGHTS):
            # Whoever books has the appointment's page, which shows the same.
            await here.do(record_look_ups, (booking,), BY_CALL, here.actor)
        return await _page(here, booking, people, seen)
    form = await people_form.read(request)
    said = [
        Asked(one.n, one.role, one.name, form.get(f"way-{one.n}", ""), form.get(f"note-{one.n}", "")) for one in people
    ]
    shown = form.get(people_form.SEEN, "")
    try:
        await here.do(set_contact_ways, booking.id, here.actor, {one.n: (one.way, one.note) for one in said}, shown)
    except Stale as failure:
        return await _page(here, booking, people, seen, failure)
    except DomainError as failure:
        return await _page(here, booking, said, shown, failure)
    if booking.service_id in here.services(BOOK_RIGHTS):
        return kit.see_other(f"{address(here.branch)}/{booking.id}")
    return kit.see_other(f"{address(here.branch)}/{booking.id}/contact?saved=1")


async def _enter(request: Request) -> tuple[StaffAtBranch, BookingView]:
    """The appointment that the address names, of a service for which this person may ask; raises Missing("booking")."""
    here = await staff_at_branch(request, SAFE_CONTACT_RIGHTS)
    booking = await booking_named(here)
    if booking.service_id not in here.services(SAFE_CONTACT_RIGHTS) or booking.erased_at is not None:
        raise Missing("booking")
    return here, booking


async def _people(here: StaffAtBranch, booking: BookingView) -> tuple[list[Asked], str]:
    """Everybody of the appointment, and the fingerprint of what the page shows of them.

    The names of discreet services are for those alone who book them, and a way can be asked for without.
    """
    others = await here.read(others_of, here.branch.id, booking.id)
    service = here.branch.services[booking.service_id]
    named = service.id in here.services(BOOK_RIGHTS) or not service.confidentiality.discreet
    people = [
        Asked(0, "", booking.name, booking.contact_way or "", booking.contact_note),
        *(Asked(one.n, one.role, one.name, one.contact_way or "", one.contact_note) for one in others),
    ]
    return people if named else [replace(one, name=None) for one in people], seen_of(others, booking)


async def _page(
    here: StaffAtBranch, booking: BookingView, people: list[Asked], seen: str, failure: DomainError | None = None
) -> Response:
    service = here.branch.services[booking.service_id]
    words = message(failure, here.words) if failure else ""
    field = failure.field if isinstance(failure, Invalid) and failure.field else ""
    values = {
        "people": people,
        "seen": seen,
        "question": people_form.question(here),
        "ways": people_form.contact_ways(here, service),
        "saved": "saved" in here.request.query_params,
        "errors": {field: words} if field else {},
        "refusal": "" if field else words,
    }
    return await page_about(here, booking, "appointments/contact.html", values, failure)


routes: list[BaseRoute] = [Route("/appointments/{branch}/{booking}/contact", show, methods=["GET", "POST"])]
