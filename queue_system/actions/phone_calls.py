"""The call list: whom no message reaches is called, and somebody ticks what came of it.

A row is written in the transaction that makes the call necessary, as a message would be.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing
from ..core.facts.bookings import BookingPhoned
from ..core.messages import MUST_BE_TOLD, OF_SERIES, Event
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.prepared import Prepared
from ..store.queries.bookings import booking_by_id
from ..store.queries.phone_calls import calls_of_series
from ..store.tables import PhoneCall, table

CALL = table(PhoneCall)
_NOTE: Final = Prepared(sa.insert(CALL))
_FORGET: Final = Prepared(
    sa.delete(CALL).where(CALL.c.branch_id == sa.bindparam("branch"), CALL.c.booking_id == sa.bindparam("booking"))
)
# Nothing of what was to be told is settled by these: said again with every booking, or about a time that may come besides.
_NO_NEWS: Final = frozenset({Event.CONFIRMED, Event.SERIES, Event.EARLIER, Event.EARLIER_OVER})


def note(lock: Locked, booking_id: UUID, event: Event, *, told: bool) -> None:
    """Put a visitor on the call list if they must be told of an event and no message does; what is older goes."""
    if event in _NO_NEWS:
        return
    lock.tx.later(_FORGET, {"branch": lock.id, "booking": booking_id})
    if event in MUST_BE_TOLD and not told:
        row = {"branch_id": lock.id, "booking_id": booking_id, "event": event.value, "since": lock.tx.now, "tries": 0}
        lock.tx.later(_NOTE, row)


def tick(tx: Tx, branch_id: UUID, booking_id: UUID, actor: Actor, *, reached: bool) -> None:
    """Record an attempt to call; whoever was reached is called no more. Raises Missing("booking") for nobody to call.

    What was to be said about a series was said of all its appointments.
    """
    with locked(tx, branch_id) as lock:
        waits = CALL.c.branch_id == branch_id, CALL.c.reached_at.is_(None)
        row = tx.row(sa.select(CALL).where(*waits, CALL.c.booking_id == booking_id))
        if row is None:
            raise Missing("booking")
        together = calls_of_series(tx, branch_id, booking_id, row.event) if row.event in OF_SERIES else [booking_id]
        here = *waits, CALL.c.booking_id.in_(together)
        done = {"reached_at": tx.now} if reached else {}
        tx.execute(sa.update(CALL).where(*here).values(tries=row.tries + 1, tried_at=tx.now, **done))
        booking = booking_by_id(tx, branch_id, booking_id)
        fact = BookingPhoned(subject=str(booking_id), code=booking.code, attempt=row.tries + 1, reached=reached)
        lock.append(fact, actor)
