"""Who could make room for whom, where a queue has rooms for one service and vehicles for another."""

from __future__ import annotations

import pytest

from queue_system.store.database import Database
from queue_system.store.queries import members
from queue_system.store.queries.members import ROOM, VEHICLE, needs_of
from tests.kit.hall import furnish


@pytest.mark.parametrize("turned", [False, True])
def test_the_rooms_and_the_vehicles_of_a_queue_are_both_known(db: Database, turned: bool) -> None:
    branch = furnish(db, "forum", "istanbul").branch
    queue = branch.counter("c2").queues[0]
    rooms = [one.id for one in branch.counters.values() if one.kind == ROOM and queue in one.queues]
    assert len(rooms) > 1
    car, other = (
        branch.counter("c4").model_copy(update={"slug": slug, "kind": VEHICLE, "queues": (queue,), "id": of})
        for slug, of in zip(("v1", "v2"), list(branch.zones)[:2], strict=True)
    )
    one, two = list(branch.services.values())[:2]
    by_room = one.model_copy(update={"queue_id": queue, "room": True, "travel_min": None, "resources": ()})
    outside = two.model_copy(update={"queue_id": queue, "room": False, "travel_min": 30, "resources": ()})
    services = [by_room, outside][:: -1 if turned else 1]
    settings = branch.model_copy(
        update={
            "services": {service.id: service for service in services},
            "counters": {**branch.counters, car.id: car, other.id: other},
        }
    )
    settings.__dict__.pop("derived", None)
    assert [need.options for need in needs_of(settings, by_room.id)] == [tuple(rooms)]
    assert members._with_stand_ins(settings, {rooms[0]}) == set(rooms)
    assert members._with_stand_ins(settings, {car.id}) == {car.id, other.id}
    assert members._groups(settings) == dict.fromkeys([*rooms, car.id, other.id], 1)
