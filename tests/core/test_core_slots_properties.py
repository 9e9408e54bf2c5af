"""Properties for any mixture of services, resources and bookings: no overbooking, and no refusal of an offered time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.calendars import Window
from queue_system.core.errors import Refused
from queue_system.core.hours import to_instants
from queue_system.core.slots import (
    ResourceNeed,
    ServicePlan,
    Slot,
    choose_seats,
    free_slots,
    seats_span,
    slot_at,
    ticks_needed,
)
from tests.kit.lanes import lanes_taken

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NO_NOTICE = timedelta(0)
TICKS = st.sampled_from([5, 10, 15])
DAYS = st.sampled_from([date(2026, 11, 22), date(2027, 3, 28), date(2027, 10, 31)])
ZONES = st.sampled_from(["Asia/Qatar", "Europe/Berlin", "Asia/Kathmandu"]).map(ZoneInfo)
RESOURCES = (UUID(int=1), UUID(int=2))

Taken = dict[UUID, dict[int, set[int]]]


@st.composite
def needs(draw: st.DrawFn) -> dict[UUID, ResourceNeed]:
    found = {}
    for key in RESOURCES:
        lanes = draw(st.integers(1, 4))
        found[key] = ResourceNeed(key, lanes, draw(st.integers(0, lanes)))
    return found


@st.composite
def plans(draw: st.DrawFn, pool: dict[UUID, ResourceNeed]) -> ServicePlan:
    keys = draw(st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2, unique=True))
    duration, buffer = draw(st.integers(3, 75)), draw(st.sampled_from([0, 5, 12]))
    return ServicePlan(UUID(int=9), duration, buffer, tuple(pool[key] for key in keys))


@st.composite
def openings(draw: st.DrawFn) -> list[Window]:
    edges = sorted(draw(st.lists(st.integers(0, 26 * 60), min_size=2, max_size=4, unique=True)))
    return [Window(start, end, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]


@dataclass
class Hall:
    """A branch with a set of seats taken, on which services are booked one after another."""

    day: date
    zone: ZoneInfo
    windows: list[Window]
    tick: int
    taken: Taken

    def offers(self, plan: ServicePlan, public: bool) -> list[Slot]:
        counts = lanes_taken(self.taken, plan, public)
        return free_slots(
            self.day, plan, self.windows, self.zone, counts, LONG_AGO, NO_NOTICE, self.tick, public=public
        )

    def book(self, slot: Slot, plan: ServicePlan, public: bool) -> None:
        for seat in choose_seats(slot, plan, self.taken, self.tick, public):
            lanes = self.taken.setdefault(seat.resource_key, {}).setdefault(seat.tick, set())
            assert seat.lane not in lanes, "one seat twice"
            lanes.add(seat.lane)


@st.composite
def halls(draw: st.DrawFn) -> Hall:
    return Hall(draw(DAYS), draw(ZONES), draw(openings()), draw(TICKS), {})


@given(hall=halls(), pool=needs(), data=st.data())
def test_offered_means_bookable_and_nothing_is_overbooked(
    hall: Hall, pool: dict[UUID, ResourceNeed], data: st.DataObject
) -> None:
    services = data.draw(st.lists(plans(pool), min_size=1, max_size=3))
    booked: list[tuple[Slot, ServicePlan, bool]] = []
    for _ in range(data.draw(st.integers(0, 12))):
        plan, public = data.draw(st.sampled_from(services)), data.draw(st.booleans())
        offers = hall.offers(plan, public)
        if offers:
            slot = data.draw(st.sampled_from(offers))
            hall.book(slot, plan, public)
            booked.append((slot, plan, public))

    for key, need in pool.items():
        used: dict[int, int] = {}
        by_public: dict[int, int] = {}
        for slot, plan, public in booked:
            if key in {resource.resource_key for resource in plan.resources}:
                for tick in seats_span(slot.start, plan, hall.tick):
                    used[tick] = used.get(tick, 0) + 1
                    by_public[tick] = by_public.get(tick, 0) + public
        assert all(count <= need.lanes for count in used.values())
        assert all(count <= need.public_lanes for count in by_public.values())
        assert {tick: len(lanes) for tick, lanes in hall.taken.get(key, {}).items()} == used


@given(hall=halls(), pool=needs(), data=st.data())
def test_places_are_exactly_as_many_as_can_be_booked(
    hall: Hall, pool: dict[UUID, ResourceNeed], data: st.DataObject
) -> None:
    plan, public = data.draw(plans(pool)), data.draw(st.booleans())
    other = data.draw(plans(pool))
    for slot in hall.offers(other, public=False)[:: data.draw(st.integers(1, 3))]:
        # It was offered before the other bookings, so it may be taken now.
        with suppress(Refused):
            hall.book(slot, other, public=False)
    offers = hall.offers(plan, public)
    everything = replace(hall, taken={}).offers(plan, public)
    for slot in everything:
        places = next((offer.places for offer in offers if offer.start == slot.start), 0)
        copy = replace(hall, taken={key: {t: set(ls) for t, ls in by.items()} for key, by in hall.taken.items()})
        for _ in range(places):
            copy.book(slot, plan, public)
        with pytest.raises(Refused):
            copy.book(slot, plan, public)


@given(hall=halls(), pool=needs(), data=st.data())
def test_every_offer_lies_inside_a_window_on_the_grid(
    hall: Hall, pool: dict[UUID, ResourceNeed], data: st.DataObject
) -> None:
    plan = data.draw(plans(pool))
    spans = [to_instants(hall.day, window, hall.zone) for window in hall.windows]
    offers = hall.offers(plan, public=True)
    assert [offer.start for offer in offers] == sorted({offer.start for offer in offers})
    for slot in offers:
        length = timedelta(minutes=ticks_needed(plan, hall.tick) * hall.tick)
        assert any(opens <= slot.start and slot.start + length <= closes for opens, closes in spans)
        assert slot.end - slot.start == timedelta(minutes=plan.duration_min)
        found = slot_at(
            slot.start,
            plan,
            lambda day: hall.windows if day == hall.day else [],
            hall.zone,
            LONG_AGO,
            NO_NOTICE,
            hall.tick,
        )
        assert found == replace(slot, places=0)


@given(hall=halls(), pool=needs(), data=st.data())
def test_deciding_changes_nothing_and_is_repeatable(
    hall: Hall, pool: dict[UUID, ResourceNeed], data: st.DataObject
) -> None:
    plan = data.draw(plans(pool))
    for start in [slot.start for slot in hall.offers(plan, public=True)]:
        slot = next((offer for offer in hall.offers(plan, public=True) if offer.start == start), None)
        if slot is None:
            continue
        before = {key: {tick: set(lanes) for tick, lanes in by.items()} for key, by in hall.taken.items()}
        seats = choose_seats(slot, plan, hall.taken, hall.tick)
        assert hall.taken == before
        assert seats == choose_seats(slot, plan, hall.taken, hall.tick)
        assert hall.offers(plan, public=True) == hall.offers(plan, public=True)
        hall.book(slot, plan, public=True)
