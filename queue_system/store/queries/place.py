"""Where a visitor stands: the place in line, who is served, what became of the paper.

How many are ahead. A ticket's rank does not depend on who asks, so every counter that serves its queue has one
line, that of `core.dispatch.in_order` over all queues of the counter. `ahead` is how many stand before the ticket
in the shortest of these lines: at that counter nobody else is called before it, if nobody comes with more
right. Counters where somebody sits decide; where nobody does, all that serve the queue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ...core import dispatch
from ...core.dispatch import Waiting
from ...core.tickets import AT_COUNTER
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


@dataclass(frozen=True, slots=True)
class LineView:
    """All who are in the hall, at one moment: what every telephone's page shows a part of.

    `open` are the open tickets by their secret; `ahead` and `early` (who may not be called before) are by ticket.
    """

    settings: BranchSettings
    seq: int
    open: Mapping[str, TicketView]
    ahead: Mapping[UUID, int]
    early: Mapping[UUID, datetime]

    def place(self, ticket: TicketView) -> PlaceView:
        """The place of a ticket of this moment."""
        waits = ticket.id in self.ahead
        return PlaceView(
            ticket=ticket,
            seq=self.seq,
            ahead=self.ahead.get(ticket.id),
            not_before=self.early.get(ticket.id),
            served=_served(self.open.values(), self.settings, ticket) if waits else (),
        )


def whole_line(tx: Tx, settings: BranchSettings) -> LineView:
    """Where everybody stands."""
    tickets = line.open_tickets(tx, settings.id)
    rules = line.calling_rules(settings)
    waiting = dispatch.in_order(line.as_waiting(tickets, settings), rules, tx.now)
    return LineView(
        settings=settings,
        seq=int(tx.scalar(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == settings.id)) or 0),
        open={ticket.token: ticket for ticket in tickets},
        ahead=_ahead(waiting, _lines(tx, settings, {ticket.queue_id for ticket in waiting})),
        early={
            ticket.ticket_id: ticket.anchor_at - rules.call_early
            for ticket in waiting
            if not dispatch.is_callable(ticket, rules, tx.now)
        },
    )


def place(tx: Tx, settings: BranchSettings, token: str) -> PlaceView:
    """The place of the ticket behind a secret link; raises Missing("ticket")."""
    everybody = whole_line(tx, settings)
    return everybody.place(everybody.open.get(token) or line.ticket_by_token(tx, settings.id, token))


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


def _ahead(waiting: Sequence[Waiting], lines: Mapping[UUID, Collection[frozenset[UUID]]]) -> dict[UUID, int]:
    """How many stand before each of `waiting`, which are in order, in the shortest of the lines of its queue."""
    standing = {
        line: {
            ticket.ticket_id: number
            for number, ticket in enumerate(ticket for ticket in waiting if ticket.queue_id in line)
        }
        for line in set().union(*lines.values())
    }
    return {
        ticket.ticket_id: min(standing[line][ticket.ticket_id] for line in lines[ticket.queue_id]) for ticket in waiting
    }


def _lines(tx: Tx, settings: BranchSettings, queues: Iterable[UUID]) -> dict[UUID, set[frozenset[UUID]]]:
    """By queue: the queues of each counter that may call its tickets; never empty."""
    sitting = tx.rows(
        sa.select(COUNTER.c.id).where(COUNTER.c.branch_id == settings.id, COUNTER.c.staff_id.is_not(None))
    )
    staffed = {row.id for row in sitting}
    served = [(counter.id in staffed, frozenset(counter.queues)) for counter in settings.counters.values()]
    return {
        queue_id: {line for is_staffed, line in served if is_staffed and queue_id in line}
        or {line for _, line in served if queue_id in line}
        or {frozenset((queue_id,))}
        for queue_id in queues
    }


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
