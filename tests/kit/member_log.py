"""What must be true of everybody and everything that appointments have for themselves, read from the tables alone.

This is independent of `actions.members` and of the keys of the tables, so it also judges a database without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from queue_system.core import bookings, slots
from queue_system.store.database import Tx
from queue_system.store.queries.bookings import plan_on
from queue_system.store.queries.members import members_of
from queue_system.store.queries.settings import BranchSettings
from queue_system.store.tables import Booking, BookingMember, Seat, table

BOOKING, HAS, SEAT = table(Booking), table(BookingMember), table(Seat)


def faults(tx: Tx, settings: BranchSettings) -> list[str]:
    """Every member that is taken twice in a tick, and every live booking without one member a need over its whole span."""
    return [*_twice(tx, settings), *_not_whole(tx, settings)]


def _twice(tx: Tx, settings: BranchSettings) -> Iterator[str]:
    members = members_of(settings)
    statement = (
        sa.select(SEAT.c.resource_id, SEAT.c.tick, sa.func.count().label("n"))
        .where(SEAT.c.branch_id == settings.id, SEAT.c.resource_id.in_(list(members)))
        .group_by(SEAT.c.resource_id, SEAT.c.tick)
        .having(sa.func.count() > 1)
    )
    for row in tx.rows(statement):
        yield f"{members[row.resource_id].slug} is taken {row.n} times in tick {row.tick}"


def _not_whole(tx: Tx, settings: BranchSettings) -> Iterator[str]:
    seats: dict[UUID, set[tuple[UUID, int]]] = {}
    for row in tx.rows(sa.select(SEAT).where(SEAT.c.branch_id == settings.id, SEAT.c.freed_id.is_(None))):
        if row.resource_id in members_of(settings):
            seats.setdefault(row.booking_id, set()).add((row.resource_id, row.tick))
    had: dict[UUID, list[Any]] = {}
    for row in tx.rows(sa.select(HAS).where(HAS.c.branch_id == settings.id)):
        had.setdefault(row.booking_id, []).append(row)
    for row in tx.rows(sa.select(BOOKING).where(BOOKING.c.branch_id == settings.id)):
        if bookings.BookingState(row.state) not in bookings.LIVE:
            if row.id in seats:
                yield f"{row.code} is {row.state} and still takes members"
            continue
        times = [row.starts_at] + ([row.offered_starts_at] if row.offered_starts_at else [])
        wanted = {(key, span): options for at in times for key, span, options in _needs(settings, row.service_id, at)}
        mine = had.get(row.id, [])
        if sorted((str(key), span.start, span.stop) for key, span in wanted) != sorted(
            (str(one.need_id), one.first_tick, one.stop_tick) for one in mine
        ):
            yield f"{row.code} does not have one member for each need over the whole time"
            continue
        if any(one.member_id not in wanted[one.need_id, range(one.first_tick, one.stop_tick)] for one in mine):
            yield f"{row.code} has a member that does not serve the need"
        taken = [(one.member_id, tick) for one in mine for tick in range(one.first_tick, one.stop_tick)]
        if len(taken) != len(set(taken)):
            yield f"{row.code} has one member for two needs"
        if set(taken) != seats.get(row.id, set()):
            yield f"{row.code} does not take its members from its beginning to its end"


def _needs(settings: BranchSettings, service_id: UUID, at: datetime) -> Iterator[tuple[UUID, range, tuple[UUID, ...]]]:
    plan = plan_on(settings, settings.services[service_id], at.astimezone(settings.zone).date())
    visit = slots.seats_span(at, plan, settings.tick_minutes)
    for need in plan.members:
        yield need.key, need.span(visit), need.options
