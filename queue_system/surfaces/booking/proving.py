"""Answering at a contact: with the link of a letter, or with the code that stands in it instead.

Opening the link changes nothing, because programs that look for harmful letters open every link; only the button does.
The page says nothing about the appointment.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.proving import prove_contact
from ...core.bookings import BookingState
from ...core.contact_proof import is_proof_code, is_proof_link, of_link
from ...core.errors import Invalid, Missing, TooMany
from ...store.log import VISITOR
from ...store.queries.bookings import BookingView, booking_by_id
from ...web import access
from ...web.errors import message
from ...web.here import AtBranch, anywhere, at, at_booking
from ...web.kit import see_other
from ...web.limits import limits_of
from .frame import frame, retry_after, typed


async def link(request: Request) -> Response:
    """`/my-contact?c=…`: asks whether the address is theirs; the button proves it. Raises Missing("booking")."""
    here, booking = await _of_link(request)
    if request.method == "POST":
        await here.do(prove_contact, booking.id, booking.contact, VISITOR)
        return see_other(f"/my-contact?c={request.query_params['c']}")
    waits = booking.state is BookingState.CONFIRMED and booking.prove_until is not None
    values = {"waits": waits, "proven": booking.proven_at is not None}
    return await frame(here, "booking/my_contact.html", None, values)


async def code(request: Request) -> Response:
    """`/b/{token}/contact`: the code of a letter that has no link. A wrong one may be typed a few times."""
    here, booking = await at_booking(request)
    sent = ""
    failure: Invalid | TooMany | None = None
    if request.method == "POST":
        sent = (await typed(here, "code"))["code"]
        try:
            limits_of(here.connection).check("contact-codes", str(booking.id))
            if is_proof_code(here.installation.secret, booking.id, booking.contact, sent):
                await here.do(prove_contact, booking.id, booking.contact, VISITOR)
                return see_other(f"/b/{booking.token}")
            limits_of(here.connection).count("contact-codes", str(booking.id))
            failure = Invalid("contact-code", "code")
        except TooMany as too_many:
            failure = too_many
    if booking.state is not BookingState.CONFIRMED or booking.prove_until is None:
        return see_other(f"/b/{booking.token}")
    values: dict[str, Any] = {
        "booking": booking,
        "sent": sent[:20],
        "back": f"/b/{booking.token}",
        "error": message(failure, here.words) if failure else "",
    }
    service = here.branch.services[booking.service_id]
    status, headers = (failure.status, retry_after(failure)) if failure else (200, None)
    return await frame(here, "booking/contact_code.html", service, values, status=status, headers=headers)


async def _of_link(request: Request) -> tuple[AtBranch, BookingView]:
    here, token = anywhere(request), request.query_params.get("c", "")
    branch = await here.read(access.branch_of_token, token, "booking")
    seal = token.removeprefix(branch.key)
    about = of_link(seal)
    if about is None:
        raise Missing("booking")
    booking = await here.read(booking_by_id, branch.id, about)
    if not is_proof_link(here.installation.secret, booking.id, booking.contact, seal) or booking.erased_at is not None:
        raise Missing("booking")
    return at(request, branch), booking


routes: list[BaseRoute] = [
    Route("/my-contact", link, methods=["GET", "POST"]),
    Route("/b/{token}/contact", code, methods=["GET", "POST"]),
]
