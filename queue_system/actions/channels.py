"""How an appointment takes place, as its booker chose: at the branch or by video, and where staff go to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core.channels import Channel, read_address
from ..core.errors import Refused
from ..store.log import Locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.channels import channels_to_choose
from ..store.queries.home_visits import address_of
from ..store.queries.settings import BranchSettings
from ..store.tables import Booking, HomeVisit, table

BOOKING, HOME_VISIT = table(Booking), table(HomeVisit)

# Nobody guesses a room of 128 bits; digits and small letters only, because some servers fold capitals.
ROOM_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class How:
    """What a booker says about how an appointment takes place, as it was typed.

    `channel` is "video" or anything else for the branch itself; `address` is for services at home.
    """

    channel: str = ""
    address: str = ""

    @property
    def by_video(self) -> bool:
        return self.channel == Channel.VIDEO


def keep(lock: Locked, settings: BranchSettings, hold: BookingView, how: How | None) -> BookingView:
    """The hold with what its booker chose, within an action; None: the booker was not asked.

    Raises Refused("video-not-here") where the service is not given by video, Invalid on the field `address`.
    """
    if how is None:
        return hold
    service = settings.services[hold.service_id]
    if how.by_video and Channel.VIDEO not in channels_to_choose(settings, service):
        raise Refused("video-not-here")
    room = (hold.video_room or secrets.token_hex(ROOM_BYTES)) if how.by_video else None
    lock.tx.execute(
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == hold.id)
        .values(channel=Channel.VIDEO.value if how.by_video else None, video_room=room)
    )
    if service.at_home:
        keep_address(lock, hold.id, read_address(how.address))
    return booking_by_id(lock.tx, lock.id, hold.id)


def keep_address(lock: Locked, booking_id: UUID, address: str) -> None:
    """Store where staff go for a booking; "" for not known."""
    here = (HOME_VISIT.c.branch_id == lock.id) & (HOME_VISIT.c.booking_id == booking_id)
    if lock.tx.execute(sa.update(HOME_VISIT).where(here).values(address=address)).rowcount == 0 and address:
        lock.tx.execute(sa.insert(HOME_VISIT), {"branch_id": lock.id, "booking_id": booking_id, "address": address})


def repeat(lock: Locked, like: BookingView, booking_id: UUID) -> None:
    """Let a repeated appointment take place as `like` does: at the same address, with a call in a room of its own."""
    if like.video_room is not None:
        here = (BOOKING.c.branch_id == lock.id) & (BOOKING.c.id == booking_id)
        lock.tx.execute(sa.update(BOOKING).where(here).values(video_room=secrets.token_hex(ROOM_BYTES)))
    if address := address_of(lock.tx, lock.id, like.id):
        keep_address(lock, booking_id, address)
