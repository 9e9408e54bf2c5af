"""A past day read from the log and played again as it was gives the waits that were recorded."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from queue_system.actions import calling
from queue_system.actions.counters import Desk, close_counter
from queue_system.actions.voiding import void_ticket
from queue_system.clock import FrozenClock
from queue_system.core.simulation.hall import MINUTE, NEVER, Day
from queue_system.core.simulation.play import play
from queue_system.core.simulation.variants import Variant
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.simulated_days import compared, source_of, weekdays
from tests.kit.hall import Hall
from tests.kit.lived_day import live


def read(hall: Hall, day: date) -> Day:
    (found,) = hall.db.read_now(source_of, hall.branch.id, [day]).days
    return found


def errors(day: Day) -> list[float]:
    """For each person how many minutes the played wait is longer than the recorded one."""
    played = play(day.people, day.desks, day.rules)
    assert all(wait < NEVER for wait in played.waits)
    # Both are in the order in which people came.
    return [wait / MINUTE - one.minutes for wait, one in zip(played.waits, day.waited, strict=True)]


@pytest.mark.parametrize(
    ("slow", "pause", "missing"),
    [(0, 0, 0.0), (0, 20, 0.0), (90, 0, 0.0), (0, 0, 0.35)],
    ids=["at-once", "with-a-break", "with-slow-clerks", "with-missed-calls"],
)
def test_a_day_played_with_its_own_visits_is_the_day(
    hall: Hall, clock: FrozenClock, slow: int, pause: int, missing: float
) -> None:
    lived = live(hall, clock, slow=timedelta(seconds=slow), pause=timedelta(minutes=pause), missing=missing)
    day = read(hall, lived)
    missed = sum(not stage.ends for one in day.people for stage in one.stages)
    assert (missed > 5) == (missing > 0)
    assert (len(day.people), len(day.desks)) == (40, 2)
    assert statistics.median(one.minutes for one in day.waited) > 3
    off = errors(day)
    # What a slow clerk took while nobody waited is not seen.
    tolerance = 0.5 if slow else 1 / 60
    assert statistics.mean(off) == pytest.approx(0, abs=tolerance)
    assert statistics.median(map(abs, off)) <= tolerance


def test_a_free_counter_that_calls_nobody_tells_that_whoever_missed_a_call_is_not_there(
    hall: Hall, clock: FrozenClock
) -> None:
    desk = hall.sit(hall.person("clerk"), "c4")
    first = hall.issue().ticket.id

    def press(work: Callable[[Tx, Desk], object], visitor: UUID | None, after: int) -> None:
        clock.move(timedelta(minutes=after))
        hall.db.write_in_now(hall.branch.id, work, replace(desk, expected=visitor))

    hall.call_next(desk)
    press(calling.mark_absent, first, 2)
    clock.move(timedelta(minutes=10))
    second = hall.issue().ticket.id
    hall.call_next(desk)
    press(calling.finish, second, 5)
    hall.call_next(desk)
    press(calling.finish, first, 3)
    press(close_counter, None, 0)
    clock.move(timedelta(days=1))
    day = read(hall, hall.branch.timetable.business_date(clock.now()) - timedelta(days=1))
    missed = day.people[0]
    assert [(stage.hold, stage.away) for stage in missed.stages] == [(2 * MINUTE, 0.0), (3 * MINUTE, 10 * MINUTE)]
    assert day.waited[0].minutes == 15
    assert errors(day) == [0.0, 0.0]


def test_a_number_that_was_taken_away_is_nobody(hall: Hall, clock: FrozenClock) -> None:
    day = live(hall, clock)
    misprint = hall.issue().ticket
    hall.db.write_in_now(hall.branch.id, void_ticket, hall.branch.id, misprint.id, "trial", SYSTEM)
    assert len(read(hall, day).people) == 40


def test_a_day_of_which_nothing_is_known_is_not_played(hall: Hall, clock: FrozenClock) -> None:
    today = hall.branch.timetable.business_date(clock.now())
    assert hall.db.read_now(source_of, hall.branch.id, [today]).days == ()
    assert hall.db.read_now(compared, hall.branch.id, [today], Variant(counters=1), None, 1_000, 20) is None
    # Whoever came and was never called does not make a day of it, because no counter was open.
    hall.issue()
    assert hall.db.read_now(source_of, hall.branch.id, [today]).days == ()


def test_a_counter_more_shortens_the_waits_of_its_queue_alone(hall: Hall, clock: FrozenClock) -> None:
    day = live(hall, clock)
    found = hall.db.read_now(compared, hall.branch.id, [day], Variant(counters=1), None, 1_000, 20)
    assert found is not None
    assert found.runs == 20
    assert found.before.whole is not None
    assert found.after.whole is not None
    assert found.after.whole.p90.middle < found.before.whole.p90.middle
    other = next(one.id for one in hall.branch.queues.values() if one.slug == "q-civil")
    nobody = hall.db.read_now(compared, hall.branch.id, [day], Variant(counters=1), {other}, 1_000, 20)
    assert nobody is not None
    assert nobody.before.whole is None


def test_weekdays_are_the_last_ones() -> None:
    sunday = date(2026, 11, 22)
    assert weekdays(sunday, 6, 2) == [sunday, date(2026, 11, 15)]
    assert weekdays(sunday, 0, 1) == [date(2026, 11, 16)]
