"""The machine's own work: one node begins a task of a night, and notes what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa

from ..core.facts.organisation import UpkeepDone, UpkeepFailed
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries import upkeep
from ..store.queries.upkeep import Attempt, of_night
from ..store.tables import ORGANISATION, Upkeep, table

UPKEEP = table(Upkeep)
#: A task is given up for the night after so many attempts.
MOST_ATTEMPTS: Final = 5
#: A node that has not ended a task after this time is taken for dead, and another one may begin anew.
LEASE: Final = timedelta(hours=1)
#: Rows of older nights are removed.
KEPT: Final = timedelta(days=400)


def may_begin(known: Attempt | None, now: Any) -> bool:
    """Whether a task of a night can be begun: not done, not given up, not in another node's hands."""
    if known is None:
        return True
    if known.state == "running":
        return bool(now - known.started_at > LEASE) and known.attempts < MOST_ATTEMPTS
    return known.state == "failed" and known.attempts < MOST_ATTEMPTS


def is_abandoned(known: Attempt, now: Any) -> bool:
    """Whether the node of the last attempt has died, so that nobody else would note that the task failed."""
    return known.state == "running" and known.attempts >= MOST_ATTEMPTS and now - known.started_at > LEASE


def begin(tx: Tx, task: str, night: date, node: str) -> int | None:
    """Take a task of a night for this node; returns which attempt it is, or None if it cannot be begun (`may_begin`)."""
    with locked(tx, ORGANISATION) as lock:
        known = of_night(tx, night).get(task)
        if not may_begin(known, lock.now):
            return None
        attempt = known.attempts + 1 if known else 1
        values = {"state": "running", "attempts": attempt, "node": node, "started_at": lock.now, "ended_at": None}
        if known is None:
            tx.execute(sa.delete(UPKEEP).where(UPKEEP.c.task == task, UPKEEP.c.night < night - KEPT))
            tx.execute(sa.insert(UPKEEP).values(task=task, night=night, figures={}, **values))
        elif not _changed(tx, known, values):
            return None
        return attempt


def done(tx: Tx, task: str, night: date, attempt: int, figures: Mapping[str, Any]) -> bool:
    """Note that a task went well. False, and nothing is noted, if another node has taken it over."""
    with locked(tx, ORGANISATION) as lock:
        known = of_night(tx, night).get(task)
        if known is None or known.attempts != attempt or not _changed(tx, known, _ended(lock, figures)):
            return False
        lock.append(UpkeepDone(subject=night.isoformat(), task=task), SYSTEM)
        return True


def failed(tx: Tx, task: str, night: date, attempt: int, code: str) -> bool:
    """Note that a task failed, as `done`; the log tells of it once for a night, with the last attempt."""
    with locked(tx, ORGANISATION) as lock:
        known = of_night(tx, night).get(task)
        values = {"state": "failed", "ended_at": lock.now, "code": code}
        if known is None or known.attempts != attempt or not _changed(tx, known, values):
            return False
        if attempt >= MOST_ATTEMPTS:
            lock.append(UpkeepFailed(subject=night.isoformat(), task=task, code=code), SYSTEM)
        return True


def done_by_hand(tx: Tx, task: str, figures: Mapping[str, Any], actor: Actor = SYSTEM) -> None:
    """Note that a person had a task done now; for the newest night that is due it need not be done again."""
    with locked(tx, ORGANISATION) as lock:
        night = upkeep.night(tx)
        known = of_night(tx, night).get(task)
        values = _ended(lock, figures)
        if known is None:
            more = {"task": task, "night": night, "attempts": 1, "node": "", "started_at": lock.now}
            tx.execute(sa.insert(UPKEEP).values(values | more))
        else:
            tx.execute(sa.update(UPKEEP).where(UPKEEP.c.task == task, UPKEEP.c.night == night).values(values))
        lock.append(UpkeepDone(subject=night.isoformat(), task=task), actor)


def _ended(lock: Locked, figures: Mapping[str, Any]) -> dict[str, Any]:
    return {"state": "done", "ended_at": lock.now, "code": None, "figures": dict(figures)}


def _changed(tx: Tx, known: Attempt, values: Mapping[str, Any]) -> bool:
    """Change the row if it is still as known."""
    still = (UPKEEP.c.task == known.task, UPKEEP.c.night == known.night, UPKEEP.c.attempts == known.attempts)
    changed = tx.execute(sa.update(UPKEEP).where(*still, UPKEEP.c.state == known.state).values(values))
    return changed.rowcount == 1
