"""What can be done with one appointment: for those who book, and for those who only move appointments or call them off.

The latter see which appointment it is, and nothing of the person whom it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ...actions import calling_off
from ...core import bookings, hours
from ...core.bookings import BookingState, BookingStep, spaced_code
from ...core.errors import Denied, DomainError
from ...core.messages import is_told
from ...core.rights import BOOK_RIGHTS, CALL_OFF_RIGHTS, MOVE_RIGHTS
from ...core.safe_contact import ContactWay
from ...core.support import Why
from ...i18n import dates
from ...store.queries.appointments import members_had
from ...store.queries.bookings import BookingView
from ...store.queries.members import members_of
from ...store.queries.messages import level_for, way_in_force
from ...web.errors import message
from ...web.here import StaffAtBranch
from . import hand_over, new
from .day import address


async def page_without_person(
    here: StaffAtBranch, booking: BookingView, failure: DomainError | None = None
) -> Response:
    """The page of an appointment for somebody who does not book: its time and its members, moving it, calling it off."""
    values = await acting_values(here, booking)
    values["refusal"] = message(failure, here.words) if failure else ""
    return await here.page("appointments/acting.html", values, status=failure.status if failure else 200)


async def acting_values(here: StaffAtBranch, booking: BookingView) -> dict[str, Any]:
    """The values of `appointments/acting.html`, which are also in those of `appointments/one.html`."""
    branch, service = here.branch, here.branch.services[booking.service_id]
    known, found = members_of(branch), await here.read(members_had, branch, [booking])
    had, choices = found.get(booking.id, ()), {one.id for one in new.choices(branch, service)}
    books = service.id in here.services(BOOK_RIGHTS)
    reasons = reasons_of(here, booking)
    values: dict[str, Any] = {
        "base": address(branch),
        "booking": booking,
        "service": service,
        "code": spaced_code(booking.code),
        "day_of": hours.business_date(booking.starts_at, branch.zone, branch.day_starts),
        "members": [known[one.member].names for one in had if one.member in known],
        "chosen": [(known[one.member].names, one) for one in had if one.member in choices],
        "when": dates.day_time(booking.starts_at, branch.zone, here.words),
        "hand_over": hand_over.ways_on(here, booking, {one.member for one in had}),
        "may_move": can(booking, BookingStep.CHANGE) and (books or service.id in here.services(MOVE_RIGHTS)),
        "may_call_off": can(booking, BookingStep.CANCEL) and (books or bool(reasons)),
        "is_told": booking.state is BookingState.CONFIRMED
        and is_told(level_for(branch, booking), booking.contact, here.installation.database.sends),
        # Also for those who may not see who it is: otherwise they would ask a colleague to call.
        "nobody_tells": way_in_force(branch, service.id, booking.contact_way) is ContactWay.NONE,
        "as_wished": books,
        "reasons": reasons,
        "asks": here.request.query_params.get("ask") == "call-off",
        "done": here.request.query_params.get("done", ""),
    }
    if here.request.method == "POST":
        # What a form has answered cannot be fetched again in another language.
        values["language_urls"] = lambda language: f"{address(branch)}/{booking.id}?lang={language}"
    return values


def reasons_of(here: StaffAtBranch, booking: BookingView) -> tuple[Why, ...]:
    """The reasons of the house for which this person may call an appointment off."""
    return reasons_for(here, booking.service_id) if booking.state is BookingState.CONFIRMED else ()


def reasons_for(here: StaffAtBranch, service_id: UUID) -> tuple[Why, ...]:
    """The reasons of the house for which this person may call appointments of a service off."""
    return calling_off.REASONS if service_id in here.services(CALL_OFF_RIGHTS) else ()


def chosen_reason(reasons: Iterable[Why], form: Mapping[str, str]) -> Why | None:
    """The reason of the house that a form has; None where the visitor wishes it.

    Raises Denied for any other, because nobody is to be told in the house's place that it was the visitor's own wish.
    """
    chosen = form.get("why", "")
    found = next((one for one in reasons if one == chosen), None)
    if chosen and found is None:
        raise Denied("not-allowed")
    return found


def can(booking: BookingView, step: BookingStep) -> bool:
    """Whether an appointment can still be moved, or called off."""
    return step in bookings.steps_from(booking.state)
