"""The settings of a branch as they were: computed back from those of now, change by change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError

from ...core.facts.settings import SettingsChanged
from ...settings.branch import Branch
from ...settings.edits import Edit, merged
from ...settings.objects import place_of
from ...settings.organisation import Profile
from .. import log
from ..setting_rows import Unreadable
from ..tables import ORGANISATION, Change, Entry, table
from ..tx import Tx
from .organisation import organisation
from .rows import GivenRows, StoredRows
from .settings import BranchSettings, assemble
from .values import branch_at, common_at, rows_of_value

CHANGE = table(Change)
ENTRY = table(Entry)

P = TypeVar("P", bound=Branch | Profile)


@dataclass(frozen=True, slots=True)
class Since:
    """The settings that count for the entries of a branch's log after `seq`; None where the history does not tell them."""

    seq: int
    settings: BranchSettings | None


def past_settings(tx: Tx, branch_id: UUID, seq: int) -> list[Since]:
    """The settings from the entry `seq` of a branch's log on, in the order of time; those of now are the last.

    Raises Missing("branch"), Unreadable.
    """
    source = StoredRows(tx)
    branch: Branch | None = branch_at(source, branch_id)
    common: Profile | None = common_at(source)
    found: list[Since] = []
    for last, edits in _saves(tx, branch_id, seq):
        found.append(Since(last, _assembled(tx, branch_id, branch, common)))
        branch, common = _before(branch, edits[branch_id]), _before(common, edits[ORGANISATION])
    found.append(Since(0, _assembled(tx, branch_id, branch, common)))
    found.reverse()
    return found


def _saves(tx: Tx, branch_id: UUID, seq: int) -> Iterator[tuple[int, dict[UUID, list[Edit]]]]:
    """What was saved, newest first: the place in the branch's log, and the edits of each place, in their order."""
    own = sa.select(CHANGE).where(CHANGE.c.branch_id == branch_id, CHANGE.c.seq >= seq).order_by(CHANGE.c.seq)
    known: list[tuple[int, UUID, Edit]] = [
        (row.seq, branch_id, Edit(row.object_kind, row.object_slug, row.before, row.after)) for row in tx.rows(own)
    ]
    first = sa.select(ENTRY.c.at).where(ENTRY.c.branch_id == branch_id, ENTRY.c.seq >= seq).order_by(ENTRY.c.seq)
    since = tx.scalar(first.limit(1))
    if since is not None:
        known += _shared(tx, branch_id, seq, since)
    by_place: defaultdict[int, dict[UUID, list[Edit]]] = defaultdict(lambda: {branch_id: [], ORGANISATION: []})
    for at, place, edit in known:
        by_place[at][place].append(edit)
    yield from sorted(by_place.items(), reverse=True)


def _shared(tx: Tx, branch_id: UUID, seq: int, since: datetime) -> Iterator[tuple[int, UUID, Edit]]:
    """The changes of what all branches share, each at its place in the log of this one.

    A change that this branch does not feel has no entry there, and stands where its time is.
    """
    told = sa.select(ENTRY.c.seq, ENTRY.c.at, ENTRY.c.subject, ENTRY.c.data).where(
        ENTRY.c.branch_id == branch_id, ENTRY.c.seq >= seq, ENTRY.c.kind == SettingsChanged.kind
    )
    entries = tx.rows(told.order_by(ENTRY.c.seq))
    shared = sa.select(CHANGE).where(CHANGE.c.branch_id == ORGANISATION, CHANGE.c.at >= since).order_by(CHANGE.c.seq)
    for row in tx.rows(shared):
        place = _place_of(entries, row)
        if place is None:
            place = log.first_since(tx, branch_id, row.at)
        yield place, ORGANISATION, Edit(row.object_kind, row.object_slug, row.before, row.after)


def _place_of(entries: Sequence[Any], change: Any) -> int | None:
    """The entry that tells a branch of a shared change: the first of its object at that moment or after it."""
    for entry in entries:
        same = (entry.subject, entry.data["object_kind"]) == (change.object_slug, change.object_kind)
        if same and entry.at >= change.at:
            return int(entry.seq)
    return None


def _before(place: P | None, edits: Sequence[Edit]) -> P | None:
    """A place before these edits; None where it does not have what they made, so that the history has gaps."""
    if place is None or not edits:
        return place
    objects, conflicts = merged(place, [edit.undone for edit in reversed(edits)])
    try:
        return None if conflicts else place_of(objects, place)
    except (ValidationError, LookupError):
        return None


def _assembled(tx: Tx, branch_id: UUID, branch: Branch | None, common: Profile | None) -> BranchSettings | None:
    if branch is None or common is None:
        return None
    stored = StoredRows(tx)
    value = common.changed(branches={branch.slug: branch})
    try:
        source = GivenRows(rows_of_value(stored, ORGANISATION, value), stored)
        return assemble(source, branch_id, organisation(tx))
    except (Unreadable, ValidationError, LookupError, ValueError):
        return None
