"""What the log tells of one ticket or booking, or of what happens seldom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ...core import facts
from ...core.facts import Fact
from .. import log
from ..database import Tx
from ..tables import Entry, table
from .bookings import BookingView
from .line import TicketView

ENTRY = table(Entry)


def told_of(tx: Tx, ticket: TicketView, *kinds: str) -> list[Fact]:
    """The facts of these kinds about a ticket, the oldest first.

    They cannot be older than the ticket, so only the newest part of the log is read, which has no index by subject.
    """
    return _told(tx, ticket.branch_id, str(ticket.id), ticket.issued_at, kinds)


def told_of_booking(tx: Tx, booking: BookingView, *kinds: str) -> list[Fact]:
    """The same about a booking."""
    return _told(tx, booking.branch_id, str(booking.id), booking.created_at, kinds)


def told_since(tx: Tx, branch_id: UUID, since: datetime, *kinds: str) -> list[Fact]:
    """All facts of these kinds in a branch from an instant on, the oldest first; for kinds that are rare."""
    return _facts(tx, branch_id, since, ENTRY.c.kind.in_(kinds))


def _told(tx: Tx, branch_id: UUID, subject: str, since: datetime, kinds: Collection[str]) -> list[Fact]:
    return _facts(tx, branch_id, since, ENTRY.c.kind.in_(kinds), ENTRY.c.subject == subject)


def _facts(tx: Tx, branch_id: UUID, since: datetime, *where: sa.ColumnElement[bool]) -> list[Fact]:
    first = log.first_since(tx, branch_id, since)
    rows = tx.rows(
        sa.select(ENTRY.c.kind, ENTRY.c.subject, ENTRY.c.data)
        .where(ENTRY.c.branch_id == branch_id, ENTRY.c.seq >= first, *where)
        .order_by(ENTRY.c.seq)
    )
    return [facts.from_data(row.kind, row.subject, row.data) for row in rows]
