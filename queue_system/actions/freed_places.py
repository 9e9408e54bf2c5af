"""Places that confirmed bookings give back: they are kept until their lot, or staff, lets them return."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core import hours, slots
from ..core.bookings import Policy
from ..core.earlier import Outcome
from ..core.facts.bookings import PlaceLeftToLot, PlaceReleased, PlaceReturned
from ..core.facts.earlier import EarlierEnded
from ..core.freed import LISTED, Freed, draw_at, returns_at
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id, policy_of
from ..store.queries.earlier import ListedPlace, Offer, running_offer, running_offers
from ..store.queries.freed import KeptPlace, due_places, kept_places
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import EarlierOffer, FreedPlace, Seat, table

FREED = table(FreedPlace)
OFFER = table(EarlierOffer)
SEAT = table(Seat)


def release_places(tx: Tx, branch_id: UUID, ids: Collection[UUID], actor: Actor) -> int:
    """Staff release places at once; returns how many were released.

    Places that have returned already are skipped, and those that are kept for somebody who was asked.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        offered = running_offers(tx, branch_id)
        wanted = [place for place in kept_places(tx, branch_id) if place.id in ids and place.id not in offered]
        for place in wanted:
            _return(lock, place)
            fact = PlaceReleased(
                subject=str(place.booking_id),
                code=place.code,
                service=settings.services[place.service_id].slug,
                starts_at=place.starts_at.isoformat(),
            )
            lock.append(fact, actor)
        return len(wanted)


def return_due(lock: Locked) -> int:
    """Return the places whose time has come by their lot; for actions that have locked the branch."""
    due = due_places(lock.tx, lock.id)
    if not due:
        return 0
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    for place in due:
        _return(lock, place)
        fact = PlaceReturned(
            subject=str(place.booking_id),
            code=place.code,
            service=settings.services[place.service_id].slug,
            starts_at=place.starts_at.isoformat(),
            freed_at=(place.lot_from or place.freed_at).isoformat(),
            lot=place.lot,
        )
        lock.append(fact, SYSTEM)
    return len(due)


def give_back(lock: Locked, settings: BranchSettings, booking: BookingView) -> None:
    """Keep the seats of a booking taken until they are given to somebody who waits, or their lot or staff return them.

    Otherwise a broker could free a place at the moment when his buyer asks for it. An earlier time that was offered to
    the booking is offered to the next.
    """
    offer = running_offer(lock.tx, lock.id, booking.id)
    if offer is not None:
        end_offer(lock, offer, Outcome.WITHDRAWN, SYSTEM)
    now, lot = lock.tx.now, secrets.token_hex(8)
    policy = policy_of(settings, settings.services[booking.service_id])
    offers_at = _offers_at(lock, settings, policy, booking)
    by_lot = policy.freed is Freed.BY_LOT or (policy.freed in LISTED and offers_at is None)
    place_id = uuid7()
    lock.tx.execute(
        sa.insert(FREED),
        {
            "branch_id": lock.id,
            "id": place_id,
            "booking_id": booking.id,
            "service_id": booking.service_id,
            "starts_at": booking.starts_at,
            "freed_at": now,
            "returns_at": _by_lot(lock, settings, lot, booking.starts_at) if by_lot else None,
            "lot": lot,
            "offer_order": None if offers_at is None else policy.freed.value,
            "offers_at": offers_at,
        },
    )
    lock.tx.execute(
        sa.update(SEAT)
        .where(SEAT.c.branch_id == lock.id, SEAT.c.booking_id == booking.id, SEAT.c.freed_id.is_(None))
        .values(freed_id=place_id)
    )


def hand_seats_to(lock: Locked, place_id: UUID, holder: UUID, booking_id: UUID) -> None:
    """The seats of a place go from the booking that has them, the `holder`, to another; nobody else can take them."""
    lock.tx.execute(
        sa.update(SEAT)
        .where(SEAT.c.branch_id == lock.id, SEAT.c.booking_id == holder, SEAT.c.freed_id == place_id)
        .values(booking_id=booking_id)
    )


def end_offer(lock: Locked, offer: Offer, outcome: Outcome, actor: Actor) -> None:
    """End an offer; unless it was accepted, the place is again as it was before it."""
    lock.tx.execute(
        sa.update(OFFER)
        .where(OFFER.c.branch_id == lock.id, OFFER.c.id == offer.id)
        .values(ended_at=lock.tx.now, outcome=outcome.value)
    )
    if outcome is not Outcome.ACCEPTED:
        giver = lock.tx.scalar(
            sa.select(FREED.c.booking_id).where(FREED.c.branch_id == lock.id, FREED.c.id == offer.place_id)
        )
        hand_seats_to(lock, offer.place_id, offer.booking_id, giver)
    fact = EarlierEnded(
        subject=str(offer.booking_id), code=offer.code, to_starts_at=offer.starts_at.isoformat(), outcome=outcome.value
    )
    lock.append(fact, actor)


def accept_what_is_used(lock: Locked, booking_id: UUID, seats: Collection[slots.Seat], actor: Actor) -> Offer | None:
    """Accept the earlier time that is kept for a booking, where it is about to take some of its `seats`.

    Returns the offer, whose place is used up then. Whoever moves by themselves to the time that was offered has it.
    """
    offer = running_offer(lock.tx, lock.id, booking_id)
    if offer is None:
        return None
    kept = sa.select(SEAT.c.resource_id, SEAT.c.tick, SEAT.c.lane).where(
        SEAT.c.branch_id == lock.id, SEAT.c.booking_id == booking_id, SEAT.c.freed_id == offer.place_id
    )
    if {slots.Seat(*row) for row in lock.tx.rows(kept)}.isdisjoint(seats):
        return None
    end_offer(lock, offer, Outcome.ACCEPTED, actor)
    return offer


