"""What visitors are told of their wait: steps of five minutes, bounds that hold for nine of ten, and reasons for longer ones."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.dispatch import CallingRules, Waiting
from queue_system.core.waits.announce import (
    ENOUGH_VISITS,
    STEP_MIN,
    Announced,
    Announcements,
    Longer,
    Pressure,
    Range,
    Standing,
    pressure_of,
    why_longer,
)
from queue_system.core.waits.forecast import Wait
from queue_system.core.waits.hall import Away, Counter, Hall, InLine

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOBODY = Pressure(1, 0, 0)
QUEUE, OTHER, SERVICE = UUID(int=1), UUID(int=2), UUID(int=3)


def said_of(p20: float, p90: float, announcements: Announcements | None = None, queue: UUID = QUEUE) -> Announced:
    said = (announcements or Announcements()).say(queue, Wait(p20, (p20 + p90) / 2, p90, p90, (p20 + p90) / 2))
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("p20", "p90", "told"),
    [
        (13, 28, Range(10, 30)),
        (15, 30, Range(15, 30)),
        (0, 0, Range(0, 5)),
        (4, 4.5, Range(0, 5)),
        (10, 10, Range(5, 10)),
        (61, 90.5, Range(60, 95)),
    ],
)
def test_a_range_is_rounded_outwards_to_five_minutes(p20: float, p90: float, told: Range) -> None:
    assert said_of(p20, p90).range == told


def test_nothing_is_promised_where_the_counters_close_before_the_call() -> None:
    assert Announcements().say(QUEUE, Wait(40, 70, math.inf, math.inf, math.inf)) is None


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7])
def test_nine_of_ten_bounds_hold_also_where_the_forecast_is_wrong_throughout(factor: float) -> None:
    lot, announcements = random.Random(6), Announcements()
    held = 0
    for number in range(3_000):
        expected = lot.uniform(10, 60)
        said = said_of(expected * 0.8, expected * 1.3, announcements)
        minutes = factor * expected * lot.lognormvariate(0, 0.3)
        announcements.learn(said, minutes, came=True)
        held += number >= 1_000 and minutes <= said.range.most
    assert 0.88 <= held / 2_000 <= 0.92


def test_a_queue_has_a_correction_of_its_own() -> None:
    announcements = Announcements()
    for _ in range(300):
        for queue, minutes in ((QUEUE, 60.0), (OTHER, 15.0)):
            announcements.learn(said_of(15, 30, announcements, queue), minutes, came=True)
    assert said_of(15, 30, announcements).range.most > said_of(15, 30, announcements, OTHER).range.most


def test_whoever_left_before_the_bound_was_over_teaches_nothing() -> None:
    announcements, untouched = Announcements(), Announcements()
    for _ in range(50):
        announcements.learn(said_of(20, 40), 12, came=False)
    assert said_of(20, 40, announcements) == said_of(20, 40, untouched)


def test_whoever_left_after_the_bound_was_over_had_a_broken_one() -> None:
    left, called = Announcements(), Announcements()
    for _ in range(50):
        left.learn(said_of(20, 40), 55, came=False)
        called.learn(said_of(20, 40), 55, came=True)
    assert said_of(20, 40, left) == said_of(20, 40, called) != said_of(20, 40)


def test_waits_too_short_to_correct_teach_nothing() -> None:
    """Else a quiet afternoon, in which every bound holds, would be paid for by broken ones in the rush."""
    announcements = Announcements()
    for _ in range(500):
        announcements.learn(said_of(0, 1), 0, came=True)
    assert said_of(20, 40, announcements) == said_of(20, 40)


def test_only_the_place_is_told_while_little_is_known() -> None:
    announcements = Announcements()
    assert not announcements.may_be_told(QUEUE, ENOUGH_VISITS - 1)
    assert announcements.may_be_told(QUEUE, ENOUGH_VISITS)


def test_only_the_place_is_told_while_bounds_break_and_again_a_range_when_they_hold() -> None:
    announcements = Announcements()

    def learn(minutes: float, times: int) -> None:
        for _ in range(times):
            announcements.learn(Announced(QUEUE, 20, 30, Range(15, 30)), minutes, came=True)

    learn(90, 4)
    assert announcements.may_be_told(QUEUE, 100)
    learn(90, 8)
    assert not announcements.may_be_told(QUEUE, 100)
    assert announcements.may_be_told(OTHER, 100)
    learn(20, 5)
    assert not announcements.may_be_told(QUEUE, 100)
    learn(20, 20)
    assert announcements.may_be_told(QUEUE, 100)


@pytest.mark.parametrize(
    ("minutes", "now", "told", "longer"),
    [
        (0, Range(10, 30), Range(10, 30), False),
        # Shorter at once, also by a little.
        (0, Range(10, 25), Range(10, 25), False),
        (10, Range(5, 20), Range(5, 20), False),
        # Longer by five minutes: what was said goes on to count down.
        (10, Range(15, 25), Range(15, 20), False),
        (12, Range(10, 20), Range(10, 20), False),
        # Longer by more: told, with a reason.
        (10, Range(15, 30), Range(15, 30), True),
        (0, Range(20, 40), Range(20, 40), True),
        # The bound is over.
        (28, Range(0, 5), Range(0, 5), False),
        (32, Range(0, 5), Range(0, 5), True),
    ],
)
def test_a_wait_becomes_shorter_freely_and_longer_only_noticeably(
    minutes: float, now: Range, told: Range, longer: bool
) -> None:
    later = NOW + timedelta(minutes=minutes)
    standing = Standing.first(Range(15, 30), NOW, NOBODY).after(now, NOBODY, later)
    assert (standing.at(later), standing.longer is not None) == (told, longer)


@given(
    st.integers(1, 12).map(lambda n: n * STEP_MIN),
    st.floats(0, 60),
    st.integers(1, 12).map(lambda n: n * STEP_MIN),
)
def test_what_is_still_told_is_a_range_and_longer_only_where_it_says_so(most: int, minutes: float, now: int) -> None:
    later = NOW + timedelta(minutes=minutes)
    standing = Standing.first(Range(0, most), NOW, NOBODY).after(Range(now - STEP_MIN, now), NOBODY, later)
    told = standing.at(later)
    assert told.least < told.most
    assert told.most % STEP_MIN == 0
    # Rounded to a whole step, what was said may end at most one step later.
    assert standing.longer or told.most < max(0.0, most - minutes) + STEP_MIN + 1e-9


def test_a_range_that_stays_counts_down_however_often_it_is_looked_at() -> None:
    standing = Standing.first(Range(10, 30), NOW, NOBODY)
    for minute in range(1, 21):
        later = NOW + timedelta(minutes=minute)
        # The forecast does not become shorter, and is never off by more than somebody would notice.
        standing = standing.after(Range(10, standing.at(later).most), NOBODY, later)
    assert standing.at(NOW + timedelta(minutes=20)) == Range(5, 10)


def test_the_reason_stays_until_the_first_promise_holds_again() -> None:
    def minutes(n: int) -> datetime:
        return NOW + timedelta(minutes=n)

    standing = Standing.first(Range(10, 30), NOW, Pressure(2, 0, 0)).after(Range(30, 45), Pressure(1, 0, 0), minutes(5))
    assert standing.longer is Longer.COUNTER_CLOSED
    standing = standing.after(Range(20, 30), Pressure(1, 0, 0), minutes(10))
    assert standing.longer is Longer.COUNTER_CLOSED
    assert standing.after(Range(10, 20), Pressure(1, 0, 0), minutes(10)).longer is None


def person(number: int, queue: UUID = QUEUE, weight: float = 1, *, appointment: bool = False) -> InLine:
    return InLine(Waiting(UUID(int=number), queue, "class", weight, NOW, appointment), SERVICE)


def test_what_bears_on_a_wait_is_counted_at_the_counters_that_call_for_it() -> None:
    away = (Away(NOW - timedelta(minutes=1)),)
    counters = [
        Counter(frozenset({QUEUE})),
        Counter(frozenset({QUEUE, OTHER})),
        Counter(frozenset({QUEUE}), away=away),
        Counter(frozenset({UUID(int=9)})),
    ]
    me = person(1)
    waiting = [
        me,
        person(2, weight=3, appointment=True),
        person(3, OTHER, weight=10),
        person(4, UUID(int=9), weight=10),
        person(5, appointment=True),
    ]
    hall = Hall(NOW, CallingRules.of((1, 3, 10), 5, 60), counters, waiting)
    assert pressure_of(hall)[me.ticket.ticket_id] == Pressure(counters=2, emergencies=1, appointments=1)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (Pressure(1, 1, 1), Longer.COUNTER_CLOSED),
        (Pressure(2, 1, 1), Longer.EMERGENCY),
        (Pressure(3, 0, 1), Longer.APPOINTMENTS),
        (Pressure(2, 0, 0), Longer.LONGER_VISITS),
    ],
)
def test_the_reason_for_a_longer_wait_is_what_changed(now: Pressure, reason: Longer) -> None:
    assert why_longer(Pressure(2, 0, 0), now) is reason
