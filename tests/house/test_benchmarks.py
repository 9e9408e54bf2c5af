"""The benchmarks keep up with what they measure, though no usual run starts them."""

from __future__ import annotations

from benchmarks import fixtures, slots
from queue_system.store.database import Database
from tests.kit.hall import furnish


def test_the_month_of_slots_is_made_wider(db: Database) -> None:
    branch = slots.widened(furnish(db).branch)
    service = branch.service(fixtures.SERVICE)
    assert branch.queues[service.queue_id].lanes == slots.LANES
    assert branch.policies[service.policy].horizon_days == slots.DAYS
