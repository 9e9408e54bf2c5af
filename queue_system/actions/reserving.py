"""Tickets that only one counter or person calls: for how long, and when everybody calls them again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Refused
from ..core.facts.tickets import TicketForCounter, TicketForPerson
from ..core.tickets import TicketState
from ..store.log import Actor, Locked
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings
from ..store.tables import Counter, table
from .steps import FOR_ALL, TICKET

COUNTER = table(Counter)


def reserve(
    lock: Locked, settings: BranchSettings, ticket: TicketView, counter: UUID | None, person: UUID | None, actor: Actor
) -> TicketView:
    """Let only an open counter, or a person who sits at one, call a waiting ticket, for `reserved_return_min` minutes.

    Raises Refused with "reserve-closed" where nobody is there, and "reserve-not-served" where the counter does not serve
    the queue.
    """
    tx = lock.tx
    there = COUNTER.c.id == counter if counter else COUNTER.c.staff_id == person
    seated = tx.row(
        sa.select(COUNTER.c.id).where(COUNTER.c.branch_id == lock.id, there, COUNTER.c.staff_id.is_not(None))
    )
    if seated is None:
        raise Refused("reserve-closed")
    if ticket.queue_id not in settings.counters[seated.id].queues:
        raise Refused("reserve-not-served", code=ticket.code)
    until = tx.now + timedelta(minutes=settings.queue_rules.reserved_return_min)
    values: dict[str, Any] = {"reserved_counter_id": counter, "reserved_staff_id": person, "reserved_until_at": until}
    tx.execute(
        sa.update(TICKET)
        .where(TICKET.c.branch_id == lock.id, TICKET.c.id == ticket.id, TICKET.c.state == TicketState.WAITING.value)
        .values(values)
    )
    told = {"subject": str(ticket.id), "code": ticket.code, "until": until.isoformat()}
    if counter:
        lock.append(TicketForCounter(**told, counter=str(counter)), actor)
    else:
        lock.append(TicketForPerson(**told, person=str(person)), actor)
    return replace(ticket, **values)


def still_reserved(lock: Locked, ticket: TicketView) -> TicketView:
    """A ticket that waits again as it did before; for everybody where those for whom it was kept have gone meanwhile."""
    counter, person = ticket.reserved_counter_id, ticket.reserved_staff_id
    there = COUNTER.c.id == counter if counter else COUNTER.c.staff_id == person
    here = COUNTER.c.branch_id == lock.id, there, COUNTER.c.staff_id.is_not(None)
    if not (counter or person) or lock.tx.row(sa.select(COUNTER.c.id).where(*here)) is not None:
        return ticket
    lock.tx.execute(sa.update(TICKET).where(TICKET.c.branch_id == lock.id, TICKET.c.id == ticket.id).values(FOR_ALL))
    return replace(ticket, reserved_counter_id=None, reserved_staff_id=None, reserved_until_at=None)


def free_reserved(lock: Locked, counter_id: UUID, *, taken_over: bool = False) -> None:
    """Let everybody call whoever waits for the person who leaves a counter, or for the counter itself, which closes.

    A counter that a colleague takes over (`taken_over`) stays open, so whoever waits for it goes on waiting there. The
    facts that the counter closed, and that it was opened instead of somebody, say all this; there is none for each ticket.
    """
    person = lock.tx.scalar(
        sa.select(COUNTER.c.staff_id).where(COUNTER.c.branch_id == lock.id, COUNTER.c.id == counter_id)
    )
    mine = sa.false() if taken_over else TICKET.c.reserved_counter_id == counter_id
    if person is not None:
        mine |= TICKET.c.reserved_staff_id == person
    lock.tx.execute(
        sa.update(TICKET)
        .where(TICKET.c.branch_id == lock.id, TICKET.c.state == TicketState.WAITING.value, mine)
        .values(FOR_ALL)
    )
