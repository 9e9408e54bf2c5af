"""Figures of all branches for monitoring, without personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..log import after, positions
from ..setting_rows import Unreadable
from ..tables import Branch, PrintJob, Ticket, table
from .access import devices
from .line import IS_WAITING
from .settings import branch_ids, branch_settings
from .slips import IS_PENDING
from .upkeep import last_done

BRANCH = table(Branch)
JOB = table(PrintJob)
TICKET = table(Ticket)

_PEOPLE = sa.select(sa.func.count()).where(
    TICKET.c.branch_id == sa.bindparam("branch"), TICKET.c.business_date >= sa.bindparam("live_day"), IS_WAITING
)
_SLIPS = (
    sa.select(JOB.c.branch_id, sa.func.count().label("slips"), sa.func.min(JOB.c.created_at).label("oldest"))
    .where(IS_PENDING)
    .group_by(JOB.c.branch_id)
)


@dataclass(frozen=True, slots=True)
class BranchMeasures:
    """The numbers of one branch: waiting people (None if the settings cannot be read), slips, devices by (kind, state).

    `slips_waiting` are not printed yet, and `oldest_slip` is the time of the oldest of them.
    """

    people_waiting: int | None
    slips_waiting: int
    oldest_slip: datetime | None
    devices: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Measures:
    """`branches` by slug; `slugs` of all branches; `unheard_since`: the time of the oldest fact the node has not seen.

    `upkeep`: when each task of the machine was last done.
    """

    at: datetime
    branches: Mapping[str, BranchMeasures]
    slugs: Mapping[UUID, str]
    unheard_since: datetime | None
    upkeep: Mapping[str, datetime]


def measures(tx: Tx, heard: Mapping[UUID, int]) -> Measures:
    """The present figures; `heard` is the position that a node has seen, by branch."""
    slips = {row.branch_id: row for row in tx.rows(_SLIPS)}
    states: dict[UUID, Counter[tuple[str, str]]] = {}
    for device in devices(tx):
        # Printers are not paired, so the status that they last reported counts.
        state = device.status if device.kind == "printer" else device.presence(tx.now)
        states.setdefault(device.branch_id, Counter())[device.kind, state] += 1
    branches = {}
    for slug, branch_id in branch_ids(tx).items():
        waiting = slips.get(branch_id)
        branches[slug] = BranchMeasures(
            people_waiting=_people_waiting(tx, branch_id),
            slips_waiting=waiting.slips if waiting else 0,
            oldest_slip=waiting.oldest if waiting else None,
            devices=states.get(branch_id, {}),
        )
    slugs = {row.id: row.slug for row in tx.rows(sa.select(BRANCH.c.id, BRANCH.c.slug))}
    done = {task: one.ended_at for task, one in last_done(tx).items() if one.ended_at is not None}
    return Measures(tx.now, branches, slugs, _unheard_since(tx, heard), done)


def _people_waiting(tx: Tx, branch_id: UUID) -> int | None:
    try:
        first_live_day = branch_settings(tx, branch_id).timetable.first_live_day(tx.now)
    except Unreadable:
        return None
    return int(tx.scalar(_PEOPLE, {"branch": branch_id, "live_day": first_live_day}))


def _unheard_since(tx: Tx, heard: Mapping[UUID, int]) -> datetime | None:
    behind = [branch for branch, seq in positions(tx).items() if seq > heard.get(branch, 0)]
    return min((after(tx, branch, heard.get(branch, 0), 1)[0].at for branch in behind), default=None)
