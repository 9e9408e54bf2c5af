"""How to get a service, in words."""

from __future__ import annotations

from typing import Final

from ..core.channels import Channel
from ..core.offering import Way

#: The key of one phrase for the ways to a service. A platform elsewhere is named beside it.
HOW: Final[dict[tuple[Way, ...], str]] = {
    (Way.BOOKING, Way.NUMBER): "booking.how-appointment-or-number",
    (Way.NUMBER, Way.BOOKING): "booking.how-number-or-appointment",
    (Way.BOOKING,): "booking.how-appointment",
    (Way.NUMBER,): "booking.how-number",
    (Way.RECEPTION,): "booking.how-reception",
    (Way.INVITATION,): "booking.how-invitation",
    (): "public.how-not-here",
}

#: Where an appointment takes place at which nobody comes to the branch.
CHANNELS: Final = {
    Channel.TELEPHONE: "booking.channel-phone",
    Channel.VIDEO: "booking.channel-video",
    Channel.HOME: "booking.channel-field",
}
