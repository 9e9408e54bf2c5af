"""Visitors who were called and are to be fetched, because a level of confidentiality says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ...core.tickets import TicketState
from ..database import AnyRow, Tx
from ..tables import Call, Staff, table
from .line import TicketView
from .settings import BranchSettings, CounterView

CALL = table(Call)
STAFF = table(Staff)


@dataclass(frozen=True, slots=True)
class Escort:
    """A visitor to fetch to a counter; `by` is the name of whoever does it, None while nobody does."""

    ticket: TicketView
    counter: CounterView
    by: str | None


def to_fetch(tx: Tx, settings: BranchSettings, tickets: Iterable[TicketView]) -> list[Escort]:
    """Those of some tickets whose visitors are to be fetched now, the earliest call first."""
    found = []
    for one in tickets:
        if one.state is TicketState.CALLED and one.counter_id and one.service_id in settings.services:
            if not settings.services[one.service_id].confidentiality.is_fetched:
                continue
            call = last_call(tx, settings.id, one.id)
            found.append(Escort(one, settings.counters[one.counter_id], call.name if call else None))
    return sorted(found, key=lambda one: (one.ticket.called_at or one.ticket.issued_at, one.ticket.id))


def last_call(tx: Tx, branch_id: UUID, ticket_id: UUID) -> AnyRow | None:
    """The last call of a ticket: `seq`, `fetched_by` and the `name` of that person."""
    return tx.row(
        sa.select(CALL.c.seq, CALL.c.fetched_by, STAFF.c.name)
        .select_from(CALL.outerjoin(STAFF, STAFF.c.id == CALL.c.fetched_by))
        .where(CALL.c.branch_id == branch_id, CALL.c.ticket_id == ticket_id)
        .order_by(CALL.c.seq.desc())
        .limit(1)
    )
