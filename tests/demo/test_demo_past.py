"""The last open day of a demonstration teaches the forecast of waits, whenever the demonstration is started."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queue_system.clock import FrozenClock
from queue_system.core.waits.announce import ENOUGH_VISITS
from queue_system.demo import past
from queue_system.store.log import verify
from queue_system.store.queries import line
from queue_system.store.queries.past_waits import learn
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
