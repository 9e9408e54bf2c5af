"""A ticket gets a heavier class, because staff have seen evidence for it or because its service has that class."""

from __future__ import annotations

from uuid import UUID

from ..core import tickets
from ..core.errors import Refused
from ..core.facts.tickets import TicketRaised
from ..core.reasons import BY_SERVICE, RAISE_REASONS
from ..core.tickets import Step
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries import classes, line
from ..store.queries.families import members_of_family
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, branch_settings
from .day import in_session
from .families import release_members, require_alone, split_off
from .steps import move
from .takeback import remember_at_own_counter


def raise_ticket(tx: Tx, branch_id: UUID, ticket_id: UUID, priority: str, reason: str, actor: Actor) -> TicketView:
    """Give a waiting or parked ticket a heavier class; `reason` is one of RAISE_REASONS.

    Raises Missing("ticket"), IllegalTransition in other states, Refused with "raise-reason-unknown",
    "class-out-of-season", "raise-class-unknown", "raise-not-heavier", "family-raise".
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        ticket = line.ticket(tx, branch_id, ticket_id)
        if reason not in RAISE_REASONS:
            raise Refused("raise-reason-unknown")
        if line.is_emergency(settings, priority):
            # No family keeps somebody from going first; the others wait by themselves.
            ticket = release_members(lock, settings, split_off(lock, settings, ticket, actor), actor)
        else:
            require_alone(tx, settings, ticket)
        tickets.after(ticket.state, Step.RAISE)
        day = settings.timetable.business_date(lock.tx.now)
        classes.require_season(settings, priority, day)
        if priority not in classes.given_by_staff(settings, day):
            raise Refused("raise-class-unknown")
        if line.heavier(settings, ticket.priority, priority) == ticket.priority:
            raise Refused("raise-not-heavier", code=ticket.code)
        raised = _raise(lock, settings, ticket, priority, reason, actor)
        remember_at_own_counter(lock, actor, ticket, raised)
        return raised


def raised_by_service(lock: Locked, settings: BranchSettings, ticket: TicketView, actor: Actor) -> TicketView:
    """A waiting ticket with the class of its service, where that is heavier than its own.

    A number that stands for several keeps its class, because a heavier one is one person's and would take the others along;
    an emergency goes before everybody, and then the others wait by themselves.
    """
    day = settings.timetable.business_date(lock.tx.now)
    priority = classes.for_service(settings, settings.services[ticket.service_id], ticket.priority, day)
    if priority == ticket.priority:
        return ticket
    if line.is_emergency(settings, priority):
        ticket = release_members(lock, settings, ticket, actor)
    elif members_of_family(lock.tx, settings, ticket.id):
        return ticket
    return _raise(lock, settings, ticket, priority, BY_SERVICE, actor)


def _raise(
    lock: Locked, settings: BranchSettings, ticket: TicketView, priority: str, reason: str, actor: Actor
) -> TicketView:
    # An emergency waits from now at the latest, even where the ticket's appointment is later.
    anchor = min(ticket.anchor_at, lock.now) if line.is_emergency(settings, priority) else ticket.anchor_at
    moved = move(lock.tx, ticket, Step.RAISE, priority=priority, anchor_at=anchor)
    fact = TicketRaised(
        subject=str(ticket.id),
        code=ticket.code,
        from_class=ticket.priority,
        to_class=priority,
        basis=reason,
        anchor_at=anchor.isoformat() if anchor != ticket.anchor_at else None,
    )
    lock.append(fact, actor)
    return moved
