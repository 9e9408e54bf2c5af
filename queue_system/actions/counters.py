"""Clerks open counters, take them over and leave them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Count, Missing, Refused, Stale
from ..core.facts.counters import CounterClosed, CounterOpened
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.prepared import Prepared
from ..store.queries import line
from ..store.queries.desk import holders
from ..store.queries.settings import CounterView, branch_settings
from ..store.tables import Counter, table
from .day import in_session, vacate
from .reserving import free_reserved
from .sessions import SESSION_IDLE

COUNTER = table(Counter)

_HOLDER = Prepared(
    sa.select(COUNTER.c.staff_id, COUNTER.c.away).where(
        COUNTER.c.branch_id == sa.bindparam("branch"), COUNTER.c.id == sa.bindparam("counter")
    )
)


@dataclass(frozen=True, slots=True)
class Desk:
    """The clerk and the counter of a request. `expected` is the ticket that the page showed at the counter, or None.

    A page that is out of date (double click, second tab, counter taken over by a colleague) gets Stale("desk-stale"),
    so that no press takes effect twice. `by`: somebody who opens or closes the counter for the clerk.
    """

    branch_id: UUID
    counter_id: UUID
    staff_id: UUID
    expected: UUID | None = None
    by: Actor | None = None

    @property
    def actor(self) -> Actor:
        return self.by or Actor("staff", str(self.staff_id))


def open_counter(tx: Tx, desk: Desk) -> None:
    """Open a counter for a clerk, who leaves the previous one. Raises Refused("counter-taken"), Missing("counter")."""
    with in_session(tx, desk.branch_id) as lock:
        counter = counter_of(tx, lock, desk)
        holder = _holder(tx, desk)
        if holder == desk.staff_id:
            # The clerk stays, but from now on in this session: a visit of the last session may have gone on until now.
            _set_holder(tx, lock, counter, desk.staff_id)
            return
        _must_be_in_use(lock, counter)
        if holder is not None:
            raise Refused("counter-taken", number=Count(counter.number))
        _sit_down(lock, counter, desk)


def take_over(tx: Tx, desk: Desk) -> None:
    """Open a counter whose clerk has gone without leaving it and has no live session any more.

    A visitor at the counter stays there, and whoever waits for this counter alone goes on waiting for it; whoever waits
    for the clerk who has gone is called by everybody. Raises Refused("counter-taken") while that clerk has a live session.
    """
    with in_session(tx, desk.branch_id) as lock:
        counter = counter_of(tx, lock, desk)
        holder = holders(tx, desk.branch_id, SESSION_IDLE).get(counter.id)
        if holder is not None and holder.staff_id == desk.staff_id:
            return
        _must_be_in_use(lock, counter)
        if holder is not None:
            if holder.present:
                raise Refused("counter-taken", number=Count(counter.number))
            free_reserved(lock, counter.id, taken_over=True)
            lock.append(CounterClosed(subject=str(counter.id), number=counter.number), desk.actor)
        _sit_down(lock, counter, desk, holder.staff_id if holder else None)


def close_counter(tx: Tx, desk: Desk) -> None:
    """Leave a counter. Raises Refused("counter-busy") while a visitor is there."""
    with in_session(tx, desk.branch_id) as lock:
        counter = counter_of(tx, lock, desk)
        require_holder(tx, desk)
        _close(lock, counter, desk)


def counter_of(tx: Tx, lock: Locked, desk: Desk) -> CounterView:
    counter = branch_settings(tx, lock.id, lock.config_version).counters.get(desk.counter_id)
    if counter is None:
        raise Missing("counter")
    return counter


def _must_be_in_use(lock: Locked, counter: CounterView) -> None:
    """Raises Missing("counter") for one that is retired; who sits there already may finish the day."""
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    if counter.is_retired(settings.timetable.business_date(lock.tx.now)):
        raise Missing("counter")


def _holder(tx: Tx, desk: Desk) -> UUID | None:
    return tx.scalar(_HOLDER, {"branch": desk.branch_id, "counter": desk.counter_id})  # type: ignore[no-any-return]


def away_at(tx: Tx, branch_id: UUID, counter_id: UUID) -> str | None:
    """Why an open counter calls nobody for some time; None while it calls."""
    row = tx.row(_HOLDER, {"branch": branch_id, "counter": counter_id})
    return None if row is None else row.away


def require_holder(tx: Tx, desk: Desk) -> None:
    if _holder(tx, desk) != desk.staff_id:
        raise Stale("not-your-counter")


def _sit_down(lock: Locked, counter: CounterView, desk: Desk, instead_of: UUID | None = None) -> None:
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    for other in lock.tx.rows(
        sa.select(COUNTER.c.id).where(COUNTER.c.branch_id == lock.id, COUNTER.c.staff_id == desk.staff_id)
    ):
        _close(lock, settings.counters[other.id], desk)
    _set_holder(lock.tx, lock, counter, desk.staff_id)
    opened = CounterOpened(
        subject=str(counter.id),
        number=counter.number,
        instead_of=str(instead_of) if instead_of else None,
        for_clerk=str(desk.staff_id) if desk.by else None,
    )
    lock.append(opened, desk.actor)


def _set_holder(tx: Tx, lock: Locked, counter: CounterView, staff_id: UUID) -> None:
    tx.execute(
        sa.update(COUNTER)
        .where(COUNTER.c.branch_id == lock.id, COUNTER.c.id == counter.id)
        .values(staff_id=staff_id, seated_at=tx.now, away=None, away_until=None)
    )


def _close(lock: Locked, counter: CounterView, desk: Desk) -> None:
    if line.at_counter(lock.tx, lock.id, counter.id) is not None:
        raise Refused("counter-busy", number=Count(counter.number))
    vacate(lock, counter.id, counter.number, desk.actor)
