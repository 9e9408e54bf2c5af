"""Months of past days, added up once, so that figures of years need not read each day again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from ...core.digests import Tally
from ..database import Tx
from ..tables import DigestedDay, HourDigest, PartDigest, ServiceDigest, table
from .day_sums import Added, hour_row, service_row
from .past_days import first_undigested
from .settings import branch_settings

DIGESTED = table(DigestedDay)
SERVICES, HOURS, PARTS = table(ServiceDigest), table(HourDigest), table(PartDigest)


@dataclass(frozen=True, slots=True)
class Month:
    """The parts of a month by (part, row), and which versions of its days they are from."""

    first: date
    versions: tuple[tuple[date, int], ...]
    parts: Mapping[tuple[str, str], Tally]


def next_month(tx: Tx, branch_id: UUID) -> Month | None:
    """The first month that is over, whose days all have their digests, and that has none of its own yet; None without one."""
    settings = branch_settings(tx, branch_id)
    live = settings.timetable.first_live_day(tx.now).replace(day=1)
    day: date | None = tx.scalar(
        sa.select(sa.func.min(DIGESTED.c.business_date)).where(
            DIGESTED.c.branch_id == branch_id, DIGESTED.c.in_month.is_(False), DIGESTED.c.business_date < live
        )
    )
    if day is None:
        return None
    first, missing = day.replace(day=1), first_undigested(tx, settings)
    if missing is not None and missing < _next(first):
        return None
    return Month(first, versions(tx, branch_id, first), _added(tx, branch_id, first))


def versions(tx: Tx, branch_id: UUID, first: date) -> tuple[tuple[date, int], ...]:
    """The days of a month that have digests, each with the position in the log up to which it was read."""
    rows = tx.rows(
        sa.select(DIGESTED.c.business_date, DIGESTED.c.seq)
        .where(*in_month(branch_id, first))
        .order_by(DIGESTED.c.business_date)
    )
    return tuple((row.business_date, row.seq) for row in rows)


def in_month(branch_id: UUID, first: date) -> tuple[sa.ColumnElement[bool], ...]:
    """The days of a month, for DigestedDay."""
    return _between(DIGESTED, branch_id, first)


def _added(tx: Tx, branch_id: UUID, first: date) -> dict[tuple[str, str], Tally]:
    found = Added()
    for row in tx.rows(sa.select(SERVICES).where(*_between(SERVICES, branch_id, first))):
        found.add(("service", row.service), service_row(row))
    for row in tx.rows(sa.select(HOURS).where(*_between(HOURS, branch_id, first))):
        figures = hour_row(row)
        found.add(("hour", f"{row.local_hour:02}/{row.queue}"), figures)
        found.add(("weekday", f"{row.business_date.weekday()}/{row.queue}"), figures)
    of_days = sa.select(PARTS).where(*_between(PARTS, branch_id, first), PARTS.c.span == "day")
    for row in tx.rows(of_days):
        found.add((row.part, row.slug), (row.data["counts"], row.data["spreads"]))
    return {key: sums.tally() for key, sums in found.items()}


def _between(rows: sa.Table, branch_id: UUID, first: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (rows.c.branch_id == branch_id, rows.c.business_date >= first, rows.c.business_date < _next(first))


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
