"""What pages about one appointment share: which one the address names, and what stands at their head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ...core.bookings import spaced_code
from ...core.errors import DomainError, Missing
from ...core.rights import BOOK_RIGHTS
from ...store.queries.bookings import BookingView, booking_by_id
from ...web.here import StaffAtBranch
from .day import address


async def booking_named(here: StaffAtBranch) -> BookingView:
    """The appointment of the branch that the address names, whoever asks; raises Missing("booking")."""
    try:
        return await here.read(booking_by_id, here.branch.id, UUID(here.request.path_params["booking"]))
    except ValueError:
        raise Missing("booking") from None


async def page_about(
    here: StaffAtBranch,
    booking: BookingView,
    template: str,
    values: Mapping[str, Any],
    failure: DomainError | None = None,
) -> Response:
    """A page about an appointment, as it is after a failure if there was one.

    Besides its own `values` the template has base, booking, service, code, and books: whether this person has the
    appointment's own page.
    """
    head = {
        "base": address(here.branch),
        "booking": booking,
        "service": here.branch.services[booking.service_id],
        "code": spaced_code(booking.code),
        "books": booking.service_id in here.services(BOOK_RIGHTS),
    }
    return await here.page(template, {**head, **values}, status=failure.status if failure else 200)
