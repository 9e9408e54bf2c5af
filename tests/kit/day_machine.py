"""The state machine of the model's tests: a branch, the expected state, and helpers that try actions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis.stateful import RuleBasedStateMachine

from queue_system.actions import day, staff
from queue_system.actions.counters import Desk
from queue_system.actions.steps import AFRESH
from queue_system.clock import FrozenClock
from queue_system.core import dispatch, tickets
from queue_system.core.errors import DomainError, IllegalTransition, Invalid, Refused
from queue_system.core.replayed import Verdict
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.queries import bookings as stored
from queue_system.store.queries import line
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.replays import replayed
from queue_system.store.tables import Queue, Staff, table
from tests.conftest import SUNDAY_MORNING
from tests.kit.day_log import LONG_AGO, Telling
from tests.kit.hall import change_settings, enter, furnish
from tests.kit.people import let_choose

COUNTERS = ("c3", "c4", "c5", "r6")
CLERKS = 4


def prepare(db: Database) -> None:
    """The embassy with clerks; two queues have several lanes, so that bookings can overlap."""
    hall = furnish(db)
    for number in range(CLERKS):
        # No password is hashed, because nobody signs in.
        new = staff.NewStaff(f"clerk-{number}", f"clerk {number}", "-", "ar", ((hall.branch.id, "officer"),))
        db.write_now(staff.create_staff, new)
    let_choose(hall, *(f"clerk-{number}" for number in range(CLERKS)))
    queues = table(Queue)
    for slug, lanes, public in (("q-attest", 3, 2), ("q-verify", 2, 2)):
        wider = sa.update(queues).where(queues.c.branch_id == hall.branch.id, queues.c.slug == slug)
        change_settings(db, wider.values(lanes=lanes, public_lanes=public))


@dataclass(frozen=True)
class Pressed:
    """The last press at a counter: who, when, and its tickets before and after.

    `waited` are the tickets whose `aside` the press reduced by one call, each with the calls that it had then.
    """

    clerk: int
    at: datetime
    before: dict[UUID, TicketView]
    after: dict[UUID, TicketView]
    waited: dict[UUID, int]


@dataclass
class Model:
    """What the machine knows without asking the database: tickets, ids of bookings, request → ticket, counter → clerk and since when."""

    tickets: dict[UUID, TicketView] = field(default_factory=dict)
    bookings: list[UUID] = field(default_factory=list)
    requests: dict[str, UUID] = field(default_factory=dict)
    sits: dict[int, int] = field(default_factory=dict)
    seated_at: dict[int, datetime] = field(default_factory=dict)
    pressed: dict[int, Pressed] = field(default_factory=dict)


class Machine(RuleBasedStateMachine):
    """A branch of the embassy with four counters, four clerks, and visitors."""

    # Gives the address of a prepared database that is not used yet.
    fresh: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock(SUNDAY_MORNING)
        self.db = Database(type(self).fresh(), self.clock)
        self.hall = enter(self.db)
        self.branch = self.hall.branch
        staff = table(Staff)
        people = self.db.read_now(Tx.rows, sa.select(staff.c.id).order_by(staff.c.login))
        self.clerks: list[UUID] = [row.id for row in people]
        self.model = Model()
        self.telling = Telling()

    def teardown(self) -> None:
        assert all(verdict.broken_at is None for verdict in self.db.read_now(log.verify))
        never = self.clock.now() + timedelta(days=100)
        calls = self.db.read_now(replayed, self.branch.id, None, never)
        assert [call for call in calls if call.verdict is not Verdict.REPRODUCED] == []
        assert not any(call.breaks_promise for call in calls)
        self.db.close()

    # ------------------------------------------------------------ what is known

    def some_ticket(self, which: int, *states: TicketState) -> TicketView:
        """Any ticket; every other time one in these states, because chance would seldom find one."""
        every = list(self.model.tickets.values())
        fitting = [ticket for ticket in every if ticket.state in states] if which % 2 else []
        return (fitting or every)[which // 2 % len(fitting or every)]

    def in_front(self, counter: int) -> TicketView | None:
        counter_id = self.hall.counter(COUNTERS[counter])
        here = (one for one in self.model.tickets.values() if one.state in tickets.AT_COUNTER)
        return next((one for one in here if one.counter_id == counter_id), None)

    def seat_of(self, clerk: int) -> int | None:
        return next((counter for counter, who in self.model.sits.items() if who == clerk), None)

    def desk(self, counter: int, clerk: int) -> Desk:
        return Desk(self.branch.id, self.hall.counter(COUNTERS[counter]), self.clerks[clerk])

    def occupied(self, which: int) -> tuple[int, Desk]:
        """One of the open counters, as its page shows it."""
        counter, clerk = list(self.model.sits.items())[which % len(self.model.sits)]
        current = self.in_front(counter)
        return counter, replace(self.desk(counter, clerk), expected=current.id if current else None)

    def branch_now(self) -> datetime:
        """The time that orders people: the clock, but never before the last entry of the log."""
        now = self.clock.now()
        return now if self.telling.at <= now else self.telling.at + timedelta.resolution

    def choice(self, here: Desk) -> UUID | None:
        """The ticket that the published rule chooses, computed from the model."""
        waiting = line.as_waiting(self.model.tickets.values(), self.branch)
        queues = self.branch.counters[here.counter_id].queues
        choice = dispatch.choose(waiting, queues, line.calling_rules(self.branch), self.branch_now())
        return choice.ticket_id if choice else None

    def may_go(self, ticket: TicketView | None, became: str | None) -> type[DomainError] | None:
        """The error if the visitor at the counter cannot be replaced by the next; None if that is possible."""
        if ticket is None:
            return None
        if ticket.state is TicketState.SERVING:
            return IllegalTransition if became == "absent" else None
        return Refused if became is None else None

    def moved(self, ticket: TicketView | None, **changes: Any) -> None:
        if ticket is not None:
            self.model.tickets[ticket.id] = replace(ticket, **changes)

    def newest_anchor(self) -> datetime:
        """The newest anchor of the waiting visitors without an appointment."""
        return max(
            (
                one.anchor_at
                for one in self.model.tickets.values()
                if one.booking_id is None and one.state is TicketState.WAITING
            ),
            default=LONG_AGO,
        )

    def session_ends(self) -> None:
        """Tickets that past sessions left open count nowhere and are closed."""
        live_day = self.branch.timetable.first_live_day(self.clock.now())
        left = {
            one.id for one in self.model.tickets.values() if one.state in tickets.OPEN and one.business_date < live_day
        }
        assert not left & {ticket.id for ticket in self.db.read_now(line.in_hall, self.branch)}
        self.db.write_in_now(self.branch.id, day.close_day, self.branch.id)
        for ticket_id in left:
            ticket = self.model.tickets[ticket_id]
            state = tickets.left_behind(ticket.state)
            self.moved(ticket, state=state, counter_id=ticket.counter_id if state is TicketState.SERVED else None)
        since = self.branch.timetable.live_since(self.clock.now())
        for counter, at in list(self.model.seated_at.items()):
            if counter in self.model.sits and at < since and not self.in_front(counter):
                del self.model.sits[counter]

    def called(self, ticket_id: UUID, here: Desk) -> None:
        ticket, now = self.model.tickets[ticket_id], self.clock.now()
        for other in list(self.model.tickets.values()):
            ours = other.queue_id in self.branch.counters[here.counter_id].queues
            if other.aside and ours and other.state is TicketState.WAITING:
                self.moved(other, aside=other.aside - 1)
        self.moved(
            ticket,
            state=TicketState.CALLED,
            counter_id=here.counter_id,
            calls=ticket.calls + 1,
            first_called_at=ticket.first_called_at or now,
            called_at=now,
            started_at=None,
            aside=0,
        )

    def goes(self, ticket: TicketView | None, became: str | None) -> None:
        """The visitor at the counter is replaced by the next."""
        if ticket is not None and became == "absent":
            self.not_here(ticket)
        else:
            self.moved(ticket, state=TicketState.SERVED)

    def not_here(self, ticket: TicketView) -> None:
        rule = line.absence_rule(self.branch)
        assert ticket.first_called_at is not None
        if rule.is_no_show(ticket.calls, ticket.first_called_at, line.agreed_time(ticket), self.clock.now()):
            self.moved(ticket, state=TicketState.NO_SHOW, counter_id=None)
        else:
            urgent = line.is_emergency(self.branch, ticket.priority)
            skips, others = ticket.skips + 1, min(1, rule.others_first) if urgent else rule.others_first
            self.moved(ticket, state=TicketState.WAITING, counter_id=None, skips=skips, aside=others)

    def keep(self, counter: int, before: dict[UUID, TicketView]) -> None:
        """Store what a press has changed since `before`, while it can be taken back."""
        now = self.model.tickets
        changed = {key for key, ticket in before.items() if now[key] != ticket}
        waited = {key for key in changed if now[key] == replace(before[key], aside=before[key].aside - 1)}
        moves = changed - waited
        if moves:
            self.model.pressed[counter] = Pressed(
                self.model.sits[counter],
                self.clock.now(),
                {key: before[key] for key in moves},
                {key: now[key] for key in moves},
                {key: now[key].calls for key in waited},
            )

    def comes_back(self, ticket: TicketView) -> None:
        """A visitor who missed the call is back in line; a parked one continues to wait."""
        if ticket.state is TicketState.NO_SHOW:
            others = line.absence_rule(self.branch).others_first
            changes = AFRESH | {"aside": others, "returns": ticket.returns + 1}
            self.moved(ticket, state=TicketState.WAITING, **changes)
        else:
            self.moved(ticket, state=TicketState.WAITING)

    def some_booking(self, which: int) -> BookingView:
        booking_id = self.model.bookings[which % len(self.model.bookings)]
        return self.db.read_now(stored.booking_by_id, self.branch.id, booking_id)

    def all_bookings(self) -> list[BookingView]:
        return [
            self.db.read_now(stored.booking_by_id, self.branch.id, booking_id) for booking_id in self.model.bookings
        ]

    def times(self, service: str, ahead: int) -> list[datetime]:
        """The times that are offered `ahead` days from now, and one that is never offered."""
        day = (self.clock.now() + timedelta(days=ahead)).astimezone(self.branch.zone).date()
        view = self.branch.service(service)
        offered = [slot.start for slot in self.db.read_now(stored.free_days, self.branch, view, day, day)[0].slots]
        return [*offered, offered[0] + timedelta(minutes=1)] if offered else []

    # ------------------------------------------------------------ how it is done

    def done(self, action: Callable[..., Any], *args: Any) -> Any:
        """The action must succeed and append to the log."""
        before = self.position()
        result = self.db.write_in_now(self.branch.id, action, *args)
        assert self.position() > before
        return result

    def silent(self, action: Callable[..., Any], *args: Any) -> Any:
        """The action must succeed and change nothing."""
        before = self.position()
        result = self.db.write_in_now(self.branch.id, action, *args)
        assert self.position() == before
        return result

    def refused(self, kind: type[DomainError], action: Callable[..., Any], *args: Any) -> None:
        """The action must be refused and change nothing."""
        before = self.position()
        with pytest.raises(kind):
            self.db.write_in_now(self.branch.id, action, *args)
        assert self.position() == before

    def tried(self, action: Callable[..., Any], *args: Any) -> Any:
        """May be refused, then with nothing changed; None in that case."""
        before = self.position()
        with contextlib.suppress(Refused, IllegalTransition, Invalid):
            return self.db.write_in_now(self.branch.id, action, *args)
        assert self.position() == before
        return None

    def position(self) -> int:
        return self.db.read_now(log.positions)[self.branch.id]
