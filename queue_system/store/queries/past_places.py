"""Of a past day: when its counters were open, and which places its queues had for appointments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.day_parts import KINDS_OF_COUNTERS, Places
from ...core.digests import Happening, minutes
from ...core.layers import merged
from ..database import Tx
from ..log import ENTRY, first_since
from ..tables import Booking, FreedPlace, table
from .settings import BranchSettings

BOOKING, FREED = table(Booking), table(FreedPlace)
#: States of bookings that nobody has for a place.
_NOBODY: Final = (BookingState.HELD.value, BookingState.EXPIRED.value, BookingState.CANCELLED.value)


def sittings(
    tx: Tx, branch_id: UUID, start: datetime, end: datetime, kinds: Collection[str] = KINDS_OF_COUNTERS
) -> list[Happening]:
    """The facts of these kinds about counters between two instants, oldest first, with the id of each as `counter`."""
    statement = (
        sa.select(ENTRY.c.kind, ENTRY.c.at, ENTRY.c.subject)
        .where(
            ENTRY.c.branch_id == branch_id,
            ENTRY.c.seq >= first_since(tx, branch_id, start),
            ENTRY.c.seq < first_since(tx, branch_id, end),
            ENTRY.c.kind.in_(kinds),
        )
        .order_by(ENTRY.c.seq)
    )
    return [Happening(kind, at, {"counter": subject}) for kind, at, subject in tx.rows(statement)]


def planned_places(tx: Tx, settings: BranchSettings, day: date, start: datetime, end: datetime) -> Mapping[str, Places]:
    """The places of each queue that takes appointments, by its slug, after the settings as they are now."""
    freed, reused = _freed(tx, settings, start, end)
    services = settings.services_on(day).values()
    return {
        queue.slug: Places(
            planned=lanes
            * _open_minutes(
                settings,
                day,
                {one.id for one in services if one.queue_id == queue.id and one.booked_as != "walkin_only"},
            ),
            lanes=lanes,
            freed=freed[queue.id],
            reused=reused[queue.id],
        )
        for queue in settings.queues.values()
        if (lanes := settings.lanes_on(queue.id, day)[0])
    }


def _open_minutes(settings: BranchSettings, day: date, services: set[UUID]) -> int:
    """Minutes of a day in which one of some services at least is open."""
    found = merged(window for one in services for window in hours.windows(day, settings.calendar, one))
    spans = (hours.to_instants(day, window, settings.zone) for window in found)
    return sum(minutes(closes - opens) for opens, closes in spans)


def _freed(tx: Tx, settings: BranchSettings, start: datetime, end: datetime) -> tuple[Counter[UUID], Counter[UUID]]:
    """How many places of a day were given back, by queue, and how many of them were booked again after that."""
    given = tx.rows(
        sa.select(FREED.c.service_id, FREED.c.starts_at, FREED.c.freed_at).where(
            FREED.c.branch_id == settings.id, FREED.c.starts_at >= start, FREED.c.starts_at < end
        )
    )
    if not given:
        return Counter(), Counter()
    booked = tx.rows(
        sa.select(BOOKING.c.service_id, BOOKING.c.starts_at, BOOKING.c.created_at).where(
            BOOKING.c.branch_id == settings.id,
            BOOKING.c.starts_at >= start,
            BOOKING.c.starts_at < end,
            BOOKING.c.state.not_in(_NOBODY),
        )
    )
    freed, reused = Counter[UUID](), Counter[UUID]()
    later = sorted((row.service_id, row.starts_at, row.created_at) for row in booked)
    for row in sorted(given, key=lambda one: one.freed_at):
        service = settings.services.get(row.service_id)
        if service is None:
            continue
        freed[service.queue_id] += 1
        again = next(
            (one for one in later if one[:2] == (row.service_id, row.starts_at) and one[2] >= row.freed_at), None
        )
        if again is not None:
            later.remove(again)
            reused[service.queue_id] += 1
    return freed, reused
