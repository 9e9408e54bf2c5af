"""What opens the booking pages beyond what everybody can book: an invitation, or an organisation's link to book for people.

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
from ...actions.helped_bookings import hold_helped
from ...core import helping, hours
from ...core.booking_invitations import PURPOSE, SOURCE, against_use
from ...core.bookings import Booker
from ...core.errors import Missing, Refused
from ...core.tokens import sealed, unsealed
from ...store.queries.booking_invitations import InvitationView, invitation_by_id, invitation_of_booking
from ...store.queries.bookings import BookingView
from ...store.queries.helping import HelperView, helper_named, helpers_of
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
    """An invitation, or an organisation that books for people; `refusal` says why it gives no appointment now."""

    refusal: Refused | None
    invitation: InvitationView | None = None
    helper: HelperView | None = None

    def last_day(self, branch: BranchSettings) -> date | None:
        """The last day on which an invitation can be used."""
        if self.invitation is None:
            return None
        end = self.invitation.answer_until - timedelta.resolution
        return hours.business_date(end, branch.zone, branch.day_starts)

    def opens(self, service: ServiceView) -> bool:
        """Whether its holder can book the service."""
        if self.helper is not None:
            return self.refusal is None and service.id in self.helper.services
        return self.refusal is None and self.invitation is not None and self.invitation.service_id == service.id

    def most(self, service: ServiceView) -> int:
        """How many people may come with one booking of a service."""
        return self.invitation.persons if self.invitation and self.opens(service) else service.most_persons

    def replaces(self, service: ServiceView) -> bool:
        """Whether a booking of the service is made with it, and not as everybody books.

        An organisation's link goes along to every page, also to services that are not among its own.
        """
        helped = self.helper is not None and service.id in self.helper.services
        return helped or not service.bookable


async def through(here: AtBranch) -> Through | None:
    """What the address names; None where it names nothing of this branch."""
    text = here.request.query_params.get(VIA, "")
    key = unsealed(here.installation.secret, helping.PURPOSE, text)
    if key is not None and (helper := helpers_of(here.branch).get(key)) is not None:
        today = hours.business_date(here.now, here.branch.zone, here.branch.day_starts)
        return Through(helping.against_time(helper.until, today), helper=helper)
    found = unsealed(here.installation.secret, PURPOSE, text)
    if found is None:
        return None
    try:
        invitation = await here.read(invitation_by_id, here.branch.id, found)
    except Missing:
        return None
    return Through(against_use(invitation.state), invitation)


async def may_book(here: AtBranch, service: ServiceView) -> bool:
    """Whether this visitor can book a service: everybody can, or the address opens it."""
    if service.bookable:
        return True
    found = await through(here)
    return found is not None and found.opens(service)


async def hold_through(here: AtBranch, order: HoldOrder, found: Through, earlier_id: UUID | None) -> BookingView:
    """Hold a time with it; raises what `hold_invited` and `hold_helped` raise."""
    if found.helper is not None:
        order = replace(order, booker=Booker.HELPER, source=helping.SOURCE)
        return await here.write(hold_helped, found.helper.key, order, earlier_id)
    if found.invitation is None:
        raise Missing("booking-invitation")
    order = replace(order, booker=Booker.INVITED, source=SOURCE, most_persons=found.invitation.persons)
    return await here.write(hold_invited, found.invitation.id, order, earlier_id)


async def via_of(here: AtBranch, booking: BookingView) -> str:
    """The parameter that goes on with what a booking was made with, for the end of a query; "" for other bookings."""
    helper = helper_named(here.branch, booking.helper) if booking.helper else None
    if helper is not None:
        return f"&{VIA}={sealed(here.installation.secret, helping.PURPOSE, helper.key)}"
    if booking.source != SOURCE:
        return ""
    found = await here.read(invitation_of_booking, here.branch.id, booking.id)
    return f"&{VIA}={token_of(here, found.id)}" if found else ""


def token_of(here: Here, invitation_id: UUID) -> str:
    """The secret of the link of an invitation."""
    return sealed(here.installation.secret, PURPOSE, invitation_id)


routes: list[BaseRoute] = [Route(LINK, open_link)]
