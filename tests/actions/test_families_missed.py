"""What a family does together it does for each: a missed call, a press that is taken back, an emergency. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.families import join, split
from queue_system.actions.raising import raise_ticket
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.replayed import Verdict
from queue_system.core.tickets import TicketState
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.families import members_of_family
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.passed_by import passed_by
from queue_system.store.queries.replays import replayed
from queue_system.store.tables import Service, table
from tests.kit.hall import Hall, edit, enter, set_rules

SERVICES = table(Service)


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def do(hall: Hall, action: Any, *args: Any) -> TicketView:
    found: TicketView = hall.db.write_in_now(hall.branch.id, action, *(hall.branch.id, *args, SYSTEM))
    return found


def now_of(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def at(hall: Hall, here: Desk) -> Desk:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return Desk(here.branch_id, here.counter_id, here.staff_id, current.id if current else None)


def call(hall: Hall, here: Desk) -> str:
    called = hall.call_next(at(hall, here))
    assert called is not None
    return called.code


def exact(hall: Hall, clock: FrozenClock) -> None:
    """The log explains every call."""
    found = hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))
    assert {one.verdict for one in found} == {Verdict.REPRODUCED}


@pytest.mark.parametrize("keeps_place", [True, False])
@pytest.mark.parametrize("returns_first", [True, False])
def test_a_missed_call_counts_for_all_whoever_is_first_to_come_back_or_to_be_split(
    hall: Hall, here: Desk, clock: FrozenClock, *, keeps_place: bool, returns_first: bool
) -> None:
    set_rules(hall, missed_rejoin_after_calls=1 if keeps_place else None, missed_rejoin_times=1)
    mine, first = hall.issue().ticket, hall.issue().ticket
    others = [hall.issue().ticket for _ in range(2)]
    do(hall, join, mine.id, first.id)
    call(hall, here)
    hall.give_up(at(hall, here), clock)
    for step, ticket in ((calling.resume, first), (split, mine))[:: 1 if returns_first else -1]:
        do(hall, step, ticket.id)
    assert [now_of(hall, one).returns for one in (mine, first)] == [1, 1]
    order = [call(hall, here) for _ in range(4)]
    behind = [mine.code, first.code]
    late = [one.code for one in others]
    assert order == ([late[0], *behind, late[1]] if keeps_place else [*late, *behind])
    exact(hall, clock)


def test_whoever_is_split_from_one_that_was_passed_over_stands_behind_as_many(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    set_rules(hall, missed_rejoin_after_calls=2)
    mine, first = hall.issue().ticket, hall.issue().ticket
    others = [hall.issue().ticket for _ in range(3)]
    do(hall, join, mine.id, first.id)
    call(hall, here)
    hall.db.write_in_now(hall.branch.id, calling.mark_absent, at(hall, here))
    assert now_of(hall, first).aside == 2
    do(hall, split, mine.id)
    assert [call(hall, here) for _ in range(3)] == [others[0].code, others[1].code, mine.code]
    exact(hall, clock)


def test_the_one_in_line_for_all_comes_back_to_their_place_and_has_its_own_once_it_is_alone(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    set_rules(hall, missed_rejoin_after_calls=1)
    first = hall.issue().ticket
    clock.move(timedelta(minutes=20))
    last = hall.issue(priority="elderly").ticket
    assert do(hall, join, first.id, last.id).id == first.id
    call(hall, here)
    hall.give_up(at(hall, here), clock)
    do(hall, calling.resume, first.id)
    assert now_of(hall, first).anchor_at == last.anchor_at
    do(hall, split, last.id)
    assert now_of(hall, first).anchor_at == first.anchor_at


def test_a_press_that_let_the_others_go_is_taken_back_and_leaves_nobody_in_their_place(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    here_only = SERVICES.c.branch_id == hall.branch.id, SERVICES.c.slug == "edu-attest"
    edit(hall, lambda tx: tx.execute(sa.update(SERVICES).where(*here_only).values(priority="bereavement")))
    hall = enter(hall.db)
    first = hall.issue().ticket
    clock.move(timedelta(minutes=20))
    last = hall.issue(priority="elderly").ticket
    do(hall, join, first.id, last.id)
    call(hall, here)
    goal = Goal(service_id=hall.service("edu-attest"))
    hall.db.write_in_now(hall.branch.id, transferring.transfer, at(hall, here), goal)
    hall.db.write_in_now(hall.branch.id, calling.take_back, here)
    again = now_of(hall, first)
    assert (again.state, again.anchor_at, again.own_anchor_at) == (TicketState.CALLED, first.anchor_at, None)
    assert now_of(hall, last).state is TicketState.WAITING
    exact(hall, clock)


def test_an_emergency_of_one_who_is_called_with_another_goes_first(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    before, mine, first = (hall.issue().ticket for _ in range(3))
    do(hall, join, mine.id, first.id)
    do(hall, raise_ticket, mine.id, "bereavement", "seen")
    assert hall.db.read_now(members_of_family, hall.branch, first.id) == []
    assert [call(hall, here) for _ in range(3)] == [mine.code, before.code, first.code]
    exact(hall, clock)


def test_no_promise_is_said_to_be_broken_by_calls_while_one_stood_with_others(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    set_rules(hall, max_wait_guard_min=5)
    first = hall.issue().ticket
    clock.move(timedelta(minutes=40))
    between = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    last = hall.issue().ticket
    do(hall, join, first.id, last.id)
    assert call(hall, here) == between.code
    do(hall, split, first.id)
    for one in (first, last):
        assert hall.db.read_now(passed_by, hall.branch, now_of(hall, one)).kept is None
    alone = hall.issue().ticket
    assert hall.db.read_now(passed_by, hall.branch, alone).kept
