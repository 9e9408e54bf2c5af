"""Members: which a service needs, when they are free, and whom bookings have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any, Final
from uuid import UUID, uuid5

import sqlalchemy as sa

from ...core import hours
from ...core.blocks import NOTHING_PLANNED, Planned, ticks_of
from ...core.bookings import LIVE, BookingState
from ...core.free_time import FreeTime
from ...core.member_time import MemberTime
from ...core.members import MemberNeed, WhyMember, Wishes
from ...core.rearranging import Placed
from ...core.slots import EPOCH, tick_of
from ..database import Tx
from ..tables import Block, Booking, BookingMember, EarlierOffer, FreedPlace, Seat, table
from ..tables.day import PLACED_BOOKINGS
from ..tables.earlier import RUNNING_OFFERS
from .settings import BranchSettings, CounterView, Names, ResourceView, ServiceView, derived

BLOCK = table(Block)
BOOKING = table(Booking)
BOOKING_MEMBER = table(BookingMember)
FREED = table(FreedPlace)
OFFER = table(EarlierOffer)
SEAT = table(Seat)
_RUNNING: Final = sa.text(f"earlier_offer.{RUNNING_OFFERS}")

# The kinds of counters that are members, because one visit has all of it.
ROOM: Final = "room"
VEHICLE: Final = "vehicle"
# The kinds of members who are people, whom a visitor sees again.
PEOPLE: Final = ("person", "interpreter")
# The kinds of members that go to where a visit takes place.
TRAVELLING: Final = (*PEOPLE, VEHICLE)


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member: a resource with a name of its own, or a counter that is a room or a vehicle."""

    id: UUID
    slug: str
    kind: str
    names: Names
    until: date | None


@dataclass(frozen=True, slots=True)
class MemberDay:
    """When a member works in a stretch of ticks, and when it is not there although it would."""

    working: FreeTime
    away: FreeTime


@derived
def members_of(settings: BranchSettings) -> dict[UUID, MemberView]:
    """Everybody and everything that a booking can have for itself, in the order of the settings."""
    found: list[ResourceView | CounterView] = [one for one in settings.resources.values() if one.is_member]
    found += [one for one in settings.counters.values() if one.kind in (ROOM, VEHICLE)]
    return {one.id: MemberView(one.id, one.slug, one.kind, one.names, one.until) for one in found}


@derived
def needs_of(settings: BranchSettings, service_id: UUID) -> tuple[MemberNeed, ...]:
    """The members that a visit needs: those of the service's resources, a room of its queue, a vehicle on the way.

    A pool is no need of a member, because it only counts.
    """
    service = settings.services[service_id]
    needs = (*_of_resources(settings, service), *_of_place(settings, service))
    return (*needs, *_beside(settings, service, needs))


def has_stand_in(tx: Tx, settings: BranchSettings, booking_id: UUID, starts_at: datetime) -> bool:
    """Whether a booking has at this time, its own or an offered one, another member than its visitor was promised."""
    return booking_id in with_stand_in(tx, settings, {booking_id: starts_at})


def with_stand_in(tx: Tx, settings: BranchSettings, starts: Mapping[UUID, datetime]) -> set[UUID]:
    """Those of some bookings that have one at the given times."""
    if not starts:
        return set()
    statement = sa.select(BOOKING_MEMBER.c.booking_id, BOOKING_MEMBER.c.first_tick, BOOKING_MEMBER.c.stop_tick).where(
        BOOKING_MEMBER.c.branch_id == settings.id,
        BOOKING_MEMBER.c.booking_id.in_(list(starts)),
        BOOKING_MEMBER.c.why == WhyMember.STAND_IN.value,
        BOOKING_MEMBER.c.announced_at.is_not(None),
    )
    ticks = {booking_id: tick_of(at, settings.tick_minutes) for booking_id, at in starts.items()}
    return {row.booking_id for row in tx.rows(statement) if row.first_tick <= ticks[row.booking_id] < row.stop_tick}


def _of_resources(settings: BranchSettings, service: ServiceView) -> Iterator[MemberNeed]:
    by_slug = {one.slug: one for one in settings.resources.values()}
    for resource_id in service.resources:
        resource = settings.resources[resource_id]
        if resource.kind == "pool":
            continue
        members = [by_slug[slug] for slug in resource.any_of] if resource.kind == "group" else [resource]
        travels = any(one.kind in TRAVELLING for one in members)
        yield _need(settings, service, resource_id, [one.id for one in members], travels=travels)


