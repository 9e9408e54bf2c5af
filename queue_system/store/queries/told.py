"""What the log tells of one ticket."""

from __future__ import annotations

import sqlalchemy as sa

from ...core import facts
from ...core.facts import Fact
from .. import log
from ..database import Tx
from ..tables import Entry, table
from .line import TicketView

ENTRY = table(Entry)


def told_of(tx: Tx, ticket: TicketView, *kinds: str) -> list[Fact]:
    """The facts of these kinds about a ticket, the oldest first.

    They cannot be older than the ticket, so only the newest part of the log is read, which has no index by subject.
    """
    first = log.first_since(tx, ticket.branch_id, ticket.issued_at)
    rows = tx.rows(
        sa.select(ENTRY.c.kind, ENTRY.c.subject, ENTRY.c.data)
        .where(
            ENTRY.c.branch_id == ticket.branch_id,
            ENTRY.c.seq >= first,
            ENTRY.c.kind.in_(kinds),
            ENTRY.c.subject == str(ticket.id),
        )
        .order_by(ENTRY.c.seq)
    )
    return [facts.from_data(row.kind, row.subject, row.data) for row in rows]
