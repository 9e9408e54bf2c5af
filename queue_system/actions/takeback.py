"""Undo of the last press at a counter, within some seconds: tickets get back the values from before the press.

Each press stores, with its counter, the tickets that it moved as they were before and after. A ticket is restored
only where it still is as the press left it, so that later changes by other people are never undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core import tickets
from ..core.bookings import BookingState
from ..core.errors import Refused, Stale
from ..core.facts.tickets import TicketTakenBack
from ..store.log import Actor, Locked
from ..store.prepared import Prepared
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings
from ..store.tables import Counter, Ticket, table
from . import given_services
from .families import stand_alone
from .reserving import still_reserved
from .visit import end_booking, unend_booking
from .vouchers import withdraw

COUNTER = table(Counter)
TICKET = table(Ticket)

# What a press at a counter may change of a ticket.
CHANGES: Final = (
    "state",
    "queue_id",
    "service_id",
    "counter_id",
    "priority",
    "anchor_at",
    "own_anchor_at",
    "calls",
    "first_called_at",
    "wait_ended_at",
    "called_at",
    "started_at",
    "ended_at",
    "outcome",
    "skips",
    "aside",
    "returns",
    "reserved_counter_id",
    "reserved_staff_id",
    "reserved_until_at",
    "sent_counter_id",
    "sent_service_id",
    "services_given",
)

Move = tuple[TicketView, TicketView]
_Shape = dict[str, Any]

_REMEMBER = Prepared(
    sa.update(COUNTER)
    .where(COUNTER.c.branch_id == sa.bindparam("branch"), COUNTER.c.id == sa.bindparam("counter"))
    .values(last_press=sa.bindparam("press", type_=COUNTER.c.last_press.type))
)


def remember(
    lock: Locked, counter_id: UUID, staff_id: UUID, moves: Iterable[Move], waited: Iterable[TicketView] = ()
) -> None:
    """Store the press that has just been made: each ticket before and after it.

    `waited` are the tickets whose `aside` this call lowered by one, because one more visitor was called before them.
    """
    press = {
        "at": lock.tx.now.isoformat(),
        "staff": str(staff_id),
        "moves": [
            {"ticket": str(before.id), "before": _shape(before), "after": _shape(after)} for before, after in moves
        ],
        "waited": [{"ticket": str(ticket.id), "calls": ticket.calls} for ticket in waited],
    }
    lock.tx.later(_REMEMBER, {"branch": lock.id, "counter": counter_id, "press": press})


def remember_at_own_counter(lock: Locked, actor: Actor, before: TicketView, after: TicketView) -> None:
    """Store a press on a ticket that is not at the counter, as the last press at the clerk's own counter."""
    if actor.kind != "staff":
        return
    staff_id = UUID(actor.id)
    statement = sa.select(COUNTER.c.id).where(COUNTER.c.branch_id == lock.id, COUNTER.c.staff_id == staff_id)
    for row in lock.tx.rows(statement):
        remember(lock, row.id, staff_id, [(before, after)])


def forget(lock: Locked, counter_id: UUID) -> None:
    """Delete the stored press, so that it can no longer be taken back."""
    lock.tx.later(_REMEMBER, {"branch": lock.id, "counter": counter_id, "press": None})


def undo(lock: Locked, settings: BranchSettings, counter_id: UUID, staff_id: UUID, actor: Actor) -> list[TicketView]:
    """Undo the last press at a counter; returns the restored tickets, the one called last first.

    Raises Refused with "take-back-nothing", "take-back-late" or "take-back-moved".
    """
    tx = lock.tx
    condition = (COUNTER.c.branch_id == lock.id) & (COUNTER.c.id == counter_id)
    press = tx.scalar(sa.select(COUNTER.c.last_press).where(condition))
    if press is None or press["staff"] != str(staff_id):
        raise Refused("take-back-nothing")
    if tx.now - datetime.fromisoformat(press["at"]) > tickets.TAKE_BACK:
        raise Refused("take-back-late")
    again = _wait_again(lock, press["waited"])
    put_back: list[TicketView] = []
    # In reverse order: the called visitor has to leave the counter before the finished one returns to it.
    for move in reversed(press["moves"]):
        ticket = line.ticket(tx, lock.id, UUID(move["ticket"]))
        if _shape(ticket) != move["after"]:
            raise Refused("take-back-moved", code=ticket.code)
        one_more = again if not put_back else ()
        restored = _put_back(lock, settings, ticket, move["before"], counter_id, one_more, actor)
        withdraw(lock, ticket, restored)
        given_services.put_back(lock, ticket, restored, datetime.fromisoformat(press["at"]))
        put_back.append(restored)
    forget(lock, counter_id)
    return put_back


def _wait_again(lock: Locked, waited: Iterable[_Shape]) -> list[str]:
    """Raise `aside` by one again for tickets that were passed over, unless they have been called since; their ids."""
    again = []
    for one in waited:
        found = lock.tx.execute(
            sa.update(TICKET)
            .where(
                TICKET.c.branch_id == lock.id,
                TICKET.c.id == UUID(one["ticket"]),
                TICKET.c.state == tickets.TicketState.WAITING.value,
                TICKET.c.calls == one["calls"],
            )
            .values(aside=TICKET.c.aside + 1)
        )
        if found.rowcount:
            again.append(one["ticket"])
    return again


def _put_back(
    lock: Locked,
    settings: BranchSettings,
    ticket: TicketView,
    before: _Shape,
    counter_id: UUID,
    one_more: Iterable[str],
    actor: Actor,
) -> TicketView:
    found = lock.tx.execute(
        sa.update(TICKET)
        .where(
            TICKET.c.branch_id == lock.id,
            TICKET.c.id == ticket.id,
            TICKET.c.state == ticket.state.value,
            TICKET.c.calls == ticket.calls,
        )
        .values({name: _stored(name, before[name]) for name in CHANGES})
    )
    if found.rowcount != 1:
        raise Stale("ticket-moved", code=ticket.code)
    # Others who were called with it may wait by themselves since, and those for whom it was kept may have gone.
    again = stand_alone(lock, settings, still_reserved(lock, line.ticket(lock.tx, lock.id, ticket.id)))
    fact = TicketTakenBack(
        subject=str(ticket.id),
        code=ticket.code,
        counter=str(counter_id),
        to_state=again.state.value,
        at_counter=str(again.counter_id) if again.counter_id else None,
        queue=settings.queues[again.queue_id].slug,
        service=settings.services[again.service_id].slug,
        priority_class=again.priority,
        calls=again.calls,
        anchor_at=again.anchor_at.isoformat(),
        skips=again.skips,
        others_first=again.aside,
        one_more=list(one_more),
    )
    lock.append(fact, actor)
    if ticket.state not in tickets.OPEN:
        unend_booking(lock, ticket, actor)
    elif again.state not in tickets.OPEN:
        end_booking(lock, again, BookingState.NO_SHOW, actor)
    return again


def _shape(ticket: TicketView) -> _Shape:
    """The values of a ticket that a press may change, as JSON."""
    return {name: _plain(getattr(ticket, name)) for name in CHANGES}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | tickets.TicketState) else value


def _stored(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    return UUID(value) if name.endswith("_id") else value
