"""A visitor is called again after a pause, and not without end. On both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from queue_system.actions import calling
from queue_system.actions.counters import Desk
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.core.recalls import RecallRule
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall, set_rules

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
RULE = RecallRule(timedelta(seconds=15), 5)


@pytest.fixture
def here(hall: Hall) -> Desk:
    """A counter whose visitor was just called."""
    desk = hall.sit(hall.person("layla"))
    ticket = hall.issue().ticket
    hall.call_next(desk)
    return replace(desk, expected=ticket.id)


def recall(hall: Hall, here: Desk) -> TicketView:
    return hall.db.write_in_now(hall.branch.id, calling.recall, here)


def recalls(hall: Hall) -> int:
    return sum(one.kind == "ticket.recalled" for one in hall.db.read_now(log.after, hall.branch.id, 0))


@pytest.mark.parametrize(
    ("gone", "rest"),
    [(0, 15), (14.5, 0.5), (15, 0), (600, 0), (-1, 0), (-3600, 0)],
)
def test_the_pause_ends_and_a_clock_that_was_set_back_makes_none(gone: float, rest: float) -> None:
    called_at = NOW - timedelta(seconds=gone)
    assert RULE.still_pausing(called_at, NOW) == timedelta(seconds=rest)


def test_the_seconds_that_are_said_are_enough(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    clock.move(timedelta(seconds=3, milliseconds=400))
    with pytest.raises(Refused, match="recall-too-soon") as caught:
        recall(hall, here)
    assert caught.value.values["seconds"] == 12
    clock.move(timedelta(seconds=12))
    assert recall(hall, here).calls == 2


def test_a_double_press_calls_once(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    clock.move(timedelta(seconds=15))

    def pressed(_: int) -> str:
        try:
            recall(hall, here)
        except Refused as refusal:
            return refusal.code
        return "called"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(pressed, range(2))) == ["called", "recall-too-soon"]
    assert recalls(hall) == 1


def test_without_a_pause_a_double_press_calls_twice(hall: Hall, here: Desk) -> None:
    set_rules(hall, recall_pause_s=0)
    assert [recall(hall, here).calls, recall(hall, here).calls] == [2, 3]
    assert recalls(hall) == 2


def test_calls_come_to_an_end_and_whoever_comes_is_served_all_the_same(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    set_rules(hall, recall_limit=2, recall_pause_s=5)
    clock.move(timedelta(seconds=5))
    assert recall(hall, here).calls == 2
    clock.move(timedelta(minutes=1))
    with pytest.raises(Refused, match="recall-limit"):
        recall(hall, here)
    assert recalls(hall) == 1
    begun = hall.db.write_in_now(hall.branch.id, calling.start_serving, here)
    assert begun.state is TicketState.SERVING


def test_two_more_calls_than_a_no_show_needs_where_nothing_is_said(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    for calls in (2, 3, 4, 5):
        clock.move(timedelta(seconds=15))
        assert recall(hall, here).calls == calls
    clock.move(timedelta(seconds=15))
    with pytest.raises(Refused, match="recall-limit"):
        recall(hall, here)
