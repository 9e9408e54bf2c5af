"""Actions of a clerk at a counter: call, recall, start, finish and park visitors."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from ..core import tickets
from ..core.calling_profiles import decide
from ..core.dispatch import Choice
from ..core.errors import Denied, Refused, Stale
from ..core.facts.tickets import TicketParked, TicketRecalled, TicketResumed
from ..core.rights import CHOOSE_RIGHTS
from ..core.tickets import Step, TicketState
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.access import staff_by_id
from ..store.queries.calling_departments import calling_department
from ..store.queries.calling_profiles import (
    caller_at,
    clerk,
    looks_at_clerks,
    own_profile,
    profile_at,
    recent_calls,
    watched_queues,
)
from ..store.queries.foremost import foremost
from ..store.queries.line import TicketView
from ..store.queries.outcomes import outcomes_of
from ..store.queries.settings import BranchSettings, CounterView, branch_settings
from . import counter_steps, given_services
from .breaks import call_again
from .counter_steps import DecidedFrom
from .counters import Desk, counter_of, require_holder
from .day import in_session
from .returning import come_back
from .steps import AFRESH, move
from .takeback import forget, remember, remember_at_own_counter, undo


def call_next(tx: Tx, desk: Desk, became: str | None = None, seen: UUID | None = None) -> TicketView | None:
    """End the visit at the counter and call the next visitor, by profile and published rule; None if nobody waits.

    A visitor who is being served is finished. For a visitor who was only called, `became` says what happened: `done`
    or `absent`; Refused("visitor-not-begun") without it. `seen` is the ticket that the page showed as the next one;
    Stale("next-changed") if it is another now, because whoever looked has prepared for somebody else.
    """
    with in_session(tx, desk.branch_id) as lock:
        settings, counter, current = _at_desk(tx, lock, desk)
        moves = counter_steps.let_go(lock, settings, counter, current, desk.actor, became)
        call_again(lock, counter, desk.actor)
        choice, decided = _next_of(lock, settings, counter, current, desk.staff_id)
        if seen is not None and (choice is None or choice.ticket_id != seen):
            raise Stale("next-changed")
        if choice is None:
            if moves:
                remember(lock, counter.id, desk.staff_id, moves)
            return None
        chosen = line.ticket(tx, lock.id, choice.ticket_id)
        return counter_steps.call(lock, counter, chosen, desk.staff_id, choice.reason, moves, decided)


def call_ticket(
    tx: Tx, desk: Desk, ticket_id: UUID, became: str | None = None, reason: str | None = None
) -> TicketView:
    """Call a certain visitor: one who was parked, one who was passed over and has come, or one out of turn.

    Out of turn it takes CHOOSE_RIGHTS for the department of the ticket's service, Denied("choose-not-allowed") without,
    and a `reason` of OUT_OF_TURN, which the log keeps; Refused("call-reason-missing") without one. `became` as for
    `call_next`. Also raises Refused("not-of-this-counter").
    """
    with in_session(tx, desk.branch_id) as lock:
        settings, counter, current = _at_desk(tx, lock, desk)
        wanted = line.ticket(tx, lock.id, ticket_id)
        tickets.after(wanted.state, Step.CALL)
        if wanted.queue_id not in counter.queues:
            raise Refused("not-of-this-counter", code=wanted.code)
        moves = counter_steps.let_go(lock, settings, counter, current, desk.actor, became)
        call_again(lock, counter, desk.actor)
        choice, decided = _next_of(lock, settings, counter, current, desk.staff_id)
        if counter_steps.is_out_of_turn(wanted, choice):
            _require_choosing(tx, settings, desk, wanted)
        why = counter_steps.why_by_hand(wanted, choice, reason)
        return counter_steps.call(lock, counter, wanted, desk.staff_id, why, moves, decided)


def recall(tx: Tx, desk: Desk) -> TicketView:
    """Call the visitor in front of the counter once more; raises what `RecallRule.require` raises."""

    def step(lock: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        tickets.after(ticket.state, Step.RECALL)
        rule = line.recall_rule(branch_settings(tx, lock.id, lock.config_version))
        rule.require(ticket.code, ticket.calls, ticket.called_at or tx.now, tx.now)
        calls = ticket.calls + 1
        moved = move(tx, ticket, Step.RECALL, called_at=tx.now, calls=calls)
        fact = TicketRecalled(
            subject=str(ticket.id),
            code=ticket.code,
            counter=str(counter.id),
            counter_number=counter.number,
            call=calls,
        )
        counter_steps.record_call(tx, lock, counter, ticket, lock.append(fact, desk.actor), "recall")
        return moved

    # A recall and the presses before it cannot be taken back, because the hall has heard it.
    return with_current(tx, desk, step, kept=False)


def start_serving(tx: Tx, desk: Desk) -> TicketView:
    """The visitor has come to the counter."""

    def step(lock: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        return counter_steps.start(lock, counter, ticket, desk.actor)

    return with_current(tx, desk, step)


def finish(tx: Tx, desk: Desk, outcome: str = "done") -> TicketView:
    """The visit is over; `outcome` is one of OUTCOMES, or one that the settings have for the ticket's service.

    A visitor only called is started first. Refused("outcome-unknown") for another outcome.
    """

    def step(lock: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        settings = branch_settings(tx, lock.id, lock.config_version)
        if outcome not in (*tickets.OUTCOMES, *outcomes_of(settings, ticket.service_id)):
            raise Refused("outcome-unknown")
        return counter_steps.finish(lock, counter, ticket, desk.actor, outcome)

    return with_current(tx, desk, step)


def next_service(tx: Tx, desk: Desk, service_id: UUID, *, corrects: bool = False) -> TicketView:
    """Another service begins in the visit; `corrects`: it is this one that has been given, and not the one noted.

    Raises what `given_services.begin_next` raises.
    """

    def step(lock: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        settings = branch_settings(tx, lock.id, lock.config_version)
        return given_services.begin_next(lock, settings, counter, ticket, service_id, desk.actor, corrects=corrects)

    # A correction leaves no trace of the service before it, so it is corrected again and not taken back.
    return with_current(tx, desk, step, kept=not corrects)


def mark_absent(tx: Tx, desk: Desk) -> TicketView:
    """The visitor missed the call and is passed over, or is a no-show, by the rule of the branch."""

    def step(lock: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        return counter_steps.absent(
            lock, branch_settings(tx, lock.id, lock.config_version), counter, ticket, desk.actor
        )

    return with_current(tx, desk, step)


def take_back(tx: Tx, desk: Desk) -> TicketView | None:
    """Undo the last press at this counter; returns the ticket that is at the counter again, or waits again.

    Raises what `takeback.undo` raises.
    """
    with in_session(tx, desk.branch_id) as lock:
        settings, counter, _ = _at_desk(tx, lock, desk)
        put_back = undo(lock, settings, counter.id, desk.staff_id, desk.actor)
        return next((one for one in put_back if one.state in tickets.AT_COUNTER), put_back[0])


def park(tx: Tx, desk: Desk) -> TicketView:
    """Send the visitor away to complete a form: the ticket keeps its place, and is called by hand or resumed."""

    def step(lock: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        ticket = given_services.end(lock, ticket, tickets.INTERRUPTED, goes_on=True)
        moved = move(tx, ticket, Step.PARK, counter_id=None, **AFRESH)
        lock.append(TicketParked(subject=str(ticket.id), code=ticket.code, counter=str(counter.id)), desk.actor)
        return moved

    return with_current(tx, desk, step)


def resume(tx: Tx, branch_id: UUID, ticket_id: UUID, actor: Actor) -> TicketView:
    """Put a parked ticket, or one whose visitor missed the call and is back, into the line again.

    A parked ticket keeps its anchor and so its place; a missed one returns by the rule of `returning.come_back`.
    """
    with in_session(tx, branch_id) as lock:
        ticket = line.ticket(tx, branch_id, ticket_id)
        settings = branch_settings(tx, branch_id, lock.config_version)
        if settings.timetable.session_over(ticket.business_date, tx.now):
            raise Refused("visit-over", code=ticket.code)
        if ticket.state is TicketState.NO_SHOW:
            moved = come_back(lock, settings, ticket, actor)
        else:
            moved = move(tx, ticket, Step.RESUME)
            lock.append(TicketResumed(subject=str(ticket.id), code=ticket.code), actor)
        remember_at_own_counter(lock, actor, ticket, moved)
        return moved


# ---------------------------------------------------------------- inside


def _next_of(
    lock: Locked, settings: BranchSettings, counter: CounterView, gone: TicketView | None, staff_id: UUID
) -> tuple[Choice | None, DecidedFrom]:
    """The choice of the next ticket for a counter, and what of it a call has to keep.

    `gone` has just left the counter and is not chosen. If it was passed over, it waits in line again, and this call
    is the first that goes before it.
    """
    person = clerk(lock.tx, staff_id)
    profile = profile_at(settings, counter, person)
    without = gone.id if gone else None
    found = foremost(lock.tx, lock.id, sorted(watched_queues(counter, profile)), without)
    waiting = found.waiting(settings, without)
    calls = recent_calls(lock.tx, lock.id, counter, profile)
    caller = caller_at(settings, counter, person)
    choice = decide(waiting, caller, profile, calls, line.calling_rules(settings), lock.now)
    singled_out = [one for one in found.singled_out if one.queue_id in counter.queues]
    department = calling_department(lock.tx, settings, counter, staff_id)
    if not looks_at_clerks(settings):
        return choice, DecidedFrom(singled_out, department=department)
    return choice, DecidedFrom(singled_out, caller, own_profile(settings, person), department)


def _require_choosing(tx: Tx, settings: BranchSettings, desk: Desk, wanted: TicketView) -> None:
    person = staff_by_id(tx, desk.staff_id)
    department = settings.departments[settings.services[wanted.service_id].department_id].slug
    if person is None or not person.may_in(CHOOSE_RIGHTS, settings.id, department):
        raise Denied("choose-not-allowed", code=wanted.code)


def with_current(
    tx: Tx, desk: Desk, step: Callable[[Locked, CounterView, TicketView], TicketView], *, kept: bool = True
) -> TicketView:
    """Do a step with the ticket at the counter; `kept`: the press can be taken back."""
    with in_session(tx, desk.branch_id) as lock:
        _, counter, current = _at_desk(tx, lock, desk)
        if current is None:
            raise Refused("nobody-at-counter")
        moved = step(lock, counter, current)
        if kept:
            remember(lock, counter.id, desk.staff_id, [(current, moved)])
        else:
            forget(lock, counter.id)
        return moved


def _at_desk(tx: Tx, lock: Locked, desk: Desk) -> tuple[BranchSettings, CounterView, TicketView | None]:
    counter = counter_of(tx, lock, desk)
    require_holder(tx, desk)
    current = line.at_counter(tx, lock.id, counter.id)
    if (current.id if current else None) != desk.expected:
        raise Stale("desk-stale")
    return branch_settings(tx, lock.id, lock.config_version), counter, current
