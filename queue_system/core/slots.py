"""Which times can be booked: open windows without the seats that are taken.

Time is cut into ticks of a fixed number of minutes, counted from 1970-01-01 00:00 UTC, so that a tick is
one integer for everybody and daylight saving cannot shift it. A booking takes one seat in every tick it
lasts, on every resource its service needs. A seat is (resource, tick, lane) with lanes 1 … n.

A booking may use another lane in each of its ticks, because lanes only count capacity. So services of
different lengths share the lanes without leaving gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from .calendars import Window
from .errors import Invalid, Refused
from .hours import days_of, to_instants
from .members import Choice, MemberNeed

LONGEST_STEP_MIN: Final = 30
SHORTEST_STEP_MIN: Final = 15
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ResourceNeed:
    """A resource that a service needs one seat of: `lanes` in all, of which the public may take 1 … `public_lanes`."""

    resource_key: UUID
    lanes: int
    public_lanes: int

    def open_lanes(self, public: bool) -> int:
        """How many lanes are open to the public, or to staff."""
        return min(self.public_lanes, self.lanes) if public else self.lanes


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What one visit takes: `duration_min` with the visitor, then `buffer_min` of work, on every resource.

    And one member for each of `members`, the same from beginning to end. `travel_min` is the way to the visitor.
    """

    service_id: UUID
    duration_min: int
    buffer_min: int
    resources: tuple[ResourceNeed, ...]
    members: tuple[MemberNeed, ...] = ()
    travel_min: int = 0

    def __post_init__(self) -> None:
        if self.duration_min + self.buffer_min <= 0 or not self.resources:
            raise ValueError("a visit takes time, and a seat of at least one resource")

    def lead(self, notice: timedelta) -> timedelta:
        """How long before its start a visit can be booked at the latest: whoever leaves now must be there in time."""
        return max(notice, timedelta(minutes=self.travel_min))


@dataclass(frozen=True, slots=True)
class Slot:
    """A visit that can be booked, from `start` to `end` in UTC, and how many more can be booked at that time."""

    start: datetime
    end: datetime
    places: int


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """One lane of a resource in one tick, held by a booking; the primary key allows each seat at most once."""

    resource_key: UUID
    tick: int
    lane: int


def tick_of(instant: datetime, tick_minutes: int) -> int:
    """The tick that `instant` lies in."""
    return (instant - EPOCH) // MINUTE // tick_minutes


