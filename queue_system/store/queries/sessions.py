"""The condition of a live session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..tables import Counter, Session, Ticket, table
from ..tables.day import COUNTER_STATES

SESSION = table(Session)
_COUNTER = table(Counter)
_TICKET = table(Ticket)
# Literal text: the first condition is that of the partial index, which SQLite recognises only by its text.
_IS_SERVED = sa.text(f"ticket.state IN {COUNTER_STATES} AND ticket.state = 'serving'")


@dataclass(frozen=True, slots=True)
class Idle:
    """How long a session may be idle: usually, and while its person serves a visitor.

    The second is longer, because a clerk may talk with a visitor for long without pressing a key.
    """

    usual: timedelta
    serving: timedelta

    def bounds(self, now: datetime) -> dict[str, datetime]:
        """The values of the names in `ALIVE`."""
        return {"now": now, "since": now - self.usual, "since_serving": now - self.serving}


_SERVES = (
    sa.select(sa.literal(1))
    .select_from(_COUNTER)
    .join(_TICKET, sa.and_(_TICKET.c.branch_id == _COUNTER.c.branch_id, _TICKET.c.counter_id == _COUNTER.c.id))
    .where(_COUNTER.c.staff_id == SESSION.c.staff_id, _IS_SERVED)
    .correlate(SESSION)
    .exists()
)
ALIVE: sa.ColumnElement[Any] = sa.and_(
    SESSION.c.expires_at > sa.bindparam("now"),
    sa.or_(
        SESSION.c.seen_at > sa.bindparam("since"),
        sa.and_(SESSION.c.seen_at > sa.bindparam("since_serving"), _SERVES),
    ),
)
