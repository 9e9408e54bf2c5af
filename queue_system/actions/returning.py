"""A visitor who missed the call is back."""

from __future__ import annotations

from ..core.errors import Refused
from ..core.facts.tickets import TicketReturned
from ..core.tickets import Step
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings
from .steps import AFRESH, move
from .visit import reopen_booking


def come_back(lock: Locked, settings: BranchSettings, ticket: TicketView, actor: Actor) -> TicketView:
    """Put the ticket of a no-show into the line again, and reopen its booking.

    By the rule of the branch it waits from now, or keeps its place after some other calls; Refused("rejoin-used-up")
    where it has missed too many calls.
    """
    rule = line.absence_rule(settings)
    if rule.rejoins is not None and ticket.returns >= rule.rejoins:
        raise Refused("rejoin-used-up", code=ticket.code)
    others = rule.others_first if rule.keeps_place else 0
    place = {"anchor_at": ticket.anchor_at if rule.keeps_place else lock.now, "aside": others}
    moved = move(
        lock.tx,
        ticket,
        Step.RETURN,
        **{**AFRESH, **place, "returns": ticket.returns + 1, "ended_at": None, "own_anchor_at": None},
    )
    lock.append(TicketReturned(subject=str(ticket.id), code=ticket.code, others_first=others), actor)
    reopen_booking(lock, ticket, actor)
    return moved
