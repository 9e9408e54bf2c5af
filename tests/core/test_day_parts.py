"""Counters, classes, places and told waits of a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.day_parts import Placed, Places, beyond_lanes, day_parts, open_times
from queue_system.core.digests import Happening, Visit
from queue_system.core.facts import tickets
from queue_system.core.facts.counters import CounterClosed, CounterOpened
from queue_system.core.tickets import TicketState

START = datetime(2026, 11, 22, 5, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def sat(kind: str, minute: float, counter: str = "c1") -> Happening:
    return Happening(kind, at(minute), {"counter": counter})


def visit(calls: float, starts: float, ends: float, counter: str = "c1", held: bool | None = None) -> Visit:
    return Visit(
        service="s",
        queue="q",
        channel="walk_in.kiosk",
        language="ar",
        local_hour=8,
        state=TicketState.SERVED,
        issued_at=START,
        anchor_at=START,
        booked_at=None,
        outcome="done",
        priority="walkin",
        held=held,
        facts=(
            Happening(tickets.TicketIssued.kind, START),
            Happening(tickets.TicketCalled.kind, at(calls), {"counter": counter}),
            Happening(tickets.TicketStarted.kind, at(starts), {"counter": counter}),
            Happening(tickets.TicketServed.kind, at(ends), {"counter": counter}),
        ),
    )


def test_a_counter_is_open_between_two_facts_and_one_that_nobody_closed_until_the_last() -> None:
    opened, closed = CounterOpened.kind, CounterClosed.kind
    facts = [sat(opened, 0), sat(closed, 30), sat(opened, 40), sat(opened, 50, "c2")]
    assert open_times(facts, at(60)) == {"c1": timedelta(minutes=50), "c2": timedelta(minutes=10)}
    # A colleague takes the place of another one: two openings, one after the other.
    assert open_times([sat(opened, 0), sat(opened, 20), sat(closed, 30)], at(60)) == {"c1": timedelta(minutes=30)}


def test_a_counter_is_used_while_somebody_is_served_there() -> None:
    parts = day_parts(
        [visit(5, 6, 16), visit(16, 17, 27)],
        [sat(CounterOpened.kind, 0), sat(CounterClosed.kind, 40)],
        {"c1": "one"},
        [],
        {},
    )
    assert parts["counter", "one"].counts == {"open_min": 40, "serve_min": 20, "served": 2}
    assert parts["class", "walkin"].spreads == {"wait": {5: 1, 16: 1}}


def test_told_waits_are_counted_where_it_is_known_what_became_of_them() -> None:
    parts = day_parts([visit(5, 6, 7, held=True), visit(5, 6, 7, held=False), visit(5, 6, 7)], [], {}, [], {})
    assert parts["told", ""].counts == {"told": 2, "held": 1}
    assert ("told", "") not in day_parts([visit(5, 6, 7)], [], {}, [], {})


def test_places_are_planned_booked_attended_and_given_back() -> None:
    placed = [
        Placed("q", at(0), at(15), came=True),
        Placed("q", at(0), at(15), came=False),
        Placed("r", at(0), at(9), True),
    ]
    parts = day_parts([], [], {}, placed, {"q": Places(120, 1, 3, 2), "empty": Places(0, 0, 0, 0)})
    assert parts == {
        ("places", "q"): parts["places", "q"],
    }
    assert parts["places", "q"].counts == {
        "planned_min": 120,
        "booked": 2,
        "attended": 1,
        "booked_min": 30,
        "attended_min": 15,
        "freed": 3,
        "reused": 2,
        "beyond": 1,
    }


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=12), st.integers(1, 4))
def test_nobody_is_beyond_the_lanes_where_so_many_fit(spans: list[tuple[int, int]], lanes: int) -> None:
    found = beyond_lanes([(at(start), at(start + length)) for start, length in spans], lanes)
    busiest = max((sum(start <= minute < start + length for start, length in spans) for minute in range(60)), default=0)
    assert (found == 0) == (busiest <= lanes)
