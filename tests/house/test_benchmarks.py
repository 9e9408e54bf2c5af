"""The benchmarks keep up with what they measure, though no usual run starts them."""

from __future__ import annotations

import math

from benchmarks import fixtures, full_book, slots
from benchmarks.forecast import WAITING, full_hall
from queue_system.core.waits.durations import learnt
from queue_system.core.waits.forecast import forecast
from queue_system.store.database import Database
from queue_system.store.queries.appointments import appointments_on
from tests.kit.hall import furnish
from tests.kit.member_log import faults


def test_the_month_of_slots_is_made_wider(db: Database) -> None:
    branch = slots.widened(furnish(db).branch)
    service = branch.service(fixtures.SERVICE)
    assert branch.queues[service.queue_id].lanes == slots.LANES
    assert branch.policies[service.policy].horizon_days == slots.DAYS


def test_the_full_book_is_one_that_the_rules_allow(db: Database) -> None:
    hall, full = full_book.full_book(db, ahead=3)
    found = db.read_now(appointments_on, hall.branch, full)
    assert len(found.bookings) == full_book.BOOKINGS_A_DAY
    assert db.read_now(faults, hall.branch) == []


def test_everybody_in_the_full_hall_is_forecast() -> None:
    hall = full_hall()
    assert (len(hall.waiting), len(hall.counters)) == (WAITING, 8)
    durations = {one.service_id: learnt([], 10) for one in hall.waiting}
    told = forecast(hall, durations, seed=1, rounds=3)
    assert len(told.tickets) == WAITING
    assert all(wait.p90 < math.inf for wait in (*told.tickets.values(), *told.newcomers.values()))
