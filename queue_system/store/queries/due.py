"""When something at a branch is next due by itself: a hold or an offer ends, a place returns or is offered to a list.

Every action on bookings settles first what is due. In an opening that is hundreds of times a second, and nearly always
there is nothing. So one statement reads the earliest instant, and the answer is remembered under the chain of the branch's
log (`log.link`): all that makes something due appends a fact in the same transaction, here or on another node, so the same
chain means the same answer. A chain that was rolled back never comes again, because facts name rows by new ids. So,
unlike settings, an answer may be remembered before the commit (`Tx.due`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.promises import Decided
from ..log import Locked
from ..prepared import Prepared
from ..tables import Booking, FreedPlace, table
from ..tables.day import UNSETTLED_BOOKINGS

BOOKING, FREED = table(Booking), table(FreedPlace)
NEVER: Final = datetime.max.replace(tzinfo=UTC)


def _first(column: Any, condition: str, *more: sa.ColumnElement[bool]) -> Any:
    mine = column.table.c.branch_id == sa.bindparam("branch")
    return sa.select(sa.func.min(column)).where(mine, sa.text(condition), *more).scalar_subquery().label(column.key)


_EARLIEST: Final = Prepared(
    sa.select(
        _first(BOOKING.c.held_until, "booking.state = 'held'"),
        _first(
            BOOKING.c.offer_until,
            f"booking.decision IN {UNSETTLED_BOOKINGS}",
            BOOKING.c.decision == Decided.MOVE.value,
            BOOKING.c.state == BookingState.CONFIRMED.value,
        ),
        _first(FREED.c.returns_at, "freed_place.returned_at IS NULL"),
        _first(FREED.c.offers_at, "freed_place.offers_at IS NOT NULL"),
    )
)


def next_due(lock: Locked) -> datetime:
    """The earliest instant at which something is due; it may have passed. NEVER for nothing.

    A place that is offered to a list counts as due as long as it is, because its offer may be of no use any more.
    """
    known = _known(lock)
    # What has passed may have been settled since, so it is read anew, too.
    if known is None or known <= lock.tx.now:
        known = min((at for at in lock.tx.row(_EARLIEST, {"branch": lock.id}) if at is not None), default=NEVER)
        _remember(lock, known)
    return known


@contextmanager
def nothing_due_before(lock: Locked, until: datetime = NEVER) -> Iterator[None]:
    """The facts that are appended in this block make nothing due before `until`, so the next action need not look."""
    known = _known(lock)
    yield
    if known is not None:
        _remember(lock, min(known, until))


def _known(lock: Locked) -> datetime | None:
    found: datetime | None = lock.tx.due.get((next_due, lock.id), lock.chain)
    return found


def _remember(lock: Locked, at: datetime) -> None:
    # Without an entry the chain says nothing.
    if lock.chain:
        lock.tx.due.keep((next_due, lock.id), lock.chain, at)
