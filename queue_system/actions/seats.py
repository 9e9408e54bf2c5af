"""The seats of bookings: taken, released, and put in order when a change of settings numbers them anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Refused
from ..core.slots import EPOCH, Seat, tick_of
from ..store import tables
from ..store.log import Locked
from ..store.prepared import Prepared
from ..store.queries.bookings import BookingView
from ..store.queries.effect import offer_of
from ..store.queries.settings import BranchSettings

BOOKING = tables.table(tables.Booking)
BOOKING_MEMBER = tables.table(tables.BookingMember)
SEAT = tables.table(tables.Seat)
_TAKE = Prepared(sa.insert(SEAT))
_RELEASE = Prepared(
    sa.delete(SEAT).where(
        SEAT.c.branch_id == sa.bindparam("branch"),
        SEAT.c.booking_id == sa.bindparam("booking"),
        SEAT.c.freed_id.is_(None),
    )
)
_YESTERDAY: Final = timedelta(days=1)
#: The kinds of settings that say where the places of appointments are and how many; other edits leave seats as they are.
PLACES_OF: Final = frozenset({"queue", "resource", "service"})


def take(lock: Locked, seats: Collection[Seat], booking_id: UUID) -> None:
    """Insert the seats; their primary key prevents double bookings even where a lock was forgotten.

    It raises Refused("slot-taken") with the next statement, or at the end of the work.
    """
    for seat in seats:
        row = {
            "branch_id": lock.id,
            "resource_id": seat.resource_key,
            "tick": seat.tick,
            "lane": seat.lane,
            "booking_id": booking_id,
        }
        lock.tx.later(_TAKE, row, Refused("slot-taken"))


def release(lock: Locked, booking: BookingView) -> None:
    """Let everybody have the seats of a booking at once, but not those that it gave back earlier (decision 0009)."""
    lock.tx.later(_RELEASE, {"branch": lock.id, "booking": booking.id})


def release_offered(lock: Locked, booking: BookingView, tick_minutes: int) -> None:
    """Release the lanes of the time that was offered to a booking; members are released by `members.release`."""
    lock.tx.execute(sa.delete(SEAT).where(*_lanes_of(lock, booking), _is_offered(booking, tick_minutes)))


def release_old(lock: Locked, booking: BookingView, tick_minutes: int) -> None:
    """Release the lanes of a booking's old time, because the offered one was accepted."""
    lock.tx.execute(sa.delete(SEAT).where(*_lanes_of(lock, booking), sa.not_(_is_offered(booking, tick_minutes))))


def put_in_order(lock: Locked, settings: BranchSettings) -> None:
    """Give seats a lane and a queue that the settings have, where one is free.

    Lanes only count, but new bookings look for a free number up to the present limit, so a seat above it would not be
    counted. The seats of a service that has moved to another queue move with it. A seat without a free lane stays above
    the limit: its booking is over capacity, and staff decide.
    """
    first = tick_of(lock.tx.now - _YESTERDAY, settings.tick_minutes)
    capacities = offer_of(settings).capacities
    limits = {key: min(n for _, n in one.terms) for key, one in capacities.items()}
    # A seat may be above the limit of a queue that its service has left; it moves once, to the new queue.
    strays = {_place_of(row): (row, target) for row, target in _above_the_limit(lock, first, limits)}
    strays |= {_place_of(row): (row, target) for row, target in _in_another_queue(lock, settings, first)}
    if not strays:
        return
    taken = _taken(lock, first)
    for row, target in strays.values():
        day = (EPOCH + timedelta(minutes=row.tick * settings.tick_minutes)).astimezone(settings.zone).date()
        used = taken.setdefault((target, row.tick), set())
        limit = capacities[target].on(day)
        if target == row.resource_id and row.lane <= limit:
            continue
        lane = next((lane for lane in range(1, limit + 1) if lane not in used), None)
        if lane is None:
            if target == row.resource_id:
                continue
            lane = max({limit, *used}) + 1
        _move(lock, row, target, lane)
        taken[row.resource_id, row.tick].discard(row.lane)
        used.add(lane)


