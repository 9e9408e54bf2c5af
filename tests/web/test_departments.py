"""A role that is held for one department: the counters and queues it opens, and the rights it cannot carry."""

from __future__ import annotations

from queue_system.core.rights import EVERYTHING, Right, Rights
from queue_system.store.queries.access import StaffView
from queue_system.store.queries.grants import grant
from queue_system.web.departments import counters_for, queues_for, services_for
from tests.kit.hall import Hall

CALL: Rights = frozenset({"call_next"})


def person(hall: Hall, *grants: tuple[str, list[str]]) -> StaffView:
    held = tuple(grant(hall.branch.id, department, "role", can) for department, can in grants)
    return StaffView(hall.branch.id, "layla", "layla name", "ar", held, hall.db.clock.now())


def test_a_role_of_a_department_reaches_its_services_and_their_queues_and_counters_alone(hall: Hall) -> None:
    department = next(iter(hall.branch.departments.values()))
    clerk = person(hall, (department.slug, ["call_next"]))
    own = {one.id for one in hall.branch.services.values() if one.department_id == department.id}
    assert services_for(clerk, hall.branch, CALL) == own < set(hall.branch.services)
    queues = {hall.branch.services[one].queue_id for one in own}
    assert queues_for(clerk, hall.branch, CALL) == queues
    assert counters_for(clerk, hall.branch, CALL) == [
        counter for counter in hall.branch.counters.values() if queues & set(counter.queues)
    ]


def test_a_second_role_without_a_department_lifts_the_limit(hall: Hall) -> None:
    department = next(iter(hall.branch.departments.values()))
    clerk = person(hall, (department.slug, ["call_next"]), ("", ["recall"]))
    assert clerk.departments(CALL, hall.branch.id) is None
    assert queues_for(clerk, hall.branch, CALL) == set(hall.branch.queues)


def test_what_services_do_not_divide_is_not_granted_for_a_department(hall: Hall) -> None:
    department = next(iter(hall.branch.departments))
    limited = person(hall, (hall.branch.departments[department].slug, ["*"]))
    assert limited.may("call_next", hall.branch.id)
    assert limited.may("edit_services", hall.branch.id)
    rights: tuple[Right, ...] = ("grant_roles", "pair_device", "read_audit", EVERYTHING)
    for right in rights:
        assert not limited.may(right, hall.branch.id)
    assert person(hall, ("", ["*"])).may("grant_roles", hall.branch.id)
