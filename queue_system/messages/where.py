"""Where an appointment takes place, as letters say it."""

from __future__ import annotations

from ..i18n.filters import localised
from ..i18n.words import Words
from ..store.queries.bookings import BookingView
from ..store.queries.channels import channel_of, place_of, video_link
from ..store.queries.settings import BranchSettings


def where(booking: BookingView, branch: BranchSettings, words: Words, *, linked: bool) -> str:
    """The place, or the channel; of a video call also its link, in a line of its own, unless there will be none."""
    from ..web.how import CHANNELS

    channel = channel_of(branch, booking)
    if channel.is_received:
        away = place_of(branch, booking)
        return words.text("messages.place", place=localised(away or branch.names, words.language))
    link = video_link(branch, booking)
    said = words.text(CHANNELS[channel])
    return f"{said}\n{link}" if link is not None and linked else said
