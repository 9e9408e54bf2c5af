"""The holds whose time a change of settings takes away. They are few, so they are looked for while the branch is locked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import effect
from ...core.channels import Channel
from ...core.offer import LiveBooking, Offer
from ...core.promises import Decided
from ...core.support import OUTING, Scarce, Support, Why
from ..database import Tx
from ..prepared import Prepared
from ..tables import Booking, Seat, table
from .effect import offer_of
from .outings import booked_on
from .settings import BranchSettings

BOOKING, SEAT = table(Booking), table(Seat)

HOLD: Final = BOOKING.alias("hold")
_IS_HELD: Final = HOLD.c.branch_id == sa.bindparam("branch"), sa.text("hold.state = 'held'")
_OF_HOLD: Final = (SEAT.c.branch_id == HOLD.c.branch_id) & (SEAT.c.booking_id == HOLD.c.id)
# A row for each queue, resource and member of a hold. Those that have run out are ended for that.
_HOLDS: Final = Prepared(
    sa.select(
        *(HOLD.c[name] for name in ("id", "code", "service_id", "starts_at", "ends_at", "created_at", "channel")),
        SEAT.c.resource_id,
        sa.func.min(SEAT.c.tick).label("least"),
        sa.func.max(SEAT.c.tick).label("most"),
    )
    .join(SEAT, _OF_HOLD)
    .where(*_IS_HELD, HOLD.c.held_until > sa.bindparam("now"))
    .group_by(HOLD.c.branch_id, HOLD.c.id, SEAT.c.resource_id)
)
_PLACES: Final = sa.select(SEAT.c.resource_id, SEAT.c.tick).join(HOLD, _OF_HOLD).where(*_IS_HELD).distinct().subquery()
# How many have a place, where a hold has one; what was promised to stay against the settings counts nowhere.
_TAKEN: Final = Prepared(
    sa.select(SEAT.c.resource_id, SEAT.c.tick, sa.func.count().label("many"))
    .join(_PLACES, (SEAT.c.resource_id == _PLACES.c.resource_id) & (SEAT.c.tick == _PLACES.c.tick))
    .join(BOOKING, (BOOKING.c.branch_id == SEAT.c.branch_id) & (BOOKING.c.id == SEAT.c.booking_id))
    .where(
        SEAT.c.branch_id == sa.bindparam("branch"),
        SEAT.c.freed_id.is_(None),
        BOOKING.c.decision.is_distinct_from(Decided.KEEP.value),
    )
    .group_by(SEAT.c.resource_id, SEAT.c.tick)
)


def lost_holds(tx: Tx, before: BranchSettings, settings: BranchSettings) -> Mapping[UUID, Why]:
    """The holds that lose their time when `settings` follow on those of `before`, by id.

    For the transaction that makes the change, after its rows, and after seats were put in order (`actions.seats.put_in_order`).
    """
    holds = _holds(tx, before, settings)
    if not holds:
        return {}
    old, new = offer_of(before), offer_of(settings)
    # Most edits leave as many places as there were.
    has_fewer = (old.capacities, old.services, old.calendar.outings) != (
        new.capacities,
        new.services,
        new.calendar.outings,
    )
    return effect.lost_holds(old, new, holds, _taken(tx, settings, new, holds) if has_fewer else {})


def _holds(tx: Tx, *both: BranchSettings) -> list[LiveBooking]:
    queues = frozenset[UUID]().union(*(one.queues for one in both))
    rows = tx.rows(_HOLDS, {"branch": both[0].id, "now": tx.now})
    of_hold: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        if row.resource_id not in queues:
            of_hold[row.id].append(row.resource_id)
    return [
        LiveBooking(
            id=row.id,
            code=row.code,
            service=row.service_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            # Members are also taken on the way there and back, a lane of the queue only during the visit.
            ticks=range(row.least, row.most + 1),
            resources=tuple(of_hold[row.id]),
            made_at=row.created_at,
            by_video=row.channel == Channel.VIDEO,
        )
        for row in rows
        if row.resource_id in queues
    ]


def _taken(
    tx: Tx, settings: BranchSettings, offer: Offer, holds: Iterable[LiveBooking]
) -> Mapping[Scarce, Counter[int]]:
    """The places that are taken where a hold has one, by tick; of outings, by day."""
    taken: defaultdict[Scarce, Counter[int]] = defaultdict(Counter)
    for row in tx.rows(_TAKEN, {"branch": settings.id}):
        taken[row.resource_id][row.tick] = row.many
    support = Support(offer)
    for outing in {found.day: found for one in holds if (found := support.outing(one)) is not None}.values():
        taken[OUTING][outing.day.toordinal()] = booked_on(tx, settings, outing)
    return taken
