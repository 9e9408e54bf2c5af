"""What the machine did by itself, and what it could not do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ...core.nights import night_of
from ..database import Tx
from ..tables import ORGANISATION, Branch, Upkeep, table

UPKEEP = table(Upkeep)
BRANCH = table(Branch)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest attempt at a task for a night: `state` is running, done or failed; `code` is why it failed."""

    task: str
    night: date
    state: str
    attempts: int
    started_at: datetime
    ended_at: datetime | None
    code: str | None
    figures: Mapping[str, Any] = field(default_factory=dict)


def night(tx: Tx) -> date:
    """The newest night whose work is due (core/nights.py)."""
    rows = tx.rows(sa.select(BRANCH.c.timezone, BRANCH.c.day_starts).where(BRANCH.c.id != ORGANISATION))
    return night_of(tx.now, {(ZoneInfo(row.timezone), row.day_starts) for row in rows})


def of_night(tx: Tx, day: date) -> dict[str, Attempt]:
    """The attempts for one night, by task."""
    return {row.task: _attempt(row) for row in tx.rows(sa.select(UPKEEP).where(UPKEEP.c.night == day))}


def newest(tx: Tx) -> dict[str, Attempt]:
    """The attempt for the newest night of each task."""
    return {row.task: _attempt(row) for row in tx.rows(sa.select(UPKEEP).order_by(UPKEEP.c.night))}


def last_done(tx: Tx) -> dict[str, Attempt]:
    """Of each task the newest attempt that went well."""
    done = sa.select(UPKEEP).where(UPKEEP.c.state == "done").order_by(UPKEEP.c.ended_at)
    return {row.task: _attempt(row) for row in tx.rows(done)}


def _attempt(row: Any) -> Attempt:
    return Attempt(
        row.task, row.night, row.state, row.attempts, row.started_at, row.ended_at, row.code, dict(row.figures)
    )
