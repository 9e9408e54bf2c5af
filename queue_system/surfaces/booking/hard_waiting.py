"""What makes waiting hard for whoever has an appointment: asked for on its page, and never needed.

Only the browser that booked sees what was chosen, because the link may be opened by others.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.declared_classes import declare_class
from ...core.bookings import BookingState
from ...core.errors import Invalid, Refused
from ...i18n.filters import localised
from ...store.log import VISITOR
from ...store.queries.bookings import BookingView
from ...store.queries.channels import channel_of
from ...store.queries.classes import declarable
from ...store.queries.settings import Names
from ...web.here import AtBranch, at_booking
from ...web.kit import see_other
from .frame import frame, is_language_switch, typed
from .own_bookings import is_own

NOTHING: Final = "none"
FIELD: Final = "class"


def asks(here: AtBranch, booking: BookingView) -> bool:
    """Whether there is something to choose for this appointment now."""
    return (
        booking.state is BookingState.CONFIRMED
        and booking.erased_at is None
        and here.now < booking.ends_at
        and channel_of(here.branch, booking).is_received
        and bool(declarable(here.branch, booking))
    )


def known(here: AtBranch, booking: BookingView) -> Names | None:
    """The class that was chosen, where this browser booked; None where nothing was, or its class is not given that day."""
    chosen = (one.names for one in declarable(here.branch, booking) if one.slug == booking.declared)
    return next(chosen, None) if is_own(here, booking) else None


async def ask(request: Request) -> Response:
    """`/b/{token}/waiting`: the classes, and that nothing needs to be said."""
    here, booking = await at_booking(request)
    page, error = f"/b/{booking.token}", ""
    if not asks(here, booking):
        return see_other(page)
    chosen = (booking.declared or NOTHING) if is_own(here, booking) else ""
    if request.method == "POST":
        answers = await typed(here, FIELD, "switch")
        chosen = answers[FIELD]
        if not is_language_switch(answers):
            try:
                if not chosen:
                    raise Invalid("priority-unknown", FIELD)
                await here.do(declare_class, booking.id, "" if chosen == NOTHING else chosen, VISITOR)
                return see_other(f"{page}#waiting")
            except Invalid:
                error = here.words.text("booking.waiting-choose")
            except Refused:
                return see_other(page)
    words = here.words
    options: list[dict[str, Any]] = [{"value": NOTHING, "label": words.text("booking.waiting-none")}]
    options += [
        {
            "value": one.slug,
            "label": localised(one.names, here.language),
            "hint": words.plural("common.age-from", one.age_from) if one.age_from else "",
        }
        for one in declarable(here.branch, booking)
    ]
    values = {"booking": booking, "options": options, "chosen": chosen, "error": error, "back": page}
    service = here.branch.services[booking.service_id]
    return await frame(here, "booking/waiting.html", service, values, status=422 if error else 200)


routes: list[BaseRoute] = [Route("/b/{token}/waiting", ask, methods=["GET", "POST"])]
