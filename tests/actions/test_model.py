"""A day as a state machine: the invariants hold for any order of actions. On both databases.

The model knows tickets and counters by itself, and predicts refusals and calls. After every step the log is evaluated
from its first entry and compared with the tables (tests/kit/day_log.py).
"""

from __future__ import annotations

import itertools
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from queue_system.actions import bookings, calling, counters, transferring
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.raising import raise_ticket
from queue_system.actions.steps import AFRESH
from queue_system.actions.tickets import TicketOrder, check_in, issue_ticket, leave
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core import hours, tickets
from queue_system.core.bookings import BookingState
from queue_system.core.errors import IllegalTransition, Refused, Stale
from queue_system.core.tickets import Step, TicketState
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import bookings as stored
from queue_system.store.queries import line
from tests.conftest import SUNDAY_MORNING
from tests.kit import postgres
from tests.kit.day_log import check
from tests.kit.day_machine import CLERKS, COUNTERS, Machine, prepare

SERVICES = ("attest-single", "verify-doc", "edu-attest", "declaration", "civil-extract", "consular-reg", "death")
BOOKABLE = ("attest-single", "attest-batch", "verify-doc", "consular-reg")
PRIORITIES = ("walkin", "elderly", "disability", "bereavement")

a_counter = st.integers(0, len(COUNTERS) - 1)
a_clerk = st.integers(0, CLERKS - 1)
at_a_counter = st.sampled_from(["recall", "start", "finish", "no_show", "park"])
any_one = st.integers(0, 10_000)
an_answer = st.sampled_from([None, "done", "done", "absent"])


