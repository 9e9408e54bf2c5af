"""Forecasts by playing a hall forward: exact where nothing is left to chance, and in agreement with theory where it is."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from queue_system.core.dispatch import CallingRules, Waiting
from queue_system.core.waits.durations import Durations, learnt
from queue_system.core.waits.forecast import Wait, forecast
from queue_system.core.waits.hall import Arrival, Away, Counter, Hall, InLine, Newcomer, Visit

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
QUEUE, OTHER = UUID(int=1), UUID(int=2)
SERVICE = UUID(int=3)
RULES = CallingRules.of((1, 3, 4, 6), call_early_min=5, guard_min=60)
NEWCOMER = Newcomer(QUEUE, 1)
TEN_MINUTES = {SERVICE: Durations((10.0,))}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def line_of(people: int, queue: UUID = QUEUE, weight: float = 1) -> list[InLine]:
    """People who came a minute after one another, the last one now; ids are 1, 2, …"""
    return [
        InLine(Waiting(UUID(int=n + 1), queue, "walkin", weight, NOW - minutes(people - 1 - n)), SERVICE)
        for n in range(people)
    ]


def hall_of(counters: int, waiting: Sequence[InLine]) -> Hall:
    return Hall(NOW, RULES, [Counter(frozenset({QUEUE}))] * counters, waiting, newcomers=[NEWCOMER])


def exactly(wait: float) -> Wait:
    return Wait(*[wait] * 5)


def test_visits_of_one_length_leave_nothing_to_chance() -> None:
    told = forecast(hall_of(2, line_of(5)), TEN_MINUTES, seed=1, rounds=10)
    waits = [told.tickets[UUID(int=n)] for n in range(1, 6)]
    assert waits == [exactly(wait) for wait in (0, 0, 10, 10, 20)]
    assert told.newcomers[NEWCOMER] == exactly(20)


def test_a_visit_that_has_begun_ends_sooner_than_one_that_begins() -> None:
    busy = Counter(frozenset({QUEUE}), Visit(SERVICE, NOW - minutes(7)))
    hall = replace(hall_of(1, line_of(2)), counters=[busy])
    told = forecast(hall, TEN_MINUTES, seed=1, rounds=10)
    assert told.tickets[UUID(int=1)] == exactly(3)
    assert told.tickets[UUID(int=2)] == exactly(13)


def test_nobody_waits_in_an_empty_hall_with_a_free_counter() -> None:
    assert forecast(hall_of(1, []), TEN_MINUTES, seed=1).newcomers[NEWCOMER] == exactly(0)


def test_where_nothing_is_open_there_is_no_end_to_the_wait() -> None:
    told = forecast(hall_of(0, line_of(2)), TEN_MINUTES, seed=1, rounds=10)
    assert {wait.p20 for wait in (*told.tickets.values(), *told.newcomers.values())} == {math.inf}


def test_a_break_is_waited_for_and_a_closed_counter_is_not() -> None:
    pause = replace(hall_of(1, line_of(3)).counters[0], away=(Away(NOW + minutes(5), NOW + minutes(35)),))
    hall = replace(hall_of(1, line_of(3)), counters=[pause])
    assert forecast(hall, TEN_MINUTES, seed=1, rounds=10).tickets[UUID(int=2)] == exactly(35)
    closes = replace(pause, away=(Away(NOW + minutes(15)),))
    told = forecast(replace(hall, counters=[closes]), TEN_MINUTES, seed=1, rounds=10)
    assert told.tickets[UUID(int=2)] == exactly(10)
    assert told.tickets[UUID(int=3)].p20 == math.inf


def test_an_appointment_is_before_others_as_far_as_it_will_be_there() -> None:
    booked = Arrival(QUEUE, SERVICE, weight=3, at=NOW + minutes(9), chance=1.0)
    hall = replace(hall_of(1, line_of(3)), arrivals=[booked])
    # At minute 10 the appointment has waited one minute and the second in line eleven; at minute 20 eleven and twenty.
    waits = forecast(hall, TEN_MINUTES, seed=1, rounds=10).tickets
    assert [waits[UUID(int=n)] for n in (1, 2, 3)] == [exactly(0), exactly(10), exactly(30)]
    never = replace(hall, arrivals=[replace(booked, chance=0.0)])
    assert forecast(never, TEN_MINUTES, seed=1, rounds=10).tickets[UUID(int=3)] == exactly(20)
    half = forecast(replace(hall, arrivals=[replace(booked, chance=0.5)]), TEN_MINUTES, seed=1, rounds=400)
    assert half.tickets[UUID(int=3)].mean == pytest.approx(25, abs=2)


def test_people_of_another_queue_are_waited_for_where_the_same_counters_serve_them() -> None:
    others = [replace(one, ticket=replace(one.ticket, queue_id=OTHER)) for one in line_of(4)]
    alone = replace(hall_of(2, others), counters=[Counter(frozenset({QUEUE})), Counter(frozenset({OTHER}))])
    assert forecast(alone, TEN_MINUTES, seed=1, rounds=10).newcomers[NEWCOMER] == exactly(0)
    shared = replace(alone, counters=[Counter(frozenset({QUEUE, OTHER}))] * 2)
    assert forecast(shared, TEN_MINUTES, seed=1, rounds=10).newcomers[NEWCOMER] == exactly(20)


def test_the_same_seed_gives_the_same_forecast() -> None:
    hall, durations = hall_of(3, line_of(12)), {SERVICE: learnt([], 8)}
    assert forecast(hall, durations, seed=4) == forecast(hall, durations, seed=4)
    assert forecast(hall, durations, seed=4) != forecast(hall, durations, seed=5)


def test_whoever_comes_behind_changes_nothing_of_what_is_said_of_the_others() -> None:
    """Not by chance either: their visits last as long in each round as before."""
    durations = {SERVICE: learnt([], 8)}
    people = line_of(12)
    booked = Arrival(OTHER, SERVICE, 1, NOW + minutes(30), 0.5)
    busy = Counter(frozenset({QUEUE}), Visit(SERVICE, NOW - minutes(3)))
    hall = Hall(NOW, RULES, [busy, Counter(frozenset({OTHER}))], people[:-1], newcomers=[NEWCOMER])
    before = forecast(hall, durations, seed=4).tickets
    found = forecast(replace(hall, waiting=people, arrivals=[booked, booked]), durations, seed=4).tickets
    assert {ticket: found[ticket] for ticket in before} == before


def test_those_who_may_come_come_by_chances_of_their_own() -> None:
    booked = Arrival(QUEUE, SERVICE, 4, NOW, 0.5)
    hall = replace(hall_of(1, line_of(3)), arrivals=[booked] * 2)
    found = forecast(hall, TEN_MINUTES, seed=1, rounds=400).newcomers[NEWCOMER]
    # None, one or both of them: twenty minutes more or less at most, and both or none in half of the rounds.
    assert found.mean == pytest.approx(40, abs=1.5)
    assert (found.p20, found.p80) == (30, 50)


def test_the_wait_behind_a_line_is_that_of_the_theory() -> None:
    """M/M/s with everybody busy and q ahead: mean (q + 1) / (s · μ), standard deviation √(q + 1) / (s · μ)."""
    lot = random.Random(2)
    durations = {SERVICE: learnt([lot.expovariate(1 / 8) for _ in range(20_000)], 8)}
    busy = Counter(frozenset({QUEUE}), Visit(SERVICE, NOW - minutes(3)))
    hall = replace(hall_of(4, line_of(15)), counters=[busy] * 4)
    wait = forecast(hall, durations, seed=3, rounds=2_000).newcomers[NEWCOMER]
    mean, deviation = 16 * 8 / 4, math.sqrt(16) * 8 / 4
    assert wait.mean == pytest.approx(mean, rel=0.04)
    assert wait.p90 - wait.p20 == pytest.approx((1.2816 + 0.8416) * deviation, rel=0.1)
    assert wait.p20 < wait.p50 < wait.p80 < wait.p90
