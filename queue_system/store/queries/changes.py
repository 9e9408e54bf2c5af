"""The history of settings: who changed what, object by object."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ...core.errors import Missing
from ...settings.edits import Edit
from ..tables import ORGANISATION, Change, table
from ..tx import AnyRow, Tx

CHANGE = table(Change)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change; `before` and `after` as `settings.edits.Edit` has them, `actor_id` "" where a program did it."""

    id: UUID
    save_id: UUID
    seq: int
    at: datetime
    actor_id: str
    kind: str
    slug: str
    op: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    note: str
    undoes: UUID | None
    undone_by: UUID | None


def history(
    tx: Tx, place: UUID, kind: str | None = None, slug: str | None = None, limit: int = 100
) -> list[ChangeView]:
    """The changes of a place, of one kind of object or of one object, newest first."""
    narrower = [
        column == value for column, value in ((CHANGE.c.object_kind, kind), (CHANGE.c.object_slug, slug)) if value
    ]
    statement = (
        sa.select(CHANGE).where(CHANGE.c.branch_id == place, *narrower).order_by(CHANGE.c.seq.desc()).limit(limit)
    )
    return [_view(row) for row in tx.rows(statement)]


def change(tx: Tx, place: UUID, change_id: UUID) -> ChangeView:
    """One change; raises Missing("change")."""
    row = tx.row(sa.select(CHANGE).where(CHANGE.c.branch_id == place, CHANGE.c.id == change_id))
    if row is None:
        raise Missing("change")
    return _view(row)


def saved_together(tx: Tx, place: UUID, save_id: UUID) -> list[ChangeView]:
    """Everything that was saved at once, in its order."""
    statement = sa.select(CHANGE).where(CHANGE.c.branch_id == place, CHANGE.c.save_id == save_id).order_by(CHANGE.c.seq)
    return [_view(row) for row in tx.rows(statement)]


def changes_told(
    tx: Tx, log: UUID, entries: Collection[int], since: datetime, until: datetime
) -> list[tuple[UUID, ChangeView]]:
    """The changes that entries of a log may tell of, each with its place.

    Those of its own place by their numbers; of what all branches share, all of a time, both ends included.
    """
    own = sa.and_(CHANGE.c.branch_id == log, CHANGE.c.seq.in_(entries))
    shared = sa.and_(CHANGE.c.branch_id == ORGANISATION, CHANGE.c.at >= since, CHANGE.c.at <= until)
    statement = sa.select(CHANGE).where(own if log == ORGANISATION else sa.or_(own, shared))
    return [(row.branch_id, _view(row)) for row in tx.rows(statement.order_by(CHANGE.c.at, CHANGE.c.seq))]


def reverse(known: ChangeView) -> Edit:
    """The edit that takes a change back."""
    return Edit(known.kind, known.slug, was=known.after, now=known.before)


def _view(row: AnyRow) -> ChangeView:
    return ChangeView(
        id=row.id,
        save_id=row.save_id,
        seq=row.seq,
        at=row.at,
        actor_id=row.actor_id,
        kind=row.object_kind,
        slug=row.object_slug,
        op=row.op,
        before=row.before,
        after=row.after,
        note=row.note,
        undoes=row.undoes,
        undone_by=row.undone_by,
    )
