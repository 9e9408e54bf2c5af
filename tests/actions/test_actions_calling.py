"""Buttons at a counter: what each records about the visitor, and how it is taken back. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from queue_system.actions import calling, counters, tickets, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.errors import Denied, IllegalTransition, Refused
from queue_system.core.reasons import OUT_OF_TURN
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.log import SYSTEM
from queue_system.store.queries import bookings as stored
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department, let_choose

# Between two calls of one visitor.
PAUSE = timedelta(seconds=15)


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def do(hall: Hall, action: Any, here: Desk, *args: Any) -> Any:
    """Run an action at the counter as its page shows it now."""
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return hall.db.write_in_now(hall.branch.id, action, replace(here, expected=current.id if current else None), *args)


def now_of(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def told(hall: Hall, ticket: TicketView) -> list[str]:
    """The kinds of the facts about a ticket."""
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    return [entry.kind.partition(".")[2] for entry in entries if entry.subject == str(ticket.id)]


# ---------------------------------------------------------------- next, while the one before has only been called


def test_next_is_refused_until_it_is_said_what_became_of_who_was_called(hall: Hall, here: Desk) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    do(hall, calling.call_next, here)
    with pytest.raises(Refused, match="visitor-not-begun"):
        do(hall, calling.call_next, here)
    with pytest.raises(Refused, match="became-unknown"):
        do(hall, calling.call_next, here, "gone")
    assert do(hall, calling.call_next, here, "done").id == second.id
    assert told(hall, first) == ["issued", "called", "started", "served"]


def test_who_is_not_here_makes_room_for_the_next_and_keeps_the_place(hall: Hall, here: Desk) -> None:
    first, second, third = (hall.issue().ticket for _ in range(3))
    do(hall, calling.call_next, here)
    assert do(hall, calling.call_next, here, "absent").id == second.id
    gone = now_of(hall, first)
    assert (gone.state, gone.counter_id, gone.anchor_at, gone.calls) == (TicketState.WAITING, None, first.anchor_at, 1)
    # The embassy's rule calls three others first; without others it is this visitor's turn again.
    do(hall, calling.start_serving, here)
    assert do(hall, calling.call_next, here).id == third.id
    do(hall, calling.start_serving, here)
    assert do(hall, calling.call_next, here).id == first.id


def test_not_here_and_nobody_else_calls_nobody_again_at_once(hall: Hall, here: Desk) -> None:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    assert do(hall, calling.call_next, here, "absent") is None
    assert now_of(hall, ticket).state is TicketState.WAITING
    assert do(hall, calling.call_next, here).id == ticket.id


def test_so_many_others_are_called_first_and_then_the_place_counts(hall: Hall, here: Desk) -> None:
    gone = hall.issue().ticket
    others = [hall.issue().ticket for _ in range(5)]
    do(hall, calling.call_next, here)
    do(hall, calling.mark_absent, here)
    called = []
    for _ in range(4):
        called.append(do(hall, calling.call_next, here).id)
        do(hall, calling.start_serving, here)
    assert called == [*(ticket.id for ticket in others[:3]), gone.id]


def test_who_is_being_served_cannot_be_absent(hall: Hall, here: Desk) -> None:
    hall.issue()
    do(hall, calling.call_next, here)
    do(hall, calling.start_serving, here)
    for action, args in ((calling.call_next, ("absent",)), (calling.mark_absent, ())):
        with pytest.raises(IllegalTransition):
            do(hall, action, here, *args)


@pytest.mark.parametrize("outcome", ["done", "documents_missing", "refused"])
def test_who_is_finished_has_come(hall: Hall, here: Desk, outcome: str) -> None:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    do(hall, calling.finish, here, outcome)
    assert told(hall, ticket) == ["issued", "called", "started", "served"]
    assert now_of(hall, ticket).started_at is not None


# ---------------------------------------------------------------- a no-show by the rule of the branch


def test_a_no_show_takes_the_calls_and_the_minutes_of_the_branch(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    clock.move(timedelta(minutes=10))
    # Enough minutes have passed, but there were too few calls.
    assert do(hall, calling.mark_absent, here).state is TicketState.WAITING
    do(hall, calling.call_next, here)
    clock.move(PAUSE)
    do(hall, calling.recall, here)
    assert do(hall, calling.mark_absent, here).state is TicketState.NO_SHOW
    assert told(hall, ticket) == ["issued", "called", "skipped", "called", "recalled", "no_show"]


def test_three_calls_in_a_minute_are_no_no_show(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    for _ in range(2):
        clock.move(PAUSE)
        do(hall, calling.recall, here)
    clock.move(timedelta(minutes=4, seconds=59) - 2 * PAUSE)
    assert do(hall, calling.mark_absent, here).state is TicketState.WAITING
    clock.move(timedelta(seconds=1))
    do(hall, calling.call_next, here)
    assert do(hall, calling.mark_absent, here).state is TicketState.NO_SHOW
    assert now_of(hall, ticket).calls == 4


def test_who_stood_at_a_counter_has_missed_no_call(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    for _ in range(2):
        clock.move(PAUSE)
        do(hall, calling.recall, here)
    do(hall, calling.park, here)
    clock.move(timedelta(minutes=30))
    do(hall, calling.call_ticket, here, ticket.id)
    assert do(hall, calling.mark_absent, here).state is TicketState.WAITING


def test_a_no_show_comes_back_behind_as_many_and_once_only(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    late = hall.issue().ticket
    do(hall, calling.call_next, here)
    hall.give_up(replace(here, expected=late.id), clock)
    others = [hall.issue().ticket for _ in range(4)]
    hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, late.id, here.actor)
    called = []
    for _ in range(4):
        called.append(do(hall, calling.call_next, here).id)
        do(hall, calling.start_serving, here)
    assert called == [*(ticket.id for ticket in others[:3]), late.id]
    do(hall, calling.finish, here)
    again = hall.issue().ticket
    for _ in range(2):
        do(hall, calling.call_next, here)
        current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
        assert current is not None
        if current.id != again.id:
            do(hall, calling.finish, here)
            continue
        hall.give_up(replace(here, expected=again.id), clock)
        hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, again.id, here.actor)
    do(hall, calling.call_next, here)
    hall.give_up(replace(here, expected=again.id), clock)
    with pytest.raises(Refused, match="rejoin-used-up"):
        hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, again.id, here.actor)


# ---------------------------------------------------------------- out of turn


def test_out_of_turn_takes_a_reason_that_the_log_keeps(hall: Hall, here: Desk) -> None:
    let_choose(hall, "layla")
    hall.issue()
    wanted = hall.issue().ticket
    for reason in (None, "", "friend"):
        with pytest.raises(Refused, match="call-reason-missing"):
            do(hall, calling.call_ticket, here, wanted.id, None, reason)
    do(hall, calling.call_ticket, here, wanted.id, None, OUT_OF_TURN[0])
    call = [entry for entry in hall.db.read_now(log.after, hall.branch.id, 0) if entry.kind == "ticket.called"][-1]
    assert (call.data["reason"], call.data["values"]) == ("chosen-by-staff", {"basis": "unwell"})


def test_out_of_turn_takes_the_right_for_the_department(hall: Hall, here: Desk) -> None:
    hall.issue()
    wanted = hall.issue().ticket
    own = hall.branch.departments[hall.branch.services[wanted.service_id].department_id].slug
    other = next(one.slug for one in hall.branch.departments.values() if one.slug != own)
    role = add_role(hall, "chooser", "choose_ticket")
    for department in ("", other):
        if department:
            give_in_department(hall, "layla", role, department)
        with pytest.raises(Denied, match="choose-not-allowed"):
            do(hall, calling.call_ticket, here, wanted.id, None, OUT_OF_TURN[0])
    give_in_department(hall, "layla", role, own)
    assert do(hall, calling.call_ticket, here, wanted.id, None, OUT_OF_TURN[0]).id == wanted.id


def test_the_first_in_line_the_held_and_the_passed_over_are_called_without_a_reason(hall: Hall, here: Desk) -> None:
    first, second, third = (hall.issue().ticket for _ in range(3))
    do(hall, calling.call_ticket, here, first.id)
    do(hall, calling.park, here)
    do(hall, calling.call_next, here)
    do(hall, calling.mark_absent, here)
    for ticket in (first, second):
        do(hall, calling.call_ticket, here, ticket.id)
        do(hall, calling.finish, here)
    calls = [entry for entry in hall.db.read_now(log.after, hall.branch.id, 0) if entry.kind == "ticket.called"]
    assert [call.data["reason"] for call in calls] == [
        "waited-longest",
        "waited-longest",
        "parked-back",
        "skipped-back",
    ]
    assert now_of(hall, third).state is TicketState.WAITING


# ---------------------------------------------------------------- taking back


def began(hall: Hall, here: Desk) -> None:
    do(hall, calling.start_serving, here)


PRESSES: dict[str, tuple[bool, Any, tuple[Any, ...]]] = {
    "next": (True, calling.call_next, ()),
    "next-done": (False, calling.call_next, ("done",)),
    "next-absent": (False, calling.call_next, ("absent",)),
    "start": (False, calling.start_serving, ()),
    "finish": (True, calling.finish, ("documents_missing",)),
    "finish-called": (False, calling.finish, ()),
    "absent": (False, calling.mark_absent, ()),
    "park": (True, calling.park, ()),
}


@pytest.mark.parametrize("press", PRESSES)
def test_a_press_that_is_taken_back_leaves_every_ticket_and_booking_as_it_was(
    hall: Hall, here: Desk, clock: FrozenClock, press: str
) -> None:
    serving, action, args = PRESSES[press]
    booked = hall.check_in("attest-single", clock)
    others = [hall.issue().ticket for _ in range(3)]
    do(hall, calling.call_next, here)
    if serving:
        do(hall, calling.start_serving, here)
    everybody = [booked, *others]
    before = [now_of(hall, ticket) for ticket in everybody]
    assert booked.booking_id is not None
    booking = hall.db.read_now(stored.booking_by_id, hall.branch.id, booked.booking_id)
    assert before[0].state in (TicketState.CALLED, TicketState.SERVING)
    do(hall, action, here, *args)
    assert [now_of(hall, ticket) for ticket in everybody] != before
    clock.move(timedelta(seconds=15))
    do(hall, calling.take_back, here)
    assert [now_of(hall, ticket) for ticket in everybody] == before
    assert hall.db.read_now(stored.booking_by_id, hall.branch.id, booked.booking_id) == booking
    assert told(hall, booked)[-1] == "taken_back"
    # Only once: earlier presses cannot be taken back.
    with pytest.raises(Refused, match="take-back-nothing"):
        do(hall, calling.take_back, here)


def test_a_no_show_and_a_transfer_are_taken_back(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    booked = hall.check_in("attest-single", clock)
    assert booked.booking_id is not None
    do(hall, calling.call_next, here)
    for _ in range(2):
        clock.move(PAUSE)
        do(hall, calling.recall, here)
    clock.move(timedelta(minutes=5))
    before = now_of(hall, booked)
    assert do(hall, calling.mark_absent, here).state is TicketState.NO_SHOW
    do(hall, calling.take_back, here)
    assert hall.db.read_now(stored.booking_by_id, hall.branch.id, booked.booking_id).state == "checked_in"
    do(hall, transferring.transfer, here, Goal(hall.service("death")))
    assert now_of(hall, booked).priority == "bereavement"
    do(hall, calling.take_back, here)
    assert now_of(hall, booked) == before


def test_who_stood_aside_waits_for_one_more_again(hall: Hall, here: Desk) -> None:
    gone = hall.issue().ticket
    hall.issue()
    do(hall, calling.call_next, here)
    do(hall, calling.mark_absent, here)
    before = now_of(hall, gone)
    do(hall, calling.call_next, here)
    assert now_of(hall, gone).aside == before.aside - 1
    do(hall, calling.take_back, here)
    assert now_of(hall, gone) == before


def test_after_fifteen_seconds_it_is_too_late(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    clock.move(timedelta(seconds=15, microseconds=1))
    with pytest.raises(Refused, match="take-back-late"):
        do(hall, calling.take_back, here)
    assert now_of(hall, ticket).state is TicketState.CALLED


def test_what_others_have_done_since_is_not_undone(hall: Hall, here: Desk) -> None:
    ticket = hall.issue().ticket
    there = hall.sit(hall.person("omar"), "c3")
    queues = hall.branch.counter("c3").queues
    service = next(one for one in hall.branch.services.values() if one.queue_id in queues and one.walk_in)
    do(hall, calling.call_next, here)
    do(hall, transferring.transfer, here, Goal(service.id))
    assert do(hall, calling.call_next, there).id == ticket.id
    with pytest.raises(Refused, match="take-back-moved"):
        do(hall, calling.take_back, here)
    assert now_of(hall, ticket).counter_id == there.counter_id
    # The other clerk's press is independent; after it the first can still be taken back.
    do(hall, calling.take_back, there)
    do(hall, calling.take_back, here)
    assert now_of(hall, ticket).counter_id == here.counter_id


def test_a_visitor_who_has_left_meanwhile_does_not_come_back(hall: Hall, here: Desk) -> None:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    do(hall, calling.mark_absent, here)
    hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, ticket.id, SYSTEM)
    with pytest.raises(Refused, match="take-back-moved"):
        do(hall, calling.take_back, here)


def test_nobody_takes_back_what_another_pressed_or_the_hall_has_heard_twice(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    hall.issue()
    do(hall, calling.call_next, here)
    clock.move(PAUSE)
    do(hall, calling.recall, here)
    with pytest.raises(Refused, match="take-back-nothing"):
        do(hall, calling.take_back, here)
    do(hall, calling.finish, here)
    hall.db.write_in_now(hall.branch.id, counters.close_counter, here)
    there = hall.sit(hall.person("omar"))
    with pytest.raises(Refused, match="take-back-nothing"):
        do(hall, calling.take_back, there)
