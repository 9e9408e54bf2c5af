"""An open counter calls nobody for some time, and its clerk says why and until when."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ..core.counters import away_until
from ..core.errors import Count, Refused
from ..core.facts.counters import CounterPaused, CounterResumed
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.settings import CounterView
from ..store.tables import Counter, table
from .counters import Desk, away_at, counter_of, require_holder
from .day import in_session

COUNTER = table(Counter)


def begin_break(tx: Tx, desk: Desk, reason: str, minutes: int) -> None:
    """The counter calls nobody for so many minutes, as far as its clerk knows now; again, to say something else.

    Raises Refused("counter-busy") while a visitor is there, and what `away_until` raises.
    """
    with in_session(tx, desk.branch_id) as lock:
        counter = counter_of(tx, lock, desk)
        require_holder(tx, desk)
        until = away_until(reason, minutes, lock.now)
        if line.at_counter(tx, lock.id, counter.id) is not None:
            raise Refused("counter-busy", number=Count(counter.number))
        _set(lock, counter, reason, until)
        fact = CounterPaused(subject=str(counter.id), number=counter.number, reason=reason, until=until.isoformat())
        lock.append(fact, desk.actor)


def end_break(tx: Tx, desk: Desk) -> None:
    """The clerk is back; idempotent."""
    with in_session(tx, desk.branch_id) as lock:
        counter = counter_of(tx, lock, desk)
        require_holder(tx, desk)
        call_again(lock, counter, desk.actor)


def call_again(lock: Locked, counter: CounterView, actor: Actor) -> None:
    """The counter calls again, if it did not."""
    if away_at(lock.tx, lock.id, counter.id) is None:
        return
    _set(lock, counter, None, None)
    lock.append(CounterResumed(subject=str(counter.id), number=counter.number), actor)


def _set(lock: Locked, counter: CounterView, reason: str | None, until: datetime | None) -> None:
    lock.tx.execute(
        sa.update(COUNTER)
        .where(COUNTER.c.branch_id == lock.id, COUNTER.c.id == counter.id)
        .values(away=reason, away_until=until)
    )
