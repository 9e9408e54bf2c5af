"""The desk of a clerk: the counter, its clerk, the ticket at the counter, the line, parked and missed tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.calling_profiles import Caller, Profile, RecentCall, is_for_others, line_up
from ...core.dispatch import Choice
from ...core.printers import IN_TROUBLE
from ...core.tickets import AT_COUNTER, TAKE_BACK, TicketState
from ..database import Tx
from ..tables import Branch, Call, Counter, Entry, Staff, table
from . import line
from .access import DeviceView, devices
from .apart_hall import concerns, in_hall_together
from .bookings import BookingView, booking_by_id
from .calling_profiles import ClerkView, caller_at, clerk, profile_at, recent_calls, watched_queues
from .escorts import to_fetch
from .families import families
from .given_services import GivenView, given_services
from .line import TicketView, UnservedView
from .referrals import REFERRED, ReceivedView, received
from .screens import Live, live_zones
from .sessions import ALIVE, SESSION, Idle
from .settings import BranchSettings, CounterView, branch_settings
from .ticket_notes import TicketNoteView, notes_for

BRANCH = table(Branch)
CALL = table(Call)
COUNTER = table(Counter)
ENTRY = table(Entry)
STAFF = table(Staff)

# Only the latest missed tickets are shown, because visitors who missed a call come back soon or not at all.
MISSED_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class HolderView:
    """The clerk of a counter; `present`: the clerk has a live session. `away`: why nobody is called for some time."""

    staff_id: UUID
    name: str
    present: bool
    away: str | None = None
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CalledView:
    """Why and when a ticket was chosen: code and values of `core.dispatch.Reason`, from the log. Recalls do not count."""

    code: str
    values: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskView:
    """One counter and its surroundings, as a snapshot: `seq` is the branch's position at that moment.

    `waiting` are the tickets of the counter's queues, oldest anchor first; `at_counters` is by counter. `live` are the
    zones with a live screen, `received` says where a referred visitor comes from, `unserved` are the queues with waiting
    people and no open counter. `minded` are codes of visitors whom reception keeps apart from somebody in the hall.
    Until `undo_until` the clerk can take the last press back; None without such a press.
    """

    settings: BranchSettings
    counter: CounterView
    seq: int
    holders: dict[UUID, HolderView]
    at_counters: dict[UUID, TicketView]
    called: CalledView | None
    booking: BookingView | None
    received: ReceivedView | None
    waiting: tuple[TicketView, ...]
    parked: tuple[TicketView, ...]
    missed: tuple[TicketView, ...]
    troubled_printers: tuple[DeviceView, ...]
    undo_until: datetime | None
    live: Live
    unserved: tuple[UnservedView, ...]
    minded: tuple[str, ...] = ()
    # What the counter's calling profile looks at besides: tickets that wait in other queues, and calls.
    watched: tuple[TicketView, ...] = ()
    recent_calls: tuple[RecentCall, ...] = ()
    clerk: ClerkView | None = None
    # The services of the visitor at the counter, if there have been several.
    given: tuple[GivenView, ...] = ()
    # The waiting tickets in the order in which this counter would call them, at the moment of the snapshot.
    order: tuple[Choice, ...] = ()
    # The booking of whom "next" would call, where the branch lets its desks look first.
    next_booking: BookingView | None = None
    # The numbers that are called with another one, by its id.
    families: dict[UUID, list[TicketView]] = field(default_factory=dict)
    # The notes about the visitor at the counter that its clerk may read.
    notes: tuple[TicketNoteView, ...] = ()
    # Who fetches the visitor that was called; "" while nobody does, None where visitors are not fetched.
    fetched_by: str | None = None

    @property
    def current(self) -> TicketView | None:
        """The ticket in front of the clerk."""
        return self.at_counters.get(self.counter.id)

    @property
    def given_now(self) -> UUID | None:
        """The service that is being given, if it is noted apart from the ticket."""
        return self.given[-1].service_id if self.given and self.given[-1].ended_at is None else None

    def reserved(self, now: datetime) -> list[TicketView]:
        """The waiting tickets that only another counter or person calls."""
        tickets = {ticket.id: ticket for ticket in self.waiting}
        waiting, caller = line.as_waiting(self.waiting, self.settings), self.caller
        return [tickets[one.ticket_id] for one in waiting if is_for_others(one, caller, now)]

    @property
    def caller(self) -> Caller:
        """The counter and its clerk, as calls are decided."""
        return caller_at(self.settings, self.counter, self.clerk)

    @property
    def holder(self) -> HolderView | None:
        return self.holders.get(self.counter.id)


def desk_view(tx: Tx, branch_id: UUID, counter: str, idle: Idle) -> DeskView:
    """The desk of the counter with that slug; raises Missing("counter"). Sessions idle for longer than `idle` end."""
    settings = branch_settings(tx, branch_id)
    view = settings.counter(counter)
    at_desks = holders(tx, branch_id, idle)
    person = clerk(tx, at_desks[view.id].staff_id) if view.id in at_desks else None
    profile = profile_at(settings, view, person)
    looked_at = watched_queues(view, profile)
    open_now = line.in_hall(tx, settings)
    mine = [ticket for ticket in open_now if ticket.queue_id in view.queues]
    at_counters = {ticket.counter_id: ticket for ticket in open_now if ticket.counter_id and ticket.state in AT_COUNTER}
    current = at_counters.get(view.id)
    found = DeskView(
        settings=settings,
        counter=view,
        seq=int(tx.scalar(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == branch_id)) or 0),
        holders=at_desks,
        at_counters=at_counters,
        called=_last_call(tx, current) if current else None,
        booking=booking_by_id(tx, branch_id, current.booking_id) if current and current.booking_id else None,
        received=received(tx, current) if current and current.source == REFERRED else None,
        waiting=tuple(ticket for ticket in mine if ticket.state is TicketState.WAITING),
        parked=tuple(ticket for ticket in mine if ticket.state is TicketState.PARKED),
        missed=tuple(line.missed_tickets(tx, settings, view.queues, MISSED_SHOWN)),
        troubled_printers=tuple(
            printer for printer in devices(tx, branch_id, "printer") if printer.status in IN_TROUBLE
        ),
        undo_until=_undo_until(tx, branch_id, view.id, at_desks.get(view.id)),
        live=live_zones(tx, branch_id),
        unserved=tuple(line.unserved(open_now, settings, line.open_counters(tx, settings))),
        clerk=person,
        watched=tuple(
            one
            for one in open_now
            if one.state is TicketState.WAITING and one.queue_id in looked_at and one.queue_id not in view.queues
        ),
        recent_calls=tuple(recent_calls(tx, branch_id, view, profile)),
        minded=concerns(in_hall_together(tx, settings, open_now), current, view.queues),
        given=tuple(given_services(tx, current)) if current else (),
        families=families(tx, settings),
        notes=notes_for(tx, settings, current, person.staff_id) if current and person else (),
        fetched_by=next((one.by or "" for one in to_fetch(tx, settings, [current] if current else [])), None),
    )
    # Once for the page and for the look, so that both name the same visitor.
    order = tuple(_order(found, profile, tx.now))
    return replace(found, order=order, next_booking=_next_booking(tx, found, order))


def _order(view: DeskView, profile: Profile | None, now: datetime) -> list[Choice]:
    waiting = line.as_waiting([*view.waiting, *view.watched], view.settings)
    return line_up(waiting, view.caller, profile, view.recent_calls, line.calling_rules(view.settings), now)


def _next_booking(tx: Tx, view: DeskView, order: Sequence[Choice]) -> BookingView | None:
    if not order or not view.settings.queue_rules.look_before_calling:
        return None
    ticket = next(one for one in view.waiting if one.id == order[0].ticket_id)
    return booking_by_id(tx, ticket.branch_id, ticket.booking_id) if ticket.booking_id else None


def holders(tx: Tx, branch_id: UUID, idle: Idle) -> dict[UUID, HolderView]:
    """The clerks at counters, by counter."""
    alive = sa.select(SESSION.c.staff_id).where(SESSION.c.staff_id == STAFF.c.id, ALIVE).correlate(STAFF).exists()
    rows = tx.rows(
        sa.select(
            *(COUNTER.c.id, STAFF.c.id.label("staff_id"), STAFF.c.name, alive.label("present")),
            *(COUNTER.c.away, COUNTER.c.away_until),
        )
        .join(STAFF, STAFF.c.id == COUNTER.c.staff_id)
        .where(COUNTER.c.branch_id == branch_id),
        idle.bounds(tx.now),
    )
    return {row.id: HolderView(row.staff_id, row.name, bool(row.present), row.away, row.away_until) for row in rows}


def who_sits(tx: Tx, branch_id: UUID, counter_id: UUID) -> UUID | None:
    """The clerk of a counter; None for a closed one."""
    statement = sa.select(COUNTER.c.staff_id).where(COUNTER.c.branch_id == branch_id, COUNTER.c.id == counter_id)
    found: UUID | None = tx.scalar(statement)
    return found


def _undo_until(tx: Tx, branch_id: UUID, counter_id: UUID, holder: HolderView | None) -> datetime | None:
    press = tx.scalar(
        sa.select(COUNTER.c.last_press).where(COUNTER.c.branch_id == branch_id, COUNTER.c.id == counter_id)
    )
    if press is None or holder is None or press["staff"] != str(holder.staff_id):
        return None
    until = datetime.fromisoformat(press["at"]) + TAKE_BACK
    return until if tx.now <= until else None


def _last_call(tx: Tx, ticket: TicketView) -> CalledView | None:
    row = tx.row(
        sa.select(ENTRY.c.data, CALL.c.at)
        .join(CALL, sa.and_(CALL.c.branch_id == ENTRY.c.branch_id, CALL.c.seq == ENTRY.c.seq))
        .where(CALL.c.branch_id == ticket.branch_id, CALL.c.ticket_id == ticket.id, CALL.c.kind == "call")
        .order_by(CALL.c.seq.desc())
        .limit(1)
    )
    return CalledView(row.data["reason"], row.data["values"], row.at) if row else None
