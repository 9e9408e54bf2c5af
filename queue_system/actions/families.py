"""Waiting numbers that belong together are called as one, and wait by themselves again when they are split."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core import tickets
from ..core.errors import Missing, Refused, Stale
from ..core.facts.families import TicketJoined, TicketSplit
from ..core.facts.tickets import TicketReturned
from ..core.families import Member, leader, stands_from
from ..core.tickets import Step, TicketState
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.families import called_with, members_of_family
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import Ticket, table
from .day import in_session
from .returning import place_again
from .steps import move

TICKET = table(Ticket)

#: In these states of the number in line the others can still be split from it: nobody of them is at a counter.
SPLITS: Final = frozenset({TicketState.WAITING, TicketState.PARKED, TicketState.NO_SHOW})


def join(tx: Tx, branch_id: UUID, ticket_id: UUID, other_id: UUID, actor: Actor) -> TicketView:
    """Let two waiting numbers, with those that are called with them, be called as one; returns the one in line.

    It stands where `core.families` says. Raises Missing("ticket"), IllegalTransition for one that does not wait, Refused
    with "family-same" for one and the same, "family-queue" for numbers of several queues, which would let one of them
    pass a line, "family-appointment", "family-emergency", and "family-called" for one that was called before, or is
    reserved.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        leaders = [line.ticket(tx, branch_id, one) for one in (ticket_id, other_id)]
        if ticket_id == other_id:
            raise Refused("family-same")
        if leaders[0].queue_id != leaders[1].queue_id:
            raise Refused("family-queue")
        followers = {one.id: members_of_family(tx, settings, one.id) for one in leaders}
        for one in leaders:
            _may_join(settings, one)
        everybody = {one.id: one for one in (*leaders, *(one for found in followers.values() for one in found))}
        members = [_member(settings, one) for one in everybody.values()]
        first = everybody[leader([one for one in members if one.ticket_id in followers]).ticket_id]
        anchor_at = stands_from(members)
        first = _stand(lock, first, anchor_at)
        for one in everybody.values():
            if first.id not in (one.id, one.joined_to):
                _follow(lock, one, first, anchor_at, actor)
        return first


def split(tx: Tx, branch_id: UUID, ticket_id: UUID, actor: Actor) -> TicketView:
    """Let a number that is called with another one wait by itself again, from its own anchor; returns it.

    If that one missed its call, this one missed it, too, and stands where the rule of the branch puts whoever comes back.
    Raises Missing("ticket") for one that is not called with another, Refused("family-gone") once that one is at a counter
    or gone, and "rejoin-used-up" as `returning.place_again`.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        ticket = line.ticket(tx, branch_id, ticket_id)
        first = called_with(tx, ticket)
        if first is None:
            raise Missing("ticket")
        if first.state not in SPLITS:
            raise Refused("family-gone", code=first.code)
        rest = [one for one in members_of_family(tx, settings, first.id) if one.id != ticket.id]
        anchor_at = stands_from([_member(settings, one) for one in (first, *rest)])
        _stand(lock, first, anchor_at, alone=not rest)
        again = _wait_again(lock, ticket, first, anchor_at, actor)
        return _missed_too(lock, settings, again, first, actor) if first.state is TicketState.NO_SHOW else again


def let_go(lock: Locked, settings: BranchSettings, first: TicketView, actor: Actor) -> TicketView:
    """The others of a number wait by themselves again, because it leaves the line or is about to stand elsewhere in it.

    Returns the number, which has its own anchor back where it goes on waiting.
    """
    members = members_of_family(lock.tx, settings, first.id)
    if members:
        first = _stand_alone(lock, first)
    for one in members:
        _wait_again(lock, one, first, first.anchor_at, actor)
    return first


def require_alone(tx: Tx, settings: BranchSettings, ticket: TicketView) -> None:
    """Raises Refused("family-raise") for a number with others, because a heavier class is one person's."""
    if members_of_family(tx, settings, ticket.id):
        raise Refused("family-raise", code=ticket.code)


