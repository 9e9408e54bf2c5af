"""The log of a branch: lock, append, read on, verify. Its oldest entries may be gone (store/pruning.py).

`locked()` comes before any read that a decision rests on. On PostgreSQL it locks the branch's row; on SQLite the
transaction already holds the only write lock. Sequence numbers are given while the row is locked, so sequence order is
commit order, without gaps: a rollback takes its numbers back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing, Unavailable
from ..core.facts import Fact
from ..core.facts.data import LogPruned
from .database import AnyRow, Tx
from .prepared import Prepared
from .tables import Branch, Checkpoint, Entry, Organisation, table
from .tx import Appended

ENTRY = table(Entry)
BRANCH = table(Branch)
CHECKPOINT = table(Checkpoint)

# A file needs no lock of a row, because BEGIN IMMEDIATE holds that of the file; SQLAlchemy omits FOR UPDATE there.
_LOCK = Prepared(
    sa.select(BRANCH.c.last_seq, BRANCH.c.last_at, BRANCH.c.chain, BRANCH.c.config_version, BRANCH.c.live_day)
    .where(BRANCH.c.id == sa.bindparam("branch"))
    .with_for_update()
)
_ADVANCE = Prepared(
    sa.update(BRANCH)
    .where(BRANCH.c.id == sa.bindparam("branch"))
    .values(last_seq=sa.bindparam("seq"), last_at=sa.bindparam("at"), chain=sa.bindparam("link"))
)
_APPEND = Prepared(sa.insert(ENTRY))
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of an entry: visitor (also a booker), staff, device or system; `id` is never a name."""

    kind: str
    id: str = ""


SYSTEM = Actor("system")
VISITOR = Actor("visitor")


@dataclass(slots=True)
class Locked:
    """A branch under lock, and the facts that will be written when the lock is left.

    `now` is the clock's time, or just after the last entry of the log if the clock is behind it. People are put in
    order by it, so that a clock that was set back, or that lags behind another node's, changes no order.
    `live_day` is the column of that name: `actions.day.in_session` has closed the days before it.
    """

    tx: Tx
    id: UUID
    now: datetime
    last_seq: int
    chain: str
    config_version: int
    live_day: date | None = None
    pending: list[dict[str, Any]] = field(default_factory=list)
    created: list[Any] = field(default_factory=list)

    def append(self, fact: Fact, actor: Actor, creates: object = None) -> int:
        """Add a fact as the next entry of this branch; returns its sequence number.

        `creates` is the view of the row that the fact tells of; after the commit this node need not read it again.
        """
        self.last_seq += 1
        entry = {
            "branch_id": self.id,
            "seq": self.last_seq,
            "at": self.now,
            "kind": fact.kind,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "subject": fact.subject,
            "data": fact.data(),
        }
        self.chain = link(self.chain, entry)
        entry["chain"] = self.chain
        self.pending.append(entry)
        if creates is not None:
            self.created.append(creates)
        return self.last_seq


@contextmanager
def locked(tx: Tx, branch_id: UUID) -> Iterator[Locked]:
    """Lock a branch; on leaving, write the appended facts and move its sequence on.

    To lock several branches in one transaction, lock them in the order of their ids. Raises Missing("branch");
    RuntimeError for another order, or for another branch than that of `Database.write_in`.
    """
    tx.will_lock(branch_id)
    row = tx.row(_LOCK, {"branch": branch_id})
    if row is None:
        raise Missing("branch")
    branch = Locked(
        tx, branch_id, _branch_time(tx.now, row.last_at), row.last_seq, row.chain, row.config_version, row.live_day
    )
    yield branch
    if branch.pending:
        for entry in branch.pending:
            tx.later(_APPEND, entry)
        tx.later(_ADVANCE, {"branch": branch_id, "seq": branch.last_seq, "at": branch.now, "link": branch.chain})
        kinds = tuple(entry["kind"] for entry in branch.pending)
        tx.appended.append(Appended(branch_id, branch.last_seq, kinds, branch.config_version, tuple(branch.created)))


def _branch_time(now: datetime, last: datetime | None) -> datetime:
    return now if last is None or last <= now else last + timedelta.resolution


def link(previous: str, entry: dict[str, Any]) -> str:
    """The chain value of an entry: SHA-256(0x00 ‖ previous ‖ length ‖ canonical JSON), in hex.

    After Schneier & Kelsey (1998): to alter, remove or reorder one entry, one must alter all entries after it.
    `previous` is the hex value of the entry before, "" for the first; the length is 8 bytes, big-endian.
    """
    body = _CANONICAL.encode(
        {
            "seq": entry["seq"],
            "at": _canonical_time(entry["at"]),
            "kind": entry["kind"],
            "actor_kind": entry["actor_kind"],
            "actor_id": entry["actor_id"],
            "subject": entry["subject"],
            "data": entry["data"],
        }
    ).encode()
    return hashlib.sha256(b"\x00" + bytes.fromhex(previous) + len(body).to_bytes(8, "big") + body).hexdigest()


