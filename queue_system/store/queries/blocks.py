"""Blocks of members, the appointments that lie in them, and what could become of these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours, slots
from ...core.blocks import Absence, Concerned, Part, Planned, ticks_of
from ...core.bookings import BookingState
from ...core.free_time import FreeTime, spans_meet
from ...core.members import MemberNeed
from ...core.promises import NOT_BEFORE, OPEN, WITHIN_DAYS, nearest
from ...core.slots import Slot, tick_of
from ..database import AnyRow, Tx
from ..prepared import Prepared, Statement
from ..tables import Block, Booking, BookingMember, table
from ..tables.day import PLACED_BOOKINGS
from .apart import Others, is_bound, others_at, people_of
from .bookings import BookingView, booking_by_id, free_days, plan_on
from .known_members import promised_members
from .members import free_time, needs_of
from .settings import BranchSettings, ServiceView

BLOCK, BOOKING, HAS = table(Block), table(Booking), table(BookingMember)


@dataclass(frozen=True, slots=True)
class BlockView:
    """Time in which a member is not there; instants in UTC. `reason` is one of `core.blocks.BlockReason`, and
    `note` says it in a few words; `created_by` is the member of staff who made it, None for a program. `plan_id` is equal
    for what was planned together: several members, or several days."""

    id: UUID
    plan_id: UUID
    member_id: UUID
    starts_at: datetime
    ends_at: datetime
    reason: str
    note: str
    created_by: UUID | None

    def covers(self, settings: BranchSettings, span: range) -> bool:
        """Whether it takes a part of these ticks."""
        return spans_meet(ticks_of(self, settings.tick_minutes), span)


# Prepared, because every hold that becomes binding looks for them.
_BLOCKS: Final = Prepared(
    sa.select(*(BLOCK.c[name] for name in BlockView.__slots__))
    .where(
        BLOCK.c.branch_id == sa.bindparam("branch"),
        BLOCK.c.ends_at > sa.bindparam("now"),
        BLOCK.c.ended_at.is_(None),
    )
    .order_by(BLOCK.c.starts_at, BLOCK.c.id)
)


def blocks_of(tx: Tx, settings: BranchSettings, members: Collection[UUID] | None = None) -> list[BlockView]:
    """The blocks that are not over, of some members or of all, by time."""
    found = [BlockView(*row) for row in tx.rows(*read_of_blocks(tx, settings))]
    return found if members is None else [one for one in found if one.member_id in members]


def read_of_blocks(tx: Tx, settings: BranchSettings) -> Statement:
    """The read of `blocks_of`."""
    return _BLOCKS, {"branch": settings.id, "now": tx.now}


def blocked_bookings(tx: Tx, settings: BranchSettings, without: Collection[UUID] = ()) -> Mapping[UUID, UUID]:
    """The holds and appointments whose own time lies in a block of a member that they have, each with such a member.

    The blocks `without` do not count.
    """
    blocks = [one for one in blocks_of(tx, settings) if one.id not in without]
    found: dict[UUID, UUID] = {}
    if not blocks:
        return found
    for row in _having(tx, settings, {one.member_id for one in blocks}, tick_of(tx.now, settings.tick_minutes)):
        span = range(row.first_tick, row.stop_tick)
        if tick_of(row.starts_at, settings.tick_minutes) in span and any(
            one.member_id == row.member_id and one.covers(settings, span) for one in blocks
        ):
            found[row.id] = row.member_id
    return found


def concerned(tx: Tx, settings: BranchSettings, planned: Planned) -> tuple[Concerned, ...]:
    """The appointments that planned blocks would take members from, by time, with what can become of each."""
    return _with_next_times(tx, settings, taken_by(tx, settings, planned), planned)


def taken_by(tx: Tx, settings: BranchSettings, planned: Planned) -> tuple[Concerned, ...]:
    """The same without the next times, whose search takes long.

    Not those on the list of what is to be decided, and not what a block takes already.
    """
    known = [one for one in blocks_of(tx, settings, planned.members) if one.id not in planned.ended]

    def taken(part: Part) -> bool:
        return any(one.member_id == part.member and one.covers(settings, part.span) for one in known)

    found = []
    for one in _appointments(tx, settings, planned):
        parts = tuple(part for part in one.parts if not taken(part))
        if parts and not one.undecided:
            found.append(replace(one, parts=parts))
    return tuple(found)


def appointments_of(tx: Tx, settings: BranchSettings, stretch: Absence) -> tuple[Concerned, ...]:
    """The confirmed appointments that have a member in a stretch and are not over, by time, with those who could stand in.

    Where another time is offered, it counts and not the old one.
    """
    return _appointments(tx, settings, Planned((stretch,)))


def _appointments(tx: Tx, settings: BranchSettings, planned: Planned) -> tuple[Concerned, ...]:
    if not planned.made:
        return ()
    tick = settings.tick_minutes
    away: dict[UUID, list[range]] = {}
    for stretch in planned.made:
        away.setdefault(stretch.member, []).append(ticks_of(stretch, tick))
    rows = [
        row
        for row in _having(tx, settings, away.keys(), min(ticks.start for of in away.values() for ticks in of))
        if any(spans_meet(ticks, range(row.first_tick, row.stop_tick)) for ticks in away[row.member_id])
        and row.state == BookingState.CONFIRMED.value
        and (row.offered_ends_at or row.ends_at) > tx.now
        and row.first_tick <= tick_of(row.offered_starts_at or row.starts_at, tick) < row.stop_tick
    ]
    parts: dict[UUID, list[Part]] = {}
    for row, part in zip(rows, _parts(tx, settings, rows, planned), strict=True):
        parts.setdefault(row.id, []).append(part)
    found = [
        Concerned(
            booking=row.id,
            code=row.code,
            service=row.service_id,
            starts_at=row.offered_starts_at or row.starts_at,
            parts=tuple(sorted(parts[row.id], key=lambda part: part.need)),
            undecided=row.decision in OPEN,
        )
        for row in {row.id: row for row in rows}.values()
    ]
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.code)))


def _having(tx: Tx, settings: BranchSettings, members: Collection[UUID], since: int) -> Sequence[AnyRow]:
    """The holds and appointments that have one of these members after tick `since`."""
    both = HAS.join(BOOKING, (BOOKING.c.branch_id == HAS.c.branch_id) & (BOOKING.c.id == HAS.c.booking_id))
    times = ("starts_at", "ends_at", "offered_starts_at", "offered_ends_at")
    columns = ("id", "code", "state", "service_id", "decision", *times)
    of_member = ("need_id", "member_id", "first_tick", "stop_tick", "announced_at")
    return tx.rows(
        sa.select(*(BOOKING.c[name] for name in columns), *(HAS.c[name] for name in of_member))
        .select_from(both)
        .where(
            HAS.c.branch_id == settings.id,
            HAS.c.member_id.in_(members),
            HAS.c.stop_tick > since,
            sa.or_(BOOKING.c.state == BookingState.HELD.value, sa.text(f"booking.state IN {PLACED_BOOKINGS}")),
        )
    )


def _need(settings: BranchSettings, row: AnyRow) -> MemberNeed | None:
    needs = needs_of(settings, row.service_id) if row.service_id in settings.services else ()
    return next((one for one in needs if one.key == row.need_id), None)


def _parts(tx: Tx, settings: BranchSettings, rows: Sequence[AnyRow], planned: Planned) -> list[Part]:
    """What each row says of a member, with those of its need who have nothing else then, are there, and can get there."""
    needs = [_need(settings, row) for row in rows]
    spans = [_anew(settings, row, need) for row, need in zip(rows, needs, strict=True)]
    wanted = [need for need in needs if need is not None]
    free: Mapping[UUID, FreeTime] = {}
    if wanted:
        ticks = range(min(span.start for span in spans), max(span.stop for span in spans))
        free = free_time(tx, settings, wanted, ticks, planned)
    found = []
    for row, need, anew in zip(rows, needs, spans, strict=True):
        late = need is not None and need.before > 0 and _is_too_late(tx, settings, row)
        options = () if need is None or late else need.options
        others = tuple(one for one in options if one != row.member_id and free[one].has(anew))
        span, announced = range(row.first_tick, row.stop_tick), row.announced_at is not None
        found.append(Part(row.need_id, row.member_id, span, anew, announced, others, late))
    return found


def _anew(settings: BranchSettings, row: AnyRow, need: MemberNeed | None) -> range:
    """The ticks for which somebody new is taken: as for the one before, but with the way as it is now."""
    start = tick_of(row.offered_starts_at or row.starts_at, settings.tick_minutes)
    way = start - row.first_tick
    return range(row.first_tick, row.stop_tick) if need is None else need.span(range(start, row.stop_tick - way))


def _is_too_late(tx: Tx, settings: BranchSettings, row: AnyRow) -> bool:
    """Whether whoever leaves now would not be there in time; as with a new appointment (`ServicePlan.lead`)."""
    way = timedelta(minutes=settings.services[row.service_id].travel_min or 0)
    return bool((row.offered_starts_at or row.starts_at) < tx.now + way)


def _with_next_times(
    tx: Tx, settings: BranchSettings, found: Iterable[Concerned], planned: Planned
) -> tuple[Concerned, ...]:
    """Each with the first free time of its members after their absence, on that day the nearest to its own; no time twice.

    The others whom its visitor was promised are free then, too.
    """
    free: dict[tuple[UUID, frozenset[tuple[UUID, UUID]], datetime], list[dict[Slot, range]]] = {}
    given: set[int] = set()
    result = []
    for one in found:
        service = settings.services.get(one.service)
        if service is None:
            result.append(one)
            continue
        booking = booking_by_id(tx, settings.id, one.booking)
        others = kept_apart(tx, settings, service, booking)
        asked = promised_members(tx, settings, booking) | {part.need: part.member for part in one.parts}
        back = _back(settings, one, planned)
        key = one.service, frozenset(asked.items()), back
        if key not in free:
            free[key] = _free_after(tx, settings, service, asked, back, planned)
        at = None
        for spans in free[key]:
            open_ = (
                slot
                for slot, span in spans.items()
                if given.isdisjoint(span) and not others.meets(slot.start, slot.end)
            )
            if (slot := nearest(open_, one.starts_at, settings.zone)) is not None:
                at = slot.start
                given.update(spans[slot])
                break
        result.append(replace(one, next_at=at))
    return tuple(result)


def _back(settings: BranchSettings, one: Concerned, planned: Planned) -> datetime:
    """When those whom an appointment loses are all back from what takes them from it."""
    lost = {part.member: part.span for part in one.parts}
    return max(
        stretch.ends_at
        for stretch in planned.made
        if stretch.member in lost and spans_meet(ticks_of(stretch, settings.tick_minutes), lost[stretch.member])
    )


def kept_apart(tx: Tx, settings: BranchSettings, service: ServiceView, booking: BookingView) -> Others:
    """Whom the people of an appointment must not meet; they are read only where anybody is kept apart."""
    if not is_bound(settings, service):
        return Others(settings, service.id)
    return others_at(tx, settings, service, people_of(tx, booking), booking.id)


def _free_after(
    tx: Tx,
    settings: BranchSettings,
    service: ServiceView,
    asked: Mapping[UUID, UUID],
    back: datetime,
    planned: Planned,
) -> list[dict[Slot, range]]:
    """The free times of a service with the members `asked` once they are `back`, by day, each with the ticks that it takes.

    Within some days, and not on outings, which are elsewhere.
    """
    earliest = max(back, tx.now + NOT_BEFORE)
    first = earliest.astimezone(settings.zone).date()
    last = first + timedelta(days=WITHIN_DAYS)
    days = free_days(tx, settings, service, first, last, public=False, asked=asked, planned=planned)
    return [
        {slot: widest(settings, service, slot) for slot in one.slots if slot.start >= earliest}
        for one in days
        if hours.outing_on(one.day, settings.calendar, service.id) is None
    ]


def widest(settings: BranchSettings, service: ServiceView, slot: Slot) -> range:
    """The ticks for which a visit takes any of its members."""
    plan = plan_on(settings, service, slot.start.astimezone(settings.zone).date())
    visit = slots.seats_span(slot.start, plan, settings.tick_minutes)
    spans = [need.span(visit) for need in plan.members] or [visit]
    return range(min(one.start for one in spans), max(one.stop for one in spans))