def _may_join(settings: BranchSettings, ticket: TicketView) -> None:
    tickets.after(ticket.state, Step.JOIN)
    if ticket.booking_id is not None:
        raise Refused("family-appointment", code=ticket.code)
    if line.is_emergency(settings, ticket.priority):
        raise Refused("family-emergency", code=ticket.code)
    if ticket.wait_ended_at is not None or ticket.reserved_until_at is not None:
        raise Refused("family-called", code=ticket.code)


def _member(settings: BranchSettings, ticket: TicketView) -> Member:
    own = ticket.own_anchor_at or ticket.anchor_at
    return Member(ticket.id, line.weight_of(settings, ticket.priority), own)


def _stand(lock: Locked, first: TicketView, anchor_at: datetime, *, alone: bool = False) -> TicketView:
    """Set the anchor of the one that stands for all; its own is kept beside it unless it is `alone`."""
    own = first.own_anchor_at or first.anchor_at
    here = TICKET.c.branch_id == lock.id, TICKET.c.id == first.id, TICKET.c.state == first.state.value
    kept = None if alone else own
    changed = lock.tx.execute(sa.update(TICKET).where(*here).values(anchor_at=anchor_at, own_anchor_at=kept))
    if changed.rowcount != 1:
        raise Stale("ticket-moved", code=first.code)
    return line.ticket(lock.tx, lock.id, first.id)


def _stand_alone(lock: Locked, first: TicketView) -> TicketView:
    """Give a number its own anchor back."""
    own = first.own_anchor_at or first.anchor_at
    here = TICKET.c.branch_id == lock.id, TICKET.c.id == first.id
    lock.tx.execute(sa.update(TICKET).where(*here).values(anchor_at=own, own_anchor_at=None))
    return replace(first, anchor_at=own, own_anchor_at=None)


def _follow(lock: Locked, one: TicketView, first: TicketView, anchor_at: datetime, actor: Actor) -> None:
    own = one.own_anchor_at or one.anchor_at
    values = {"joined_to": first.id, "anchor_at": own, "own_anchor_at": None}
    if one.state is TicketState.VOID:
        here = TICKET.c.branch_id == lock.id, TICKET.c.id == one.id
        lock.tx.execute(sa.update(TICKET).where(*here).values(**values))
    else:
        move(lock.tx, one, Step.JOIN, ended_at=lock.tx.now, **values)
    told = {"subject": str(one.id), "code": one.code, "leader": str(first.id), "leader_code": first.code}
    lock.append(TicketJoined(**told, anchor_at=anchor_at.isoformat()), actor)


def _wait_again(lock: Locked, one: TicketView, first: TicketView, anchor_at: datetime, actor: Actor) -> TicketView:
    moved = move(lock.tx, one, Step.SPLIT, joined_to=None, ended_at=None)
    told = {"subject": str(one.id), "code": one.code, "leader": str(first.id), "leader_code": first.code}
    own = moved.anchor_at.isoformat()
    lock.append(TicketSplit(**told, anchor_at=anchor_at.isoformat(), own_anchor_at=own), actor)
    return moved


def _missed_too(lock: Locked, settings: BranchSettings, one: TicketView, first: TicketView, actor: Actor) -> TicketView:
    """Put a number that waits by itself again where it stands after the missed call of the one for all."""
    place = place_again(lock, settings, first, one.anchor_at)
    here = TICKET.c.branch_id == lock.id, TICKET.c.id == one.id
    placed = {"anchor_at": place.anchor_at, "aside": place.others_first, "returns": first.returns + 1}
    lock.tx.execute(sa.update(TICKET).where(*here).values(**placed))
    lock.append(TicketReturned(subject=str(one.id), code=one.code, others_first=place.others_first), actor)
    return line.ticket(lock.tx, lock.id, one.id)
