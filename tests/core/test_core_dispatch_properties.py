"""The calling rule's promises for any hall: the bound on being overtaken, order inside a class, no starvation."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.dispatch import (
    EMERGENCY_WEIGHT,
    CallingRules,
    Waiting,
    choose,
    is_callable,
    longest_bypass,
    order,
)
from tests.kit.foremost import foremost

NOON = datetime(2026, 11, 22, 9, tzinfo=UTC)
QUEUES = (UUID(int=100), UUID(int=200))
WEIGHTS = (1.0, 1.3, 1.5, 2.0, 3.0, 3.7, 4.0, 6.0, 10.0)
SECOND = timedelta(seconds=1)
ASIDE = (0, 0, 0, 1, 2, 5)


@st.composite
def lines(draw: st.DrawFn, weights: tuple[float, ...] = WEIGHTS, *, aside: bool = False) -> list[Waiting]:
    """Tickets whose anchors are within three hours before and one hour after noon; many have the same one."""
    offsets = st.one_of(st.integers(-3 * 3600, 3600), st.sampled_from([-3600, -900, 0, 300, 301]))
    size = draw(st.integers(1, 14))
    ids = draw(st.lists(st.integers(1, 999), min_size=size, max_size=size, unique=True))
    line = []
    for number in ids:
        weight = draw(st.sampled_from(weights))
        line.append(
            Waiting(
                UUID(int=number),
                draw(st.sampled_from(QUEUES)),
                f"class-{weight}",
                weight,
                NOON + draw(offsets) * SECOND,
                draw(st.booleans()),
                draw(st.sampled_from(ASIDE)) if aside else 0,
            )
        )
    return line


RULE_SETS = st.builds(
    CallingRules.of,
    st.just(WEIGHTS),
    st.sampled_from([0, 5, 30]),
    st.sampled_from([None, 0, 15, 45, 60]),
)
SERVED = st.sampled_from([frozenset(QUEUES), frozenset(QUEUES[:1]), frozenset[UUID]()])


def passed_by(waiting: Waiting, called: Waiting, rules: CallingRules) -> bool:
    """Whether calling `called` breaks the published promise to `waiting`."""
    bypass = longest_bypass(waiting.weight, rules)
    ordinary = called.weight < EMERGENCY_WEIGHT
    return bypass is not None and ordinary and called.anchor_at - waiting.anchor_at > bypass


@given(line=lines(), queues=SERVED, rules=RULE_SETS, minute=st.integers(-60, 240), seed=st.integers(0, 9))
def test_the_same_choice_whatever_the_order_of_the_rows_and_nothing_is_touched(
    line: list[Waiting], queues: frozenset[UUID], rules: CallingRules, minute: int, seed: int
) -> None:
    now = NOON + timedelta(minutes=minute)
    before = list(line)
    choice = choose(line, queues, rules, now)
    shuffled = list(line)
    random.Random(seed).shuffle(shuffled)
    assert choose(tuple(shuffled), queues, rules, now) == choice
    assert order(shuffled, queues, rules, now) == order(line, queues, rules, now)
    assert line == before
    candidates = {ticket.ticket_id for ticket in line if ticket.queue_id in queues}
    assert (choice is None) == (not candidates)
    assert choice is None or choice.ticket_id in candidates


@given(line=lines(aside=True), queues=SERVED, rules=RULE_SETS, minute=st.integers(-60, 240))
def test_the_line_is_what_choosing_one_by_one_gives(
    line: list[Waiting], queues: frozenset[UUID], rules: CallingRules, minute: int
) -> None:
    """This includes tickets that are aside: each call is one that they wait for."""
    now = NOON + timedelta(minutes=minute)
    rest, one_by_one = list(line), []
    while (choice := choose(rest, queues, rules, now)) is not None:
        one_by_one.append(choice)
        rest = [
            replace(ticket, aside=max(0, ticket.aside - 1)) for ticket in rest if ticket.ticket_id != choice.ticket_id
        ]
    assert order(line, queues, rules, now) == one_by_one


@given(line=lines(), rules=RULE_SETS, minute=st.integers(-60, 240))
def test_every_single_call_keeps_the_promises(line: list[Waiting], rules: CallingRules, minute: int) -> None:
    now = NOON + timedelta(minutes=minute)
    choice = choose(line, set(QUEUES), rules, now)
    assert choice is not None
    called = next(ticket for ticket in line if ticket.ticket_id == choice.ticket_id)
    for other in line:
        # A walk-in from the future (the clock was set back) can be called, but a future appointment cannot.
        if is_callable(other, rules, now) or called.anchor_at <= now:
            assert not passed_by(other, called, rules)
        if other.weight == called.weight and is_callable(other, rules, now) == is_callable(called, rules, now):
            assert (called.anchor_at, called.ticket_id) <= (other.anchor_at, other.ticket_id), (
                "first come, first served"
            )
        assert not other.weight >= EMERGENCY_WEIGHT > called.weight, "no ordinary ticket goes before an emergency"
        if is_callable(other, rules, now):
            assert is_callable(called, rules, now)


@dataclass(frozen=True, slots=True)
class Day:
    """A simulated day: the order of calls, and how often one ticket overtook an earlier one."""

    calls: int
    overtakes: int
    broken: int
    longest_wait: dict[str, float]


CLASSES = {"walkin": 1.0, "appointment": 3.0, "disability": 4.0, "legal_urgent": 10.0}


def simulate(seed: int, rules: CallingRules, load: float, arrivals: int = 400, counters: int = 4) -> Day:
    """Exponential arrivals and services (mean 10 minutes) at `counters`, shares 50/35/13/2 %; checks every call."""
    source = random.Random(seed)
    clock, to_come = NOON, []
    for number in range(arrivals):
        clock += timedelta(minutes=source.expovariate(load * counters / 10))
        priority = source.choices(list(CLASSES), [50, 35, 13, 2])[0]
        booked = priority == "appointment"
        anchor = clock + timedelta(minutes=source.uniform(-10, 30)) if booked else clock
        to_come.append((clock, Waiting(UUID(int=number), QUEUES[0], priority, CLASSES[priority], anchor, booked)))
    free_at = [NOON] * counters
    hall: dict[UUID, Waiting] = {}
    calls = overtakes = broken = 0
    longest: dict[str, float] = {}
    while to_come or hall:
        counter = min(range(counters), key=lambda each: free_at[each])
        now = free_at[counter]
        while to_come and to_come[0][0] <= now:
            ticket = to_come.pop(0)[1]
            hall[ticket.ticket_id] = ticket
        choice = choose(list(hall.values()), {QUEUES[0]}, rules, now)
        if choice is None:
            free_at[counter] = to_come[0][0]
            continue
        called = hall.pop(choice.ticket_id)
        calls += 1
        overtakes += sum(called.anchor_at > other.anchor_at for other in hall.values())
        broken += sum(passed_by(other, called, rules) for other in hall.values())
        waited = (now - called.anchor_at) / timedelta(minutes=1)
        longest[called.priority] = max(longest.get(called.priority, 0.0), waited)
        free_at[counter] = now + timedelta(minutes=source.expovariate(0.1))
    return Day(calls, overtakes, broken, longest)


@pytest.mark.parametrize("load", [0.9, 1.1, 1.6])
def test_over_whole_days_everybody_is_called_and_nobody_is_passed_beyond_the_promise(load: float) -> None:
    rules = CallingRules.of(CLASSES.values(), 5, 60)
    days = [simulate(seed, rules, load) for seed in range(4)]
    assert all(day.calls == 400 for day in days)
    assert sum(day.overtakes for day in days) > 100, "the promise must have been put to the test"
    assert sum(day.broken for day in days) == 0


def test_without_the_guard_the_same_promise_is_broken() -> None:
    """The negative control: the check above can fail."""
    promise, plain = CallingRules.of(CLASSES.values(), 5, 60), CallingRules.of(CLASSES.values(), 5, None)
    line = [
        Waiting(UUID(int=1), QUEUES[0], "walkin", 1.0, NOON - timedelta(minutes=120)),
        Waiting(UUID(int=2), QUEUES[0], "disability", 4.0, NOON - timedelta(minutes=50)),
    ]
    choice = choose(line, {QUEUES[0]}, plain, NOON)
    assert choice is not None
    assert choice.ticket_id == line[1].ticket_id
    assert passed_by(line[0], line[1], promise)
    kept = choose(line, {QUEUES[0]}, promise, NOON)
    assert kept is not None
    assert kept.ticket_id == line[0].ticket_id


def test_the_guard_shortens_the_longest_wait_of_walk_ins_in_a_full_hall() -> None:
    guarded, plain = CallingRules.of(CLASSES.values(), 5, 60), CallingRules.of(CLASSES.values(), 5, None)
    with_guard = [simulate(seed, guarded, 1.1).longest_wait["walkin"] for seed in range(6)]
    without = [simulate(seed, plain, 1.1).longest_wait["walkin"] for seed in range(6)]
    assert sum(with_guard) < 0.9 * sum(without)


@given(line=lines(aside=True), queues=SERVED, rules=RULE_SETS, minute=st.integers(-60, 240), count=st.integers(1, 5))
def test_the_foremost_of_each_kind_decide_as_the_whole_line_does(
    line: list[Waiting], queues: frozenset[UUID], rules: CallingRules, minute: int, count: int
) -> None:
    """The ticket and the reason, of the next call and of so many after it."""
    now = NOON + timedelta(minutes=minute)
    mine = [ticket for ticket in line if ticket.queue_id in queues]
    assert choose(foremost(mine), queues, rules, now) == choose(line, queues, rules, now)
    assert order(foremost(mine, count), queues, rules, now)[:count] == order(line, queues, rules, now)[:count]
