"""Places that were given back, offered to those who wait for an earlier time: one at a time, in a published order.

While a place is offered its seats stay taken, so nobody can be faster than whoever was asked. `pass_on` is done with
every action on bookings, and at least once a minute, so that no offer depends on a program that keeps running.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.bookings import Booker
from ..core.earlier import Outcome, Waiting, answer_until, order
from ..core.errors import DomainError
from ..core.facts.earlier import EarlierOffered
from ..core.freed import Freed
from ..core.messages import Event
from ..core.slots import tick_of
from ..store.log import SYSTEM, Locked
from ..store.queries.bookings import booking_by_id, seats_of
from ..store.queries.earlier import ListedPlace, Offer, listed_places, waiting_for
from ..store.queries.helping import against_move
from ..store.queries.known_members import promised_members
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import EarlierOffer, EarlierWish, table
from . import freed_places, outbox, placing
from .freed_places import end_offer, hand_seats_to, leave_to_lot
from .placing import Wanted

OFFER, WISH = table(EarlierOffer), table(EarlierWish)


def pass_on(lock: Locked) -> int:
    """End the offers that have run out or are of no use any more, and make the next ones; returns how many changed."""
    listed = listed_places(lock.tx, lock.id)
    if not listed:
        return 0
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    return sum(_pass_on(lock, settings, place) for place in listed)


def forget_wish(lock: Locked, booking_id: UUID) -> bool:
    """Take an appointment off the list; whether it was on it."""
    gone = lock.tx.execute(sa.delete(WISH).where(WISH.c.branch_id == lock.id, WISH.c.booking_id == booking_id))
    return gone.rowcount == 1


def use_up(lock: Locked, offer: Offer | None) -> None:
    """The place of an offer that was accepted has been taken, and its booking waits for no other; None: there was none."""
    if offer is not None:
        freed_places.use_up(lock, offer.place_id, offer.booking_id)
        forget_wish(lock, offer.booking_id)


def _pass_on(lock: Locked, settings: BranchSettings, place: ListedPlace) -> bool:
    offer = place.offer
    if offer is not None:
        if offer.stands and lock.tx.now < offer.until:
            return False
        end_offer(lock, offer, Outcome.RAN_OUT if offer.stands else Outcome.WITHDRAWN, SYSTEM)
        if offer.stands:
            # Who does not answer may not look; others need not wait for them again.
            forget_wish(lock, offer.booking_id)
            _tell(lock, settings, offer.booking_id, Event.EARLIER_OVER)
    suited = [one for one in waiting_for(lock.tx, lock.id, place) if _suits(lock, settings, place, one)]
    asked = order(suited, place.freed, place.lot)
    first = next((one for one in asked if _keep_if_possible(lock, settings, place, one)), None)
    if first is not None:
        _offer(lock, settings, place, first, len(suited))
    else:
        leave_to_lot(lock, settings, place)
    return True


def _suits(lock: Locked, settings: BranchSettings, place: ListedPlace, one: Waiting) -> bool:
    """Whether the place suits somebody. It must be over when the appointment begins, because both are kept for a while."""
    if not one.wish.suits(place.starts_at, one.booked_at, lock.tx.now, settings.zone):
        return False
    service = settings.services[place.service_id].on(place.starts_at.astimezone(settings.zone).date())
    taken = -(-(service.duration_min + service.buffer_min) // settings.tick_minutes)
    return tick_of(place.starts_at, settings.tick_minutes) + taken <= tick_of(one.booked_at, settings.tick_minutes)


def _keep_if_possible(lock: Locked, settings: BranchSettings, place: ListedPlace, first: Waiting) -> bool:
    """Keep the place for somebody; False, and nothing has changed, where they cannot have it.

    The settings may not have such a time any more, somebody may be there from whom they are kept apart, or the
    organisation that booked for them may have no place then.
    """
    booking = booking_by_id(lock.tx, lock.id, first.booking_id)
    if against_move(lock.tx, settings, booking, place.starts_at) is not None:
        return False
    hand_seats_to(lock, place.id, place.booking_id, first.booking_id)
    own, service = seats_of(lock.tx, lock.id, first.booking_id), settings.services[place.service_id]
    try:
        found = placing.find_instead(lock, settings, service, booking, Wanted(place.starts_at, Booker.STAFF))
        must_be_kept = {need.resource_key for need in found.plan.resources}
        must_be_kept.update(promised_members(lock.tx, settings, booking).values())
        # What was not given back is kept for nobody, so it could be gone before the answer.
        is_kept = all(seat in own for seat in found.seats if seat.resource_key in must_be_kept)
    except DomainError:
        is_kept = False
    if not is_kept:
        hand_seats_to(lock, place.id, first.booking_id, place.booking_id)
    return is_kept


def _offer(lock: Locked, settings: BranchSettings, place: ListedPlace, first: Waiting, suited: int) -> None:
    until = answer_until(lock.tx.now, place.starts_at, settings.zone)
    lock.tx.execute(
        sa.insert(OFFER),
        {
            "branch_id": lock.id,
            "id": uuid7(),
            "place_id": place.id,
            "booking_id": first.booking_id,
            "from_starts_at": first.booked_at,
            "starts_at": place.starts_at,
            "offered_at": lock.tx.now,
            "until": until,
        },
    )
    fact = EarlierOffered(
        subject=str(first.booking_id),
        code=first.code,
        from_starts_at=first.booked_at.isoformat(),
        to_starts_at=place.starts_at.isoformat(),
        until=until.isoformat(),
        suited=suited,
        lot=place.lot if place.freed is Freed.DRAWN else "",
    )
    lock.append(fact, SYSTEM)
    _tell(lock, settings, first.booking_id, Event.EARLIER)


def _tell(lock: Locked, settings: BranchSettings, booking_id: UUID, event: Event) -> None:
    """Tell whom the appointment is for, and nobody who comes along."""
    outbox.tell(lock, settings, booking_by_id(lock.tx, lock.id, booking_id), event, to=(0,))
