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
from .returning import Place, place_again
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
        first = _set_anchor(lock, first, anchor_at, _own(first))
        for one in everybody.values():
            # Those who are called with it already stay so.
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
        if called_with(tx, ticket) is None:
            raise Missing("ticket")
        return split_off(lock, settings, ticket, actor)


def split_off(lock: Locked, settings: BranchSettings, ticket: TicketView, actor: Actor) -> TicketView:
    """As `split`, of a number that is called with another one, or is by itself already."""
    first = called_with(lock.tx, ticket)
    if first is None:
        return ticket
    if first.state not in SPLITS:
        raise Refused("family-gone", code=first.code)
    rest = [one for one in members_of_family(lock.tx, settings, first.id) if one.id != ticket.id]
    anchor_at = stands_from([_member(settings, one) for one in (first, *rest)])
    _set_anchor(lock, first, anchor_at, _own(first) if rest and not _waits_anew(first) else None)
    return _leave_family(lock, settings, ticket, first, anchor_at, actor)


def release_members(lock: Locked, settings: BranchSettings, first: TicketView, actor: Actor) -> TicketView:
    """The others of a number wait by themselves again, because it leaves the line or is about to stand elsewhere in it.

    Returns the number, which has its own anchor back where it goes on waiting.
    """
    members = members_of_family(lock.tx, settings, first.id)
    if not members:
        return first
    alone = _set_anchor(lock, first, _own(first), None)
    for one in members:
        _leave_family(lock, settings, one, first, alone.anchor_at, actor)
    return alone


def stand_alone(lock: Locked, settings: BranchSettings, first: TicketView) -> TicketView:
    """A number that stands where its family stood has its own anchor back if nobody is called with it any more."""
    if first.own_anchor_at is None or members_of_family(lock.tx, settings, first.id):
        return first
    return _set_anchor(lock, first, first.own_anchor_at, None)


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
    return Member(ticket.id, line.weight_of(settings, ticket.priority), _own(ticket))


def _own(ticket: TicketView) -> datetime:
    """The anchor that a number has by itself."""
    return ticket.own_anchor_at or ticket.anchor_at


def _waits_anew(first: TicketView) -> bool:
    """Whether the one in line for all came back after a missed call and lost its place, which all had with it."""
    return first.returns > 0 and first.own_anchor_at is None


def _set_anchor(lock: Locked, first: TicketView, anchor_at: datetime, own: datetime | None) -> TicketView:
    """Set the anchor of the one that stands for all; its `own` is kept beside it, None for one that stands alone, or anew."""
    here = TICKET.c.branch_id == lock.id, TICKET.c.id == first.id, TICKET.c.state == first.state.value
    changed = lock.tx.execute(sa.update(TICKET).where(*here).values(anchor_at=anchor_at, own_anchor_at=own))
    if changed.rowcount != 1:
        raise Stale("ticket-moved", code=first.code)
    return replace(first, anchor_at=anchor_at, own_anchor_at=own)


def _follow(lock: Locked, one: TicketView, first: TicketView, anchor_at: datetime, actor: Actor) -> None:
    values = {"joined_to": first.id, "anchor_at": _own(one), "own_anchor_at": None}
    if one.state is TicketState.VOID:
        here = TICKET.c.branch_id == lock.id, TICKET.c.id == one.id
        lock.tx.execute(sa.update(TICKET).where(*here).values(**values))
    else:
        move(lock.tx, one, Step.JOIN, ended_at=lock.tx.now, **values)
    lock.append(TicketJoined(**_told(one, first), anchor_at=anchor_at.isoformat()), actor)


def _leave_family(
    lock: Locked, settings: BranchSettings, one: TicketView, first: TicketView, anchor_at: datetime, actor: Actor
) -> TicketView:
    """A number waits by itself again; `anchor_at` is where the one in line for all stands then.

    A call that this one missed was missed by all: each has lost its place, or stands behind as many others.
    """
    own = max(one.anchor_at, first.anchor_at) if _waits_anew(first) else one.anchor_at
    moved = move(lock.tx, one, Step.SPLIT, joined_to=None, ended_at=None, anchor_at=own, returns=first.returns)
    lock.append(TicketSplit(**_told(one, first), anchor_at=anchor_at.isoformat(), own_anchor_at=own.isoformat()), actor)
    if first.state is TicketState.NO_SHOW:
        place = place_again(lock, settings, first, own)
        return _stand_behind(lock, moved, place, first.returns + 1, actor)
    if first.aside:
        return _stand_behind(lock, moved, Place(own, first.aside, anew=False), first.returns, actor)
    return moved


def _stand_behind(lock: Locked, one: TicketView, place: Place, returns: int, actor: Actor) -> TicketView:
    here = TICKET.c.branch_id == lock.id, TICKET.c.id == one.id
    placed = {"anchor_at": place.anchor_at, "aside": place.others_first, "returns": returns}
    lock.tx.execute(sa.update(TICKET).where(*here).values(**placed))
    lock.append(TicketReturned(subject=str(one.id), code=one.code, others_first=place.others_first), actor)
    return line.ticket(lock.tx, lock.id, one.id)


def _told(one: TicketView, first: TicketView) -> dict[str, str]:
    return {"subject": str(one.id), "code": one.code, "leader": str(first.id), "leader_code": first.code}