def after(tx: Tx, branch_id: UUID, seq: int, limit: int = 500) -> list[AnyRow]:
    """The entries of a branch after `seq`, oldest first."""
    return tx.rows(
        sa.select(ENTRY).where(ENTRY.c.branch_id == branch_id, ENTRY.c.seq > seq).order_by(ENTRY.c.seq).limit(limit)
    )


def first_since(tx: Tx, branch_id: UUID, instant: datetime) -> int:
    """The number of the first entry at or after an instant; one more than the last if there is none.

    Numbers and instants grow together, so it halves the log and needs no index.
    """
    in_log = sa.select(sa.func.min(ENTRY.c.seq), sa.func.max(ENTRY.c.seq)).where(ENTRY.c.branch_id == branch_id)
    row = tx.row(in_log)
    low, high = (row[0] or 1, (row[1] or 0) + 1) if row else (1, 1)
    while low < high:
        middle = (low + high) // 2
        at = tx.scalar(sa.select(ENTRY.c.at).where(ENTRY.c.branch_id == branch_id, ENTRY.c.seq == middle))
        if at is not None and at < instant:
            low = middle + 1
        else:
            high = middle
    return low


def newest_checkpoint(tx: Tx, branch_id: UUID) -> AnyRow | None:
    """The last entry of a branch that may be gone, with its link; None if all must be there."""
    statement = sa.select(CHECKPOINT).where(CHECKPOINT.c.branch_id == branch_id)
    return tx.row(statement.order_by(CHECKPOINT.c.seq.desc()).limit(1))


def positions(tx: Tx) -> dict[UUID, int]:
    """The last sequence number of every branch."""
    return {row.id: row.last_seq for row in tx.rows(sa.select(BRANCH.c.id, BRANCH.c.last_seq))}


def newest(tx: Tx) -> datetime:
    """The instant of the newest entry of all branches; `datetime.min` if there is none."""
    newest_of_all: datetime | None = tx.scalar(sa.select(sa.func.max(BRANCH.c.last_at)))
    return newest_of_all or datetime.min.replace(tzinfo=UTC)


def heads(tx: Tx) -> list[tuple[str, int, str]]:
    """Of every branch its slug, the number of its newest entry and the link of that; at every schema."""
    return [
        (row.slug, row.last_seq, row.chain)
        for row in tx.rows(sa.select(BRANCH.c.slug, BRANCH.c.last_seq, BRANCH.c.chain).order_by(BRANCH.c.slug))
    ]


def installation(tx: Tx) -> tuple[UUID, str]:
    """The id of this installation, which stays for ever, and the slug of its organisation; at every schema.

    Raises Unavailable("not-initialised").
    """
    rows = table(Organisation)
    row = tx.row(sa.select(rows.c.id, rows.c.slug))
    if row is None:
        raise Unavailable("not-initialised")
    return row.id, row.slug


def try_to_write(tx: Tx) -> None:
    """Write a value that changes nothing. Raises Unavailable if the database cannot write: a full disk, a lost server."""
    tx.execute(sa.update(BRANCH).values(last_seq=BRANCH.c.last_seq))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of `verify` for a branch: how many entries fit, and the first that does not, None if all do."""

    branch_id: UUID
    slug: str
    entries: int
    broken_at: int | None
    reason: str | None = None


def verify(tx: Tx) -> list[Verdict]:
    """Recompute the chain of every branch: gapless from 1 or its checkpoint, each link right, the head as the branch says.

    A checkpoint must be told by a fact of the chain.
    """
    branches = tx.rows(sa.select(BRANCH.c.id, BRANCH.c.slug, BRANCH.c.last_seq, BRANCH.c.chain).order_by(BRANCH.c.slug))
    return [_verify(tx, branch) for branch in branches]


def _verify(tx: Tx, branch: AnyRow) -> Verdict:
    checkpoint = newest_checkpoint(tx, branch.id)
    gone, previous = (checkpoint.seq, checkpoint.chain) if checkpoint else (0, "")
    expected, is_told = gone + 1, checkpoint is None
    while entries := after(tx, branch.id, expected - 1, 2_000):
        for row in entries:
            entry = row._asdict()
            if row.seq != expected:
                return Verdict(branch.id, branch.slug, expected - 1 - gone, expected, "gap")
            if link(previous, entry) != row.chain:
                return Verdict(branch.id, branch.slug, expected - 1 - gone, expected, "altered")
            is_told = is_told or _tells_of(row, checkpoint)
            previous, expected = row.chain, expected + 1
    if (branch.last_seq, branch.chain) != (expected - 1, previous):
        return Verdict(branch.id, branch.slug, expected - 1 - gone, expected, "head")
    if not is_told:
        return Verdict(branch.id, branch.slug, expected - 1 - gone, gone, "checkpoint")
    return Verdict(branch.id, branch.slug, expected - 1 - gone, None)


def _tells_of(entry: AnyRow, checkpoint: AnyRow | None) -> bool:
    """Whether an entry is the fact of a checkpoint."""
    return (
        checkpoint is not None
        and (entry.seq, entry.kind, entry.subject) == (checkpoint.entry_seq, LogPruned.kind, checkpoint.chain)
        and entry.data == {"through": checkpoint.seq}
    )


def _canonical_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
