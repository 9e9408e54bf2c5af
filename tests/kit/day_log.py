"""The state of every ticket and booking of a branch, computed from the log alone.

This is independent of `core.board.fold` and of the actions, so the model's tests compare two implementations.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from queue_system.core import bookings, slots, tickets
from queue_system.core.bookings import BookingState, BookingStep
from queue_system.core.tickets import Step, TicketState
from queue_system.store import log
from queue_system.store.database import AnyRow, Tx
from queue_system.store.queries import bookings as stored
from queue_system.store.queries.settings import BranchSettings
from queue_system.store.tables import Booking, Branch, Seat, Ticket, table

LONG_AGO = datetime.min.replace(tzinfo=UTC)
STEPS = {
    "ticket.called": Step.CALL,
    "ticket.recalled": Step.RECALL,
    "ticket.started": Step.START,
    "ticket.served": Step.FINISH,
    "ticket.skipped": Step.SKIP,
    "ticket.no_show": Step.NO_SHOW,
    "ticket.held": Step.PARK,
    "ticket.resumed": Step.RESUME,
    "ticket.returned": Step.RETURN,
    "ticket.transferred": Step.TRANSFER,
    "ticket.raised": Step.RAISE,
    "ticket.left": Step.LEAVE,
    "ticket.voided": Step.VOID,
}
BOOKING_STEPS = {
    "booking.confirmed": BookingStep.CONFIRM,
    "booking.changed": BookingStep.CHANGE,
    "booking.cancelled": BookingStep.CANCEL,
    "booking.called_off": BookingStep.CANCEL,
    "booking.expired": BookingStep.EXPIRE,
    "booking.hold_lost": BookingStep.EXPIRE,
    "booking.checked_in": BookingStep.CHECK_IN,
}
ENDS = {"fulfilled": BookingStep.FULFIL, "no_show": BookingStep.NO_SHOW}
# The state of a booking after each end of its ticket; while the ticket is open, the booking is checked in.
BOOKING_OF_TICKET = {
    TicketState.SERVED: BookingState.FULFILLED,
    TicketState.NO_SHOW: BookingState.NO_SHOW,
    TicketState.LEFT: BookingState.NO_SHOW,
    TicketState.VOID: BookingState.NO_SHOW,
}


@dataclass
class Told:
    """A ticket as the log describes it."""

    code: str
    queue: str
    service: str
    priority: str
    state: TicketState = TicketState.WAITING
    counter: str | None = None
    calls: int = 0
    begun: bool = False


@dataclass
class Telling:
    """The log, entry by entry; refuses a step that is not in the tables of transitions."""

    tickets: dict[str, Told] = field(default_factory=dict)
    bookings: dict[str, BookingState] = field(default_factory=dict)
    seq: int = 0
    chain: str = ""
    at: datetime = LONG_AGO

    def follow(self, entry: AnyRow) -> None:
        assert entry.seq == self.seq + 1
        assert entry.chain == log.link(self.chain, entry._asdict())
        assert entry.at >= self.at, "time goes back in the log"
        self.seq, self.chain, self.at = entry.seq, entry.chain, entry.at
        data = entry.data
        if entry.kind == "ticket.issued":
            assert entry.subject not in self.tickets
            self.tickets[entry.subject] = Told(data["code"], data["queue"], data["service"], data["priority_class"])
        elif entry.kind == "ticket.taken_back":
            self._take_back(self.tickets[entry.subject], data)
        elif entry.kind == "booking.reopened":
            assert self.bookings[entry.subject] in (BookingState.FULFILLED, BookingState.NO_SHOW)
            self.bookings[entry.subject] = BookingState.CHECKED_IN
        elif entry.kind in STEPS:
            self._step(self.tickets[entry.subject], STEPS[entry.kind], data)
        elif entry.kind == "booking.held":
            assert entry.subject not in self.bookings
            self.bookings[entry.subject] = BookingState.HELD
        elif entry.kind in BOOKING_STEPS or entry.kind == "booking.ended":
            step = ENDS[data["state"]] if entry.kind == "booking.ended" else BOOKING_STEPS[entry.kind]
            self.bookings[entry.subject] = bookings.after(self.bookings[entry.subject], step)

    @staticmethod
    def _step(ticket: Told, step: Step, data: dict[str, str]) -> None:
        ticket.state = tickets.after(ticket.state, step)
        assert data["code"] == ticket.code
        if step in (Step.CALL, Step.RECALL):
            ticket.calls += 1
        if step in (Step.PARK, Step.TRANSFER, Step.RETURN):
            ticket.calls = 0
        if step in (Step.CALL, Step.START):
            ticket.begun = step is Step.START
        assert ticket.state is not TicketState.SERVED or ticket.begun, "served without a start"
        if step is Step.CALL:
            ticket.counter = data["counter"]
        elif "counter" in data:
            assert data["counter"] == ticket.counter, "done at another counter than the one it was called to"
        if step is Step.RAISE:
            assert data["from_class"] == ticket.priority
            ticket.priority = data["to_class"]
        if step is Step.TRANSFER:
            ticket.queue, ticket.service = data["to_queue"], data["to_service"]
        if step in (Step.SKIP, Step.NO_SHOW, Step.PARK, Step.TRANSFER):
            ticket.counter = None

    @staticmethod
    def _take_back(ticket: Told, data: dict[str, Any]) -> None:
        assert data["code"] == ticket.code
        ticket.state, ticket.counter = TicketState(data["to_state"]), data["at_counter"]
        ticket.queue, ticket.service, ticket.priority = data["queue"], data["service"], data["priority_class"]
        ticket.calls = data["calls"]
        ticket.begun = ticket.state is TicketState.SERVING


def check(tx: Tx, settings: BranchSettings, telling: Telling) -> None:
    """Check every invariant of a branch; reads the log from the position of `telling` on."""
    for entry in log.after(tx, settings.id, telling.seq, 1_000):
        telling.follow(entry)
    branch = table(Branch)
    head = tx.row(sa.select(branch.c.last_seq, branch.c.chain).where(branch.c.id == settings.id))
    assert head == (telling.seq, telling.chain), "the branch and its log disagree"
    _check_tickets(tx, settings, telling)
    _check_bookings(tx, settings, telling)


def _check_tickets(tx: Tx, settings: BranchSettings, telling: Telling) -> None:
    rows = tx.rows(sa.select(table(Ticket)).where(table(Ticket).c.branch_id == settings.id))
    told = {
        key: (one.state.value, one.counter, one.queue, one.service, one.priority, one.calls, one.code)
        for key, one in telling.tickets.items()
    }
    kept = {
        str(row.id): (
            row.state,
            str(row.counter_id) if row.counter_id else None,
            settings.queues[row.queue_id].slug,
            settings.services[row.service_id].slug,
            row.priority,
            row.calls,
            row.code,
        )
        for row in rows
    }
    assert kept == told, "the tables and the log tell different days"
    at_counters = Counter(row.counter_id for row in rows if TicketState(row.state) in tickets.AT_COUNTER)
    assert all(count == 1 for count in at_counters.values()), "two visitors at one counter"
    days: dict[tuple[UUID, object], list[int]] = {}
    for row in rows:
        days.setdefault((row.series_id, row.business_date), []).append(row.number)
    for numbers in days.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), "a number is missing or was given twice"


def _check_bookings(tx: Tx, settings: BranchSettings, telling: Telling) -> None:
    rows = tx.rows(sa.select(table(Booking)).where(table(Booking).c.branch_id == settings.id))
    assert {str(row.id): row.state for row in rows} == {key: state.value for key, state in telling.bookings.items()}
    states = {row.id: row.state for row in tx.rows(sa.select(table(Ticket).c.id, table(Ticket).c.state))}
    for row in rows:
        if row.ticket_id is not None:
            assert row.state == BOOKING_OF_TICKET.get(TicketState(states[row.ticket_id]), BookingState.CHECKED_IN).value
    seats = tx.rows(sa.select(table(Seat)).where(table(Seat).c.branch_id == settings.id))
    lanes = {queue.id: queue.lanes for queue in settings.queues.values()}
    taken = Counter((seat.resource_id, seat.tick) for seat in seats)
    assert all(count <= lanes[resource] for (resource, _), count in taken.items()), "overbooked"
    assert all(1 <= seat.lane <= lanes[seat.resource_id] for seat in seats)
    held: dict[UUID, set[tuple[UUID, int]]] = {}
    for seat in seats:
        held.setdefault(seat.booking_id, set()).add((seat.resource_id, seat.tick))
    for row in rows:
        if BookingState(row.state) in bookings.LIVE:
            plan = stored.plan_on(
                settings, settings.services[row.service_id], row.starts_at.astimezone(settings.zone).date()
            )
            ticks = slots.seats_span(row.starts_at, plan, settings.tick_minutes)
            needed = {(need.resource_key, tick) for need in plan.resources for tick in ticks}
            assert needed <= held.get(row.id, set()), "a booking without its seats"
        if row.state == BookingState.EXPIRED.value:
            assert row.id not in held, "a hold that expired keeps its seats"
