"""The log, newest first, with the names of its ids, the present ones and the past ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.facts.tickets import TicketCalled, TicketIssued, TicketRaised
from ...core.reasons import BY_HAND, RAISE_REASONS
from ...settings.organisation import Profile
from ..database import Tx
from ..setting_rows import Unreadable
from ..tables import ORGANISATION, Entry, Role, Staff, StaffRole, table
from .access import DeviceView, devices, staff_names
from .past_names import PastNames, past_names
from .rows import StoredRows
from .settings import BranchSettings, branch_ids, branch_settings
from .stored import stored_organisation

ENTRY = table(Entry)
ROLE = table(Role)
STAFF = table(Staff)
STAFF_ROLE = table(StaffRole)


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

    `before` is a sequence number: only older entries. `since` is included, `until` is not. `out_of_turn` leaves only the
    entries by which somebody came before the calling rule would have chosen them.
    """

    kind: str = ""
    code: str = ""
    subject: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    out_of_turn: bool = False


@dataclass(frozen=True, slots=True)
class NamesOfLog:
    """The present names of the ids and slugs in a log, and the past ones.

    `settings` are those of the branch of the log. `organisation` is for its own log, None too where it cannot be read,
    because the log is read then more than ever.
    """

    settings: BranchSettings | None
    organisation: Profile | None
    staff: dict[UUID, str]
    devices: dict[UUID, DeviceView]
    roles: dict[str, dict[str, str]]
    past: PastNames


def entries(tx: Tx, branch_id: UUID, wanted: Wanted, limit: int, first: int = 1) -> list[EntryView]:
    """The newest entries of a log that pass the filter, newest first; none with a number below `first`."""
    statement = sa.select(ENTRY).where(ENTRY.c.seq >= first, *_conditions(branch_id, wanted))
    return _views(tx, statement.order_by(ENTRY.c.seq.desc()).limit(limit))


def entries_after(tx: Tx, branch_id: UUID, wanted: Wanted, after: int, limit: int) -> list[EntryView]:
    """The entries that pass the filter and follow an entry, the oldest first."""
    statement = sa.select(ENTRY).where(ENTRY.c.seq > after, *_conditions(branch_id, wanted))
    return _views(tx, statement.order_by(ENTRY.c.seq).limit(limit))


def people_of_log(tx: Tx, branch_id: UUID) -> list[tuple[UUID, str]]:
    """Ids and names of the people with a role at the branch or the organisation, by name; of all for its own log."""
    statement = sa.select(STAFF.c.id, STAFF.c.name).order_by(STAFF.c.name, STAFF.c.login)
    if branch_id != ORGANISATION:
        held = sa.select(STAFF_ROLE.c.staff_id).where(STAFF_ROLE.c.branch_id.in_([branch_id, ORGANISATION]))
        statement = statement.where(STAFF.c.id.in_(held))
    return [(row.id, row.name) for row in tx.rows(statement)]


def names_of_log(tx: Tx, branch_id: UUID) -> NamesOfLog:
    """The names for the log of a branch, or of the organisation (branch ORGANISATION)."""
    known = branch_id in branch_ids(tx).values()
    return NamesOfLog(
        settings=branch_settings(tx, branch_id) if known else None,
        organisation=_organisation(tx) if branch_id == ORGANISATION else None,
        staff=staff_names(tx),
        devices={device.id: device for device in devices(tx, None if branch_id == ORGANISATION else branch_id)},
        roles={row.slug: row.names for row in tx.rows(sa.select(ROLE.c.slug, ROLE.c.names))},
        past=past_names(tx, branch_id),
    )


def _organisation(tx: Tx) -> Profile | None:
    try:
        return stored_organisation(StoredRows(tx))
    except Unreadable:
        return None


def _views(tx: Tx, statement: sa.Select[Any]) -> list[EntryView]:
    return [EntryView(**{name: getattr(row, name) for name in EntryView.__slots__}) for row in tx.rows(statement)]


def _conditions(branch_id: UUID, wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    yield ENTRY.c.branch_id == branch_id
    if wanted.kind:
        yield sa.or_(ENTRY.c.kind == wanted.kind, ENTRY.c.kind.startswith(f"{wanted.kind}.", autoescape=True))
    if wanted.code:
        yield ENTRY.c.data["code"].as_string() == wanted.code
    if wanted.subject:
        yield ENTRY.c.subject == wanted.subject
    if wanted.actor:
        yield ENTRY.c.actor_id == wanted.actor
    if wanted.since is not None:
        yield ENTRY.c.at >= wanted.since
    if wanted.until is not None:
        yield ENTRY.c.at < wanted.until
    if wanted.before is not None:
        yield ENTRY.c.seq < wanted.before
    if wanted.out_of_turn:
        yield _OUT_OF_TURN


# A call that the rule did not choose first, a class that staff gave to a visitor with the number, and one given later.
_OUT_OF_TURN: Final = sa.or_(
    sa.and_(ENTRY.c.kind == TicketCalled.kind, ENTRY.c.data["reason"].as_string().in_(BY_HAND)),
    sa.and_(ENTRY.c.kind == TicketIssued.kind, ENTRY.c.data["basis"].as_string().in_(RAISE_REASONS)),
    ENTRY.c.kind == TicketRaised.kind,
)
