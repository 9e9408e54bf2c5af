"""The steps of a ticket at a counter, for actions that have locked the branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..core.bookings import BookingState
from ..core.calling_profiles import Caller
from ..core.dispatch import Choice, Reason
from ..core.errors import Refused
from ..core.facts.tickets import TicketCalled, TicketNoShow, TicketServed, TicketSkipped, TicketStarted
from ..core.reasons import OUT_OF_TURN
from ..core.tickets import Step, TicketState
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.prepared import Prepared
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, CounterView, branch_settings
from ..store.tables import Call, Ticket, table
from . import given_services, phone_calls
from .steps import FOR_ALL, move
from .takeback import Move, remember
from .visit import end_booking
from .vouchers import promise_return

CALL = table(Call)
TICKET = table(Ticket)

_RECORD_CALL = Prepared(sa.insert(CALL))
_ONE_LESS = Prepared(
    sa.update(TICKET)
    .where(
        TICKET.c.branch_id == sa.bindparam("branch"),
        TICKET.c.id == sa.bindparam("ticket"),
        TICKET.c.state == TicketState.WAITING.value,
    )
    .values(aside=TICKET.c.aside - 1)
)


@dataclass(frozen=True, slots=True)
class DecidedFrom:
    """What the next call of a counter was decided from, as far as the call changes it or keeps it in the log.

    `singled_out` are the tickets in the counter's queues that were passed over or are reserved. `caller` is None where
    the branch looks at nothing of a clerk; `own_profile` is the slug of the clerk's, if it counted. `department` calls.
    """

    singled_out: Sequence[TicketView]
    caller: Caller | None = None
    own_profile: str | None = None
    department: str | None = None


def let_go(
    lock: Locked,
    settings: BranchSettings,
    counter: CounterView,
    current: TicketView | None,
    actor: Actor,
    became: str | None,
) -> list[Move]:
    """Free the counter for the next visitor; returns the ticket that was there, before and after the step, if any."""
    if current is None:
        return []
    if became not in (None, "done", "absent"):
        raise Refused("became-unknown")
    if became == "absent":
        return [(current, absent(lock, settings, counter, current, actor))]
    if became is None and current.state is TicketState.CALLED:
        raise Refused("visitor-not-begun", code=current.code)
    return [(current, finish(lock, counter, current, actor, "done"))]


def is_out_of_turn(wanted: TicketView, choice: Choice | None) -> bool:
    """Whether a ticket waits in turn and is not the next, so that only a choice of staff calls it now."""
    is_next = choice is not None and choice.ticket_id == wanted.id
    return not is_next and wanted.state is not TicketState.PARKED and not wanted.skips


def why_by_hand(wanted: TicketView, choice: Choice | None, reason: str | None) -> Reason:
    """The reason of a call by hand; the button beside the first in line calls a visitor whose turn it is."""
    if choice is not None and choice.ticket_id == wanted.id:
        return choice.reason
    if wanted.state is TicketState.PARKED:
        return Reason("parked-back")
    if wanted.skips:
        return Reason("skipped-back")
    if reason not in OUT_OF_TURN:
        raise Refused("call-reason-missing", code=wanted.code)
    return Reason("chosen-by-staff", {"basis": reason})


def call(
    lock: Locked,
    counter: CounterView,
    ticket: TicketView,
    staff_id: UUID,
    why: Reason,
    moves: list[Move],
    decided: DecidedFrom,
) -> TicketView:
    """Call a ticket and remember the press; those who were passed over wait for one call less."""
    tx = lock.tx
    calls = ticket.calls + 1
    first, ended = ticket.first_called_at or tx.now, ticket.wait_ended_at or tx.now
    stands = {"counter_id": counter.id, "called_at": tx.now, "first_called_at": first, "started_at": None}
    called = move(tx, ticket, Step.CALL, **stands, calls=calls, aside=0, wait_ended_at=ended, **FOR_ALL)
    fact = TicketCalled(
        subject=str(ticket.id),
        code=ticket.code,
        counter=str(counter.id),
        counter_number=counter.number,
        call=calls,
        reason=why.code,
        values=why.values,
        passed_over=next((str(after.id) for _, after in moves if after.state is TicketState.WAITING), None),
        skills=sorted(decided.caller.skills) if decided.caller else None,
        languages=sorted(decided.caller.languages) if decided.caller else None,
        profile=decided.own_profile,
        department=decided.department,
    )
    record_call(tx, lock, counter, ticket, lock.append(fact, Actor("staff", str(staff_id))), "call")
    waited = [one for one in decided.singled_out if one.aside and one.id != ticket.id]
    for one in waited:
        tx.later(_ONE_LESS, {"branch": lock.id, "ticket": one.id})
    remember(lock, counter.id, staff_id, [*moves, (ticket, called)], waited)
    return called


def start(lock: Locked, counter: CounterView, ticket: TicketView, actor: Actor) -> TicketView:
    moved = move(lock.tx, ticket, Step.START, started_at=lock.tx.now)
    lock.append(TicketStarted(subject=str(ticket.id), code=ticket.code, counter=str(counter.id)), actor)
    return moved


def finish(lock: Locked, counter: CounterView, ticket: TicketView, actor: Actor, outcome: str) -> TicketView:
    if ticket.state is TicketState.CALLED:
        # The clerk skipped the button "start", so the start is written now: every served ticket has one.
        ticket = start(lock, counter, ticket, actor)
    ticket = given_services.end(lock, ticket, outcome)
    moved = move(lock.tx, ticket, Step.FINISH, ended_at=lock.tx.now, outcome=outcome)
    fact = TicketServed(subject=str(ticket.id), code=ticket.code, counter=str(counter.id), outcome=outcome)
    lock.append(fact, actor)
    end_booking(lock, ticket, BookingState.FULFILLED, actor)
    promise_return(lock, branch_settings(lock.tx, lock.id, lock.config_version), moved, outcome, actor)
    return moved


def absent(
    lock: Locked, settings: BranchSettings, counter: CounterView, ticket: TicketView, actor: Actor
) -> TicketView:
    tx, rule = lock.tx, line.absence_rule(settings)
    where = {"subject": str(ticket.id), "code": ticket.code, "counter": str(counter.id)}
    if rule.is_no_show(ticket.calls, ticket.first_called_at or tx.now, line.agreed_time(ticket), tx.now):
        moved = move(tx, ticket, Step.NO_SHOW, counter_id=None, ended_at=tx.now)
        lock.append(TicketNoShow(**where, calls=ticket.calls), actor)
        end_booking(lock, ticket, BookingState.NO_SHOW, actor)
        if ticket.booking_id is not None:
            phone_calls.note_missed(lock, settings, ticket.booking_id)
        return moved
    # An emergency waits for one other call too; otherwise it would be next again at once, and block the counter.
    others = min(1, rule.others_first) if line.is_emergency(settings, ticket.priority) else rule.others_first
    moved = move(tx, ticket, Step.SKIP, counter_id=None, skips=ticket.skips + 1, aside=others)
    lock.append(TicketSkipped(**where, calls=ticket.calls, others_first=others), actor)
    return moved


def record_call(tx: Tx, lock: Locked, counter: CounterView, ticket: TicketView, seq: int, kind: str) -> None:
    tx.later(
        _RECORD_CALL,
        {
            "branch_id": lock.id,
            "seq": seq,
            "ticket_id": ticket.id,
            "counter_id": counter.id,
            "queue_id": ticket.queue_id,
            # As the log has it, so that conditions of calling profiles can be computed from the log again.
            "at": lock.now,
            "kind": kind,
        },
    )
