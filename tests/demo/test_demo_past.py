"""The last open days of a demonstration teach the forecast of waits, and visitors of the very last one were told theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queue_system.clock import FrozenClock
from queue_system.core import hours
from queue_system.core.tickets import ORDINARY, TAKE_BACK
from queue_system.core.waits.accuracy import Outcome, accuracy
from queue_system.core.waits.announce import ENOUGH_VISITS
from queue_system.demo import past
from queue_system.demo.telling import Telling
from queue_system.store.log import verify
from queue_system.store.queries import line
from queue_system.store.queries.past_waits import LEARNT_FROM, learn, outcomes
from queue_system.store.queries.waits import play
from queue_system.web.waits import Waits
from tests.kit.hall import Hall


@pytest.mark.parametrize("days", [0, 3])
def test_the_forecast_knows_enough_also_after_a_weekend(hall: Hall, clock: FrozenClock, days: int) -> None:
    clock.move(timedelta(days=days + past.DAYS_BACK))
    clerks = [hall.person("layla-c"), hall.person("omar-c")]
    now = clock.now()
    past.serve(hall.db, hall.branch, clerks)
    assert hall.db.clock.now() == now
    visits = hall.db.read_now(learn, hall.branch.id).visits
    assert sum(count >= ENOUGH_VISITS for count in visits.values()) >= len(clerks)
    assert hall.db.read_now(line.open_tickets, hall.branch.id) == []
    assert all(found.broken_at is None for found in hall.db.read_now(verify))


def test_of_the_last_open_day_one_sees_whether_the_waits_that_were_told_came_true(
    hall: Hall, clock: FrozenClock
) -> None:
    clock.move(timedelta(days=past.DAYS_BACK))
    past.serve(hall.db, hall.branch, [hall.person("layla-c"), hall.person("omar-c")])
    told = {back: told_on(hall, clock, back) for back in range(1, past.DAYS_BACK + 1)}
    last = min(back for back, found in told.items() if found)
    # Before it too few visits were known, as in a new hall.
    assert [back for back, found in told.items() if found] == [last]
    found = accuracy(told[last])
    assert found is not None
    assert found.people >= past.VISITS // past.DAYS
    assert found.held >= 0.8
    assert len({one.announced.range for one in told[last]}) > 3


def told_on(hall: Hall, clock: FrozenClock, back: int) -> list[Outcome]:
    day = hall.branch.timetable.business_date(clock.now()) - timedelta(days=back)
    return hall.db.read_now(outcomes, hall.branch, *hours.day_bounds(day, hall.branch.zone, hall.branch.day_starts))


def test_they_are_told_what_a_real_hall_tells(hall: Hall, clock: FrozenClock) -> None:
    clock.move(timedelta(days=past.DAYS_BACK))
    past.serve(hall.db, hall.branch, [hall.person("layla-c"), hall.person("omar-c")])
    learnt = hall.db.read_now(learn, hall.branch.id)
    telling, waits, now = Telling(hall.db, hall.branch), Waits(), clock.now()
    services = [one for one in hall.branch.services.values() if one.walk_in and hall.branch.gives_numbers(one.id, now)]
    known = [one for one in services if learnt.visits.get(one.queue_id, 0) >= ENOUGH_VISITS]
    assert known
    for number, counter in enumerate(hall.branch.counters.values()):
        hall.sit(hall.person(f"nour-{number}"), counter.slug)
    for service in known * 3:
        hall.issue(service.slug)
        hall.issue(service.slug, priority="elderly")
    waits.learn(hall.branch.id, learnt, hall.db.read_now(outcomes, hall.branch, now - LEARNT_FROM, now - TAKE_BACK))
    waits.take(hall.branch.id, hall.db.read_now(play, hall.branch.id, learnt))
    told = {(one.id, slug): telling.told(one, slug) for one in services for slug in (ORDINARY, "elderly")}
    assert told == {
        (one.id, slug): waits.for_newcomer(hall.branch, one, now, slug)
        for one in services
        for slug in (ORDINARY, "elderly")
    }
    assert any(told.values())
