"""The months of a branch that are over and counted, and who is told of them."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import DigestedDay, ReportReader, table

DIGESTED, READER = table(DigestedDay), table(ReportReader)

#: So many months are listed.
MOST_MONTHS: Final = 24
_LONGEST_MONTH: Final = 31


def months_ready(tx: Tx, branch_id: UUID) -> list[date]:
    """The first days of the months whose report is ready, the newest first; none older than `MOST_MONTHS` of them."""
    statement = (
        sa.select(DIGESTED.c.business_date)
        .where(DIGESTED.c.branch_id == branch_id, DIGESTED.c.in_month)
        .order_by(DIGESTED.c.business_date.desc())
        .limit(MOST_MONTHS * _LONGEST_MONTH)
    )
    return list(dict.fromkeys(row.business_date.replace(day=1) for row in tx.rows(statement)))[:MOST_MONTHS]


def newest_month(tx: Tx, branch_id: UUID) -> date | None:
    """The first day of the newest month whose report is ready; None without one."""
    here = (DIGESTED.c.branch_id == branch_id, DIGESTED.c.in_month)
    last: date | None = tx.scalar(sa.select(sa.func.max(DIGESTED.c.business_date)).where(*here))
    return last.replace(day=1) if last else None


def is_reader(tx: Tx, branch_id: UUID, staff_id: UUID) -> bool:
    """Whether a person is told when a report is ready."""
    return tx.row(sa.select(READER.c.staff_id).where(*of_reader(branch_id, staff_id))) is not None


def unseen_month(tx: Tx, branch_id: UUID, staff_id: UUID) -> date | None:
    """The newest month that a person is to be told of; None for whoever does not want to be told, or knows it."""
    reader = tx.row(sa.select(READER.c.seen).where(*of_reader(branch_id, staff_id)))
    newest = newest_month(tx, branch_id) if reader is not None else None
    return newest if newest and (reader is None or reader.seen is None or reader.seen < newest) else None


def of_reader(branch_id: UUID, staff_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """The row of a person, for ReportReader."""
    return (READER.c.branch_id == branch_id, READER.c.staff_id == staff_id)