def ticks_needed(plan: ServicePlan, tick_minutes: int) -> int:
    """How many ticks one booking takes: duration and buffer, rounded up."""
    return -(-(plan.duration_min + plan.buffer_min) // tick_minutes)


def default_step(plan: ServicePlan, tick_minutes: int) -> int:
    """Minutes between the times offered: the published rule.

    Visits of up to half an hour are offered back to back, so that no booking leaves a gap too short for
    another. A longer visit is offered every 15 to 30 minutes where such a number divides its length
    (60 → 30, 50 → 25, 45 → 15), else back to back as well.
    """
    ticks = ticks_needed(plan, tick_minutes)
    if ticks * tick_minutes <= LONGEST_STEP_MIN:
        return ticks * tick_minutes
    parts = (part for part in range(LONGEST_STEP_MIN // tick_minutes, 0, -1) if ticks % part == 0)
    part = next(parts, ticks)
    return part * tick_minutes if part * tick_minutes >= SHORTEST_STEP_MIN else ticks * tick_minutes


def free_slots(
    day: date,
    plan: ServicePlan,
    windows: Sequence[Window],
    zone: ZoneInfo,
    taken: Mapping[UUID, Mapping[int, int]],
    now: datetime,
    notice: timedelta,
    tick_minutes: int,
    step: int | None = None,
    public: bool = True,
    members: Mapping[int, int] | None = None,
) -> list[Slot]:
    """The slots of `day` that have at least one place, in order.

    `taken[resource][tick]` is the number of lanes taken among those open to the person who asks, that is
    with `lane <= need.open_lanes(public)`; ticks with none may be missing. The first slot is at or after
    `now + plan.lead(notice)`. `members` are the places that the members have for each first tick (`MemberTime.places`), None if
    the plan needs none. Visit and buffer lie within one window, so that staff never work into a break.
    Times begin with the window, at the first whole tick, and follow every `step` minutes of real time.
    """
    length = ticks_needed(plan, tick_minutes)
    earliest = tick_of(now + plan.lead(notice) + timedelta(minutes=tick_minutes) - timedelta.resolution, tick_minutes)
    limits = [(need.open_lanes(public), taken.get(need.resource_key, {})) for need in plan.resources]
    duration = timedelta(minutes=plan.duration_min)
    slots: list[Slot] = []
    for starts, first, end in _grids(day, plan, windows, zone, tick_minutes, step):
        if starts.stop <= earliest:
            continue
        free = _free_by_tick(first, end, limits)
        start = _instant_of(first, tick_minutes)
        stride = timedelta(minutes=starts.step * tick_minutes)
        for tick in starts:
            places = min(free[tick - first : tick - first + length]) if tick >= earliest else 0
            if members is not None and places > 0:
                places = min(places, members.get(tick, 0))
            if places > 0:
                slots.append(Slot(start, start + duration, places))
            start += stride
    return slots


def slot_at(
    start: datetime,
    plan: ServicePlan,
    windows_of: Callable[[date], Sequence[Window]],
    zone: ZoneInfo,
    now: datetime,
    notice: timedelta,
    tick_minutes: int,
    step: int | None = None,
) -> Slot:
    """The slot that begins exactly at `start`, free or taken: `places` is always 0, because `choose_seats` decides.

    Raises Refused("slot-past") for a time that is over or nearer than the notice or the way there, and
    Invalid("slot-unknown") for one that is never offered: closed, or between two offered times.
    """
    if start < now + plan.lead(notice):
        raise Refused("slot-past")
    tick = tick_of(start, tick_minutes)
    on_tick = start == _instant_of(tick, tick_minutes)
    for day in days_of(start, zone):
        for starts, _, _ in _grids(day, plan, windows_of(day), zone, tick_minutes, step):
            if on_tick and tick in starts:
                return Slot(start.astimezone(UTC), start.astimezone(UTC) + timedelta(minutes=plan.duration_min), 0)
    raise Invalid("slot-unknown", "start")


def seats_span(start: datetime, plan: ServicePlan, tick_minutes: int) -> range:
    """The ticks that a booking from `start` takes; `choose_seats` needs the seats taken in them."""
    first = tick_of(start, tick_minutes)
    return range(first, first + ticks_needed(plan, tick_minutes))


def choose_seats(
    slot: Slot,
    plan: ServicePlan,
    taken: Mapping[UUID, Mapping[int, Collection[int]]],
    tick_minutes: int,
    public: bool = True,
    own: Collection[Seat] = (),
) -> tuple[Seat, ...]:
    """The seats that a booking of `slot` takes; raises Refused("slot-taken") where one is missing.

    `taken[resource][tick]` are the lanes taken, of all lanes. The public gets the lowest free lane it may
    take; staff take the lanes kept back from the public first, so that they do not use up the public's.
    The seats that the booking has already (`own`) count as free and are taken first.
    """
    mine = {(seat.resource_key, seat.tick): seat.lane for seat in own}
    seats: list[Seat] = []
    for need in plan.resources:
        kept = range(need.open_lanes(True) + 1, need.lanes + 1)
        shared = range(1, need.open_lanes(True) + 1)
        lanes = [*shared] if public else [*kept, *shared]
        used = taken.get(need.resource_key, {})
        for tick in seats_span(slot.start, plan, tick_minutes):
            free = (lane for lane in lanes if lane not in used.get(tick, ()))
            lane = mine.get((need.resource_key, tick)) or next(free, None)
            if lane is None:
                raise Refused("slot-taken")
            seats.append(Seat(need.resource_key, tick, lane))
    return tuple(seats)


def member_seats(plan: ServicePlan, chosen: Sequence[Choice], visit: range) -> tuple[Seat, ...]:
    """The seats of the chosen members; each has one lane, so nobody else can have it in these ticks."""
    spans = {need.key: need.span(visit) for need in plan.members}
    return tuple(Seat(one.member, tick, 1) for one in chosen for tick in spans[one.need])


def only_asked(plan: ServicePlan, asked: Mapping[UUID, UUID]) -> ServicePlan:
    """The plan with nobody else for the needs for which a member was asked for."""
    if not asked:
        return plan
    needs = (
        replace(need, options=tuple(one for one in need.options if asked.get(need.key, one) == one))
        for need in plan.members
    )
    return replace(plan, members=tuple(needs))


def _grids(
    day: date, plan: ServicePlan, windows: Sequence[Window], zone: ZoneInfo, tick_minutes: int, step: int | None
) -> Iterator[tuple[range, int, int]]:
    """For each window: the ticks at which a visit may start, the window's first whole tick, the tick after its last.

    Only the two ends need the zone, because ticks between them are evenly spaced in real time.
    """
    length = ticks_needed(plan, tick_minutes)
    stride = max(1, -(-(step or default_step(plan, tick_minutes)) // tick_minutes))
    for window in windows:
        opens, closes = to_instants(day, window, zone)
        first = -(-((opens - EPOCH) // MINUTE) // tick_minutes)
        end = (closes - EPOCH) // MINUTE // tick_minutes
        yield range(first, end - length + 1, stride), first, end


def _free_by_tick(first: int, end: int, limits: Sequence[tuple[int, Mapping[int, int]]]) -> list[int]:
    """Free lanes in every tick of a window, of the scarcest resource, because a visit needs every resource."""
    columns = [[limit - counts.get(tick, 0) for tick in range(first, end)] for limit, counts in limits]
    return columns[0] if len(columns) == 1 else [min(row) for row in zip(*columns, strict=True)]


def _instant_of(tick: int, tick_minutes: int) -> datetime:
    return datetime.fromtimestamp(tick * tick_minutes * 60, UTC)
