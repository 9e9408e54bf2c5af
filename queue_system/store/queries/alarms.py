"""Silent emergency calls from counters that are not over yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import Alarm, Staff, table

ALARM = table(Alarm)
STAFF = table(Staff)
_COMING = STAFF.alias("coming")


@dataclass(frozen=True, slots=True)
class AlarmView:
    """A call for help: from which counter, who pressed, when (UTC), and the name of whoever said first to be coming."""

    counter_id: UUID
    staff_id: UUID
    name: str
    raised_at: datetime
    coming: str | None


def open_alarms(tx: Tx, branch_id: UUID) -> list[AlarmView]:
    """The calls for help at a branch that are not over, the oldest first."""
    rows = tx.rows(
        sa.select(
            *(ALARM.c.counter_id, ALARM.c.staff_id, STAFF.c.name, ALARM.c.raised_at),
            _COMING.c.name.label("coming"),
        )
        .join(STAFF, STAFF.c.id == ALARM.c.staff_id)
        .join(_COMING, _COMING.c.id == ALARM.c.answered_by, isouter=True)
        .where(ALARM.c.branch_id == branch_id)
        .order_by(ALARM.c.raised_at, ALARM.c.counter_id)
    )
    return [AlarmView(row.counter_id, row.staff_id, row.name, row.raised_at, row.coming) for row in rows]