def _of_place(settings: BranchSettings, service: ServiceView) -> Iterator[MemberNeed]:
    """A room or vehicle of its queue, if the service takes one; no need where the queue has none."""
    kind = ROOM if service.room else VEHICLE if service.travel_min else None
    serving = [one.id for one in settings.counters.values() if one.kind == kind and service.queue_id in one.queues]
    if serving:
        yield _need(settings, service, service.queue_id, serving, travels=kind == VEHICLE)


def _beside(settings: BranchSettings, service: ServiceView, needs: Collection[MemberNeed]) -> Iterator[MemberNeed]:
    """More people of the largest group, where more go together than the needs name.

    Their keys follow from that of the group, because a booking has one member for each key.
    """
    known = members_of(settings)
    people = [need for need in needs if all(known[one].kind in PEOPLE for one in need.options)]
    group = max(people, key=lambda need: len(need.options), default=None)
    if group is not None:
        for n in range(len(people), service.go_together):
            yield replace(group, key=uuid5(group.key, str(n)), beside=group.key)


def _need(
    settings: BranchSettings, service: ServiceView, key: UUID, options: list[UUID], *, travels: bool
) -> MemberNeed:
    travel = ceil((service.travel_min or 0) / settings.tick_minutes) if travels else 0
    return MemberNeed(key, tuple(options), travel, travel)


def member_time(
    tx: Tx,
    settings: BranchSettings,
    needs: Collection[MemberNeed],
    ticks: range,
    without: UUID | None = None,
    planned: Planned = NOTHING_PLANNED,
) -> MemberTime:
    """The time of all members of `needs` in `ticks`, and of those who could make room for them.

    What the booking `without` has counts as free, but only for that booking. What is `planned` counts as if it was done.
    """
    ids = _with_stand_ins(settings, {option for need in needs for option in need.options})
    open_ = {member: _working(settings, member, ticks) for member in ids}
    placed = _placed(tx, settings, ids, ticks, without)
    known = {(one.booking, one.member) for one in placed}
    for member, spans in _blocked(tx, settings, ids, ticks, planned).items():
        open_[member] = open_[member].without(spans)
    for member, spans in _kept(tx, settings, ids, ticks, without, known).items():
        open_[member] = open_[member].without(spans)
    return MemberTime(ticks, open_, placed, {} if without is None else _seats_of(tx, settings, ids, ticks, without))


def free_time(
    tx: Tx,
    settings: BranchSettings,
    needs: Collection[MemberNeed],
    ticks: range,
    planned: Planned = NOTHING_PLANNED,
) -> dict[UUID, FreeTime]:
    """When the members of `needs` have nothing, as `member_time(…).free`; for a search in which nobody makes room.

    Each tick for which a booking has a member, or keeps one, is a seat. So the seats alone are read, one row for each
    member: two months have a hundred thousand of them, and a row for each would cost more than the search.
    """
    ids = {option for need in needs for option in need.options}
    statement = (
        sa.select(SEAT.c.resource_id, sa.func.aggregate_strings(sa.cast(SEAT.c.tick, sa.Text), ","))
        .where(_of_members(settings, ids, ticks))
        .group_by(SEAT.c.resource_id)
    )
    taken = {member: FreeTime.at(ticks, map(int, found.split(","))) for member, found in tx.rows(statement)}
    away = _blocked(tx, settings, ids, ticks, planned)
    nothing = FreeTime(ticks, 0)
    return {
        member: _working(settings, member, ticks).without(away.get(member, ())).less(taken.get(member, nothing))
        for member in ids
    }


def member_day(tx: Tx, settings: BranchSettings, ids: Collection[UUID], ticks: range) -> dict[UUID, MemberDay]:
    """The working time of some members and their blocks, without what bookings take."""
    blocked = _blocked(tx, settings, ids, ticks)
    return {one: MemberDay(_working(settings, one, ticks), FreeTime.of(ticks, blocked.get(one, ()))) for one in ids}


