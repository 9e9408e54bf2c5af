"""People in line whom the settings no longer support, on whom staff must decide."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ...core.facts.tickets import TicketKept, TicketPutOff, TicketVoided
from ...core.offer import LiveTicket
from ...core.promises import Decided
from ...core.reasons import TAKEN_AWAY
from ...core.support import Support, Why
from ...core.tickets import AT_COUNTER
from ..database import Tx
from ..tables import Booking, table
from . import line
from .effect import offer_of
from .line import TicketView
from .settings import BranchSettings
from .told import told_of

BOOKING = table(Booking)


@dataclass(frozen=True, slots=True)
class StrandedView:
    """A waiting or parked ticket, and why it is not supported."""

    ticket: TicketView
    why: Why


def stranded(tx: Tx, settings: BranchSettings) -> list[StrandedView]:
    """The people in line whom the settings do not support, without those who are to be served all the same.

    On a closed day they are only those on whom a decision was put off, because who keeps an appointment is received then.
    """
    support = Support(offer_of(settings))
    found = []
    for ticket in line.in_hall(tx, settings):
        why = None if ticket.state in AT_COUNTER else support.why_ticket(live_ticket(ticket))
        if why is not None and _is_open(tx, ticket, why):
            found.append(StrandedView(ticket, why))
    return found


def live_ticket(ticket: TicketView) -> LiveTicket:
    """A ticket as `core.support` looks at it."""
    return LiveTicket(ticket.id, ticket.code, ticket.service_id, ticket.queue_id, ticket.business_date)


def was_taken_away(tx: Tx, ticket: TicketView) -> bool:
    """Whether a void ticket ended because the branch no longer serves it."""
    ends = told_of(tx, ticket, TicketVoided.kind)
    return any(isinstance(one, TicketVoided) and one.reason == TAKEN_AWAY for one in ends)


def _is_open(tx: Tx, ticket: TicketView, why: Why) -> bool:
    """Whether somebody must decide still: without a counter always, because nobody can call who is to be served."""
    if why is Why.COUNTER:
        return True
    decided = told_of(tx, ticket, TicketKept.kind, TicketPutOff.kind)
    if decided:
        return isinstance(decided[-1], TicketPutOff)
    return why is Why.SERVICE and not _was_kept(tx, ticket)


def _was_kept(tx: Tx, ticket: TicketView) -> bool:
    """Whether a ticket is of an appointment that was promised to take place all the same."""
    if ticket.booking_id is None:
        return False
    kept = sa.select(BOOKING.c.decision).where(
        BOOKING.c.branch_id == ticket.branch_id, BOOKING.c.id == ticket.booking_id
    )
    return bool(tx.scalar(kept) == Decided.KEEP)
