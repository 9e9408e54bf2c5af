"""People in the hall at this moment who must not meet, for those who receive and serve them.

Nothing is stored: both are in the hall, or nobody is told. Screens, slips and the order of calls know nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import ApartKey, ApartPair, table
from .apart import IN_FORCE, keeps_apart, zones_of_queue
from .line import TicketView
from .settings import BranchSettings, Names

KEY = table(ApartKey)
PAIR = table(ApartPair)


@dataclass(frozen=True, slots=True)
class InHall:
    """Two tickets of a pair, and a zone where `came`, the later one, does not wait beside `inside`; None if there is none."""

    inside: TicketView
    came: TicketView
    zone: Names | None


def in_hall_together(tx: Tx, settings: BranchSettings, tickets: Iterable[TicketView]) -> list[InHall]:
    """The pairs of which both are among the open tickets of a branch, the latest first."""
    if not keeps_apart(settings):
        return []
    by_booking = {one.booking_id: one for one in tickets if one.booking_id is not None}
    today = settings.timetable.business_date(tx.now)
    statement = (
        sa.select(PAIR.c.id, PAIR.c.until, PAIR.c.key_a, KEY.c.hash, KEY.c.booking_id)
        .select_from(
            PAIR.join(KEY, sa.and_(KEY.c.branch_id == PAIR.c.branch_id, KEY.c.hash.in_([PAIR.c.key_a, PAIR.c.key_b])))
        )
        .where(PAIR.c.branch_id == settings.id, IN_FORCE, KEY.c.booking_id.in_(list(by_booking)))
    )
    sides: dict[UUID, tuple[set[UUID], set[UUID]]] = {}
    for row in tx.rows(statement):
        if row.until is None or row.until >= today:
            sides.setdefault(row.id, (set(), set()))[row.hash != row.key_a].add(row.booking_id)
    both = {frozenset({one, other}) for first, second in sides.values() for one in first for other in second}
    found = [_two(settings, [by_booking[one] for one in two]) for two in both if len(two) > 1]
    return sorted(found, key=lambda one: (one.came.issued_at, one.came.id), reverse=True)


def concerns(found: Iterable[InHall], current: TicketView | None, queues: Collection[UUID]) -> tuple[str, ...]:
    """The codes that a counter should mind: of the visitor who is at it, and of those whom it could call."""
    mine = {
        one.code
        for two in found
        for one in (two.inside, two.came)
        if (current is not None and one.id == current.id) or (one.counter_id is None and one.queue_id in queues)
    }
    return tuple(sorted(mine))


def _two(settings: BranchSettings, tickets: Collection[TicketView]) -> InHall:
    inside, came = sorted(tickets, key=lambda one: (one.issued_at, one.id))
    day = settings.timetable.business_date(came.issued_at)
    there = zones_of_queue(settings, inside.queue_id, day)
    own = zones_of_queue(settings, came.queue_id, day)
    free = [key for key in settings.zones if key not in there]
    zone = next((key for key in free if key in own), next(iter(free), None))
    return InHall(inside, came, None if zone is None else settings.zones[zone].names)