def booked_time(tx: Tx, settings: BranchSettings, ids: Collection[UUID], ticks: range) -> dict[UUID, FreeTime]:
    """Those of `ticks` that bookings take of some members; a member without any is missing."""
    found: dict[UUID, list[int]] = {}
    statement = sa.select(SEAT.c.resource_id, SEAT.c.tick).where(_of_members(settings, ids, ticks))
    for member, tick in tx.rows(statement):
        found.setdefault(member, []).append(tick)
    return {member: FreeTime.at(ticks, taken) for member, taken in found.items()}


def wishes_for(settings: BranchSettings, ticks: range, wishes: Wishes, booked: Mapping[UUID, FreeTime]) -> Wishes:
    """The wishes, with what else decides: how many groups of the branch each is in, and how much of `ticks` is `booked`."""
    counts = {member: time.count(ticks) for member, time in booked.items()}
    return replace(wishes, groups=_groups(settings), booked=counts)


@derived
def _groups(settings: BranchSettings) -> dict[UUID, int]:
    """How many needs of different keys each member of the branch can serve."""
    return Counter(option for _, option in {(key, option) for key, options in _options(settings) for option in options})


def _with_stand_ins(settings: BranchSettings, members: Collection[UUID]) -> set[UUID]:
    """These members and all who can serve a need with one of them, and so on, because bookings change in a chain."""
    found: set[UUID] = set()
    more = set(members)
    while more:
        found |= more
        together = (options for _, options in _options(settings) if not more.isdisjoint(options))
        more = {option for options in together for option in options} - found
    return found


@derived
def _options(settings: BranchSettings) -> frozenset[tuple[UUID, tuple[UUID, ...]]]:
    """The keys of the needs of the branch, each with members that can serve it.

    A queue has two, if one of its services takes a room and another a vehicle.
    """
    needs = (need for service_id in settings.services for need in needs_of(settings, service_id))
    return frozenset((need.group, need.options) for need in needs)


def _working(settings: BranchSettings, member_id: UUID, ticks: range) -> FreeTime:
    """When a member works; never where the settings no longer have it, or after its last day."""
    if member_id not in members_of(settings):
        return FreeTime(ticks, 0)
    first, last = (
        (EPOCH + timedelta(minutes=tick * settings.tick_minutes)).astimezone(settings.zone).date()
        for tick in (ticks.start, ticks.stop)
    )
    return FreeTime.of(ticks, _hours(settings, member_id, first, last))


@derived
def _hours(settings: BranchSettings, member_id: UUID, first: date, last: date) -> tuple[range, ...]:
    """The ticks of a member's working hours on these days and on the one before, whose hours may run over midnight."""
    member, tick = members_of(settings)[member_id], settings.tick_minutes
    spans = []
    for ahead in range(-1, (last - first).days + 1):
        day = first + timedelta(days=ahead)
        if member.until is None or day <= member.until:
            for window in hours.working_hours(day, settings.calendar, member_id):
                opens, closes = hours.to_instants(day, window, settings.zone)
                spans.append(range(tick_of(opens, tick), tick_of(closes, tick)))
    return tuple(spans)


def _placed(
    tx: Tx, settings: BranchSettings, ids: Collection[UUID], ticks: range, without: UUID | None
) -> list[Placed]:
    statement = _having(sa.select(BOOKING_MEMBER, BOOKING.c.service_id), settings, ids, ticks)
    if without is not None:
        statement = statement.where(BOOKING_MEMBER.c.booking_id != without)
    return [
        Placed(
            row.booking_id,
            row.need_id,
            row.member_id,
            range(row.first_tick, row.stop_tick),
            _stand_ins(settings, row.service_id, row.need_id, row.member_id),
            row.announced_at is not None,
        )
        for row in tx.rows(statement)
    ]


def _having(columns: sa.Select[Any], settings: BranchSettings, ids: Collection[UUID], ticks: range) -> sa.Select[Any]:
    """These columns of the live bookings that have one of the members in `ticks`."""
    both = BOOKING_MEMBER.join(
        BOOKING, (BOOKING.c.branch_id == BOOKING_MEMBER.c.branch_id) & (BOOKING.c.id == BOOKING_MEMBER.c.booking_id)
    )
    return columns.select_from(both).where(
        BOOKING_MEMBER.c.branch_id == settings.id,
        BOOKING_MEMBER.c.member_id.in_(ids),
        BOOKING_MEMBER.c.first_tick < ticks.stop,
        BOOKING_MEMBER.c.stop_tick > ticks.start,
        sa.or_(BOOKING.c.state == BookingState.HELD.value, sa.text(f"booking.state IN {PLACED_BOOKINGS}")),
    )


