"""The call list: whom no message reaches is called, and somebody ticks what came of it.

A row is written in the transaction that makes the call necessary, as a message would be.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core.absence import FollowUp, is_followed_up
from ..core.errors import Missing
from ..core.facts.bookings import BookingPhoned
from ..core.messages import MUST_BE_TOLD, OF_SERIES, Event
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.prepared import Prepared
from ..store.queries.bookings import booking_by_id
from ..store.queries.phone_calls import calls_of_series
from ..store.queries.settings import BranchSettings
from ..store.tables import PhoneCall, table
from .message_rows import settle_called

CALL = table(PhoneCall)
_NOTE: Final = Prepared(sa.insert(CALL))
_OF_BOOKING: Final = CALL.c.branch_id == sa.bindparam("branch"), CALL.c.booking_id == sa.bindparam("booking")
_FORGET: Final = Prepared(sa.delete(CALL).where(*_OF_BOOKING))
_FORGET_ONE: Final = Prepared(sa.delete(CALL).where(*_OF_BOOKING, CALL.c.n == sa.bindparam("person")))
# Nothing of what was to be told is settled by these: said again with every booking, or about a time that may come besides.
_NO_NEWS: Final = frozenset({Event.CONFIRMED, Event.SERIES, Event.EARLIER, Event.EARLIER_OVER})


def note(lock: Locked, booking_id: UUID, event: Event, *, told: bool) -> None:
    """Put whom a booking is for on the call list if they must be told of an event and no message does.

    What is older goes, also what others of the booking were to be told.
    """
    if event in _NO_NEWS:
        return
    lock.tx.later(_FORGET, {"branch": lock.id, "booking": booking_id})
    if event in MUST_BE_TOLD and not told:
        lock.tx.later(_NOTE, _row(lock, booking_id, 0, event))


def note_missed(lock: Locked, settings: BranchSettings, booking_id: UUID) -> None:
    """Put on the call list whom a booking was for that has ended as a no-show, where the rule of the branch asks for it."""
    rules = settings.queue_rules
    if is_followed_up(rules.no_show_action):
        lock.tx.later(_FORGET, {"branch": lock.id, "booking": booking_id})
        lock.tx.later(_NOTE, _row(lock, booking_id, 0, FollowUp.MISSED))


def forget(lock: Locked, booking_id: UUID) -> None:
    """Nobody of a booking need be called any more, because its visitor is here."""
    lock.tx.later(_FORGET, {"branch": lock.id, "booking": booking_id})


def note_person(lock: Locked, booking_id: UUID, n: int, event: Event) -> None:
    """Put a person of a booking on the call list, because no message told them of an event; what is older goes."""
    lock.tx.later(_FORGET_ONE, {"branch": lock.id, "booking": booking_id, "person": n})
    lock.tx.later(_NOTE, _row(lock, booking_id, n, event))


def need_not_call(lock: Locked, booking_id: UUID, n: int, event: Event, *, told: bool) -> None:
    """A person of a booking need not be called about an event any more; `told`: they know of it by another way."""
    here = CALL.c.branch_id == lock.id, CALL.c.booking_id == booking_id, CALL.c.n == n
    open_ = *here, CALL.c.event == event.value, CALL.c.reached_at.is_(None)
    change = sa.update(CALL).values(reached_at=lock.tx.now) if told else sa.delete(CALL)
    lock.tx.execute(change.where(*open_))


def tick(tx: Tx, branch_id: UUID, booking_id: UUID, n: int, actor: Actor, *, reached: bool) -> None:
    """Record an attempt to call a person; whoever was reached is called no more. Raises Missing("booking") for nobody to call.

    What was to be said about a series was said of all its appointments.
    """
    with locked(tx, branch_id) as lock:
        waits = CALL.c.branch_id == branch_id, CALL.c.reached_at.is_(None)
        row = tx.row(sa.select(CALL).where(*waits, CALL.c.booking_id == booking_id, CALL.c.n == n))
        if row is None:
            raise Missing("booking")
        mine = [(booking_id, n)]
        together = calls_of_series(tx, branch_id, mine[0], row.event) if row.event in OF_SERIES else mine
        here = *waits, sa.tuple_(CALL.c.booking_id, CALL.c.n).in_(together)
        done = {"reached_at": tx.now} if reached else {}
        tx.execute(sa.update(CALL).where(*here).values(tries=row.tries + 1, tried_at=tx.now, **done))
        if reached:
            settle_called(lock, together, row.event)
        booking = booking_by_id(tx, branch_id, booking_id)
        fact = BookingPhoned(subject=str(booking_id), code=booking.code, attempt=row.tries + 1, reached=reached)
        lock.append(fact, actor)


def _row(lock: Locked, booking_id: UUID, n: int, event: Event | FollowUp) -> dict[str, Any]:
    mine = {"branch_id": lock.id, "booking_id": booking_id, "n": n}
    return {**mine, "event": event.value, "since": lock.tx.now, "tries": 0}
