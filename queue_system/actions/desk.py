"""What a clerk does at a counter: open it, call, recall, start, finish, hold, transfer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core import dispatch, events, tickets
from ..core.bookings import BookingState
from ..core.errors import Missing, Refused, Stale
from ..core.tickets import Step, TicketState
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.prepared import Prepared
from ..store.queries import line
from ..store.queries.desk import holders
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, CounterView, branch_settings
from ..store.tables import Call, Counter, table
from .day import in_session
from .office import SESSION_IDLE
from .raising import raised_by_service
from .steps import move
from .visit import end_booking, reopen_booking

CALL = table(Call)
COUNTER = table(Counter)

_HOLDER = Prepared(
    sa.select(COUNTER.c.staff_id).where(
        COUNTER.c.branch_id == sa.bindparam("branch"), COUNTER.c.id == sa.bindparam("counter")
    )
)
_RECORD_CALL = Prepared(sa.insert(CALL))


@dataclass(frozen=True, slots=True)
class Desk:
    """Who acts at which counter. `expected` is the ticket the page showed in front of the clerk, None for none.

    A page that is behind the truth (double click, second tab, a colleague who took the counter over) gets
    Stale("desk-stale"): nothing is done twice.
    """

    branch_id: UUID
    counter_id: UUID
    staff_id: UUID
    expected: UUID | None = None

    @property
    def actor(self) -> Actor:
        return Actor("staff", str(self.staff_id))


def open_counter(tx: Tx, desk: Desk) -> None:
    """Sit down at a counter; leaves the one the person sat at before. Raises Refused("counter-taken")."""
    with in_session(tx, desk.branch_id) as branch:
        counter = _counter(tx, branch, desk)
        holder = _holder(tx, desk)
        if holder == desk.staff_id:
            return
        if holder is not None:
            raise Refused("counter-taken", number=counter.number)
        _sit_down(branch, counter, desk)


def take_over(tx: Tx, desk: Desk) -> None:
    """Sit down at a counter whose clerk has gone without leaving it: no session of theirs is alive.

    A visitor who stands there stays. Raises Refused("counter-taken") while the other is there.
    """
    with in_session(tx, desk.branch_id) as branch:
        counter = _counter(tx, branch, desk)
        holder = holders(tx, desk.branch_id, SESSION_IDLE).get(counter.id)
        if holder is not None and holder.staff_id == desk.staff_id:
            return
        if holder is not None:
            if holder.present:
                raise Refused("counter-taken", number=counter.number)
            branch.append(events.CounterClosed(subject=str(counter.id), number=counter.number), desk.actor)
        _sit_down(branch, counter, desk, holder.staff_id if holder else None)


def close_counter(tx: Tx, desk: Desk) -> None:
    """Leave a counter. Raises Refused("counter-busy") while a visitor stands there."""
    with in_session(tx, desk.branch_id) as branch:
        counter = _counter(tx, branch, desk)
        _require_holder(tx, desk)
        _close(branch, counter, desk)


def call_next(tx: Tx, desk: Desk) -> TicketView | None:
    """Finish the visit in front of the clerk and call the next visitor by the published rule; None if nobody waits."""
    with in_session(tx, desk.branch_id) as branch:
        settings, counter, current = _at_desk(tx, branch, desk)
        if current is not None:
            _finish(branch, counter, current, desk.actor, "done")
        standing = line.open_tickets(tx, branch.id, counter.queues)
        waiting = line.as_waiting(standing, settings)
        choice = dispatch.choose(waiting, frozenset(counter.queues), line.calling_rules(settings), branch.now)
        if choice is None:
            return None
        chosen = next(ticket for ticket in standing if ticket.id == choice.ticket_id)
        return _call(branch, counter, chosen, desk.actor, choice.reason.code, choice.reason.values)


def call_ticket(tx: Tx, desk: Desk, ticket_id: UUID) -> TicketView:
    """Call a certain visitor: one who was held for this, or out of turn, which the log says in plain words."""
    with in_session(tx, desk.branch_id) as branch:
        settings, counter, current = _at_desk(tx, branch, desk)
        wanted = line.ticket(tx, branch.id, ticket_id)
        tickets.after(wanted.state, Step.CALL)
        if wanted.queue_id not in counter.queues:
            raise Refused("not-of-this-counter", code=wanted.code)
        if current is not None:
            _finish(branch, counter, current, desk.actor, "done")
        waiting = line.as_waiting(line.open_tickets(tx, branch.id, counter.queues), settings)
        choice = dispatch.choose(waiting, frozenset(counter.queues), line.calling_rules(settings), branch.now)
        if choice is not None and choice.ticket_id == ticket_id:
            # Whoever presses the button beside the first in line calls nobody out of turn.
            return _call(branch, counter, wanted, desk.actor, choice.reason.code, choice.reason.values)
        reason = "held-back" if wanted.state is TicketState.HELD else "chosen-by-staff"
        return _call(branch, counter, wanted, desk.actor, reason, {})


def recall(tx: Tx, desk: Desk) -> TicketView:
    """Call the visitor in front of the counter once more."""

    def step(branch: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        calls = ticket.calls + 1
        moved = move(tx, ticket, Step.RECALL, called_at=tx.now, calls=calls)
        fact = events.TicketRecalled(
            subject=str(ticket.id),
            code=ticket.code,
            counter=str(counter.id),
            counter_number=counter.number,
            call=calls,
        )
        _record_call(tx, branch, counter, ticket.id, branch.append(fact, desk.actor), "recall")
        return moved

    return _with_current(tx, desk, step)


def start_serving(tx: Tx, desk: Desk) -> TicketView:
    """The visitor has come to the counter."""

    def step(branch: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        moved = move(tx, ticket, Step.START, started_at=tx.now)
        branch.append(
            events.TicketStarted(subject=str(ticket.id), code=ticket.code, counter=str(counter.id)), desk.actor
        )
        return moved

    return _with_current(tx, desk, step)


def finish(tx: Tx, desk: Desk, outcome: str = "done") -> TicketView:
    """The visit is over; `outcome` is done, documents_missing or refused."""
    if outcome not in ("done", "documents_missing", "refused"):
        raise Refused("outcome-unknown")

    def step(branch: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        return _finish(branch, counter, ticket, desk.actor, outcome)

    return _with_current(tx, desk, step)


def mark_no_show(tx: Tx, desk: Desk) -> TicketView:
    """The visitor was called and did not come."""

    def step(branch: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        moved = move(tx, ticket, Step.NO_SHOW, counter_id=None, ended_at=tx.now)
        fact = events.TicketNoShow(
            subject=str(ticket.id), code=ticket.code, counter=str(counter.id), calls=ticket.calls
        )
        branch.append(fact, desk.actor)
        end_booking(branch, ticket, BookingState.NO_SHOW, desk.actor)
        return moved

    return _with_current(tx, desk, step)


def hold(tx: Tx, desk: Desk) -> TicketView:
    """Send the visitor to fill a form and come back: keeps the place, is called by hand or resumed."""

    def step(branch: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        moved = move(tx, ticket, Step.HOLD, counter_id=None)
        branch.append(events.TicketHeld(subject=str(ticket.id), code=ticket.code, counter=str(counter.id)), desk.actor)
        return moved

    return _with_current(tx, desk, step)


def resume(tx: Tx, branch_id: UUID, ticket_id: UUID, actor: Actor) -> TicketView:
    """Put a held ticket, or one whose visitor missed the call and is back, into the line again.

    A held ticket keeps its anchor and so its place; a missed one waits anew from now.
    """
    with in_session(tx, branch_id) as branch:
        ticket = line.ticket(tx, branch_id, ticket_id)
        settings = branch_settings(tx, branch_id, branch.config_version)
        if settings.timetable.session_over(ticket.business_date, tx.now):
            raise Refused("visit-over", code=ticket.code)
        if ticket.state is TicketState.NO_SHOW:
            moved = move(tx, ticket, Step.RETURN, anchor_at=branch.now, ended_at=None)
            branch.append(events.TicketReturned(subject=str(ticket.id), code=ticket.code), actor)
            reopen_booking(branch, ticket, actor)
        else:
            moved = move(tx, ticket, Step.RESUME)
            branch.append(events.TicketResumed(subject=str(ticket.id), code=ticket.code), actor)
        return moved


def transfer(tx: Tx, desk: Desk, service_id: UUID) -> TicketView:
    """Send the visitor on to another service: same code, same anchor, so the time already waited counts."""

    def step(branch: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        settings = branch_settings(tx, branch.id, branch.config_version)
        service = settings.services.get(service_id)
        if service is None:
            raise Missing("service")
        if service_id == ticket.service_id:
            raise Refused("transfer-to-itself")
        moved = move(tx, ticket, Step.TRANSFER, counter_id=None, service_id=service.id, queue_id=service.queue_id)
        fact = events.TicketTransferred(
            subject=str(ticket.id),
            code=ticket.code,
            counter=str(counter.id),
            from_queue=settings.queues[ticket.queue_id].slug,
            to_queue=settings.queues[service.queue_id].slug,
            to_service=service.slug,
        )
        branch.append(fact, desk.actor)
        return raised_by_service(branch, settings, moved, desk.actor)

    return _with_current(tx, desk, step)


# ---------------------------------------------------------------- inside


def _with_current(tx: Tx, desk: Desk, step: Callable[[Locked, CounterView, TicketView], TicketView]) -> TicketView:
    with in_session(tx, desk.branch_id) as branch:
        _, counter, current = _at_desk(tx, branch, desk)
        if current is None:
            raise Refused("nobody-at-counter")
        return step(branch, counter, current)


def _at_desk(tx: Tx, branch: Locked, desk: Desk) -> tuple[BranchSettings, CounterView, TicketView | None]:
    counter = _counter(tx, branch, desk)
    _require_holder(tx, desk)
    current = line.at_counter(tx, branch.id, counter.id)
    if (current.id if current else None) != desk.expected:
        raise Stale("desk-stale")
    return branch_settings(tx, branch.id, branch.config_version), counter, current


def _counter(tx: Tx, branch: Locked, desk: Desk) -> CounterView:
    counter = branch_settings(tx, branch.id, branch.config_version).counters.get(desk.counter_id)
    if counter is None:
        raise Missing("counter")
    return counter


def _holder(tx: Tx, desk: Desk) -> UUID | None:
    return tx.scalar(_HOLDER, {"branch": desk.branch_id, "counter": desk.counter_id})  # type: ignore[no-any-return]


def _require_holder(tx: Tx, desk: Desk) -> None:
    if _holder(tx, desk) != desk.staff_id:
        raise Stale("not-your-counter")


def _sit_down(branch: Locked, counter: CounterView, desk: Desk, instead_of: UUID | None = None) -> None:
    settings = branch_settings(branch.tx, branch.id, branch.config_version)
    for other in branch.tx.rows(
        sa.select(COUNTER.c.id).where(COUNTER.c.branch_id == branch.id, COUNTER.c.staff_id == desk.staff_id)
    ):
        _close(branch, settings.counters[other.id], desk)
    _set_holder(branch.tx, branch, counter, desk.staff_id)
    before = str(instead_of) if instead_of else None
    branch.append(events.CounterOpened(subject=str(counter.id), number=counter.number, instead_of=before), desk.actor)


def _set_holder(tx: Tx, branch: Locked, counter: CounterView, staff_id: UUID | None) -> None:
    tx.execute(
        sa.update(COUNTER)
        .where(COUNTER.c.branch_id == branch.id, COUNTER.c.id == counter.id)
        .values(staff_id=staff_id, seated_at=tx.now if staff_id else None)
    )


def _close(branch: Locked, counter: CounterView, desk: Desk) -> None:
    if line.at_counter(branch.tx, branch.id, counter.id) is not None:
        raise Refused("counter-busy", number=counter.number)
    _set_holder(branch.tx, branch, counter, None)
    branch.append(events.CounterClosed(subject=str(counter.id), number=counter.number), desk.actor)


def _call(
    branch: Locked, counter: CounterView, ticket: TicketView, actor: Actor, reason: str, values: dict[str, Any]
) -> TicketView:
    tx = branch.tx
    calls = ticket.calls + 1
    called = move(tx, ticket, Step.CALL, counter_id=counter.id, called_at=tx.now, started_at=None, calls=calls)
    fact = events.TicketCalled(
        subject=str(ticket.id),
        code=ticket.code,
        counter=str(counter.id),
        counter_number=counter.number,
        call=calls,
        reason=reason,
        values=values,
    )
    _record_call(tx, branch, counter, ticket.id, branch.append(fact, actor), "call")
    return called


def _finish(branch: Locked, counter: CounterView, ticket: TicketView, actor: Actor, outcome: str) -> TicketView:
    moved = move(branch.tx, ticket, Step.FINISH, ended_at=branch.tx.now, outcome=outcome)
    fact = events.TicketServed(subject=str(ticket.id), code=ticket.code, counter=str(counter.id), outcome=outcome)
    branch.append(fact, actor)
    end_booking(branch, ticket, BookingState.FULFILLED, actor)
    return moved


def _record_call(tx: Tx, branch: Locked, counter: CounterView, ticket_id: UUID, seq: int, kind: str) -> None:
    tx.later(
        _RECORD_CALL,
        {
            "branch_id": branch.id,
            "seq": seq,
            "ticket_id": ticket_id,
            "counter_id": counter.id,
            "at": tx.now,
            "kind": kind,
        },
    )
