"""Moving appointments that somebody was shown before: not where they have become others meanwhile.

One to which its visitor has agreed is moved. To the others the new time is offered, and held until they answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..core.apart import NO_LEAVE, Leave
from ..core.approvals import MANY_BOOKINGS
from ..core.bookings import Booker
from ..core.errors import Count, DomainError, Refused, Stale
from ..core.promises import Choice
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.moves import against_offer, in_turn, moving
from ..store.queries.settings import branch_settings
from . import offers
from .bookings import change_in, expire_due
from .day import in_session
from .placing import Wanted
from .second_person import takes_many


@dataclass(frozen=True, slots=True)
class NewTime:
    """When an appointment is to begin, an aware instant, and with whom: `members` as in `bookings.change_booking`.

    `seen` is the fingerprint of what was shown of it (`store.queries.moves.Moving.seen`).
    """

    at: datetime
    seen: str
    members: Mapping[UUID, UUID] | None = None

    def wanted(self, leave: Leave = NO_LEAVE) -> Wanted:
        """What staff want of it."""
        return Wanted(self.at, Booker.STAFF, asked=self.members or {}, released=self.members == {}, leave=leave)


def move_seen(
    tx: Tx, branch_id: UUID, booking_id: UUID, to: NewTime, actor: Actor, leave: Leave = NO_LEAVE
) -> BookingView:
    """Move an appointment, as staff; idempotent. Raises Stale("moves-changed"), and what `bookings.change_booking` raises."""
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        booking = booking_by_id(tx, branch_id, booking_id)
        # Pressed twice, it has the time already.
        if booking.starts_at != to.at and moving(tx, settings, booking).seen != to.seen:
            raise Stale("moves-changed")
        return change_in(lock, settings, booking, to.wanted(leave), actor)


def offer_seen(tx: Tx, branch_id: UUID, times: Mapping[UUID, NewTime], actor: Actor) -> int:
    """Offer other times for some appointments, all or none; returns how many. The same once more is one.

    Nobody is moved without being asked: each keeps its own time beside the other one until its visitor answers. Raises
    Stale("moves-changed"), Stale("move-taken") where one of the times has gone, Refused("move-over") for one that can have no
    other time, and Refused("move-many") where one person would move too many in a day, ("block-many-one") for a single one.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        # Before all the rest, because nobody else of the branch is served while many are read.
        if takes_many(tx, (branch_id,), ((one, Choice.MOVE) for one in times), actor):
            raise Refused("block-many-one" if len(times) == 1 else "move-many", n=Count(MANY_BOOKINGS))
        found = in_turn(moving(tx, settings, booking_by_id(tx, branch_id, one)) for one in times)
        if all(one.booking.offered_starts_at == times[one.booking.id].at for one in found):
            return len(found)
        if any(one.seen != times[one.booking.id].seen for one in found):
            raise Stale("moves-changed")
        if any(against_offer(one.booking, tx.now) for one in found):
            raise Refused("move-over")
        for one in found:
            try:
                place = offers.find_other(lock, settings, one.booking, times[one.booking.id].wanted())
            except DomainError as refusal:
                time = times[one.booking.id].at.astimezone(settings.zone)
                raise Stale("move-taken", code=one.booking.code, time=time) from refusal
            offers.offer_place(lock, settings, one.booking, place, Why.OTHER, None, actor)
        return len(found)
