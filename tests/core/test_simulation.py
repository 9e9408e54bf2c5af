"""A day that is played: by the calling rule, as the theory of queues says, and never worse for a counter more."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_system.core.dispatch import CallingRules, Waiting, choose
from queue_system.core.simulation.chance import Returns, Source, drawn
from queue_system.core.simulation.hall import HOUR, MINUTE, NEVER, TICK, Day, Desk, Person, Stage, Waited
from queue_system.core.simulation.play import LAST, Played, play
from queue_system.core.simulation.runs import Compared, Comparison
from queue_system.core.simulation.variants import Variant, chosen, desks_of, people_of, rules_of
from queue_system.core.waits.durations import learnt

STARTS = datetime(2026, 11, 22, tzinfo=UTC)
QUEUES = tuple(UUID(int=100 + n) for n in range(3))
SERVICE = UUID(int=7)
WEIGHTS = (1.0, 2.0, 3.0, 4.0, 6.0)
RULES = CallingRules.of(WEIGHTS, call_early_min=5, guard_min=60)
OPENS, CLOSES = 8 * HOUR, 16 * HOUR
SEEDS = st.integers(0, 2**32)


def person(there: float, hold: float = 5 * MINUTE, queue: UUID = QUEUES[0], weight: float = 1.0) -> Person:
    """Somebody without an appointment."""
    return Person(there, there, there, weight, (Stage(queue, SERVICE, hold),))


def booked(anchor: float, early: float = 10 * MINUTE, weight: float = 3.0) -> Person:
    one = person(anchor - early, weight=weight)
    return replace(one, since=max(one.there, anchor), anchor=anchor, appointment=True)


def desk(number: int = 1, queues: Sequence[UUID] = QUEUES[:1], opens: float = OPENS, closes: float = CLOSES) -> Desk:
    return Desk(number, frozenset(queues), opens, closes)


def day_of(people: Sequence[Person], desks: Sequence[Desk], absent: Sequence[Person] = ()) -> Day:
    return Day(
        date(2026, 11, 22),
        STARTS,
        UTC,
        tuple(range(24)),
        CLOSES,
        RULES,
        tuple(sorted(people, key=lambda one: one.there)),
        tuple(desks),
        tuple(absent),
        booked_weight=3.0,
    )


def crowd(
    lot: random.Random, people: int, queues: Sequence[UUID] = QUEUES[:1], weights: Sequence[float] = (1.0,)
) -> list[Person]:
    """People who come all day, some before the doors open."""
    found = [
        person(
            lot.uniform(7.5, 15) * HOUR // 1,
            lot.expovariate(1 / 6) * MINUTE // 1,
            lot.choice(queues),
            lot.choice(weights),
        )
        for _ in range(people)
    ]
    return sorted(found, key=lambda one: one.there)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_every_call_is_the_one_of_the_rule(seed: int) -> None:
    lot = random.Random(seed)
    rules = CallingRules.of(WEIGHTS, lot.choice((0, 5, 30)), lot.choice((None, 0, 15, 60)))
    people = crowd(lot, 60, QUEUES, WEIGHTS)
    people += [
        booked(lot.randint(8, 15) * HOUR, lot.uniform(-5, 40) * MINUTE // 1, lot.choice(WEIGHTS)) for _ in range(20)
    ]
    people.sort(key=lambda one: one.there)
    people = [missing(one, lot) if lot.random() < 0.2 else one for one in people]
    desks = [desk(n, lot.sample(QUEUES, lot.randint(1, 3))) for n in range(4)]
    assert play(people, desks, rules) == by_choose(people, desks, rules)


def missing(one: Person, lot: random.Random) -> Person:
    """Somebody who misses the first call, keeps the place behind others or has a new one, and may be away for a time."""
    first = replace(one.stages[0], hold=2 * MINUTE, ends=False)
    again = replace(
        one.stages[0],
        others_first=(others := lot.randint(0, 3)),
        afresh=not others,
        away=lot.choice((0, lot.randrange(20_000_000))) if others else 0,
        after=lot.randrange(1, 60_000_000),
    )
    return replace(one, stages=(first, again))


def by_choose(people: Sequence[Person], desks: Sequence[Desk], rules: CallingRules) -> Played:
    """The same with `choose`, looking at everything again whenever anybody comes or a counter is free."""
    stays = [
        {
            queue
            for queue in one.queues
            if one.closes >= max(other.closes for other in desks if queue in other.queues) - LAST
        }
        for one in desks
    ]
    free, idle = [one.opens for one in desks], [(one.opens, place) for place, one in enumerate(desks)]
    first_calls, waits, ended = [NEVER] * len(people), [0.0] * len(people), 0.0
    # For each person the stage, from when it is in line, its anchor, and how many others are called first.
    stage, there = [0] * len(people), [one.there for one in people]
    since, anchor, aside = [one.since for one in people], [one.anchor for one in people], [0] * len(people)
    moments = sorted({*there, OPENS})
    while moments:
        at = moments.pop(0)
        for _, place in sorted(idle):
            queues = desks[place].queues if at < desks[place].closes else stays[place]
            waiting = [
                Waiting(
                    UUID(int=n),
                    one.stages[0].queue_id,
                    "",
                    one.weight,
                    STARTS + anchor[n] * TICK,
                    one.appointment,
                    aside[n],
                )
                for n, one in enumerate(people)
                if there[n] <= at
            ]
            if free[place] > at or (choice := choose(waiting, queues, rules, STARTS + at * TICK)) is None:
                continue
            n = choice.ticket_id.int
            first_calls[n] = min(at, first_calls[n])
            waits[n] += max(0.0, at - since[n])
            free[place] = at + people[n].stages[stage[n]].hold
            ended = max(ended, free[place])
            idle = [one for one in idle if one[1] != place] + [(free[place], place)]
            for other, one in enumerate(people):
                if other != n and there[other] <= at and one.stages[0].queue_id in desks[place].queues:
                    aside[other] = max(0, aside[other] - 1)
            stage[n], there[n] = stage[n] + 1, NEVER
            if stage[n] < len(people[n].stages):
                again = people[n].stages[stage[n]]
                since[n] = free[place] + again.after
                there[n], aside[n] = since[n] + again.away, again.others_first
                anchor[n] = since[n] if again.afresh else anchor[n]
                moments = sorted({*moments, there[n]})
            moments = sorted({*moments, free[place]})
    waits = [NEVER if called == NEVER else wait for wait, called in zip(waits, first_calls, strict=True)]
    return Played(waits, first_calls, 0, ended)


@pytest.mark.parametrize("counters", [1, 2, 5])
def test_the_mean_wait_is_that_of_erlang(counters: int) -> None:
    lot, load = random.Random(counters), 0.6
    at, people = 0.0, []
    for _ in range(100_000):
        at += lot.expovariate(load * counters / (5 * MINUTE))
        people.append(person(at, lot.expovariate(1 / (5 * MINUTE))))
    played = play(people, [desk(n, opens=0.0, closes=NEVER) for n in range(counters)], RULES)
    offered = load * counters
    last = offered**counters / math.factorial(counters) / (1 - load)
    waits = last / (sum(offered**n / math.factorial(n) for n in range(counters)) + last)
    expected = waits * 5 / (counters * (1 - load))
    assert statistics.mean(played.waits) / MINUTE == pytest.approx(expected, rel=0.04)


@given(SEEDS, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_a_counter_more_makes_nobody_wait_longer_in_one_line(seed: int, counters: int) -> None:
    people = crowd(random.Random(seed), 80)
    day = day_of(people, [desk(n + 1) for n in range(counters)])
    before = play(day.people, day.desks, RULES)
    after = play(day.people, desks_of(day, Variant(counters=1)), RULES)
    assert all(later <= earlier for earlier, later in zip(before.waits, after.waits, strict=True))


def test_nobody_stays_uncalled_whose_queue_has_a_counter() -> None:
    people = [person(15.9 * HOUR, 30 * MINUTE) for _ in range(5)] + [person(15 * HOUR, queue=QUEUES[1])]
    played = play(people, [desk()], RULES)
    assert [wait < NEVER for wait in played.waits] == [True] * 5 + [False]
    assert played.ended == 15.9 * HOUR + 150 * MINUTE


def test_a_counter_that_closes_early_leaves_the_line_to_the_others() -> None:
    people = [person(9 * HOUR, 60 * MINUTE) for _ in range(4)]
    played = play(people, [desk(1, closes=9.5 * HOUR), desk(2)], RULES)
    assert sorted(played.first_calls) == [9 * HOUR, 9 * HOUR, 10 * HOUR, 11 * HOUR]


def test_a_break_calls_nobody_and_whoever_has_no_patience_goes() -> None:
    away = replace(desk(), away=((9 * HOUR, 10 * HOUR),))
    people = [person(9 * HOUR), replace(person(9.1 * HOUR), patience=20 * MINUTE)]
    played = play(people, [away], RULES)
    assert (played.waits[0], played.waits[1], played.left) == (60 * MINUTE, NEVER, 1)


def test_a_visit_goes_on_in_another_queue_and_its_waits_are_added() -> None:
    one = person(9 * HOUR)
    two = replace(one, stages=(one.stages[0], Stage(QUEUES[1], SERVICE, MINUTE, after=3 * MINUTE)))
    blocker = person(9 * HOUR, 20 * MINUTE, QUEUES[1])
    played = play([blocker, two], [desk(), desk(2, QUEUES[1:2])], RULES)
    assert played.waits == [0.0, 12 * MINUTE]


def test_whoever_missed_a_call_waits_for_others_and_until_being_there() -> None:
    first = replace(person(9 * HOUR).stages[0], hold=MINUTE, ends=False)
    again = Stage(QUEUES[0], SERVICE, MINUTE, others_first=2)
    missed = replace(person(9 * HOUR), stages=(first, again))
    others = [person(9.01 * HOUR) for _ in range(3)]
    # Two others go first, then the old place counts; of nobody else the counter calls at once.
    assert play([missed, *others], [desk()], RULES).waits[0] == 10 * MINUTE
    assert play([missed], [desk()], RULES).waits[0] == 0
    away = replace(missed, stages=(first, replace(again, away=20 * MINUTE)))
    assert play([away], [desk()], RULES).waits[0] == 20 * MINUTE
    # Time out of the line is no waiting, and whoever has no place any more stands behind all who wait.
    afresh = replace(missed, stages=(first, replace(again, others_first=0, after=6 * MINUTE, afresh=True)))
    assert play([afresh, *others], [desk()], RULES).waits[0] == 9 * MINUTE


def test_whoever_missed_a_call_comes_back_as_often_and_as_late_as_on_the_days() -> None:
    first = replace(person(9 * HOUR).stages[0], hold=2 * MINUTE, ends=False)
    gone = replace(person(9 * HOUR), stages=(replace(first, missed=True),))
    back = replace(gone, stages=(*gone.stages, Stage(QUEUES[0], SERVICE, 5 * MINUTE, after=30 * MINUTE, afresh=True)))
    late = [
        replace(gone, stages=(first, Stage(QUEUES[0], SERVICE, MINUTE, others_first=1, away=n * MINUTE)))
        for n in (0, 8)
    ]
    day = day_of([gone, gone, gone, back, *late], [desk()])
    source = Source((day,), {SERVICE: learnt([], 7)}, 0.8)
    runs = [drawn(day, source.lengths(), source.returns(), 0.8, 1, str(seed))[0] for seed in range(300)]
    missed = [one for run in runs for one in run if one.stages[0].missed]
    came = [one for one in missed if len(one.stages) == 2]
    assert len(came) / len(missed) == pytest.approx(1 / 4, rel=0.15)
    assert {(one.stages[1].after, one.stages[1].afresh, one.stages[1].missed) for one in came} == {
        (30 * MINUTE, True, False)
    }
    away = [one.stages[1].away for run in runs for one in run if not one.stages[0].missed]
    assert statistics.mean(away) == pytest.approx(4 * MINUTE, rel=0.1)
    assert set(away) == {0, 8 * MINUTE}


def test_order_of_arrival_lets_nobody_pass() -> None:
    day = day_of(
        [person(9 * HOUR), person(9.01 * HOUR), person(9.02 * HOUR, weight=4.0), booked(9.04 * HOUR)], [desk()]
    )
    variant = Variant(in_order=True)
    people = people_of(day.people, day, variant, random.Random(1))
    calls = play(people, day.desks, rules_of(day, variant)).first_calls
    # They stand in the order in which they came, the one with the appointment first.
    assert list(calls) == sorted(calls)
    assert sorted(play(day.people, day.desks, RULES).first_calls) != list(
        play(day.people, day.desks, RULES).first_calls
    )


@given(SEEDS, st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_split_moves_as_many_as_it_says_and_keeps_their_visits(seed: int, share: float) -> None:
    lot = random.Random(seed)
    people = crowd(lot, 40, QUEUES) + [booked(lot.randint(9, 15) * HOUR) for _ in range(20)]
    day = day_of(people, [desk(1, QUEUES)])
    found = people_of(day.people, day, Variant(walkin_share=share), random.Random(2))
    assert sum(not one.appointment for one in found) == round(share * len(people))
    assert [one.stages for one in found] == [one.stages for one in day.people]
    assert all(one.since >= one.there for one in found)


def test_hours_of_a_counter_and_which_one_is_closed() -> None:
    quiet, used = replace(desk(1), calls=3), replace(desk(2, QUEUES), calls=9)
    day = day_of([person(9 * HOUR)], [quiet, used])
    assert desks_of(day, Variant(counters=-1)) == (quiet,)
    assert desks_of(day, Variant(counters=-1, like=1)) == (used,)
    added = desks_of(day, Variant(counters=2, opens=time(10), closes=time(12)))[2:]
    assert {(one.queues, one.opens, one.closes) for one in added} == {(frozenset(QUEUES), 10 * HOUR, 12 * HOUR)}
    assert desks_of(day, Variant(like=1, closes=time(12)))[0].closes == 12 * HOUR


def test_a_counter_is_added_for_the_queue_with_the_longest_waits() -> None:
    busy, slow, both = (
        replace(desk(1), calls=90),
        replace(desk(2, QUEUES[1:2]), calls=9),
        replace(desk(3, QUEUES), calls=5),
    )
    waits = [Waited(QUEUES[0], 9, 2.0)] * 50 + [Waited(QUEUES[1], 9, 30.0)] * 10 + [Waited(QUEUES[2], 9, 99.0)]
    day = replace(day_of([person(9 * HOUR)], [busy, slow, both]), waited=tuple(waits))
    assert chosen([day], Variant(counters=1)) == slow
    # Of the queues that somebody may see.
    assert chosen([day], Variant(counters=1), QUEUES[:1]) == busy
    # A single long wait says nothing beside queues with many.
    assert chosen([day], Variant(counters=1), QUEUES[2:]) == both
    assert chosen([day], Variant(counters=-1)) == busy


def test_a_counter_that_was_closed_on_a_day_changes_no_other_one_there() -> None:
    with_it = day_of([person(9 * HOUR)], [desk(1), desk(2, QUEUES[1:2])])
    without = day_of([person(9 * HOUR)], [replace(desk(1), calls=8), desk(3)])
    for variant in (Variant(counters=-1, like=2), Variant(like=2, closes=time(12))):
        model = chosen([without, with_it], variant)
        assert desks_of(without, variant, model) == without.desks
        assert desks_of(with_it, variant, model) != with_it.desks
    fewer = Variant(counters=-2, like=2)
    assert desks_of(without, fewer, chosen([without, with_it], fewer)) == without.desks[1:]
    added = Variant(counters=1, like=2)
    assert desks_of(without, added, chosen([without, with_it], added))[-1].queues == frozenset(QUEUES[1:2])
    source = Source((without, with_it), {SERVICE: learnt([], 7)}, 0.8)
    found = after(Comparison(source, Variant(counters=-1, like=2), 1), 2)
    assert (found.chosen, found.lacking) == (2, 1)
    found = after(Comparison(source, Variant(in_order=True), 1), 2)
    assert (found.chosen, found.lacking) == (None, 0)


def comparison(variant: Variant, seed: int = 1) -> Comparison:
    lot = random.Random(3)
    absent = [booked(10 * HOUR)] * 4
    people = crowd(lot, 90) + [booked(lot.randint(9, 14) * HOUR) for _ in range(16)]
    day = day_of(people, [desk(1), desk(2)], absent)
    return Comparison(Source((day,), {SERVICE: learnt([], 7)}, 0.8), variant, seed)


def after(found: Comparison, runs: int) -> Compared:
    assert list(found.run(runs)) == list(range(1, runs + 1))
    return found.compared()


def test_the_same_seed_gives_the_same_figures_and_no_change_changes_nothing() -> None:
    found = after(comparison(Variant()), 12)
    assert found.before == found.after
    assert found == after(comparison(Variant()), 12)
    assert found != after(comparison(Variant(), seed=2), 12)
    assert found.before.whole is not None
    assert found.before.whole.p90.low <= found.before.whole.p90.middle <= found.before.whole.p90.high


@pytest.mark.parametrize("variant", [Variant(demand=1.3), Variant(counters=-1)])
def test_more_people_or_fewer_counters_make_waits_longer(variant: Variant) -> None:
    found = after(comparison(variant), 30)
    assert found.before.whole is not None
    assert found.after.whole is not None
    assert found.after.whole.p50.middle > found.before.whole.p50.middle
    assert found.after.whole.p90.middle > found.before.whole.p90.middle


def test_as_many_come_as_came_and_with_more_demand_so_many_more() -> None:
    day = day_of(crowd(random.Random(1), 100) + [booked(9 * HOUR)] * 40, [desk()], [booked(9 * HOUR)] * 10)
    for demand in (0.5, 1.0, 1.5):
        runs = [drawn(day, {SERVICE: [MINUTE]}, Returns(), 0.8, demand, str(seed)) for seed in range(200)]
        assert statistics.mean(len(usual) for usual, _ in runs) == pytest.approx(140, rel=0.03)
        assert statistics.mean(len(more) for _, more in runs) == pytest.approx(140 * demand, rel=0.05)


def test_times_are_those_of_the_clock_on_the_wall() -> None:
    day = day_of([person(9 * HOUR)], [desk()])
    assert (day.at(time(9, 30)), day.hour_of(9.6 * HOUR)) == (9.5 * HOUR, 9)
    night = replace(day, turn=time(3))
    assert (night.at(time(20)), night.at(time(2)), night.at(time(3))) == (20 * HOUR, 26 * HOUR, 3 * HOUR)
    added = desks_of(night, Variant(counters=1, opens=time(20), closes=time(2)))[-1]
    assert (added.opens, added.closes) == (20 * HOUR, 26 * HOUR)


def test_hours_after_midnight_are_the_last_of_their_day() -> None:
    day = replace(day_of([person(9 * HOUR)], [desk()]), turn=time(3))
    found = after(Comparison(Source((day,), {SERVICE: learnt([], 7)}, 0.8), Variant(counters=1), 1), 1)
    assert found.in_order({0, 1, 9, 22}) == [9, 22, 0, 1]