def _of(lock: Locked, booking: BookingView) -> tuple[sa.ColumnElement[bool], ...]:
    return SEAT.c.branch_id == lock.id, SEAT.c.booking_id == booking.id, SEAT.c.freed_id.is_(None)


def _lanes_of(lock: Locked, booking: BookingView) -> tuple[sa.ColumnElement[bool], ...]:
    """The seats of a booking without those of members, which are taken longer: also on the way there and back."""
    members = sa.select(BOOKING_MEMBER.c.member_id).where(
        BOOKING_MEMBER.c.branch_id == lock.id, BOOKING_MEMBER.c.booking_id == booking.id
    )
    return *_of(lock, booking), SEAT.c.resource_id.not_in(members)


def _is_offered(booking: BookingView, tick_minutes: int) -> sa.ColumnElement[bool]:
    """Which seats of a booking are those of the offered time; the two times never overlap."""
    if booking.offered_starts_at is None:
        return sa.false()
    if booking.offered_starts_at > booking.starts_at:
        return SEAT.c.tick >= tick_of(booking.offered_starts_at, tick_minutes)
    return SEAT.c.tick < tick_of(booking.starts_at, tick_minutes)


def _place_of(row: Any) -> tuple[UUID, int, int]:
    return row.resource_id, row.tick, row.lane


def _above_the_limit(lock: Locked, first: int, limits: Mapping[UUID, int]) -> list[tuple[Any, UUID]]:
    above = sa.or_(*((SEAT.c.resource_id == key) & (SEAT.c.lane > limit) for key, limit in limits.items()))
    found = lock.tx.rows(sa.select(SEAT).where(SEAT.c.branch_id == lock.id, SEAT.c.tick >= first, above))
    return [(row, row.resource_id) for row in found]


def _in_another_queue(lock: Locked, settings: BranchSettings, first: int) -> list[tuple[Any, UUID]]:
    """Seats in a queue that is no longer the one of their booking's service."""
    queue_of = {service.id: service.queue_id for service in settings.services.values()}
    strange = sa.or_(
        *(
            (SEAT.c.resource_id == queue)
            & BOOKING.c.service_id.not_in([key for key, own in queue_of.items() if own == queue])
            for queue in settings.queues
        )
    )
    both = SEAT.join(BOOKING, (BOOKING.c.branch_id == SEAT.c.branch_id) & (BOOKING.c.id == SEAT.c.booking_id))
    found = lock.tx.rows(
        sa.select(*SEAT.c, BOOKING.c.service_id)
        .select_from(both)
        .where(SEAT.c.branch_id == lock.id, SEAT.c.tick >= first, SEAT.c.freed_id.is_(None), strange)
        .order_by(SEAT.c.resource_id, SEAT.c.tick, SEAT.c.lane)
    )
    return [(row, queue_of[row.service_id]) for row in found if row.service_id in queue_of]


def _taken(lock: Locked, first: int) -> dict[tuple[UUID, int], set[int]]:
    """The lanes taken from a tick on, by resource and tick."""
    found: dict[tuple[UUID, int], set[int]] = {}
    statement = sa.select(SEAT.c.resource_id, SEAT.c.tick, SEAT.c.lane)
    for resource_id, tick, lane in lock.tx.rows(statement.where(SEAT.c.branch_id == lock.id, SEAT.c.tick >= first)):
        found.setdefault((resource_id, tick), set()).add(lane)
    return found


def _move(lock: Locked, row: Any, resource_id: UUID, lane: int) -> None:
    moved = lock.tx.execute(
        sa.update(SEAT)
        .where(
            SEAT.c.branch_id == lock.id,
            SEAT.c.resource_id == row.resource_id,
            SEAT.c.tick == row.tick,
            SEAT.c.lane == row.lane,
        )
        .values(resource_id=resource_id, lane=lane)
    )
    if moved.rowcount != 1:
        raise RuntimeError(f"the seat {_place_of(row)} is not where it was read under the lock")