class Day(Machine):
    """Any actions in any order; it begins with clerks at their counters and a few visitors."""

    @initialize()
    def the_morning(self) -> None:
        for clerk in range(CLERKS):
            self.sit_down(clerk, clerk)
        for service in (*SERVICES, *SERVICES[:2]):
            self.issue(service, "walkin", again=False, which=0)

    # ------------------------------------------------------------ visitors

    @rule(service=st.sampled_from(SERVICES), priority=st.sampled_from(PRIORITIES), again=st.booleans(), which=any_one)
    def issue(self, service: str, priority: str, again: bool, which: int) -> None:
        known = list(self.model.requests)
        request = known[which % len(known)] if again and known else f"request-{len(known)}"
        service_id = self.hall.service(service)
        order = TicketOrder(self.branch.id, service_id, "ar", "kiosk", SYSTEM, request, priority)
        if request in self.model.requests:
            first = self.model.requests[request]
            if self.model.tickets[first].service_id != service_id:
                self.refused(Refused, issue_ticket, order)
            else:
                assert self.silent(issue_ticket, order).ticket.id == first
            return
        if not hours.takes_tickets(self.clock.now(), self.branch.calendar, service_id):
            self.refused(Refused, issue_ticket, order)
            return
        now = self.branch_now()
        issued = self.done(issue_ticket, order)
        assert issued.created
        assert issued.ticket.anchor_at >= now
        assert not self.model.requests or issued.ticket.anchor_at >= self.newest_anchor(), (
            "in front of those who were there"
        )
        self.model.tickets[issued.ticket.id] = issued.ticket
        self.model.requests[request] = issued.ticket.id

    @precondition(lambda self: self.model.tickets)
    @rule(which=any_one)
    def leave(self, which: int) -> None:
        ticket = self.some_ticket(which, TicketState.WAITING, TicketState.PARKED)
        if (ticket.state, Step.LEAVE) not in tickets.TRANSITIONS:
            self.refused(IllegalTransition, leave, self.branch.id, ticket.id, VISITOR)
            return
        self.done(leave, self.branch.id, ticket.id, VISITOR)
        self.moved(ticket, state=TicketState.LEFT)

    # ------------------------------------------------------------ counters

    @rule(counter=a_counter, clerk=a_clerk, down=st.booleans())
    def change_places(self, counter: int, clerk: int, down: bool) -> None:
        (self.sit_down if down else self.stand_up)(counter, clerk)

    def sit_down(self, counter: int, clerk: int) -> None:
        here, before = self.desk(counter, clerk), self.seat_of(clerk)
        holder = self.model.sits.get(counter)
        if holder == clerk:
            self.silent(counters.open_counter, here)
        elif holder is not None or (before is not None and self.in_front(before)):
            self.refused(Refused, counters.open_counter, here)
        else:
            self.done(counters.open_counter, here)
            self.model.sits = {place: who for place, who in self.model.sits.items() if who != clerk} | {counter: clerk}
            self.model.seated_at[counter] = self.clock.now()

    def stand_up(self, counter: int, clerk: int) -> None:
        here = self.desk(counter, clerk)
        if self.model.sits.get(counter) != clerk:
            self.refused(Stale, counters.close_counter, here)
        elif self.in_front(counter):
            self.refused(Refused, counters.close_counter, here)
        else:
            self.done(counters.close_counter, here)
            del self.model.sits[counter]

    @precondition(lambda self: self.model.sits)
    @rule(which=any_one, steps=st.lists(at_a_counter, max_size=4))
    def a_visit(self, which: int, steps: list[str]) -> None:
        """Call a visitor, then press the given buttons, sensible or not."""
        self.call_next(which, "done")
        for step in steps:
            self.the_day_holds_together()
            self.press(which, step)

    @precondition(lambda self: self.model.sits)
    @rule(which=any_one, became=an_answer)
    def press_next(self, which: int, became: str | None) -> None:
        self.call_next(which, became)

    def call_next(self, which: int, became: str | None) -> None:
        counter, here = self.occupied(which)
        current, before = self.in_front(counter), dict(self.model.tickets)
        if refusal := self.may_go(current, became):
            self.refused(refusal, calling.call_next, here, became)
            return
        choice = self.choice(here)
        if choice is None:
            assert (self.done if current else self.silent)(calling.call_next, here, became) is None
            self.goes(current, became)
        else:
            called = self.done(calling.call_next, here, became)
            assert called.id == choice, "another one than the published rule calls"
            self.goes(current, became)
            self.called(called.id, here)
        self.keep(counter, before)

    @precondition(lambda self: self.model.sits and self.model.tickets)
    @rule(which=any_one, whom=any_one, became=an_answer, reason=st.sampled_from([None, "unwell", "because"]))
    def call_by_hand(self, which: int, whom: int, became: str | None, reason: str | None) -> None:
        counter, here = self.occupied(which)
        ticket = self.some_ticket(whom, TicketState.WAITING, TicketState.PARKED)
        current, before = self.in_front(counter), dict(self.model.tickets)
        wanted = (here, ticket.id, became, reason)
        needs = ticket.state is TicketState.WAITING and not ticket.skips and self.choice(here) != ticket.id
        if (ticket.state, Step.CALL) not in tickets.TRANSITIONS:
            self.refused(IllegalTransition, calling.call_ticket, *wanted)
        elif ticket.queue_id not in self.branch.counter(COUNTERS[counter]).queues:
            self.refused(Refused, calling.call_ticket, *wanted)
        elif refusal := self.may_go(current, became):
            self.refused(refusal, calling.call_ticket, *wanted)
        elif needs and reason != "unwell":
            self.refused(Refused, calling.call_ticket, *wanted)
        else:
            self.done(calling.call_ticket, *wanted)
            self.goes(current, became)
            self.called(ticket.id, here)
            self.keep(counter, before)

    @precondition(lambda self: self.model.sits)
    @rule(which=any_one, step=at_a_counter)
    def press(self, which: int, step: str) -> None:
        counter, here = self.occupied(which)
        action: Any = {
            "recall": calling.recall,
            "start": calling.start_serving,
            "finish": calling.finish,
            "no_show": calling.mark_absent,
            "park": calling.park,
        }[step]
        current = self.in_front(counter)
        if current is None:
            self.refused(Refused, action, here)
            return
        # Finishing a visit that has not begun records both the beginning and the end.
        state = tickets.TRANSITIONS.get((current.state, Step(step)), TicketState.SERVED if step == "finish" else None)
        if state is None:
            self.refused(IllegalTransition, action, here)
            return
        before, now = dict(self.model.tickets), self.clock.now()
        again = line.recall_rule(self.branch)
        if step == "recall" and (again.is_used_up(current.calls) or again.still_pausing(current.called_at or now, now)):
            self.refused(Refused, action, here)
            return
        self.done(action, here)
        if step == "no_show":
            self.not_here(current)
        elif step == "park":
            self.moved(current, state=state, counter_id=None, **AFRESH)
        elif step == "recall":
            self.moved(current, state=state, calls=current.calls + 1, called_at=now)
        else:
            self.moved(current, state=state, **({"started_at": now} if step == "start" else {}))
        if step == "recall":
            self.model.pressed.pop(counter, None)
        else:
            self.keep(counter, before)

    @precondition(lambda self: self.model.sits)
    @rule(which=any_one)
    def take_back(self, which: int) -> None:
        """Right after a press, taking it back restores the state before; later changes are never undone."""
        counter, here = self.occupied(which)
        pressed, now = self.model.pressed.get(counter), self.model.tickets
        if (
            pressed is None
            or pressed.clerk != self.model.sits[counter]
            or self.clock.now() - pressed.at > tickets.TAKE_BACK
            or any(now[key] != ticket for key, ticket in pressed.after.items())
        ):
            self.refused(Refused, calling.take_back, here)
            return
        self.done(calling.take_back, here)
        now.update(pressed.before)
        for key, calls in pressed.waited.items():
            if now[key].state is TicketState.WAITING and now[key].calls == calls:
                self.moved(now[key], aside=now[key].aside + 1)
        del self.model.pressed[counter]

    @precondition(lambda self: self.model.sits)
    @rule(which=any_one, service=st.sampled_from(SERVICES))
    def send_on(self, which: int, service: str) -> None:
        counter, here = self.occupied(which)
        current, service_id = self.in_front(counter), self.hall.service(service)
        if current is None or current.service_id == service_id:
            self.refused(Refused, transferring.transfer, here, Goal(service_id))
            return
        before, everybody = self.branch_now(), dict(self.model.tickets)
        moved = self.done(transferring.transfer, here, Goal(service_id))
        queue = self.branch.service(service).queue_id
        priority = line.heavier(self.branch, current.priority, self.branch.service(service).priority)
        anchor = current.anchor_at
        if priority != current.priority:
            assert line.is_emergency(self.branch, priority)
            anchor = min(anchor, before)
        assert (moved.code, moved.priority, moved.anchor_at) == (current.code, priority, anchor)
        self.moved(
            current,
            state=TicketState.WAITING,
            counter_id=None,
            service_id=service_id,
            queue_id=queue,
            priority=priority,
            anchor_at=anchor,
            **AFRESH,
        )
        self.keep(counter, everybody)

    @precondition(lambda self: self.model.tickets)
    @rule(which=any_one)
    def back_into_line(self, which: int) -> None:
        ticket = self.some_ticket(which, TicketState.PARKED, TicketState.NO_SHOW)
        if ticket.business_date < self.branch.timetable.first_live_day(self.clock.now()):
            self.refused(Refused, calling.resume, self.branch.id, ticket.id, SYSTEM)
            return
        if ticket.state not in (TicketState.PARKED, TicketState.NO_SHOW):
            self.refused(IllegalTransition, calling.resume, self.branch.id, ticket.id, SYSTEM)
            return
        rule = line.absence_rule(self.branch)
        wanted = (self.branch.id, ticket.id, SYSTEM)
        if ticket.state is TicketState.NO_SHOW and rule.rejoins is not None and ticket.returns >= rule.rejoins:
            self.refused(Refused, calling.resume, *wanted)
            return
        self.done(calling.resume, *wanted)
        self.comes_back(ticket)

    @precondition(lambda self: self.model.tickets)
    @rule(which=any_one, priority=st.sampled_from(PRIORITIES))
    def raise_somebody(self, which: int, priority: str) -> None:
        ticket = self.some_ticket(which, TicketState.WAITING, TicketState.PARKED)
        wanted = (self.branch.id, ticket.id, priority, "seen", SYSTEM)
        if (ticket.state, Step.RAISE) not in tickets.TRANSITIONS:
            self.refused(IllegalTransition, raise_ticket, *wanted)
        elif line.heavier(self.branch, ticket.priority, priority) == ticket.priority:
            self.refused(Refused, raise_ticket, *wanted)
        else:
            anchor = min(ticket.anchor_at, self.branch_now()) if priority == "bereavement" else ticket.anchor_at
            self.done(raise_ticket, *wanted)
            self.moved(ticket, priority=priority, anchor_at=anchor)

    @precondition(lambda self: self.model.sits)
    @rule(
        which=any_one, action=st.sampled_from([calling.call_next, calling.finish, calling.park, calling.start_serving])
    )
    def press_on_an_old_page(self, which: int, action: Any) -> None:
        """The page shows a visitor who has left, or a colleague has taken over the counter."""
        counter, here = self.occupied(which)
        self.refused(Stale, action, replace(here, expected=uuid.uuid4()))
        self.refused(Stale, action, replace(here, staff_id=self.clerks[(self.model.sits[counter] + 1) % CLERKS]))

    # ------------------------------------------------------------ bookings

    @rule(service=st.sampled_from(BOOKABLE), ahead=st.integers(0, 3), which=any_one, person=st.integers(0, 7))
    def hold_a_time(self, service: str, ahead: int, which: int, person: int) -> None:
        view = self.branch.service(service)
        starts = self.times(service, ahead)
        if not starts:
            return
        starts_at = starts[which % len(starts)]
        contact = f"+97455{person:06d}"
        order = HoldOrder(self.branch.id, view.id, starts_at, "سلمى الحسن", contact, "ar", VISITOR)
        held = self.tried(bookings.hold_slot, order)
        if held is not None:
            assert (held.state, held.starts_at) == (BookingState.HELD, starts_at)
            self.model.bookings.append(held.id)

    @precondition(lambda self: self.model.bookings)
    @rule(which=any_one, what=st.sampled_from(["confirm", "cancel", "check_in"]))
    def go_on_with_a_booking(self, which: int, what: str) -> None:
        view = self.some_booking(which)
        if what == "check_in":
            issued = self.tried(check_in, self.branch.id, view.id, VISITOR)
            if issued is not None and issued.created:
                assert view.state in (BookingState.CONFIRMED, BookingState.NO_SHOW)
                self.model.tickets[issued.ticket.id] = issued.ticket
            elif issued is not None and (missed := self.model.tickets[issued.ticket.id]).state is TicketState.NO_SHOW:
                self.comes_back(missed)
            return
        action = bookings.confirm_booking if what == "confirm" else bookings.cancel_booking
        after = self.tried(action, self.branch.id, view.id, VISITOR)
        if after is not None:
            assert after.state is (BookingState.CONFIRMED if what == "confirm" else BookingState.CANCELLED)

    @precondition(lambda self: self.model.bookings)
    @rule(which=any_one, ahead=st.integers(0, 3), time=any_one)
    def move_a_booking(self, which: int, ahead: int, time: int) -> None:
        view = self.some_booking(which)
        starts = self.times(self.branch.services[view.service_id].slug, ahead)
        if starts:
            moved = self.tried(bookings.change_booking, self.branch.id, view.id, starts[time % len(starts)], VISITOR)
            assert moved is None or moved.starts_at == starts[time % len(starts)]

    @rule(service=st.sampled_from(BOOKABLE), which=any_one, person=st.integers(0, 7), late=st.booleans())
    def a_booked_visitor_comes(self, service: str, which: int, person: int, late: bool) -> None:
        """Book and check in within one step, because chance would hardly ever get that far."""
        starts = self.times(service, 0)
        if not starts:
            return
        starts_at, contact = starts[which % len(starts)], f"+97456{person:06d}"
        order = HoldOrder(self.branch.id, self.hall.service(service), starts_at, "عمر", contact, "ar", VISITOR)
        held = self.tried(bookings.hold_slot, order)
        if held is None:
            return
        self.model.bookings.append(held.id)
        if self.tried(bookings.confirm_booking, self.branch.id, held.id, VISITOR) is not None:
            self.clock.set(max(self.clock.now(), starts_at + timedelta(minutes=20 if late else -10)))
            self.session_ends()
            closes = hours.last_closing(starts_at, self.branch.calendar, self.branch.day_starts, held.service_id)
            if self.clock.now() >= closes:
                self.refused(Refused, check_in, self.branch.id, held.id, VISITOR)
                return
            issued = self.done(check_in, self.branch.id, held.id, VISITOR)
            self.model.tickets[issued.ticket.id] = issued.ticket

    # ------------------------------------------------------------ time

    @rule(how=st.sampled_from([1, 4, 11, 35, 90, -60, "next day", "doors"]))
    def the_clock_moves(self, how: int | str) -> None:
        """Forward, back by an hour, over the change of the business day, or to the next opening."""
        if how == "next day":
            today = hours.business_date(self.clock.now(), self.branch.zone, self.branch.day_starts)
            self.clock.set(hours.day_bounds(today, self.branch.zone, self.branch.day_starts)[1])
        elif how == "doors":
            opening = hours.next_opening(self.clock.now(), self.branch.calendar)
            assert opening is not None
            self.clock.set(opening + timedelta(minutes=30))
        else:
            self.clock.move(timedelta(minutes=int(how)))
        self.session_ends()

    @rule()
    def the_house_tidies_up(self) -> None:
        """The server's own tasks: give back expired holds, close past sessions."""
        due = [view.held_until for view in self.all_bookings() if view.state is BookingState.HELD]
        late = sum(until is not None and until <= self.clock.now() for until in due)
        # The places that return by lot are counted too.
        assert self.db.write_in_now(self.branch.id, bookings.expire_holds, self.branch.id) >= late
        assert not self.db.read_now(stored.due_holds, self.branch.id)
        self.session_ends()

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_day_holds_together(self) -> None:
        self.db.read_now(check, self.branch, self.telling)
        state = {one.id: (one.state, one.counter_id, one.queue_id) for one in self.model.tickets.values()}
        open_now = {one.id: one for one in self.db.read_now(line.open_tickets, self.branch.id)}
        assert {key for key, (status, _, _) in state.items() if status in tickets.OPEN} == set(open_now)
        for key, view in open_now.items():
            assert (view.state, view.counter_id, view.queue_id) == state[key]
            known = self.model.tickets[key]
            assert (view.anchor_at, view.priority) == (known.anchor_at, known.priority)
            assert (view.calls, view.skips, view.aside, view.returns) == (
                known.calls,
                known.skips,
                known.aside,
                known.returns,
            )


