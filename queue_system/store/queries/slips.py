"""Slips: those that wait for printing, and the results of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..database import AnyRow, Tx
from ..tables import PrintJob, Ticket, table
from ..tables.day import PENDING_SLIPS
from .settings import BranchSettings

JOB = table(PrintJob)
TICKET = table(Ticket)

IS_PENDING: Final = sa.text(f"print_job.state IN {PENDING_SLIPS}")


@dataclass(frozen=True, slots=True)
class SlipView:
    """One slip: `copy_number` 0 is the original; `error` says why it failed or was given up."""

    id: UUID
    ticket_id: UUID
    printer_id: UUID
    code: str
    copy_number: int
    state: str
    attempts: int
    created_at: datetime
    ended_at: datetime | None
    error: str | None


def is_any_due(tx: Tx, branch_id: UUID, printer_id: UUID) -> bool:
    """Whether a printer has due slips: a cheap query without a lock, so that polling blocks no other work."""
    statement = sa.select(JOB.c.id).where(
        JOB.c.branch_id == branch_id, JOB.c.printer_id == printer_id, IS_PENDING, JOB.c.due_at <= tx.now
    )
    return tx.row(statement.limit(1)) is not None


def is_any_late(tx: Tx, branch_id: UUID) -> bool:
    """Whether a branch has pending slips that are too old to print."""
    statement = sa.select(JOB.c.id).where(
        JOB.c.branch_id == branch_id, IS_PENDING, JOB.c.state == "queued", JOB.c.expires_at <= tx.now
    )
    return tx.row(statement.limit(1)) is not None


def slips_today(tx: Tx, settings: BranchSettings, limit: int | None) -> list[SlipView]:
    """The slips of this session, newest first."""
    statement = _of_today(tx, settings, sa.select(JOB, TICKET.c.code))
    return [_view(row) for row in tx.rows(statement.order_by(JOB.c.id.desc()).limit(limit))]


def counts_today(tx: Tx, settings: BranchSettings) -> dict[UUID, dict[str, int]]:
    """How many slips of this session are in each state, by printer."""
    columns = sa.select(JOB.c.printer_id, JOB.c.state, sa.func.count())
    counts: dict[UUID, dict[str, int]] = {}
    for printer, state, count in tx.rows(_of_today(tx, settings, columns).group_by(JOB.c.printer_id, JOB.c.state)):
        counts.setdefault(printer, {})[state] = count
    return counts


def _of_today(
    tx: Tx, settings: BranchSettings, statement: sa.Select[*tuple[object, ...]]
) -> sa.Select[*tuple[object, ...]]:
    """Slips of the day, found by its tickets, whose key has series and day, so that a long history costs nothing."""
    return statement.join(TICKET, sa.and_(TICKET.c.branch_id == JOB.c.branch_id, TICKET.c.id == JOB.c.ticket_id)).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id.in_(list(settings.queues)),
        TICKET.c.business_date >= settings.timetable.first_live_day(tx.now),
    )


def _view(row: AnyRow) -> SlipView:
    return SlipView(**{name: getattr(row, name) for name in SlipView.__slots__})
