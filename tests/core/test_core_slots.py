"""Which times are offered, and which seats a booking takes."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from queue_system.core.calendars import Window
from queue_system.core.errors import Invalid, Refused
from queue_system.core.slots import (
    ResourceNeed,
    Seat,
    ServicePlan,
    Slot,
    choose_seats,
    default_step,
    free_slots,
    seats_span,
    slot_at,
    tick_of,
    ticks_needed,
)
from tests.kit.lanes import lanes_taken

DOHA, BERLIN, KATHMANDU = ZoneInfo("Asia/Qatar"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
SUNDAY = date(2026, 11, 22)
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NO_NOTICE = timedelta(0)
QUEUE, INTERPRETER = UUID(int=1), UUID(int=2)
MORNING = Window(9 * 60, 11 * 60, 11 * 60)

type_of_taken = dict[UUID, dict[int, set[int]]]


def plan(
    duration: int = 20, buffer: int = 0, lanes: int = 1, public_lanes: int | None = None, travel: int = 0
) -> ServicePlan:
    need = ResourceNeed(QUEUE, lanes, lanes if public_lanes is None else public_lanes)
    return ServicePlan(UUID(int=9), duration, buffer, (need,), travel_min=travel)


def offered(
    service: ServicePlan,
    windows: list[Window],
    *,
    taken: type_of_taken | None = None,
    day: date = SUNDAY,
    zone: ZoneInfo = DOHA,
    now: datetime = LONG_AGO,
    notice: timedelta = NO_NOTICE,
    tick: int = 5,
    step: int | None = None,
    public: bool = True,
) -> list[Slot]:
    counts = lanes_taken(taken or {}, service, public)
    return free_slots(day, service, windows, zone, counts, now, notice, tick, step, public)


def clocks(slots: list[Slot], zone: ZoneInfo = DOHA) -> list[str]:
    return [f"{slot.start.astimezone(zone):%H:%M}" for slot in slots]


def at(clock: str, day: date = SUNDAY, zone: ZoneInfo = DOHA) -> datetime:
    hours, minutes = clock.split(":")
    return datetime(day.year, day.month, day.day, int(hours), int(minutes), tzinfo=zone).astimezone(UTC)


def take(taken: type_of_taken, seats: tuple[Seat, ...]) -> None:
    for seat in seats:
        lanes = taken.setdefault(seat.resource_key, {}).setdefault(seat.tick, set())
        assert seat.lane not in lanes
        lanes.add(seat.lane)


def test_an_empty_morning_is_offered_back_to_back() -> None:
    slots = offered(plan(20, lanes=3), [MORNING])
    assert clocks(slots) == ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40"]
    assert {slot.places for slot in slots} == {3}
    assert slots[0] == Slot(at("09:00"), at("09:20"), 3)
    assert all(slot.start.tzinfo is UTC for slot in slots)


def test_visit_and_buffer_fit_into_the_window_but_the_visitor_sees_the_visit() -> None:
    slots = offered(plan(20, buffer=10), [Window(540, 540 + 89, 629)])
    assert clocks(slots) == ["09:00", "09:30"]
    assert slots[-1].end == at("09:50")


def test_two_windows_have_a_grid_each_and_nothing_lies_over_the_break() -> None:
    slots = offered(plan(25), [Window(540, 600, 600), Window(617, 680, 680)])
    assert clocks(slots) == ["09:00", "09:25", "10:20", "10:45"]


def test_no_window_no_slots_and_a_window_too_short_has_none() -> None:
    assert offered(plan(), []) == []
    assert offered(plan(20), [Window(540, 559, 559)]) == []
    assert clocks(offered(plan(20), [Window(540, 560, 560)])) == ["09:00"]


@pytest.mark.parametrize(
    ("duration", "buffer", "step"),
    [
        (4, 0, 5),
        (12, 0, 15),
        (20, 0, 20),
        (25, 5, 30),
        (30, 0, 30),
        (40, 0, 20),
        (45, 0, 15),
        (45, 5, 25),
        (50, 0, 25),
        (50, 10, 30),
        (90, 0, 30),
        (180, 0, 30),
        (35, 0, 35),
        (55, 0, 55),
    ],
)
def test_the_published_distance_between_times(duration: int, buffer: int, step: int) -> None:
    service = plan(duration, buffer)
    assert default_step(service, 5) == step
    assert ticks_needed(service, 5) * 5 % step == 0, "visits that follow one another would lose time"


def test_a_step_can_be_set() -> None:
    assert clocks(offered(plan(45), [MORNING], step=30)) == ["09:00", "09:30", "10:00"]


@pytest.mark.parametrize(
    ("now", "notice", "first"),
    [
        ("08:00", 0, "09:00"),
        ("09:00", 0, "09:00"),
        ("09:01", 0, "09:20"),
        ("08:00", 60, "09:00"),
        ("08:00", 61, "09:20"),
        ("10:40", 0, "10:40"),
        ("10:41", 0, None),
    ],
)
def test_nothing_is_offered_before_now_and_the_notice(now: str, notice: int, first: str | None) -> None:
    slots = offered(plan(20), [MORNING], now=at(now), notice=timedelta(minutes=notice))
    assert (clocks(slots)[0] if slots else None) == first


def test_a_second_too_late_is_too_late() -> None:
    slots = offered(plan(20), [MORNING], now=at("09:00") + timedelta(microseconds=1))
    assert clocks(slots)[0] == "09:20"


def test_a_taken_visit_blocks_what_overlaps_it_and_nothing_else() -> None:
    service, taken = plan(20), type_of_taken()
    take(taken, choose_seats(offered(service, [MORNING])[2], service, taken, 5))
    assert "09:40" not in clocks(offered(service, [MORNING], taken=taken))
    assert len(offered(service, [MORNING], taken=taken)) == 5
    long = plan(60)
    assert clocks(offered(long, [MORNING], taken=taken)) == ["10:00"]


def test_services_of_different_length_share_the_lanes() -> None:
    short, long, taken = plan(10, lanes=2), plan(30, lanes=2), type_of_taken()
    take(taken, choose_seats(offered(long, [MORNING])[0], long, taken, 5))
    places = {slot.start: slot.places for slot in offered(short, [MORNING], taken=taken)}
    assert [places[at(clock)] for clock in ("09:00", "09:10", "09:20", "09:30")] == [1, 1, 1, 2]
    take(taken, choose_seats(Slot(at("09:10"), at("09:20"), 1), short, taken, 5))
    assert clocks(offered(long, [MORNING], taken=taken)) == ["09:30", "10:00", "10:30"]


def test_a_visit_may_change_lanes_when_no_single_one_is_free_for_all_of_it() -> None:
    service = plan(10, lanes=2)
    tick = tick_of(at("09:00"), 5)
    taken: type_of_taken = {QUEUE: {tick: {1}, tick + 1: {2}}}
    slot = offered(service, [MORNING], taken=taken)[0]
    assert (slot.start, slot.places) == (at("09:00"), 1)
    assert choose_seats(slot, service, taken, 5) == (Seat(QUEUE, tick, 2), Seat(QUEUE, tick + 1, 1))


def test_lanes_kept_from_the_public_are_taken_by_staff_first() -> None:
    service, taken = plan(20, lanes=3, public_lanes=2), type_of_taken()
    assert offered(service, [MORNING])[0].places == 2
    assert offered(service, [MORNING], public=False)[0].places == 3
    slot = offered(service, [MORNING])[0]
    seen = []
    for _ in range(3):
        seats = choose_seats(slot, service, taken, 5, public=False)
        take(taken, seats)
        seen.append(({seat.lane for seat in seats}, len(offered(service, [MORNING], taken=taken)) == 6))
    assert seen == [({3}, True), ({1}, True), ({2}, False)]


def test_the_public_never_gets_a_lane_kept_for_staff() -> None:
    service, taken = plan(20, lanes=3, public_lanes=1), type_of_taken()
    slot = offered(service, [MORNING])[0]
    take(taken, choose_seats(slot, service, taken, 5))
    with pytest.raises(Refused) as refusal:
        choose_seats(slot, service, taken, 5)
    assert refusal.value.code == "slot-taken"
    assert clocks(offered(service, [MORNING], taken=taken))[0] == "09:20"
    assert clocks(offered(service, [MORNING], taken=taken, public=False))[0] == "09:00"


def test_a_queue_without_public_lanes_offers_the_public_nothing() -> None:
    assert offered(plan(20, lanes=2, public_lanes=0), [MORNING]) == []


def test_lanes_that_were_taken_away_are_not_offered_below_zero() -> None:
    tick = tick_of(at("09:00"), 5)
    taken: type_of_taken = {QUEUE: {tick + n: {1, 2, 3} for n in range(4)}}
    assert clocks(offered(plan(20, lanes=2), [MORNING], taken=taken))[0] == "09:20"


def test_a_visit_with_an_interpreter_needs_a_seat_of_both() -> None:
    both = ServicePlan(UUID(int=9), 30, 0, (ResourceNeed(QUEUE, 3, 3), ResourceNeed(INTERPRETER, 1, 1)))
    taken = type_of_taken()
    slots = offered(both, [MORNING])
    assert {slot.places for slot in slots} == {1}
    seats = choose_seats(slots[1], both, taken, 5)
    assert {(seat.resource_key, seat.lane) for seat in seats} == {(QUEUE, 1), (INTERPRETER, 1)}
    assert len(seats) == 12
    take(taken, seats)
    assert clocks(offered(both, [MORNING], taken=taken)) == ["09:00", "10:00", "10:30"]
    assert {slot.places for slot in offered(plan(30, lanes=3), [MORNING], taken=taken)} == {2, 3}


def test_a_window_off_the_ticks_begins_at_the_first_whole_one() -> None:
    assert clocks(offered(plan(20), [Window(542, 600, 600)])) == ["09:05", "09:25"]
    # Nepal is 5:45 ahead of UTC, so with ticks of ten minutes its hours begin in the middle of a tick.
    slots = offered(plan(20), [Window(540, 600, 600)], zone=KATHMANDU, tick=10)
    assert clocks(slots, KATHMANDU) == ["09:05", "09:25"]


def test_no_slot_lies_in_the_hour_that_spring_skips() -> None:
    slots = offered(plan(30), [Window(60, 5 * 60, 300)], day=SPRING, zone=BERLIN)
    assert clocks(slots, BERLIN) == ["01:00", "01:30", "03:00", "03:30", "04:00", "04:30"]
    assert slots[1].end == slots[2].start


def test_both_half_past_two_of_autumn_are_offered_and_are_not_the_same() -> None:
    service, taken = plan(30), type_of_taken()
    slots = offered(service, [Window(60, 4 * 60, 240)], day=AUTUMN, zone=BERLIN)
    assert clocks(slots, BERLIN) == ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"]
    first, second = slots[3], slots[5]
    assert (first.start.astimezone(BERLIN).fold, second.start.astimezone(BERLIN).fold) == (0, 1)
    take(taken, choose_seats(first, service, taken, 5))
    left = offered(service, [Window(60, 4 * 60, 240)], taken=taken, day=AUTUMN, zone=BERLIN)
    assert [slot.start for slot in left] == [slot.start for slot in slots if slot != first]


def test_a_video_meeting_shifts_for_one_side_only() -> None:
    istanbul = ZoneInfo("Europe/Istanbul")
    for day, there in ((date(2027, 3, 26), "11:00"), (date(2027, 3, 29), "10:00")):
        slot = offered(plan(45), [MORNING], day=day, zone=BERLIN)[0]
        assert (clocks([slot], BERLIN), clocks([slot], istanbul)) == (["09:00"], [there])


def test_a_night_window_is_offered_into_the_next_date() -> None:
    slots = offered(plan(30), [Window(23 * 60, 25 * 60, 25 * 60)])
    assert [slot.start for slot in slots] == [at("23:00") + timedelta(minutes=30 * n) for n in range(4)]


def test_a_time_that_is_offered_is_found_again_by_its_start() -> None:
    windows = {SUNDAY: [MORNING, Window(23 * 60, 25 * 60, 25 * 60)]}
    for slot in offered(plan(30), windows[SUNDAY]):
        found = slot_at(slot.start, plan(30), lambda day: windows.get(day, []), DOHA, LONG_AGO, NO_NOTICE, 5)
        assert (found.start, found.end) == (slot.start, slot.end)


@pytest.mark.parametrize("clock", ["09:10", "08:40", "11:00", "10:41"])
def test_a_time_that_is_never_offered_is_refused(clock: str) -> None:
    with pytest.raises(Invalid) as refusal:
        slot_at(at(clock), plan(20), lambda _: [MORNING], DOHA, LONG_AGO, NO_NOTICE, 5)
    assert (refusal.value.code, refusal.value.field) == ("slot-unknown", "start")


@pytest.mark.parametrize("odd", [timedelta(seconds=1), timedelta(microseconds=1), timedelta(minutes=1)])
def test_a_time_a_little_off_is_refused(odd: timedelta) -> None:
    with pytest.raises(Invalid):
        slot_at(at("09:20") + odd, plan(20), lambda _: [MORNING], DOHA, LONG_AGO, NO_NOTICE, 5)


@pytest.mark.parametrize(
    ("now", "notice", "first"),
    [
        ("08:30", 0, "09:00"),
        ("08:31", 0, "09:20"),
        ("09:10", 0, "09:40"),
        ("08:30", 60, "09:40"),
        ("08:30", 10, "09:00"),
    ],
)
def test_nobody_is_visited_before_whoever_leaves_now_can_be_there(now: str, notice: int, first: str) -> None:
    visit, wait = plan(20, travel=30), timedelta(minutes=notice)
    slots = offered(visit, [MORNING], now=at(now), notice=wait)
    assert clocks(slots)[0] == first
    found = [slot_at(slot.start, visit, lambda _: [MORNING], DOHA, at(now), wait, 5).start for slot in slots]
    assert found == [slot.start for slot in slots]
    with pytest.raises(Refused, match="slot-past"):
        slot_at(slots[0].start - timedelta(minutes=20), visit, lambda _: [MORNING], DOHA, at(now), wait, 5)


def test_a_time_that_is_over_or_nearer_than_the_notice_is_refused() -> None:
    for now, notice in ((at("09:21"), 0), (at("08:30"), 51)):
        with pytest.raises(Refused) as refusal:
            slot_at(at("09:20"), plan(20), lambda _: [MORNING], DOHA, now, timedelta(minutes=notice), 5)
        assert refusal.value.code == "slot-past"
    assert slot_at(at("09:20"), plan(20), lambda _: [MORNING], DOHA, at("09:20"), NO_NOTICE, 5).start == at("09:20")


def test_the_ticks_of_a_visit() -> None:
    start = at("09:00")
    span = seats_span(start, plan(22, buffer=5), 5)
    assert len(span) == 6
    assert span[0] == tick_of(start, 5) == tick_of(start + timedelta(minutes=4, seconds=59), 5)
    assert span[0] * 5 * 60 == int(start.timestamp())


def test_a_visit_without_time_or_resource_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="takes time"):
        plan(0)
    with pytest.raises(ValueError, match="takes time"):
        ServicePlan(UUID(int=9), 20, 0, ())


def test_a_full_month_sells_every_place_once() -> None:
    source = random.Random(2)
    service, taken = plan(20, lanes=4, public_lanes=3), type_of_taken()
    sold = 0
    while slots := offered(service, [MORNING], taken=taken):
        take(taken, choose_seats(source.choice(slots), service, taken, 5))
        sold += 1
    assert sold == 6 * 3


def test_members_are_asked_for_only_where_a_time_would_be_offered() -> None:
    """To see whether members can make room takes long: not at each tick, and not where the queue is full or time is over."""

    class Asked(dict[int, int]):
        """Two places everywhere, and the ticks at which somebody asked."""

        def get(self, tick: int, default: object = None) -> int:  # noqa: ARG002
            return self.setdefault(tick, 2)

    first, asked = tick_of(at("09:00"), 5), Asked()
    counts = {QUEUE: {first + 6: 1}}
    found = free_slots(SUNDAY, plan(30), [MORNING], DOHA, counts, at("09:10"), NO_NOTICE, 5, members=asked)
    assert clocks(found) == ["10:00", "10:30"]
    assert sorted(asked) == [first + 12, first + 18]
