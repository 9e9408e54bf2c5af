"""Where a visitor stands: the place in line, who is served, what became of the paper.

How many are ahead. A ticket's rank does not depend on who asks, so every counter that serves its queue has one
line, that of `core.dispatch.order` over all queues of the counter. `ahead` is how many stand before the ticket
in the shortest of these lines: at that counter nobody else is called before it, if nobody comes with more
right. Counters where somebody sits decide; where nobody does, all that serve the queue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ...core import dispatch
from ...core.dispatch import CallingRules, Waiting
from ...core.tickets import AT_COUNTER, TicketState
from ..database import Tx
from ..tables import Branch, Counter, Device, PrintJob, table
from . import line
from .line import TicketView
from .settings import BranchSettings

BRANCH = table(Branch)
COUNTER = table(Counter)
DEVICE = table(Device)
JOB = table(PrintJob)


@dataclass(frozen=True, slots=True)
class ServedView:
    """Somebody of the same queue at a counter now."""

    code: str
    counter_id: UUID


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A ticket and its place, all of one moment: `seq` is the branch's position then.

    `ahead` is None unless it waits. `not_before` is when an appointment may be called at the earliest, None once
    it may be. `served` are those at counters now, latest call first.
    """

    ticket: TicketView
    seq: int
    ahead: int | None
    not_before: datetime | None
    served: tuple[ServedView, ...]


@dataclass(frozen=True, slots=True)
class PaperView:
    """The latest slip of a ticket, and the printer it was sent to."""

    state: str
    copy_number: int
    error: str | None
    printer_id: UUID
    printer_status: str


def place(tx: Tx, settings: BranchSettings, token: str) -> PlaceView:
    """The place of the ticket behind a secret link; raises Missing("ticket")."""
    ticket = line.ticket_by_token(tx, settings.id, token)
    tickets = line.open_tickets(tx, settings.id) if ticket.state is TicketState.WAITING else []
    rules = line.calling_rules(settings)
    waiting = line.as_waiting(tickets, settings)
    mine = next((one for one in waiting if one.ticket_id == ticket.id), None)
    early = mine is not None and not dispatch.is_callable(mine, rules, tx.now)
    return PlaceView(
        ticket=ticket,
        seq=int(tx.scalar(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == settings.id)) or 0),
        ahead=_ahead(waiting, mine, _lines(tx, settings, ticket.queue_id), rules, tx.now) if mine else None,
        not_before=_not_before(ticket, rules.call_early) if early else None,
        served=_served(tickets, settings, ticket),
    )


def people_ahead(tx: Tx, settings: BranchSettings, ticket: TicketView) -> int | None:
    """How many are ahead of a ticket, as the module's text defines it; None unless it waits."""
    return place(tx, settings, ticket.token).ahead


def paper(tx: Tx, branch_id: UUID, ticket_id: UUID) -> PaperView | None:
    """The latest slip of a ticket; None when there was never one."""
    statement = (
        sa.select(JOB.c.state, JOB.c.copy_number, JOB.c.error, JOB.c.printer_id, DEVICE.c.status)
        .join(DEVICE, sa.and_(DEVICE.c.branch_id == JOB.c.branch_id, DEVICE.c.id == JOB.c.printer_id))
        .where(JOB.c.branch_id == branch_id, JOB.c.ticket_id == ticket_id)
        .order_by(JOB.c.copy_number.desc())
        .limit(1)
    )
    row = tx.row(statement)
    return PaperView(*row) if row else None


def _ahead(
    waiting: Sequence[Waiting], mine: Waiting, lines: Iterable[Collection[UUID]], rules: CallingRules, now: datetime
) -> int:
    return min(
        next(
            number
            for number, choice in enumerate(dispatch.order(waiting, queues, rules, now))
            if choice.ticket_id == mine.ticket_id
        )
        for queues in lines
    )


def _lines(tx: Tx, settings: BranchSettings, queue_id: UUID) -> list[Collection[UUID]]:
    """The queues of each counter that may call a ticket of this queue; never empty."""
    sitting = tx.rows(
        sa.select(COUNTER.c.id).where(COUNTER.c.branch_id == settings.id, COUNTER.c.staff_id.is_not(None))
    )
    staffed = {row.id for row in sitting}
    serving = [counter for counter in settings.counters.values() if queue_id in counter.queues]
    found: list[Collection[UUID]] = [counter.queues for counter in serving if counter.id in staffed]
    return found or [counter.queues for counter in serving] or [(queue_id,)]


def _not_before(ticket: TicketView, call_early: timedelta) -> datetime:
    return ticket.anchor_at - call_early


def _served(tickets: Iterable[TicketView], settings: BranchSettings, ticket: TicketView) -> tuple[ServedView, ...]:
    """Who of the same letter is at a counter. Visits that no screen may show are not told of here either."""
    prefix = settings.queues[ticket.queue_id].prefix
    found = [
        other
        for other in tickets
        if other.state in AT_COUNTER
        and other.queue_id == ticket.queue_id
        and other.code.startswith(prefix)
        and not settings.services[other.service_id].confidentiality.hides_service
    ]
    found.sort(key=lambda other: (other.called_at or other.issued_at, other.id), reverse=True)
    return tuple(ServedView(other.code, other.counter_id) for other in found if other.counter_id)
