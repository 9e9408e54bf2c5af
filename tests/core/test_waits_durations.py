"""How long visits keep a counter: planned minutes, visits seen, forgotten ends, and what is left of a visit."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.waits.durations import LENGTHS, SPREAD, TRUST, learnt


@given(st.floats(0.5, 240))
def test_a_service_of_which_nothing_was_seen_takes_as_long_as_planned(configured: float) -> None:
    durations = learnt([], configured)
    assert len(durations.lengths) == LENGTHS
    # The longest hundredth counts as no longer than the rest, so a little is missing.
    assert durations.mean == pytest.approx(configured, rel=0.02)
    assert statistics.pstdev(durations.lengths) == pytest.approx(SPREAD * configured, rel=0.1)


def test_visits_seen_weigh_more_the_more_there_are() -> None:
    assert learnt([10.0] * TRUST, 20).mean == pytest.approx(15, rel=0.03)
    assert learnt([10.0] * 50 * TRUST, 20).mean == pytest.approx(10, rel=0.04)


def test_the_lengths_of_many_visits_are_those_that_were_seen() -> None:
    lot = random.Random(3)
    seen = [lot.expovariate(1 / 8) for _ in range(4_000)]
    durations = learnt(seen, 20)
    for share in (0.1, 0.5, 0.9):
        expected = sorted(seen)[int(share * len(seen))]
        assert durations.lengths[int(share * LENGTHS)] == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("visits", [3, 40, 400])
def test_a_visit_whose_end_was_forgotten_is_left_out(visits: int) -> None:
    known = [8.0] * visits
    assert learnt([*known, 300.0], 8).lengths == learnt(known, 8).lengths


def test_the_longest_hundredth_counts_as_no_longer_than_the_rest() -> None:
    seen = [10.0] * 990 + [30.0] * 10
    assert learnt(seen, 10).lengths[-1] < 30


@given(st.lists(st.floats(0, 500), max_size=60), st.floats(1, 60), st.floats(0, 2_000), st.integers(0, 9))
def test_what_is_left_of_a_visit_is_never_negative(
    seen: list[float], configured: float, elapsed: float, seed: int
) -> None:
    durations = learnt(seen, configured)
    left = durations.draw_remaining(elapsed, 30, random.Random(seed))
    assert len(left) == 30
    assert all(0 <= minutes < float("inf") for minutes in left)


def test_what_is_left_of_a_visit_depends_on_how_long_it_has_taken() -> None:
    durations = learnt([5.0] * 500 + [25.0] * 500, 10)
    begun = statistics.mean(durations.draw_remaining(0, 2_000, random.Random(1)))
    long = statistics.mean(durations.draw_remaining(6, 2_000, random.Random(1)))
    assert begun == pytest.approx(durations.mean, rel=0.05)
    # Whoever was not ready after five minutes is one of those who need twenty-five.
    assert long == pytest.approx(25 - 6, rel=0.05)


def test_a_visit_longer_than_any_other_has_something_left_and_more_the_longer_it_has_taken() -> None:
    durations = learnt([5.0] * 2_000, 5)
    hour, day = (statistics.mean(durations.draw_remaining(elapsed, 500, random.Random(1))) for elapsed in (60.0, 600.0))
    assert 0 < hour < day


def test_visits_that_were_ended_at_once_leave_something_to_forecast() -> None:
    durations = learnt([0.0] * 100_000, 5)
    assert min(durations.draw_remaining(0, 20, random.Random(1))) > 0
    assert min(durations.draw_remaining(3, 20, random.Random(1))) > 0


def test_the_same_chance_draws_the_same() -> None:
    durations = learnt([4.0, 9.0, 7.0], 8)
    assert durations.draw(20, random.Random(7)) == durations.draw(20, random.Random(7))
