"""Where and how an appointment takes place, as its page asks for it and shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...actions.channels import How
from ...actions.said import Said
from ...core import contacts
from ...core.bookings import BookingState
from ...core.channels import Channel
from ...core.messages import is_told
from ...core.rights import CONTACT_RIGHTS, RECEPTION_RIGHTS
from ...store.queries.bookings import BookingView
from ...store.queries.channels import channel_of, channels_to_choose, video_link
from ...store.queries.home_visits import address_of
from ...store.queries.messages import level_for
from ...store.queries.staff_notes import gives
from ...web.here import StaffAtBranch
from ...web.how import CHANNELS
from ...web.safe_contact import way_of


def typed_how(form: Mapping[str, str]) -> How:
    """What the form of a held time says."""
    return How(form.get("channel", ""), form.get("address", ""))


async def how_of(here: StaffAtBranch, like: BookingView | None) -> How | None:
    """How and where `like` takes place, for another appointment of it; None for what can be had there no more."""
    if like is None:
        return None
    service = here.branch.services[like.service_id]
    address = await here.read(address_of, here.branch.id, like.id) if service.at_home else ""
    channel = like.channel if like.channel in channels_to_choose(here.branch, service) else None
    return How(channel or "", address) if channel or address else None


async def may_call(here: StaffAtBranch, booking: BookingView) -> bool:
    """Whether this person may see the contact, because the appointment is not at the branch and its visitor can be called.

    As at reception, it is for those who receive people; besides for those who may see contacts, and for its members.
    How the visitor may be contacted wins over all of it.
    """
    if booking.state is not BookingState.CONFIRMED or channel_of(here.branch, booking).is_received:
        return False
    return await _may_see_contact(here, booking)


async def may_tell(here: StaffAtBranch, booking: BookingView) -> bool:
    """Whether this person may see the contact, to tell a visitor whom no message reaches that the appointment is moved or off."""
    if booking.state is not BookingState.CONFIRMED or is_told(
        level_for(here.branch, booking), booking.contact, here.installation.database.sends
    ):
        return False
    return await _may_see_contact(here, booking)


async def _may_see_contact(here: StaffAtBranch, booking: BookingView) -> bool:
    if booking.erased_at is not None or not booking.contact:
        return False
    service = booking.service_id
    if not way_of(here.branch, here.words, service, booking.contact_way, booking.contact_note).shows:
        return False
    if service in here.services(RECEPTION_RIGHTS | CONTACT_RIGHTS):
        return True
    return await here.read(gives, here.branch.id, booking, here.person.id)


def acts(here: StaffAtBranch) -> bool:
    """Whether the page of an appointment asks if it is to be called off, or says that it was moved."""
    query = here.request.query_params
    return query.get("ask") == "call-off" or query.get("done") == "moved"


async def where_values(
    here: StaffAtBranch, booking: BookingView, said: Said | None, *, shows_number: bool
) -> dict[str, Any]:
    """The values of `appointments/_where.html` and `_asks_where.html`; the address only while the time is held.

    Whoever takes a booking writes the address down; later it is for those who go there. `shows_number`: they have asked
    for the contact, and the log says so.
    """
    branch = here.branch
    service, how = branch.services[booking.service_id], said.how if said else None
    address = await here.read(address_of, branch.id, booking.id) if service.at_home else ""
    if how is None:
        how = How(booking.channel or "", address if booking.state is BookingState.HELD else "")
    channel = channel_of(branch, booking)
    return {
        "channels": channels_to_choose(branch, service),
        "how": how,
        "where": CHANNELS.get(channel),
        "by_video": channel is Channel.VIDEO,
        "video": video_link(branch, booking),
        "address_known": bool(address),
        "may_call": await may_call(here, booking),
        "number": contacts.shown(booking.contact) if shows_number else "",
        "acts": acts(here),
        "may_tell": acts(here) and await may_tell(here, booking),
    }
