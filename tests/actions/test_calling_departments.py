"""Counters of two departments that call from one queue are told apart: in the log, which is replayed, and on pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from queue_system.actions.counters import Desk
from queue_system.clock import FrozenClock
from queue_system.core.replayed import Verdict
from queue_system.settings.edits import Edit
from queue_system.store import log
from queue_system.store.queries import line
from queue_system.store.queries.replays import replayed
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.services import save


def free(hall: Hall, here: Desk) -> Desk:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return Desk(here.branch_id, here.counter_id, here.staff_id, current.id if current else None)


def calls(hall: Hall) -> list[dict[str, Any]]:
    return [one.data for one in hall.db.read_now(log.after, hall.branch.id, 0) if one.kind == "ticket.called"]


@pytest.fixture
def desks(hall: Hall) -> tuple[Desk, Desk]:
    """Two counters that call from one queue."""
    return hall.sit(hall.person("layla"), "c4"), hall.sit(hall.person("omar"), "c5")


def test_the_log_says_which_department_called_and_is_replayed(
    hall: Hall, desks: tuple[Desk, Desk], clock: FrozenClock
) -> None:
    for _ in range(6):
        hall.issue()
    for here in desks:
        hall.call_next(here)
    assert ["department" in one for one in calls(hall)] == [False, False]
    own = next(one.slug for one in hall.branch.departments.values())
    hall = save(hall, [Edit("counter", "c4", {"department": None}, {"department": own})])
    for here in desks:
        hall.call_next(free(hall, here))
    assert [one.get("department") for one in calls(hall)[2:]] == [own, None]
    clock.move(timedelta(seconds=1))
    found = hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))
    assert [one.verdict for one in found] == [Verdict.REPRODUCED] * 4


def test_a_clerk_of_one_department_calls_for_it(hall: Hall, clock: FrozenClock) -> None:
    own, other = [one.slug for one in hall.branch.departments.values()][:2]
    hall = save(hall, [Edit("counter", "c4", {"department": None}, {"department": own})])
    role = add_role(hall, "clerk-there", "call_next")
    sami = hall.person("sami", ())
    give_in_department(hall, "sami", role, other)
    hall.issue()
    hall.call_next(hall.sit(sami, "c5"))
    assert [one["department"] for one in calls(hall)] == [other]
