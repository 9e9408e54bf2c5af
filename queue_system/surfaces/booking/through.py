"""What opens the booking pages for one person beyond what everybody can book: an invitation, by its link.

The link leads to the page of the service with `?via=…`, which every page up to the hold passes on. The link itself names
no service, because it may be in a letter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.booking_invitations import hold_invited
from ...actions.bookings import HoldOrder
from ...core import hours
from ...core.booking_invitations import PURPOSE, SOURCE, against_use
from ...core.bookings import Booker
from ...core.errors import Missing, Refused
from ...core.tokens import sealed, unsealed
from ...store.queries.booking_invitations import InvitationView, invitation_by_id, invitation_of_booking
from ...store.queries.bookings import BookingView
from ...store.queries.settings import BranchSettings, ServiceView
from ...web import access
from ...web.addresses import address_key
from ...web.here import AtBranch, Here, anywhere
from ...web.kit import see_other

VIA: Final = "via"
LINK: Final = "/invitation"


async def open_link(request: Request) -> Response:
    """`/invitation?i=…`: on to the service that the link is for; raises Missing("booking-invitation")."""
    here, token = anywhere(request), request.query_params.get("i", "")
    branch = await here.read(access.branch_of_token, token, "booking-invitation")
    about = unsealed(here.installation.secret, PURPOSE, token.removeprefix(branch.key))
    if about is None:
        raise Missing("booking-invitation")
    found = await here.read(invitation_by_id, branch.id, about)
    service = address_key(branch.services[found.service_id])
    return see_other(f"/book/{branch.slug}/{service}?{VIA}={token_of(here, about)}")


@dataclass(frozen=True, slots=True)
class Through:
    """An invitation that the address names; `refusal` says why it gives no appointment, None while it does."""

    invitation: InvitationView
    refusal: Refused | None

    def last_day(self, branch: BranchSettings) -> date:
        """The last day on which it can be used."""
        end = self.invitation.answer_until - timedelta.resolution
        return hours.business_date(end, branch.zone, branch.day_starts)

    def opens(self, service: ServiceView) -> bool:
        """Whether its holder can book the service."""
        return self.refusal is None and self.invitation.service_id == service.id


async def through(here: AtBranch) -> Through | None:
    """What the address names; None where it names nothing of this branch."""
    found = unsealed(here.installation.secret, PURPOSE, here.request.query_params.get(VIA, ""))
    if found is None:
        return None
    try:
        invitation = await here.read(invitation_by_id, here.branch.id, found)
    except Missing:
        return None
    return Through(invitation, against_use(invitation.state))


async def may_book(here: AtBranch, service: ServiceView) -> bool:
    """Whether this visitor can book a service: everybody can, or the address opens it."""
    if service.bookable:
        return True
    found = await through(here)
    return found is not None and found.opens(service)


async def hold_through(here: AtBranch, order: HoldOrder, found: Through, earlier_id: UUID | None) -> BookingView:
    """Hold a time with it; raises what `hold_invited` raises."""
    order = replace(order, booker=Booker.INVITED, source=SOURCE, most_persons=found.invitation.persons)
    return await here.write(hold_invited, found.invitation.id, order, earlier_id)


async def via_of(here: AtBranch, booking: BookingView) -> str:
    """The parameter that goes on with the invitation of a booking, for the end of a query; "" for other bookings."""
    if booking.source != SOURCE:
        return ""
    found = await here.read(invitation_of_booking, here.branch.id, booking.id)
    return f"&{VIA}={token_of(here, found.id)}" if found else ""


def token_of(here: Here, invitation_id: UUID) -> str:
    """The secret of the link of an invitation."""
    return sealed(here.installation.secret, PURPOSE, invitation_id)


routes: list[BaseRoute] = [Route(LINK, open_link)]
