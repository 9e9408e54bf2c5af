"""Whatever is pressed in whatever order, nobody is forgotten and every call is computed again from the log. On both databases."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from queue_system.clock import FrozenClock
from tests.kit.desk_walk import ALL, PAUSES, Walk
from tests.kit.hall import Hall
from tests.kit.morning import COUNTERS, all_calls, change_rules, not_reproduced
from tests.kit.people import let_choose

PRESSES = 90


@pytest.mark.slow
@pytest.mark.parametrize("seed", [6, 14, pytest.param(range(100, 140), marks=pytest.mark.soak)], ids=str)
def test_nobody_is_forgotten_and_every_call_is_reproduced(hall: Hall, clock: FrozenClock, seed: int | range) -> None:
    clerks = [hall.person(f"clerk-{number}") for number in range(len(COUNTERS))]
    let_choose(hall, *(f"clerk-{number}" for number in range(len(COUNTERS))))
    walk, kinds = Walk(hall, clerks, clock), set[str]()
    change_rules(hall, return_days=7)
    for one in seed if isinstance(seed, range) else (seed,):
        lot = random.Random(one)
        for counter in range(len(COUNTERS)):
            walk.do("sit", counter, 1, 0)
        for number in range(8):
            walk.do("issue", 0, number * 11, 0)
        for _ in range(PRESSES):
            step, pause = lot.choice(ALL), lot.choice(PAUSES)
            walk.do(step, lot.randrange(len(COUNTERS)), lot.randrange(1_000), int(pause / timedelta(minutes=1)))
            assert walk.forgotten() == [], step
            kinds.add(step)
        assert not_reproduced(all_calls(hall, clock)) == []
        clock.move(timedelta(days=1))
    assert len(kinds) > len(set(ALL)) / 2
