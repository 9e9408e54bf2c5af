"""The log, newest first, with the present names of its ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import ORGANISATION, Entry, Role, table
from .access import DeviceView, devices, staff_names
from .settings import BranchSettings, branch_ids, branch_settings

ENTRY = table(Entry)
ROLE = table(Role)


@dataclass(frozen=True, slots=True)
class EntryView:
    """One fact of the log; `at` in UTC, `data` as its class in `core.facts` wrote it."""

    branch_id: UUID
    seq: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: str
    subject: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of the log: by kind or group of kinds (``ticket``), code, id of the subject or actor, and time.

    `before` is a sequence number: only older entries. `since` is included, `until` is not.
    """

    kind: str = ""
    code: str = ""
    subject: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class NamesOfLog:
    """The names of the ids and slugs in a log. `settings` is None for the log of the organisation."""

    settings: BranchSettings | None
    staff: dict[UUID, str]
    devices: dict[UUID, DeviceView]
    roles: dict[str, dict[str, str]]


def entries(tx: Tx, branch_id: UUID, wanted: Wanted, limit: int, first: int = 1) -> list[EntryView]:
    """The newest entries of a log that pass the filter, newest first; none with a number below `first`."""
    statement = sa.select(ENTRY).where(ENTRY.c.branch_id == branch_id, ENTRY.c.seq >= first)
    if wanted.kind:
        statement = statement.where(
            sa.or_(ENTRY.c.kind == wanted.kind, ENTRY.c.kind.startswith(f"{wanted.kind}.", autoescape=True))
        )
    if wanted.code:
        statement = statement.where(ENTRY.c.data["code"].as_string() == wanted.code)
    if wanted.subject:
        statement = statement.where(ENTRY.c.subject == wanted.subject)
    if wanted.actor:
        statement = statement.where(ENTRY.c.actor_id == wanted.actor)
    if wanted.since is not None:
        statement = statement.where(ENTRY.c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(ENTRY.c.at < wanted.until)
    if wanted.before is not None:
        statement = statement.where(ENTRY.c.seq < wanted.before)
    rows = tx.rows(statement.order_by(ENTRY.c.seq.desc()).limit(limit))
    return [EntryView(**{name: getattr(row, name) for name in EntryView.__slots__}) for row in rows]


def names_of_log(tx: Tx, branch_id: UUID) -> NamesOfLog:
    """The names for the log of a branch, or of the organisation (branch ORGANISATION)."""
    known = branch_id in branch_ids(tx).values()
    return NamesOfLog(
        settings=branch_settings(tx, branch_id) if known else None,
        staff=staff_names(tx),
        devices={device.id: device for device in devices(tx, None if branch_id == ORGANISATION else branch_id)},
        roles={row.slug: row.names for row in tx.rows(sa.select(ROLE.c.slug, ROLE.c.names))},
    )
