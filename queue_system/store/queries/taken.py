"""Which appointments one person has moved or called off lately, from the log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.facts.approvals import ApprovalUsed
from ...core.facts.bookings import BookingCalledOff, BookingOffered
from ..log import Actor, first_since
from ..tables import ORGANISATION, Entry, table
from ..tx import Tx

ENTRY = table(Entry)
#: So far back what one person has taken counts together.
WITHIN: Final = timedelta(hours=24)


def taken_lately(tx: Tx, branches: Iterable[UUID], actor: Actor) -> set[UUID]:
    """The ids of the appointments of these branches that a person has moved or called off alone within the last day.

    What was done in a transaction that carried out a request does not count, because a second person has seen it.
    """
    return {found for branch_id in branches for found in _taken(tx, branch_id, actor)}


def _taken(tx: Tx, branch_id: UUID, actor: Actor) -> set[UUID]:
    carried_out = sa.select(ENTRY.c.at).where(*_lately(tx, ORGANISATION), ENTRY.c.kind == ApprovalUsed.kind)
    found = sa.select(ENTRY.c.subject).where(
        *_lately(tx, branch_id),
        ENTRY.c.kind.in_((BookingOffered.kind, BookingCalledOff.kind)),
        ENTRY.c.actor_kind == actor.kind,
        ENTRY.c.actor_id == actor.id,
        ENTRY.c.at.not_in(carried_out),
    )
    return {UUID(row.subject) for row in tx.rows(found)}


def _lately(tx: Tx, branch_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """The newest entries of a log, by their numbers, because its times have no index."""
    return ENTRY.c.branch_id == branch_id, ENTRY.c.seq >= first_since(tx, branch_id, tx.now - WITHIN)
