"""Writes the digests of past days (core/digests.py). They are counted in a read, so that the hall waits only for rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.digests import DayDigest, Tally
from ..store.database import Database, Tx
from ..store.log import locked
from ..store.queries.past_days import Gathered, gather
from ..store.tables import DigestedDay, HourDigest, ServiceDigest, table

DIGESTED = table(DigestedDay)
SERVICES = table(ServiceDigest)
HOURS = table(HourDigest)


def digest_next(database: Database, branch_id: UUID, *, thorough: bool = False) -> int:
    """Write the digest of the next past day without one, and those that a late fact has changed; returns how many.

    `thorough` as in `gather`.
    """
    gathered = database.read_now(gather, branch_id, thorough=thorough)
    if gathered.days:
        database.write_in_now(branch_id, write_digests, branch_id, gathered)
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
            tx.execute(sa.insert(DIGESTED), {"branch_id": branch_id, "business_date": day.day, "seq": gathered.seq})


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
