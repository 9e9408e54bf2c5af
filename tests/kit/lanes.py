"""What `free_slots` reads of a branch, counted from the single seats that `choose_seats` reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from queue_system.core.slots import ServicePlan


def lanes_taken(
    taken: Mapping[UUID, Mapping[int, Collection[int]]], plan: ServicePlan, public: bool = True
) -> dict[UUID, dict[int, int]]:
    """The `taken` of `free_slots`, from the `taken` of `choose_seats`."""
    return {
        need.resource_key: {
            tick: sum(1 for lane in lanes if lane <= need.open_lanes(public))
            for tick, lanes in taken.get(need.resource_key, {}).items()
        }
        for need in plan.resources
    }
