"""The end of a session closes what it left open, so that tickets of yesterday are not called today.

Closing does not depend on a timer, because the machine may sleep over night: the first action in a new session closes
the sessions before it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from ..core import tickets
from ..core.bookings import BookingState
from ..core.facts import Fact
from ..core.facts.bookings import BookingEnded
from ..core.facts.counters import CounterClosed
from ..core.facts.tickets import TicketNoShow, TicketServed, TicketVoided
from ..core.tickets import Step
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries import line
from ..store.queries.bookings import never_came
from ..store.queries.channels import channel_of
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import Booking, Branch, Counter, Ticket, table
from . import given_services, phone_calls
from .reserving import free_reserved
from .visit import end_booking

BRANCH = table(Branch)
COUNTER = table(Counter)
TICKET = table(Ticket)
BOOKING = table(Booking)


@contextmanager
def in_session(tx: Tx, branch_id: UUID) -> Iterator[Locked]:
    """`store.log.locked` for actions in the hall: sessions that are over are closed first."""
    with locked(tx, branch_id) as lock:
        _close_sessions(lock)
        yield lock


def close_day(tx: Tx, branch_id: UUID) -> int:
    """Close the tickets, bookings and counters of sessions that are over; returns how many. Idempotent."""
    with locked(tx, branch_id) as lock:
        return _close_sessions(lock)


def _close_sessions(lock: Locked) -> int:
    """Reads the tables only when a session has ended since the last time, which `lock.live_day` remembers."""
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    # `tx.now` decides, because numbers are dated by the clock too. An earlier day than the stored one also closes
    # sessions, because clocks can be set back.
    live_day = settings.timetable.first_live_day(lock.tx.now)
    if lock.live_day == live_day:
        return 0
    closed = (
        _close_tickets(lock, settings, live_day) + _close_bookings(lock, settings) + _close_counters(lock, settings)
    )
    lock.tx.execute(sa.update(BRANCH).where(BRANCH.c.id == lock.id).values(live_day=live_day))
    lock.live_day = live_day
    return closed


def _close_tickets(lock: Locked, settings: BranchSettings, live_day: date) -> int:
    left = [ticket for ticket in line.open_tickets(lock.tx, lock.id) if ticket.business_date < live_day]
    for ticket in left:
        _close_ticket(lock, settings, ticket)
    return len(left)


def _close_bookings(lock: Locked, settings: BranchSettings) -> int:
    """Close bookings whose visitors never came; not calls and home visits, which have no check-in to miss."""
    tx = lock.tx
    past = never_came(tx, lock.id, settings.timetable.live_since(tx.now))
    missed = [booking for booking in past if channel_of(settings, booking).is_received]
    for booking in missed:
        tx.execute(
            sa.update(BOOKING)
            .where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == booking.id)
            .values(state=BookingState.NO_SHOW.value, ended_at=tx.now)
        )
        fact = BookingEnded(subject=str(booking.id), code=booking.code, state=BookingState.NO_SHOW.value)
        lock.append(fact, SYSTEM)
        phone_calls.note_missed(lock, settings, booking.id)
    return len(missed)


def _close_counters(lock: Locked, settings: BranchSettings) -> int:
    """Close counters that their clerks forgot to leave."""
    tx = lock.tx
    forgotten = tx.rows(
        sa.select(COUNTER.c.id, COUNTER.c.number).where(
            COUNTER.c.branch_id == lock.id,
            COUNTER.c.staff_id.is_not(None),
            COUNTER.c.seated_at < settings.timetable.live_since(tx.now),
        )
    )
    # A clerk who still serves a visitor is at work, however long ago the counter was opened.
    left = [counter for counter in forgotten if line.at_counter(tx, lock.id, counter.id) is None]
    for counter in left:
        vacate(lock, counter.id, counter.number, SYSTEM)
    return len(left)


def vacate(lock: Locked, counter_id: UUID, number: int, actor: Actor) -> None:
    """Close a counter; presses there can no longer be taken back, and whoever waits for it alone waits for all."""
    free_reserved(lock, counter_id)
    lock.tx.execute(
        sa.update(COUNTER)
        .where(COUNTER.c.branch_id == lock.id, COUNTER.c.id == counter_id)
        .values(staff_id=None, seated_at=None, last_press=None, away=None, away_until=None)
    )
    lock.append(CounterClosed(subject=str(counter_id), number=number), actor)


def _close_ticket(lock: Locked, settings: BranchSettings, ticket: TicketView) -> None:
    step = tickets.LAST_STEPS[ticket.state]
    if step is Step.FINISH:
        given_services.end(lock, ticket, tickets.FORGOTTEN)
    outcome = tickets.FORGOTTEN if step is Step.FINISH else None
    lock.tx.execute(
        sa.update(TICKET)
        .where(TICKET.c.branch_id == lock.id, TICKET.c.id == ticket.id)
        .values(
            state=tickets.after(ticket.state, step).value,
            # As for a no-show at the counter: the ticket is at no counter afterwards.
            counter_id=ticket.counter_id if step is Step.FINISH else None,
            ended_at=lock.tx.now,
            outcome=outcome,
        )
    )
    subject, counter = str(ticket.id), str(ticket.counter_id or "")
    fact: Fact
    if step is Step.VOID:
        fact = TicketVoided(subject=subject, code=ticket.code, reason="day-over")
    elif step is Step.NO_SHOW:
        fact = TicketNoShow(subject=subject, code=ticket.code, counter=counter, calls=ticket.calls)
    else:
        fact = TicketServed(subject=subject, code=ticket.code, counter=counter, outcome=tickets.FORGOTTEN)
    lock.append(fact, SYSTEM)
    end_booking(lock, ticket, BookingState.FULFILLED if step is Step.FINISH else BookingState.NO_SHOW, SYSTEM)
    if ticket.booking_id is not None and step is not Step.FINISH:
        phone_calls.note_missed(lock, settings, ticket.booking_id)
