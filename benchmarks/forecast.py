"""Forecasts of waits: what one costs, and whether what is told in simulated branches comes true.

Cost: 200 people who wait, 8 counters of four kinds, 30 bookings to come, those of half an hour at the door, 200 rounds. Aim: below 100 ms of processor time.
The limit beside it is what no form of the rule can avoid: to take the free counter from a heap, call by call.

Truth, in `tests.kit.simulated_branch`: a mixed branch of 60 days, one in which a counter closes unforeseen each day,
and a plain line (M/M/3), for which theory knows the best forecast. The first days, in which nothing is known of the
services yet, are not counted. These forecasts have half of the usual rounds, which makes them a little worse.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from heapq import heapreplace
from typing import Any, Final
from uuid import UUID

from benchmarks.report import Figure, conclude
from queue_system.core.dispatch import Waiting
from queue_system.core.waits.durations import learnt
from queue_system.core.waits.forecast import ROUNDS, forecast
from queue_system.core.waits.hall import Arrival, Counter, Hall, InLine, Newcomer, Visit
from tests.kit.simulated_branch import MINUTE, OPENS, RULES, Plan, mixed_branch, plain_line, run
from tests.kit.told_waits import (
    Told,
    ToldWaits,
    best_rolling_average,
    counted,
    coverage,
    squared_error,
    windows,
)

WAITING: Final = 200
BOOKED: Final = 30
#: How long before their time people with an appointment can check in.
CHECK_IN: Final = timedelta(minutes=30)
REPEATS: Final = 20
DAYS: Final = 60
ROUNDS_A_TICKET: Final = ROUNDS // 2
LEARNING_DAYS: Final = 5
MEAN_MIN: Final = 8.0
COUNTERS: Final = 3


def main() -> None:
    details: dict[str, Any] = {"rounds": ROUNDS, "rounds a ticket": ROUNDS_A_TICKET, "days": DAYS}
    figures = [*cost(details), *mixed(details), *after_closings(details), *plain(details)]
    conclude("forecast", figures, **details)


def cost(details: dict[str, Any]) -> list[Figure]:
    """Processor time of one forecast for everybody in a full hall."""
    hall = full_hall()
    durations = {service.id: learnt([], service.configured) for service in mixed_branch().services}
    ours, bare = [], []
    for repeat in range(REPEATS):
        begun = time.thread_time()
        forecast(hall, durations, seed=repeat)
        middle = time.thread_time()
        bare_calls(WAITING * ROUNDS, len(hall.counters))
        ours.append((middle - begun) * 1e3)
        bare.append((time.thread_time() - middle) * 1e3)
    p50 = statistics.median(ours)
    details["slowest forecast, ms"] = round(max(ours), 1)
    limit = statistics.median(bare)
    return [
        Figure(
            f"processor time for {WAITING} waiting, p50", p50, "ms", limit, "a heap of counters", "< 100 ms", p50 < 100
        )
    ]


def full_hall() -> Hall:
    """People of all classes in all queues, who came within the last hour and a half."""
    lot, plan = random.Random(1), mixed_branch()
    waiting = []
    for number in range(WAITING):
        service, weight = lot.choice(plan.services), lot.choice((1.0, 1.0, 1.0, 3.0, 3.0, 4.0))
        anchor = OPENS - timedelta(seconds=lot.randrange(5_400))
        ticket = Waiting(UUID(int=number + 1), service.queue_id, "class", weight, anchor, weight == 3.0)
        waiting.append(InLine(ticket, service.id))
    counters = [Counter(clerk.queues, Visit(plan.services[0].id, OPENS - 4 * MINUTE)) for clerk in plan.clerks]
    arrivals = []
    for _ in range(BOOKED):
        service = lot.choice(plan.services)
        arrivals.append(Arrival(service.queue_id, service.id, 3.0, OPENS + lot.randrange(120) * MINUTE, 0.85))
    queues = {service.queue_id for service in plan.services}
    newcomers = [Newcomer(queue, 1.0) for queue in sorted(queues)]
    soon = OPENS + CHECK_IN
    newcomers += [Newcomer(one.queue_id, 3.0, booked_at=one.at) for one in arrivals if one.at <= soon]
    return Hall(OPENS, RULES, [*counters, *counters[:2]], waiting, arrivals, newcomers)


def bare_calls(calls: int, counters: int) -> None:
    ends = [(0.0, counter) for counter in range(counters)]
    lengths = random.Random(1).choices([float(length) for length in range(1, 400)], k=calls)
    for length in lengths:
        at, counter = ends[0]
        heapreplace(ends, (at + length, counter))


def watched(plan: Plan, days: int, seed: int) -> ToldWaits:
    witness = ToldWaits(plan, ROUNDS_A_TICKET)
    run(plan, days, seed, witness)
    return witness


def after(told: Sequence[Told], days: int) -> list[Told]:
    """Those of the days after the first ones."""
    return [one for one in told if one.person.issued_at >= OPENS + timedelta(days=days)]


def mixed(details: dict[str, Any]) -> list[Figure]:
    """A branch with all that makes waits uncertain."""
    told = after(watched(mixed_branch(), DAYS, seed=1).told, LEARNING_DAYS)
    bounds = counted(told)
    came = [one for one in told if one.came]
    uncorrected = statistics.mean(one.minutes <= one.wait.p90 for one in bounds)
    queues = sorted({one.person.ticket.queue_id for one in told})
    by_queue = [
        share
        for queue in queues
        for share in windows([one for one in bounds if one.person.ticket.queue_id == queue], 300)
    ]
    all_windows = windows(bounds, 2_000)
    error = statistics.median(abs(one.minutes - one.wait.p50) for one in came)
    usual = statistics.median(one.minutes for one in came)
    rolling = best_rolling_average(told)
    details |= {
        "mixed: people": len(told),
        "mixed: bounds counted": len(bounds),
        "mixed: coverage of counted bounds": round(coverage(bounds), 4),
        "mixed: coverage of all ranges": round(coverage([one for one in told if one.said and one.came]), 4),
        "mixed: coverage without correction": round(uncorrected, 4),
        "mixed: windows of 2,000": [round(share, 3) for share in all_windows],
        "mixed: windows of 300 by queue": [round(share, 3) for share in by_queue],
        "mixed: best rolling average": rolling.name,
        "mixed: ranges not told because of a drift": sum(not one.told for one in told),
    }
    return [
        *between("bounds that hold, per 2,000", all_windows, 0.88, 0.92),
        *between("bounds that hold, per queue and 300", by_queue, 0.85, 0.95),
        Figure("median error", error, "min", usual, "the median wait", "≤ 8 min", error <= 8),
        Figure(
            "mean squared error, mixed branch",
            rolling.ours,
            "min²",
            rolling.error,
            f"mean of the {rolling.name}",
            "≤ 0.70",
            rolling.ours <= 0.7 * rolling.error,
        ),
    ]


def between(name: str, shares: Sequence[float], least: float, most: float) -> list[Figure]:
    aim = f"{least:g} to {most:g}"
    return [
        Figure(f"{name}, least", min(shares), "", aim=aim, met=least <= min(shares) <= most),
        Figure(f"{name}, most", max(shares), "", aim=aim, met=least <= max(shares) <= most),
    ]


def after_closings(details: dict[str, Any]) -> list[Figure]:
    """What is told after a counter has closed unforeseen, in the order of the numbers that were taken then."""
    witness = watched(replace(mixed_branch(), closes=1.0), DAYS, seed=2)
    blocks: list[list[Told]] = [[] for _ in range(5)]
    standing: list[Told] = []
    bounds = counted(witness.told)
    for closed in witness.closings:
        evening = closed + timedelta(hours=8)
        later = [one for one in bounds if closed < one.person.issued_at < evening]
        for place, one in enumerate(later[: 25 * len(blocks)]):
            blocks[place // 25].append(one)
        earlier = [one for one in bounds if closed - timedelta(hours=8) < one.person.issued_at <= closed]
        standing += [one for one in earlier if one.person.issued_at + one.minutes * MINUTE > closed]
    shares = [coverage(block) for block in blocks]
    details["closings"] = len(witness.closings)
    details["coverage per 25 tickets after a closing"] = [round(share, 3) for share in shares]
    details["coverage of those who stood in line at the closing"] = round(coverage(standing), 3)
    wrong = [place for place, share in enumerate(shares) if not 0.85 <= share <= 0.95]
    back = 25 * (wrong[-1] + 1) if wrong else 0
    return [Figure("tickets after a closing until bounds hold within 5 points", back, "", aim="≤ 100", met=back <= 100)]


def plain(details: dict[str, Any]) -> list[Figure]:
    """M/M/3 at nine tenths of its capacity: theory says (people before + 1) · mean / counters where all are busy."""
    told = after(watched(plain_line(COUNTERS, MEAN_MIN, load=0.9, hours=16), 30, seed=3).told, LEARNING_DAYS)
    busy = [one for one in told if one.wait.mean > 0]
    ours = squared_error(busy)
    theory = statistics.mean(
        (one.minutes - (one.people_before + 1) * MEAN_MIN / COUNTERS) ** 2 for one in busy if one.came
    )
    details["plain: people"] = len(busy)
    details["plain: coverage"] = round(coverage(counted(busy)), 4)
    return [
        Figure(
            "mean squared error, M/M/3", ours, "min²", theory, "by length of the line", "≤ 1.10", ours <= 1.1 * theory
        )
    ]


if __name__ == "__main__":
    main()