def _stand_ins(settings: BranchSettings, service_id: UUID, need_id: UUID, member_id: UUID) -> tuple[UUID, ...]:
    """Who could serve the need of a booking; only its member where the settings no longer have the need."""
    needs = needs_of(settings, service_id) if service_id in settings.services else ()
    return next((need.options for need in needs if need.key == need_id), (member_id,))


def _blocked(
    tx: Tx, settings: BranchSettings, ids: Collection[UUID], ticks: range, planned: Planned = NOTHING_PLANNED
) -> dict[UUID, list[range]]:
    """The ticks in which members are not there, also those of which a block takes a part."""
    tick = settings.tick_minutes
    start, end = (EPOCH + timedelta(minutes=at * tick) for at in (ticks.start, ticks.stop))
    found: dict[UUID, list[range]] = {}
    for row in tx.rows(
        sa.select(BLOCK.c.id, BLOCK.c.member_id, BLOCK.c.starts_at, BLOCK.c.ends_at).where(
            BLOCK.c.branch_id == settings.id,
            BLOCK.c.member_id.in_(ids),
            BLOCK.c.starts_at < end,
            BLOCK.c.ends_at > start,
            BLOCK.c.ended_at.is_(None),
        )
    ):
        if row.id not in planned.ended:
            found.setdefault(row.member_id, []).append(ticks_of(row, tick))
    for one in planned.made:
        if one.member in ids:
            found.setdefault(one.member, []).append(ticks_of(one, tick))
    return found


def _kept(
    tx: Tx,
    settings: BranchSettings,
    ids: Collection[UUID],
    ticks: range,
    without: UUID | None,
    known: Collection[tuple[UUID, UUID]],
) -> dict[UUID, list[range]]:
    """The ticks of seats that are taken although no live booking has the member then.

    They were given back, are kept for somebody who waits for an earlier time, or are of a visit that is over.

    Only bookings that can have such seats are looked at, because two months have a hundred thousand others.
    """
    tick = settings.tick_minutes
    start, end = (EPOCH + timedelta(minutes=at * tick) for at in (ticks.start, ticks.stop))
    freed = sa.select(FREED.c.booking_id).where(
        FREED.c.branch_id == settings.id, sa.text("freed_place.returned_at IS NULL")
    )
    offered = sa.select(OFFER.c.booking_id).where(OFFER.c.branch_id == settings.id, _RUNNING)
    over = sa.select(BOOKING.c.id).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.starts_at > start - timedelta(days=1),
        BOOKING.c.starts_at < end + timedelta(days=1),
        BOOKING.c.state.not_in([state.value for state in LIVE]),
    )
    statement = sa.select(SEAT.c.booking_id, SEAT.c.resource_id, SEAT.c.tick, SEAT.c.freed_id).where(
        _of_members(settings, ids, ticks), SEAT.c.booking_id.in_(freed.union(offered, over))
    )
    if without is not None:
        statement = statement.where(SEAT.c.booking_id != without)
    found: dict[UUID, list[range]] = {}
    for row in tx.rows(statement):
        # Whoever has moved may have the same member at the new time.
        if row.freed_id is not None or (row.booking_id, row.resource_id) not in known:
            found.setdefault(row.resource_id, []).append(range(row.tick, row.tick + 1))
    return found


def _seats_of(
    tx: Tx, settings: BranchSettings, ids: Collection[UUID], ticks: range, booking_id: UUID
) -> dict[UUID, list[range]]:
    """The ticks of members that a booking has, or gave back."""
    found: dict[UUID, list[range]] = {}
    statement = sa.select(SEAT.c.resource_id, SEAT.c.tick).where(_of_members(settings, ids, ticks))
    for member, tick in tx.rows(statement.where(SEAT.c.booking_id == booking_id)):
        found.setdefault(member, []).append(range(tick, tick + 1))
    return found


def _of_members(settings: BranchSettings, ids: Collection[UUID], ticks: range) -> sa.ColumnElement[bool]:
    return sa.and_(
        SEAT.c.branch_id == settings.id,
        SEAT.c.resource_id.in_(ids),
        SEAT.c.tick >= ticks.start,
        SEAT.c.tick < ticks.stop,
    )
