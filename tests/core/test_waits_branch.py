"""What is told in a simulated branch comes true: a short form of `benchmarks/forecast.py`, which has the aims themselves."""

from __future__ import annotations

import statistics

import pytest

from tests.kit.simulated_branch import mixed_branch, plain_line, run
from tests.kit.told_waits import Told, ToldWaits, best_rolling_average, counted, coverage, squared_error

ROUNDS = 40


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """Six days of a mixed branch, without the first, in which nothing is known of its services."""
    witness = ToldWaits(mixed_branch(), ROUNDS)
    run(mixed_branch(), 6, 1, witness)
    first = witness.told[0].person.issued_at.date()
    return [one for one in witness.told if one.person.issued_at.date() > first]


def test_nine_of_ten_bounds_hold(told: list[Told]) -> None:
    bounds = counted(told)
    assert len(bounds) > 800
    assert 0.87 <= coverage(bounds) <= 0.93


def test_the_median_is_off_by_less_than_eight_minutes(told: list[Told]) -> None:
    came = [one for one in told if one.came]
    assert statistics.median(one.minutes for one in came) > 12
    assert statistics.median(abs(one.minutes - one.wait.p50) for one in came) <= 8


def test_a_forecast_is_better_than_an_average_of_the_last_waits(told: list[Told]) -> None:
    average = best_rolling_average(told)
    assert average.ours <= 0.7 * average.error


def test_a_forecast_of_a_plain_line_is_nearly_as_good_as_theory() -> None:
    """M/M/3: no forecast is better than (people before + 1) · mean / counters where all are busy."""
    plan = plain_line(counters=3, mean=8, load=0.9, hours=16)
    witness = ToldWaits(plan, ROUNDS)
    run(plan, 6, 3, witness)
    busy = [one for one in witness.told[600:] if one.wait.mean > 0]
    theory = statistics.mean((one.minutes - (one.people_before + 1) * 8 / 3) ** 2 for one in busy)
    # A forecast of 40 rounds is off by chance more than one of 200.
    assert squared_error(busy) <= 1.15 * theory
