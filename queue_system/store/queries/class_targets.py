"""Classes with a longest wait that is aimed at: who waits longer now, and how it was on past days."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ...core.class_targets import Aim, ClassWait, measured, waited
from ...core.tickets import TicketState
from ..database import Tx
from ..tables import Ticket, table
from .line import TicketView
from .settings import BranchSettings, PriorityView

TICKET = table(Ticket)


@dataclass(frozen=True, slots=True)
class Beyond:
    """A class, and those of it who wait longer than its target, the longest wait first."""

    priority: PriorityView
    target_min: int
    tickets: tuple[TicketView, ...]


def beyond_target(settings: BranchSettings, tickets: Iterable[TicketView], now: datetime) -> list[Beyond]:
    """Who waits longer than is aimed at, the heaviest class first.

    Not those who were called and were not here, because staff know of them.
    """
    waiting = [one for one in tickets if one.state is TicketState.WAITING and not one.aside]
    found = []
    for priority, target in _targets(settings):
        over = [one for one in waiting if one.priority == priority.slug and now - one.anchor_at > target]
        if over:
            over.sort(key=lambda one: (one.anchor_at, one.id))
            found.append(Beyond(priority, target // timedelta(minutes=1), tuple(over)))
    return sorted(found, key=lambda one: -one.priority.weight)


def class_targets(
    tx: Tx, settings: BranchSettings, first: date, last: date, queues: Collection[UUID]
) -> list[tuple[PriorityView, Aim]]:
    """How the waits of each class with a target were on these business days, `last` included, for numbers of some queues."""
    wanted = list(_targets(settings))
    if not wanted:
        return []
    over = sa.func.coalesce(TICKET.c.wait_ended_at, TICKET.c.ended_at)
    statement = sa.select(
        TICKET.c.priority, TICKET.c.issued_at, TICKET.c.anchor_at, TICKET.c.booking_id, TICKET.c.wait_ended_at, over
    ).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id.in_(list(queues)),
        TICKET.c.business_date >= first,
        TICKET.c.business_date <= last,
        TICKET.c.priority.in_([priority.slug for priority, _ in wanted]),
        over.is_not(None),
    )
    waits = [
        ClassWait(slug, waited(issued_at, anchor_at if booking_id else None, ended_at), called=first_call is not None)
        for slug, issued_at, anchor_at, booking_id, first_call, ended_at in tx.rows(statement)
    ]
    return [(priority, measured(waits, priority.slug, target)) for priority, target in wanted]


def _targets(settings: BranchSettings) -> Iterable[tuple[PriorityView, timedelta]]:
    for priority in settings.priorities.values():
        if priority.max_wait_target_min is not None:
            yield priority, timedelta(minutes=priority.max_wait_target_min)
