"""Looks at the machine: its disk and clock, the backups and the work of the night; and at the equipment in the halls."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..actions.upkeep import MOST_ATTEMPTS
from ..configuration import Configuration
from ..store import log
from ..store.database import Database, Tx
from ..store.queries.access import devices
from ..store.queries.upkeep import Attempt, last_done, newest
from .backup import folder_of
from .findings import Finding

CLOCK_SLACK: Final = timedelta(minutes=1)
SKEW_SLACK: Final = timedelta(seconds=10)
BACKUP_AFTER: Final = timedelta(hours=48)
DRILL_AFTER: Final = timedelta(days=92)
#: Free space of a disk, in bytes: below the first it will soon be full, below the second it must not be waited for.
LOW: Final = 1 << 30
FULL: Final = 200 << 20
MEGABYTE: Final = 1_000_000


def look_at_machine(configuration: Configuration, database: Database) -> Iterator[Finding]:
    """All findings. Raises Unavailable."""
    yield from _disks(configuration)
    yield from _clock(database)
    yield from database.read_now(look_at_upkeep)


def _disks(configuration: Configuration) -> Iterator[Finding]:
    """Each disk once: that of the data directory, and that of the backups."""
    seen = set()
    for folder in (configuration.data_dir, folder_of(configuration)):
        there = _existing(folder)
        if (device := there.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(there).free
        if free < LOW:
            values: dict[str, str | int] = {"folder": str(folder), "free": free // MEGABYTE}
            yield Finding("bad" if free < FULL else "note", "doctor.disk-low", values)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next((one for one in (folder, *folder.parents) if one.exists()), folder)


def _clock(database: Database) -> Iterator[Finding]:
    """Warn if the clock differs from the database's, or if the log is ahead of it.

    New entries then follow the newest one, so that their order stays right.
    """
    ahead = database.read_now(log.newest) - database.clock.now()
    if ahead > CLOCK_SLACK:
        yield Finding("note", "doctor.log-ahead", {"minutes": round(ahead.total_seconds() / 60)})
    # An embedded database has no clock of its own.
    skew = timedelta() if database.dialect.is_embedded else database.read_now(_skew)
    if skew > SKEW_SLACK:
        yield Finding("note", "doctor.clock-skew", {"seconds": round(skew.total_seconds())})


def _skew(tx: Tx) -> timedelta:
    there: datetime = tx.scalar(sa.select(sa.func.now()))
    return abs(there.astimezone(UTC) - tx.now)


def look_at_upkeep(tx: Tx) -> list[Finding]:
    """How old the newest backup and the newest drill are, and what failed in the night."""
    well, found = last_done(tx), []
    for task, known in newest(tx).items():
        if known.state == "failed" and known.attempts >= MOST_ATTEMPTS:
            values: dict[str, str | int] = {"night": known.night.isoformat(), "code": known.code or ""}
            found.append(Finding("bad", f"doctor.failed-{task}", values))
    found.append(_age(tx, well.get("backup"), "backup", BACKUP_AFTER))
    if "backup" in well:
        found.append(_age(tx, well.get("drill"), "drill", DRILL_AFTER))
    return found


def _age(tx: Tx, known: Attempt | None, what: str, limit: timedelta) -> Finding:
    if known is None or known.ended_at is None:
        return Finding("note", f"doctor.{what}-none")
    age = tx.now - known.ended_at
    values: dict[str, str | int] = {"hours": int(age.total_seconds() // 3600), "days": age.days}
    if age <= limit:
        return Finding("good", f"doctor.{what}-fresh", values)
    return Finding("bad" if what == "backup" else "note", f"doctor.{what}-old", values)


def look_at_equipment(tx: Tx, branch_id: UUID | None = None) -> list[Finding]:
    """Printers that do not print, and kiosks and screens that were paired and are silent; everywhere for None."""
    found = []
    for one in devices(tx, branch_id):
        if one.kind == "printer":
            if one.address and one.status not in ("ready", "unknown"):
                found.append(Finding("note", "doctor.printer-state", {"device": one.slug, "state": one.status}))
        elif one.presence(tx.now) == "silent":
            found.append(Finding("note", "doctor.device-silent", {"device": one.slug}))
    return found
