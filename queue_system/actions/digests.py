"""Writes the digests of past days (core/digests.py). They are counted in a read, so that the hall waits only for rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.digests import DayDigest, Tally
from ..core.spreads import packed
from ..store.database import Database, Tx
from ..store.log import locked
from ..store.queries.past_days import Gathered, gather
from ..store.queries.past_months import Month, in_month, next_month, versions
from ..store.tables import DigestedDay, HourDigest, PartDigest, ServiceDigest, table

DIGESTED = table(DigestedDay)
SERVICES = table(ServiceDigest)
HOURS = table(HourDigest)
PARTS = table(PartDigest)


def digest_next(database: Database, branch_id: UUID, *, thorough: bool = False) -> int:
    """Write the digest of the next past day without one, and those that a late fact has changed; returns how many.

    Once there is none of these, the digest of the next month all of whose days have theirs.

    `thorough` as in `gather`.
    """
    gathered = database.read_now(gather, branch_id, thorough=thorough)
    if gathered.days:
        database.write_in_now(branch_id, write_digests, branch_id, gathered)
    elif month := database.read_now(next_month, branch_id):
        database.write_in_now(branch_id, write_month, branch_id, month)
        return 1
    return len(gathered.days)


def write_digests(tx: Tx, branch_id: UUID, gathered: Gathered) -> None:
    """Replace the digests of some days, unless they were read from the log later than these, or cannot be read again."""
    with locked(tx, branch_id):
        for day in gathered.days:
            here = (DIGESTED.c.branch_id == branch_id) & (DIGESTED.c.business_date == day.day)
            known = tx.row(sa.select(DIGESTED.c.seq, DIGESTED.c.tidied_at).where(here))
            if known is not None and (known.seq >= gathered.seq or known.tidied_at is not None):
                continue
            tx.execute(sa.delete(DIGESTED).where(here))
            _write(tx, branch_id, day)
            # The month is made anew, because it has the day as it was.
            tx.execute(sa.delete(PARTS).where(*_of_span(branch_id, "month", day.day.replace(day=1))))
            tx.execute(sa.insert(DIGESTED), {"branch_id": branch_id, "business_date": day.day, "seq": gathered.seq})


def write_month(tx: Tx, branch_id: UUID, month: Month) -> None:
    """Write the digest of a month, unless a day of it was written after it was read."""
    with locked(tx, branch_id):
        if versions(tx, branch_id, month.first) != month.versions:
            return
        tx.execute(sa.delete(PARTS).where(*_of_span(branch_id, "month", month.first)))
        parts = {key: {"counts": tally.counts, "spreads": _packed(tally)} for key, tally in month.parts.items()}
        _insert_parts(tx, branch_id, "month", month.first, parts)
        tx.execute(sa.update(DIGESTED).where(*in_month(branch_id, month.first)).values(in_month=True))


def _write(tx: Tx, branch_id: UUID, day: DayDigest) -> None:
    for rows in (SERVICES, HOURS):
        tx.execute(sa.delete(rows).where(rows.c.branch_id == branch_id, rows.c.business_date == day.day))
    own = {"branch_id": branch_id, "business_date": day.day}
    by_service = [
        own | {"service": service, "channel": channel} | _row(tally, SERVICES)
        for (service, channel), tally in day.services.items()
    ]
    by_hour = [
        own | {"local_hour": hour, "queue": queue} | _row(tally, HOURS) for (hour, queue), tally in day.hours.items()
    ]
    for rows, values in ((SERVICES, by_service), (HOURS, by_hour)):
        if values:
            tx.execute(sa.insert(rows), values)
    tx.execute(sa.delete(PARTS).where(*_of_span(branch_id, "day", day.day)))
    _insert_parts(tx, branch_id, "day", day.day, {key: _parts(tally) for key, tally in day.parts.items()})


def _insert_parts(tx: Tx, branch_id: UUID, span: str, on: date, parts: Mapping[tuple[str, str], Any]) -> None:
    own = {"branch_id": branch_id, "span": span, "business_date": on}
    values = [own | {"part": part, "slug": slug, "data": data} for (part, slug), data in parts.items()]
    if values:
        tx.execute(sa.insert(PARTS), values)


def _parts(tally: Tally) -> dict[str, Any]:
    return {"counts": tally.counts, "spreads": tally.spreads}


def _packed(tally: Tally) -> dict[str, Any]:
    """The spreads of a month as texts where they can be, because figures of years add thousands of them."""
    return {name: packed(spread) or spread for name, spread in tally.spreads.items()}


def _of_span(branch_id: UUID, span: str, on: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (PARTS.c.branch_id == branch_id, PARTS.c.span == span, PARTS.c.business_date == on)


def _row(tally: Tally, rows: sa.Table) -> dict[str, Any]:
    """The columns of a tally; the counts that have none are in `data`."""
    columns = {column.name for column in rows.c if not column.primary_key} - {"data"}
    return {name: tally.counts.get(name, 0) for name in columns} | {
        "data": {
            "counts": {name: count for name, count in tally.counts.items() if name not in columns},
            "words": tally.words,
            "spreads": tally.spreads,
        }
    }
