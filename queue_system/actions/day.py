"""The end of a day: what was left open is closed, so that nobody is called the next morning for yesterday."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core import events, hours, tickets
from ..core.bookings import BookingState
from ..core.tickets import Step, TicketState
from ..store.database import Tx
from ..store.log import SYSTEM, Locked, locked
from ..store.queries import bookings as stored_bookings
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.queries.settings import branch_settings
from ..store.tables import Booking, Ticket, table
from .visit import end_booking

TICKET = table(Ticket)
BOOKING = table(Booking)

# What becomes of a ticket that its day has left behind.
LAST_STEPS = {
    TicketState.WAITING: Step.VOID,
    TicketState.HELD: Step.VOID,
    TicketState.CALLED: Step.NO_SHOW,
    TicketState.SERVING: Step.FINISH,
}


def close_day(tx: Tx, branch_id: UUID) -> int:
    """Close the tickets and bookings of business days that are over; returns how many. Harmless to repeat.

    Nothing happens while the hall is open: a session over the change of day keeps its line.
    """
    with locked(tx, branch_id) as branch:
        settings = branch_settings(tx, branch_id, branch.config_version)
        if hours.is_open(tx.now, settings.calendar):
            return 0
        today = hours.business_date(tx.now, settings.calendar.zone, settings.day_starts)
        left = [ticket for ticket in line.open_tickets(tx, branch_id) if ticket.business_date < today]
        for ticket in left:
            _close_ticket(branch, ticket)
        begins, _ = hours.day_bounds(today, settings.calendar.zone, settings.day_starts)
        missed = stored_bookings.never_came(tx, branch_id, begins)
        for booking in missed:
            tx.execute(
                sa.update(BOOKING)
                .where(BOOKING.c.branch_id == branch_id, BOOKING.c.id == booking.id)
                .values(state=BookingState.NO_SHOW.value, ended_at=tx.now)
            )
            fact = events.BookingEnded(subject=str(booking.id), code=booking.code, state=BookingState.NO_SHOW.value)
            branch.append(fact, SYSTEM)
        return len(left) + len(missed)


def _close_ticket(branch: Locked, ticket: TicketView) -> None:
    step = LAST_STEPS[ticket.state]
    outcome = "forgotten" if step is Step.FINISH else None
    branch.tx.execute(
        sa.update(TICKET)
        .where(TICKET.c.branch_id == branch.id, TICKET.c.id == ticket.id)
        .values(
            state=tickets.after(ticket.state, step).value,
            # As at the counter itself: who did not come stands nowhere.
            counter_id=ticket.counter_id if step is Step.FINISH else None,
            ended_at=branch.tx.now,
            outcome=outcome,
        )
    )
    subject, counter = str(ticket.id), str(ticket.counter_id or "")
    fact: events.Fact
    if step is Step.VOID:
        fact = events.TicketVoided(subject=subject, code=ticket.code, reason="day-over")
    elif step is Step.NO_SHOW:
        fact = events.TicketNoShow(subject=subject, code=ticket.code, counter=counter, calls=ticket.calls)
    else:
        fact = events.TicketServed(subject=subject, code=ticket.code, counter=counter, outcome="forgotten")
    branch.append(fact, SYSTEM)
    end_booking(branch, ticket, BookingState.FULFILLED if step is Step.FINISH else BookingState.NO_SHOW, SYSTEM)
