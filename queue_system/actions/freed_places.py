"""Places that confirmed bookings give back: they are kept until their lot, or staff, lets them return."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.facts.bookings import PlaceReleased, PlaceReturned
from ..core.freed import returns_at
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.bookings import BookingView, policy_of
from ..store.queries.freed import KeptPlace, due_places, kept_places
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import FreedPlace, Seat, table

FREED = table(FreedPlace)
SEAT = table(Seat)


def release_places(tx: Tx, branch_id: UUID, ids: Collection[UUID], actor: Actor) -> int:
    """Staff release places at once; places that have returned already are skipped. Returns how many were released."""
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        wanted = [place for place in kept_places(tx, branch_id) if place.id in ids]
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
            freed_at=place.freed_at.isoformat(),
            lot=place.lot,
        )
        lock.append(fact, SYSTEM)
    return len(due)


def give_back(lock: Locked, settings: BranchSettings, booking: BookingView) -> None:
    """Keep the seats of a booking taken until their lot, or staff, lets them return.

    Otherwise a broker could free a place at the moment when his buyer asks for it.
    """
    now, lot = lock.tx.now, secrets.token_hex(8)
    by_lot = policy_of(settings, settings.services[booking.service_id]).returns_by_lot
    returns = returns_at(lot, now, booking.starts_at, settings.freed_places_at, settings.zone) if by_lot else None
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
            "returns_at": returns,
            "lot": lot,
        },
    )
    lock.tx.execute(
        sa.update(SEAT)
        .where(SEAT.c.branch_id == lock.id, SEAT.c.booking_id == booking.id, SEAT.c.freed_id.is_(None))
        .values(freed_id=place_id)
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
    in_use = sa.select(SEAT.c.freed_id).where(
        SEAT.c.branch_id == lock.id, SEAT.c.booking_id == booking_id, SEAT.c.freed_id.is_not(None)
    )
    lock.tx.execute(
        sa.delete(FREED).where(
            FREED.c.branch_id == lock.id,
            FREED.c.booking_id == booking_id,
            FREED.c.returned_at.is_(None),
            FREED.c.id.not_in(in_use),
        )
    )


def let_go(lock: Locked, booking_id: UUID) -> None:
    """Let the places that a booking gave back return at once, within an action that takes one of them for the same person."""
    for place in kept_places(lock.tx, lock.id):
        if place.booking_id == booking_id:
            _return(lock, place)


def _return(lock: Locked, place: KeptPlace) -> None:
    lock.tx.execute(
        sa.delete(SEAT).where(
            SEAT.c.branch_id == lock.id, SEAT.c.booking_id == place.booking_id, SEAT.c.freed_id == place.id
        )
    )
    lock.tx.execute(
        sa.update(FREED).where(FREED.c.branch_id == lock.id, FREED.c.id == place.id).values(returned_at=lock.tx.now)
    )
