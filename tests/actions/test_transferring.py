"""Transfers to one counter, to one person and back, and when everybody calls the visitor again. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from queue_system.actions import calling, counters, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.sessions import SESSION_IDLE
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.errors import Denied, Refused
from queue_system.core.replayed import Verdict
from queue_system.store import log
from queue_system.store.queries import line
from queue_system.store.queries.desk import desk_view
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.replays import replayed
from tests.kit.hall import Hall
from tests.kit.people import let_choose


@pytest.fixture
def near(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


@pytest.fixture
def far(hall: Hall) -> Desk:
    """A counter that serves the same queue."""
    return hall.sit(hall.person("omar"), _beside(hall, "c4"))


def _beside(hall: Hall, slug: str) -> str:
    queue = hall.branch.services[hall.service("attest-single")].queue_id
    return next(one.slug for one in hall.branch.counters.values() if one.slug != slug and queue in one.queues)


def send(hall: Hall, here: Desk, goal: Goal) -> TicketView:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    here = replace(here, expected=current.id if current else None)
    return hall.db.write_in_now(hall.branch.id, transferring.transfer, here, goal)


def to_counter(far: Desk) -> Goal:
    return Goal(counter_id=far.counter_id)


def to_person(far: Desk) -> Goal:
    return Goal(staff_id=far.staff_id)


GOALS = pytest.mark.parametrize("goal", [to_counter, to_person])


@GOALS
def test_only_the_counter_or_person_calls_and_the_place_is_kept(
    hall: Hall, near: Desk, far: Desk, goal: Callable[[Desk], Goal], clock: FrozenClock
) -> None:
    first = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    second = hall.issue().ticket
    hall.call_next(near)
    sent = send(hall, near, goal(far))
    assert (sent.code, sent.anchor_at) == (first.code, first.anchor_at)
    view = hall.db.read_now(desk_view, hall.branch.id, "c4", SESSION_IDLE)
    assert [choice.ticket_id for choice in view.order] == [second.id]
    assert [one.id for one in view.reserved(clock.now())] == [first.id]
    called = hall.call_next(far)
    assert called is not None
    assert called.id == first.id
    assert (called.reserved_counter_id, called.reserved_staff_id, called.reserved_until_at) == (None, None, None)


@GOALS
def test_after_a_while_everybody_calls(
    hall: Hall, near: Desk, far: Desk, goal: Callable[[Desk], Goal], clock: FrozenClock
) -> None:
    first = hall.issue().ticket
    hall.call_next(near)
    send(hall, near, goal(far))
    clock.move(timedelta(minutes=hall.branch.queue_rules.reserved_return_min) - timedelta(seconds=1))
    assert hall.call_next(near) is None
    clock.move(timedelta(seconds=1))
    called = hall.call_next(near)
    assert called is not None
    assert called.id == first.id


@GOALS
def test_when_the_counter_closes_everybody_calls_at_once(
    hall: Hall, near: Desk, far: Desk, goal: Callable[[Desk], Goal]
) -> None:
    first = hall.issue().ticket
    hall.call_next(near)
    send(hall, near, goal(far))
    assert hall.call_next(near) is None
    hall.db.write_in_now(hall.branch.id, counters.close_counter, far)
    called = hall.call_next(near)
    assert called is not None
    assert called.id == first.id


def test_back_goes_to_the_counter_and_the_service_it_came_from(hall: Hall, near: Desk, far: Desk) -> None:
    ticket = hall.issue().ticket
    hall.call_next(near)
    with pytest.raises(Refused, match="transfer-nowhere-back"):
        send(hall, near, Goal(back=True))
    send(hall, near, to_counter(far))
    hall.call_next(far)
    back = send(hall, far, Goal(back=True))
    assert (back.reserved_counter_id, back.service_id) == (near.counter_id, ticket.service_id)
    assert hall.call_next(far) is None
    assert hall.call_next(near) is not None
    kinds = [entry.kind for entry in hall.db.read_now(log.after, hall.branch.id, 0)]
    assert kinds.count("ticket.for_counter") == kinds.count("ticket.transferred") == 2


def test_a_press_that_reserved_is_taken_back_whole(hall: Hall, near: Desk, far: Desk) -> None:
    ticket = hall.issue().ticket
    hall.call_next(near)
    send(hall, near, to_counter(far))
    again = hall.db.write_in_now(hall.branch.id, calling.take_back, replace(near, expected=None))
    assert again is not None
    assert (again.id, again.counter_id) == (ticket.id, near.counter_id)
    assert (again.reserved_until_at, again.sent_counter_id) == (None, None)


def test_nobody_is_sent_where_nobody_sits_or_the_queue_is_not_served(hall: Hall, near: Desk) -> None:
    hall.issue()
    hall.call_next(near)
    closed = hall.counter(_beside(hall, "c4"))
    for goal in (Goal(counter_id=closed), Goal(staff_id=UUID(int=7))):
        with pytest.raises(Refused, match="reserve-closed"):
            send(hall, near, goal)
    for goal in (Goal(), Goal(counter_id=near.counter_id), Goal(staff_id=near.staff_id)):
        with pytest.raises(Refused, match="transfer-to-itself"):
            send(hall, near, goal)
    queue = hall.branch.services[hall.service("attest-single")].queue_id
    other = next(one.slug for one in hall.branch.counters.values() if queue not in one.queues)
    elsewhere = hall.sit(hall.person("sami"), other)
    with pytest.raises(Refused, match="reserve-not-served"):
        send(hall, near, to_counter(elsewhere))


def test_somebody_else_calls_a_reserved_visitor_with_a_reason_only(hall: Hall, near: Desk, far: Desk) -> None:
    ticket = hall.issue().ticket
    hall.call_next(near)
    send(hall, near, to_counter(far))
    with pytest.raises(Denied, match="choose-not-allowed"):
        hall.db.write_in_now(hall.branch.id, calling.call_ticket, near, ticket.id, None, "own_case")
    let_choose(hall, "layla")
    with pytest.raises(Refused, match="call-reason-missing"):
        hall.db.write_in_now(hall.branch.id, calling.call_ticket, near, ticket.id)


@GOALS
def test_nobody_waits_for_a_colleague_who_has_gone_while_the_call_was_taken_back(
    hall: Hall, near: Desk, far: Desk, goal: Callable[[Desk], Goal], clock: FrozenClock
) -> None:
    let_choose(hall, "layla")
    first = hall.issue().ticket
    hall.call_next(near)
    send(hall, near, goal(far))
    here = replace(near, expected=first.id)
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, near, first.id, None, "unwell")
    hall.db.write_in_now(hall.branch.id, counters.close_counter, far)
    again = hall.db.write_in_now(hall.branch.id, calling.take_back, here)
    assert again is not None
    assert (again.reserved_counter_id, again.reserved_staff_id, again.reserved_until_at) == (None, None, None)
    called = hall.call_next(near)
    assert called is not None
    assert called.id == first.id
    found = hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))
    assert [one.verdict for one in found] == [Verdict.REPRODUCED] * 3
