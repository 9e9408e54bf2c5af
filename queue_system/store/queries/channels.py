"""How appointments take place: the channel of a booking, its place on that day, its video call."""

from __future__ import annotations

from ...core.channels import ROOM_MARK, Channel
from .bookings import BookingView
from .outings import place_on
from .settings import BranchSettings, Names, ServiceView


def channel_of(branch: BranchSettings, booking: BookingView) -> Channel:
    """Where and how an appointment takes place."""
    service = branch.services[booking.service_id]
    channel = service.takes_place(booking.channel)
    away = channel.is_received and place_on(branch, service, booking.starts_at) is not None
    return Channel.ELSEWHERE if away else channel


def place_of(branch: BranchSettings, booking: BookingView) -> Names | None:
    """Where the branch works then, if it is elsewhere and the visitor comes there."""
    service = branch.services[booking.service_id]
    return place_on(branch, service, booking.starts_at) if service.takes_place(booking.channel).is_received else None


def channels_to_choose(branch: BranchSettings, service: ServiceView) -> tuple[Channel, ...]:
    """Between which channels whoever books this service chooses; empty where there is nothing to choose."""
    if service.channel != "onsite_or_video" or not branch.video_link:
        return ()
    return service.takes_place(), Channel.VIDEO


def channels_of(branch: BranchSettings, service: ServiceView) -> tuple[Channel, ...]:
    """The channels of which a booking of this service can have one; the first is that of whoever chooses nothing."""
    return channels_to_choose(branch, service) or (service.takes_place(),)


def video_link(branch: BranchSettings, booking: BookingView) -> str | None:
    """The address of an appointment's video call, which is secret; None where there is no call.

    Also None where the branch no longer says where its calls take place, and once the booking was erased.
    """
    if booking.video_room is None or not branch.video_link:
        return None
    return branch.video_link.replace(ROOM_MARK, booking.video_room)