def leave_to_lot(lock: Locked, settings: BranchSettings, place: ListedPlace) -> None:
    """Offer a place to nobody any more; it returns by a new lot, because the first one may be known from the draw."""
    lot = secrets.token_hex(8)
    at = _by_lot(lock, settings, lot, place.starts_at)
    lock.tx.execute(
        sa.update(FREED)
        .where(FREED.c.branch_id == lock.id, FREED.c.id == place.id)
        .values(offers_at=None, lot=lot, lot_from=lock.tx.now, returns_at=at)
    )
    fact = PlaceLeftToLot(
        subject=str(place.booking_id),
        code=booking_by_id(lock.tx, lock.id, place.booking_id).code,
        service=settings.services[place.service_id].slug,
        starts_at=place.starts_at.isoformat(),
    )
    lock.append(fact, SYSTEM)


def use_up(lock: Locked, place_id: UUID, booking_id: UUID) -> None:
    """A place has been taken by the booking that it was kept for; seats that this did not need are free."""
    lock.tx.execute(
        sa.delete(SEAT).where(SEAT.c.branch_id == lock.id, SEAT.c.booking_id == booking_id, SEAT.c.freed_id == place_id)
    )
    lock.tx.execute(
        sa.update(FREED)
        .where(FREED.c.branch_id == lock.id, FREED.c.id == place_id)
        .values(returned_at=lock.tx.now, offers_at=None)
    )


def take_again(lock: Locked, booking_id: UUID, resource_id: UUID, ticks: range) -> None:
    """Take back, for a booking, the seats of a resource that it gave back itself and that have not returned yet."""
    lock.tx.execute(
        sa.update(SEAT)
        .where(
            SEAT.c.branch_id == lock.id,
            SEAT.c.booking_id == booking_id,
            SEAT.c.resource_id == resource_id,
            SEAT.c.tick >= ticks.start,
            SEAT.c.tick < ticks.stop,
        )
        .values(freed_id=None)
    )
    _end_without_seats(lock, booking_id)


def take_over(lock: Locked, booking_id: UUID, wanted: Collection[slots.Seat]) -> None:
    """Free those seats among `wanted` that a booking gave back, within an action that takes them for the same person.

    What else it gave back stays as it is: kept until its lot, or for whoever it is offered to.
    """
    for key in {one.resource_key for one in wanted}:
        lock.tx.execute(
            sa.delete(SEAT).where(
                SEAT.c.branch_id == lock.id,
                SEAT.c.booking_id == booking_id,
                SEAT.c.freed_id.is_not(None),
                SEAT.c.resource_id == key,
                SEAT.c.tick.in_([one.tick for one in wanted if one.resource_key == key]),
            )
        )
    _end_without_seats(lock, booking_id)


def _end_without_seats(lock: Locked, booking_id: UUID) -> None:
    """A place of which the booking has taken back every seat is kept no more.

    It never was given back then, so nothing is left of it; but one that was ever offered stays, because the offer names it.
    """
    in_use = sa.select(SEAT.c.freed_id).where(
        SEAT.c.branch_id == lock.id, SEAT.c.booking_id == booking_id, SEAT.c.freed_id.is_not(None)
    )
    ever_offered = sa.select(OFFER.c.place_id).where(OFFER.c.branch_id == lock.id)
    taken_back = (
        FREED.c.branch_id == lock.id,
        FREED.c.booking_id == booking_id,
        FREED.c.returned_at.is_(None),
        FREED.c.id.not_in(in_use),
        # The seats of these are kept for another booking.
        FREED.c.id.not_in(ever_offered.where(OFFER.c.ended_at.is_(None))),
    )
    lock.tx.execute(sa.delete(FREED).where(*taken_back, FREED.c.id.not_in(ever_offered)))
    lock.tx.execute(sa.update(FREED).where(*taken_back).values(returned_at=lock.tx.now, offers_at=None))


def _return(lock: Locked, place: KeptPlace) -> None:
    lock.tx.execute(
        sa.delete(SEAT).where(
            SEAT.c.branch_id == lock.id, SEAT.c.booking_id == place.booking_id, SEAT.c.freed_id == place.id
        )
    )
    lock.tx.execute(
        sa.update(FREED)
        .where(FREED.c.branch_id == lock.id, FREED.c.id == place.id)
        .values(returned_at=lock.tx.now, offers_at=None)
    )


def _offers_at(lock: Locked, settings: BranchSettings, policy: Policy, booking: BookingView) -> datetime | None:
    """From when the place is offered to those who wait; None where it is not. An outing is at another place."""
    day = booking.starts_at.astimezone(settings.zone).date()
    if policy.freed not in LISTED or hours.outing_on(day, settings.calendar, booking.service_id) is not None:
        return None
    if policy.freed is Freed.IN_ORDER:
        return lock.tx.now
    return draw_at(lock.tx.now, booking.starts_at, policy.draws_at or settings.freed_places_at, settings.zone)


def _by_lot(lock: Locked, settings: BranchSettings, lot: str, starts_at: datetime) -> datetime | None:
    return returns_at(lot, lock.tx.now, starts_at, settings.freed_places_at, settings.zone)
