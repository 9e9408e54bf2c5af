"""A visitor who missed the call is back."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ..core.errors import Refused
from ..core.facts.tickets import TicketReturned
from ..core.tickets import Step
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings
from .steps import AFRESH, move
from .visit import reopen_booking


class Place(NamedTuple):
    """Where whoever missed a call stands again: from when the waiting counts, `anew` or not, and how many calls come first."""

    anchor_at: datetime
    others_first: int
    anew: bool


def come_back(lock: Locked, settings: BranchSettings, ticket: TicketView, actor: Actor) -> TicketView:
    """Put the ticket of a no-show into the line again, at `place_again`, and reopen its booking."""
    place = place_again(lock, settings, ticket, ticket.anchor_at)
    moved = move(
        lock.tx,
        ticket,
        Step.RETURN,
        **{**AFRESH, "anchor_at": place.anchor_at, "aside": place.others_first},
        returns=ticket.returns + 1,
        ended_at=None,
        # Whoever stands for several numbers keeps its own place beside theirs, or has lost it as they have.
        own_anchor_at=None if place.anew else ticket.own_anchor_at,
    )
    lock.append(TicketReturned(subject=str(ticket.id), code=ticket.code, others_first=place.others_first), actor)
    reopen_booking(lock, ticket, actor)
    return moved


def place_again(lock: Locked, settings: BranchSettings, missed: TicketView, anchor_at: datetime) -> Place:
    """The place of a number from `anchor_at`, by the rule of the branch for whoever `missed` the call.

    It waits from now, or keeps its place after some other calls. Raises Refused("rejoin-used-up") after too many missed calls.
    """
    rule = line.absence_rule(settings)
    if rule.rejoins is not None and missed.returns >= rule.rejoins:
        raise Refused("rejoin-used-up", code=missed.code)
    if rule.keeps_place:
        return Place(anchor_at, rule.others_first, anew=False)
    return Place(lock.now, 0, anew=True)
