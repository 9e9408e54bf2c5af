"""A typing error in the name, contact or a number of an appointment is corrected."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.look_ups import record_look_ups
from ...actions.typos import as_shown, correct_typo
from ...core import contacts
from ...core.errors import DomainError, Doubtful, Invalid, Missing, Stale
from ...core.rights import BOOK_RIGHTS, TYPO_RIGHTS
from ...store.queries.bookings import BookingView
from ...web import kit
from ...web.booking_search import BY_CALL
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.safe_contact import way_of
from .day import address
from .named import booking_named, page_about
from .one import ONE

FIELDS: Final = ("name", "reference", "issued_number", "contact")
# Before the name of a field: what it showed before anything was typed.
SHOWN: Final = "shown-"


async def show(request: Request) -> Response:
    """`…/typo`: whom the appointment is for, to be spelled right; sending it stores a small correction."""
    here, booking = await _enter(request)
    if request.method == "GET":
        if booking.service_id not in here.services(BOOK_RIGHTS):
            # Whoever books has the appointment's page, which shows the same.
            await here.do(record_look_ups, (booking,), BY_CALL, here.actor)
        return await _page(here, booking, as_shown(booking), as_shown(booking))
    form = await kit.form(request)
    stored, asked = as_shown(booking), _asked(here, booking)
    shown = {field: form.get(f"{SHOWN}{field}", stored[field]) if field in asked else stored[field] for field in FIELDS}
    typed = {field: form.get(field, shown[field]) if field in asked else stored[field] for field in FIELDS}
    try:
        await here.do(
            correct_typo,
            booking.id,
            typed["name"],
            typed["reference"],
            typed["contact"],
            _corrects(here),
            here.actor,
            sure=bool(form.get("contact_sure")),
            issued_number=typed["issued_number"],
            shown=shown,
        )
    except Missing:
        raise
    except Stale as failure:
        booking = await booking_named(here)
        stored = as_shown(booking)
        typed = {field: stored[field] if typed[field] == shown[field] else typed[field] for field in FIELDS}
        return await _page(here, booking, typed, stored, failure)
    except DomainError as failure:
        return await _page(here, booking, typed, shown, failure)
    if booking.service_id in here.services(BOOK_RIGHTS):
        return kit.see_other(f"{address(here.branch)}/{booking.id}")
    return kit.see_other(f"{address(here.branch)}/{booking.id}/typo?saved=1")


async def _enter(request: Request) -> tuple[StaffAtBranch, BookingView]:
    """The appointment, of a service for which this person corrects typing errors; raises Missing("booking").

    The names of discreet services are for those alone who book them.
    """
    here = await staff_at_branch(request, TYPO_RIGHTS)
    booking = await booking_named(here)
    if booking.service_id not in _corrects(here) or booking.erased_at is not None:
        raise Missing("booking")
    return here, booking


def _corrects(here: StaffAtBranch) -> frozenset[UUID]:
    """The services for which this person corrects typing errors."""
    books, services = here.services(BOOK_RIGHTS), here.branch.services
    return frozenset(
        one for one in here.services(TYPO_RIGHTS) if one in books or not services[one].confidentiality.discreet
    )


def _asked(here: StaffAtBranch, booking: BookingView) -> list[str]:
    """The fields of the form. How to reach somebody is shown to nobody where they chose that, and stays as it is."""
    way = way_of(here.branch, here.words, booking.service_id, booking.contact_way, booking.contact_note)
    asks = here.branch.services[booking.service_id].issued_number is not None
    has = {"name": True, "reference": bool(booking.reference), "issued_number": asks, "contact": way.shows}
    return [field for field in FIELDS if has[field]]


async def _page(
    here: StaffAtBranch,
    booking: BookingView,
    typed: dict[str, str],
    shown: dict[str, str],
    failure: DomainError | None = None,
) -> Response:
    """The form with what was `typed`, and with what was `shown` when it was typed, or what is stored now after Stale."""
    words = message(failure, here.words) if failure else ""
    field = failure.field if isinstance(failure, Invalid) and failure.field in FIELDS else ""
    asked = _asked(here, booking)
    values = {
        "answers": typed,
        "asked": asked,
        "shown": shown,
        "changed": [field for field in asked if typed[field] != shown[field]] if isinstance(failure, Stale) else [],
        "errors": {field: words} if field else {},
        "refusal": "" if field else words,
        "doubtful": contacts.shown(failure.understood[0]) if isinstance(failure, Doubtful) else "",
        "saved": "saved" in here.request.query_params,
    }
    return await page_about(here, booking, "appointments/typo.html", values, failure)


routes: list[BaseRoute] = [Route(f"{ONE}/typo", show, methods=["GET", "POST"])]
