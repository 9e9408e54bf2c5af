"""Silent emergency calls: somebody at a counter asks colleagues for help, one says to be coming, and it is over."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing, Refused
from ..core.facts.counters import AlarmAnswered, AlarmOver, AlarmRaised
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.settings import CounterView, branch_settings
from ..store.tables import Alarm, table
from .counters import Desk, counter_of

ALARM = table(Alarm)


def raise_alarm(tx: Tx, desk: Desk) -> None:
    """Call for help at a counter; again, while it is not over, changes nothing.

    It asks neither whether the person still holds the counter nor for a state of the hall, because help must not fail
    for a page that is out of date.
    """
    with locked(tx, desk.branch_id) as lock:
        counter = counter_of(tx, lock, desk)
        if _open_at(lock, counter.id) is not None:
            return
        row = {"branch_id": lock.id, "counter_id": counter.id, "staff_id": desk.staff_id, "raised_at": lock.now}
        tx.execute(sa.insert(ALARM).values(row))
        lock.append(AlarmRaised(subject=str(counter.id), number=counter.number), desk.actor)


def answer_alarm(tx: Tx, branch_id: UUID, counter_id: UUID, staff_id: UUID, actor: Actor) -> None:
    """Say to be coming; the first who says so is named, and it changes nothing after that or once it is over.

    Raises Refused("alarm-own") for whoever called for help, and Missing("counter").
    """
    with locked(tx, branch_id) as lock:
        counter = _counter(lock, counter_id)
        found = _open_at(lock, counter.id)
        if found is None or found.answered_by is not None:
            return
        if found.staff_id == staff_id:
            raise Refused("alarm-own")
        tx.execute(sa.update(ALARM).where(*_at(lock, counter.id)).values(answered_by=staff_id, answered_at=lock.now))
        lock.append(AlarmAnswered(subject=str(counter.id), number=counter.number), actor)


def end_alarm(tx: Tx, branch_id: UUID, counter_id: UUID, actor: Actor) -> None:
    """It is over; idempotent. Raises Missing("counter")."""
    with locked(tx, branch_id) as lock:
        counter = _counter(lock, counter_id)
        if _open_at(lock, counter.id) is None:
            return
        tx.execute(sa.delete(ALARM).where(*_at(lock, counter.id)))
        lock.append(AlarmOver(subject=str(counter.id), number=counter.number), actor)


def _counter(lock: Locked, counter_id: UUID) -> CounterView:
    found = branch_settings(lock.tx, lock.id, lock.config_version).counters.get(counter_id)
    if found is None:
        raise Missing("counter")
    return found


def _open_at(lock: Locked, counter_id: UUID) -> sa.Row[tuple[UUID, UUID | None]] | None:
    return lock.tx.row(sa.select(ALARM.c.staff_id, ALARM.c.answered_by).where(*_at(lock, counter_id)))


def _at(lock: Locked, counter_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (ALARM.c.branch_id == lock.id, ALARM.c.counter_id == counter_id)
