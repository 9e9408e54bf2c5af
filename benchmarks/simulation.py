"""Days played again: whether they come out as they were, and what a run costs.

Truth: the past days of the demonstration, lived through the real actions, are read from the log and played 200 times with visits
as long as others of that day. The limit beside each figure is the recorded one. There is no aim for what chance makes of a day;
a day that is played with its own visits gives its own waits, and a test says so (tests/store/test_simulated_days.py).

Cost: processor time of a page, which plays each visit of the first day about as often as `what_if.VISITS` says.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, Final

from benchmarks import fixtures
from benchmarks.report import Figure, conclude
from queue_system.clock import FrozenClock
from queue_system.core.simulation.chance import Source
from queue_system.core.simulation.runs import Comparison, runs_within
from queue_system.core.simulation.variants import Variant
from queue_system.demo import past
from queue_system.store.queries.simulated_days import LEAST_RUNS, source_of
from queue_system.surfaces.office.what_if import MOST_RUNS, VISITS
from tests.kit.hall import Hall

RUNS: Final = 200
CLERKS: Final = 4


def main() -> None:
    details: dict[str, Any] = {"runs": RUNS, "clerks": CLERKS}
    with fixtures.folder() as folder, fixtures.sqlite_place(folder).hall() as hall:
        days = lived(hall)
    figures = [figure for number, day in enumerate(days, 1) for figure in truth(number, day, details)]
    conclude("simulation", [*figures, cost(days[0])], **details)


def lived(hall: Hall) -> list[Source]:
    """The past days of the demonstration, each by itself."""
    hall.db.clock = FrozenClock(hall.db.clock.now() + timedelta(days=past.DAYS_BACK))
    past.serve(hall.db, hall.branch, [hall.person(f"clerk-{number}") for number in range(CLERKS)])
    today = hall.branch.timetable.business_date(hall.db.clock.now())
    back = [today - timedelta(days=ago) for ago in range(past.DAYS_BACK + 1, 0, -1)]
    found = hall.db.read_now(source_of, hall.branch.id, back)
    return [Source((day,), found.durations, found.come) for day in found.days]


def truth(number: int, source: Source, details: dict[str, Any]) -> list[Figure]:
    """Simulated waits of a day beside the recorded ones."""
    comparison = Comparison(source, Variant(counters=1), seed=1)
    for _ in comparison.run(RUNS):
        pass
    found = comparison.compared()
    recorded, played = found.recorded.whole, found.before.whole
    assert recorded is not None
    assert played is not None
    details[f"day {number}: people"] = round(recorded.people.middle)
    details[f"day {number}: range of the 90th percentile"] = [round(played.p90.low, 1), round(played.p90.high, 1)]
    return [
        Figure(f"day {number}, median wait", played.p50.middle, "min", recorded.p50.middle, "as recorded"),
        Figure(f"day {number}, nine of ten", played.p90.middle, "min", recorded.p90.middle, "as recorded"),
    ]


def cost(source: Source) -> Figure:
    """Processor time of the runs of a page."""
    comparison = Comparison(source, Variant(counters=1, demand=1.2), seed=1)
    begun = time.thread_time()
    for _ in comparison.run(runs_within(source.days, VISITS, MOST_RUNS, LEAST_RUNS)):
        pass
    comparison.compared()
    spent = time.thread_time() - begun
    return Figure("processor time of a page", spent, "s", aim="< 2 s", met=spent < 2)


if __name__ == "__main__":
    main()
