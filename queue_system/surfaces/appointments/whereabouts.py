"""Where and how an appointment takes place, as its page asks for it and shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...actions.channels import How
from ...actions.said import Said
from ...core.bookings import BookingState
from ...core.channels import Channel
from ...store.queries.bookings import BookingView
from ...store.queries.channels import channel_of, channels_to_choose, video_link
from ...store.queries.home_visits import address_of
from ...web.here import StaffAtBranch
from ...web.how import CHANNELS


def typed_how(form: Mapping[str, str]) -> How:
    """What the form of a held time says."""
    return How(form.get("channel", ""), form.get("address", ""))


async def where_values(here: StaffAtBranch, booking: BookingView, said: Said | None) -> dict[str, Any]:
    """The values of `appointments/_where.html` and `_asks_where.html`; the address only while the time is held.

    Whoever takes a booking writes the address down; later it is for those who go there.
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
    }