# ---------------------------------------------------------------- the runs


@pytest.fixture
def fresh(request: pytest.FixtureRequest, db_url: str, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes copies of one prepared database."""
    prepared = Database(db_url, FrozenClock(SUNDAY_MORNING))
    prepare(prepared)
    sqlite = prepared.dialect.is_embedded
    prepared.close()
    numbers, made = itertools.count(), []

    def copy() -> str:
        if sqlite:
            path = tmp_path / f"day-{next(numbers)}.db"
            shutil.copyfile(db_url.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        server, template = (
            request.getfixturevalue("postgres_server"),
            db_url.split("?", maxsplit=1)[0].rsplit("/", 1)[1],
        )
        made.append(f"day_{uuid.uuid4().hex[:12]}")
        return postgres.create_database(server, made[-1], template=template)

    yield copy
    for name in made:
        postgres.drop_database(request.getfixturevalue("postgres_server"), name)


def run(fresh: Callable[[], str], examples: int, steps: int, *, by_chance: bool) -> None:
    machine = type("DayHere", (Day,), {"fresh": staticmethod(fresh)})
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not by_chance,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)


@pytest.mark.slow
@pytest.mark.timeout(600)  # hypothesis first reduces a failing example
def test_any_day_holds_together(fresh: Callable[[], str], db_url: str) -> None:
    # A step takes a server three times as long, and what it decides does not depend on the database.
    run(fresh, 12 if db_url.startswith("sqlite") else 5, 50, by_chance=False)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_many_days_hold_together(fresh: Callable[[], str]) -> None:
    run(fresh, 400, 80, by_chance=True)
