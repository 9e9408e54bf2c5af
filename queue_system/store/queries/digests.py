"""The digests of past days as they were written (core/digests.py). A day without one is not over, or had no visitors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.digests import Tally
from ..database import AnyRow, Tx
from ..tables import HourDigest, ServiceDigest, table

SERVICES = table(ServiceDigest)
HOURS = table(HourDigest)
_OWN: Final = frozenset({"data"})


def by_service(tx: Tx, branch_id: UUID, first: date, last: date) -> dict[tuple[date, str, str], Tally]:
    """The tallies of a stretch of days, `last` included, by (business date, service, channel)."""
    rows = _between(tx, SERVICES, branch_id, first, last)
    return {(row.business_date, row.service, row.channel): _tally(row, SERVICES) for row in rows}


def by_hour(tx: Tx, branch_id: UUID, first: date, last: date) -> dict[tuple[date, int, str], Tally]:
    """The tallies of a stretch of days, `last` included, by (business date, local hour of arrival, queue)."""
    rows = _between(tx, HOURS, branch_id, first, last)
    return {(row.business_date, row.local_hour, row.queue): _tally(row, HOURS) for row in rows}


def _between(tx: Tx, rows: sa.Table, branch_id: UUID, first: date, last: date) -> list[AnyRow]:
    statement = sa.select(rows).where(
        rows.c.branch_id == branch_id, rows.c.business_date >= first, rows.c.business_date <= last
    )
    return tx.rows(statement.order_by(*rows.primary_key.columns))


def _tally(row: AnyRow, rows: sa.Table) -> Tally:
    """Counts from columns and from `data`, without zeros; JSON has made texts of the minutes."""
    kept: Mapping[str, Any] = row.data
    columns = {column.name for column in rows.c if not column.primary_key} - _OWN
    counts = {name: row._mapping[name] for name in columns if row._mapping[name]}
    spreads = {name: {int(at): count for at, count in spread.items()} for name, spread in kept["spreads"].items()}
    return Tally(counts | kept["counts"], kept["words"], spreads)
