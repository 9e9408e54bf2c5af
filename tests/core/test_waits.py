"""Forecasts of waits: the pace of a line, the correction by earlier errors, and that nothing looks ahead."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.waits.correction import Quantile, corrected, error_of
from queue_system.core.waits.lines import AT_LEAST_MIN, LATER_MIN, Expected, LineForecasts, Look
from queue_system.core.waits.pace import SLOWEST, Pace

OPENS = datetime(2026, 3, 2, 9)


def test_a_pace_leans_on_what_was_known_before_as_long_as_little_was_seen() -> None:
    assert Pace().rate(before=0.2, trust=60) == pytest.approx(0.2)
    # An hour of one person in two minutes weighs as much as an hour of trust in one person in ten.
    assert Pace(called=30, minutes=60).rate(before=0.1, trust=60) == pytest.approx((30 + 6) / 120)
    assert Pace(called=0, minutes=100_000).rate(before=0.1, trust=60) == SLOWEST


@given(
    errors=st.lists(st.floats(-3, 3, allow_nan=False), min_size=1, max_size=400),
    share=st.sampled_from([0.5, 0.8, 0.9]),
    step=st.sampled_from([0.02, 0.1]),
)
def test_a_bound_holds_for_its_share_whatever_the_errors_are(errors: list[float], share: float, step: float) -> None:
    followed = Quantile(share=share, value=0.0, step=step, own_step=0.0, pull=0.0)
    held = 0
    for error in errors:
        held += error <= followed.of("any")
        followed.learn("any", error)
    # The bound of the theorem: errors and the first value lie within a range of width 6.
    assert abs(held / len(errors) - share) <= (6 + step) / (step * len(errors)) + 1e-9


def test_a_line_with_errors_of_its_own_gets_a_bound_of_its_own() -> None:
    followed = Quantile(share=0.9, value=0.0, step=0.002, own_step=0.02, pull=0.002)
    lot = random.Random(5)
    for _ in range(4_000):
        followed.learn("steady", lot.gauss(0, 0.1))
        followed.learn("wild", lot.gauss(0, 1))
    assert followed.of("wild") > followed.of("steady") + 0.5


@given(st.floats(0, 600), st.floats(0, 600))
def test_a_forecast_corrected_by_its_error_is_the_wait(wait: float, forecast: float) -> None:
    assert corrected(forecast, error_of(wait, forecast)) == pytest.approx(wait, abs=1e-6)


def steady(day: datetime, minutes_each: int, hours: int = 8, waiting: int = 6) -> Iterator[Look]:
    """A line in which the same number of people wait all day, and one is called every so many minutes."""
    for minute in range(0, hours * 60, 5):
        yield Look(day + timedelta(minutes=minute), "office", "A", waiting, 1 + minute // minutes_each)


def learnt(days: int, minutes_each: int) -> LineForecasts:
    forecasts = LineForecasts()
    for day in range(days):
        for look in steady(OPENS + timedelta(days=day), minutes_each):
            forecasts.see(look)
    return forecasts


def test_a_steady_line_is_forecast_by_its_pace() -> None:
    forecasts = learnt(days=5, minutes_each=10)
    looked = Look(OPENS + timedelta(days=5), "office", "A", 6, 1)
    expected = forecasts.see(looked)
    assert expected is not None
    assert expected.median == pytest.approx(60, abs=8)
    assert expected.median <= expected.upper < 90


def test_a_line_that_nobody_knows_leans_on_its_office() -> None:
    quick, slow = learnt(days=3, minutes_each=5), learnt(days=3, minutes_each=20)
    unknown = Look(OPENS + timedelta(days=3), "office", "new", 6, 1)
    first, second = quick.see(unknown), slow.see(unknown)
    assert first is not None
    assert second is not None
    assert first.median < second.median


def test_minutes_in_which_nobody_waits_do_not_slow_a_line_down() -> None:
    forecasts = learnt(days=3, minutes_each=10)
    day = OPENS + timedelta(days=3)
    for minute in range(0, 180, 5):
        assert forecasts.see(Look(day + timedelta(minutes=minute), "office", "A", 0, 1)) is None
    expected = forecasts.see(Look(day + timedelta(minutes=180), "office", "A", 6, 1))
    assert expected is not None
    assert expected.median == pytest.approx(60, abs=8)


def test_nobody_is_expected_to_wait_long_beyond_the_usual_end() -> None:
    forecasts = learnt(days=4, minutes_each=10)
    # The last number of a day was called 470 minutes after it began.
    at = OPENS + timedelta(days=4, minutes=430)
    expected = forecasts.see(Look(at, "office", "A", 60, 44))
    assert expected is not None
    assert AT_LEAST_MIN < expected.median <= 40 + LATER_MIN


def test_numbers_that_begin_again_are_a_new_series() -> None:
    forecasts = learnt(days=3, minutes_each=10)
    day = OPENS + timedelta(days=3)
    before = forecasts.see(Look(day, "office", "A", 6, 90))
    after = forecasts.see(Look(day + timedelta(minutes=5), "office", "A", 6, 2))
    assert before is not None
    assert after is not None
    assert after.median == pytest.approx(before.median, rel=0.1)


def test_a_jump_to_a_new_series_is_no_forecast_that_came_true() -> None:
    """Forecasts for numbers that nobody saw called would teach that everybody is served at once."""
    jumped, ended = learnt(days=3, minutes_each=10), learnt(days=3, minutes_each=10)
    day = OPENS + timedelta(days=3)
    for forecasts, serving in ((jumped, 500), (ended, 1)):
        forecasts.see(Look(day, "office", "A", 6, 7))
        forecasts.see(Look(day + timedelta(minutes=5), "office", "A", 6, serving))
    at = day + timedelta(minutes=10)
    assert jumped.see(Look(at, "office", "A", 6, 500)) == ended.see(Look(at, "office", "A", 6, 1))


@given(st.integers(1, 90))
def test_a_forecast_uses_nothing_that_came_later(known: int) -> None:
    looks = [*steady(OPENS, 10), *steady(OPENS + timedelta(days=1), 7)]
    whole, cut = LineForecasts(), LineForecasts()
    everything = [whole.see(look) for look in looks]
    assert [cut.see(look) for look in looks[:known]] == everything[:known]


def test_nine_of_ten_waits_are_within_the_bound() -> None:
    """Three counters, arrivals and services by chance, and a morning that is busier than the rest of the day."""
    lot = random.Random(8)
    forecasts = LineForecasts()
    held = told = 0
    for day in range(30):
        open_promises: list[tuple[datetime, int, Expected]] = []
        called = waiting = 0
        for minute in range(0, 480, 5):
            at = OPENS + timedelta(days=day, minutes=minute)
            waiting += sum(lot.random() < (0.34 if minute < 150 else 0.22) for _ in range(5))
            served = min(waiting, sum(lot.random() < 0.25 for _ in range(5)))
            called, waiting = called + served, waiting - served
            true = [(at - made, promised) for made, until, promised in open_promises if until <= called]
            told += len(true)
            held += sum(waited / timedelta(minutes=1) <= promised.upper for waited, promised in true)
            open_promises = [one for one in open_promises if one[1] > called]
            expected = forecasts.see(Look(at, "office", "A", waiting, called or None))
            if expected is not None:
                open_promises.append((at, called + waiting, expected))
    assert told > 1_000
    assert 0.85 <= held / told <= 0.95
