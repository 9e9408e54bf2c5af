"""The members of bookings: taken with their seats, exchanged where nobody was told, given up with the time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa

from ..core.blocks import Part
from ..core.errors import Count, Refused
from ..core.free_time import FreeTime
from ..core.member_time import MemberTime
from ..core.members import Choice, WhyMember, Wishes
from ..core.rearranging import Moves
from ..core.slots import ServicePlan
from ..store.log import Locked
from ..store.prepared import Prepared
from ..store.queries.bookings import BookingView
from ..store.queries.known_members import met_members, present_members
from ..store.queries.members import booked_time, member_time, needs_of, wishes_for
from ..store.queries.settings import BranchSettings
from ..store.tables import BookingMember, Seat, table

BOOKING_MEMBER = table(BookingMember)
SEAT = table(Seat)
_KEEP = Prepared(sa.insert(BOOKING_MEMBER))


def choose(
    lock: Locked,
    settings: BranchSettings,
    plan: ServicePlan,
    visit: range,
    wishes: Wishes,
    moving: UUID | None = None,
    *,
    public: bool = False,
) -> tuple[Choice, ...]:
    """The members for a visit, after other bookings have made room.

    `moving` is a booking whose own members count as free. Where one is missing it raises Refused: "people-scarce" for fewer
    people than go together, unless the `public` asks, "member-taken" if one was asked for, "member-promised" if one should
    stay, else "slot-taken".
    """
    if not plan.members:
        return ()
    around = day_around(settings, visit)
    time = member_time(lock.tx, settings, plan.members, around, moving)
    booked = booked_time(lock.tx, settings, options_of(plan), around)
    try:
        return choose_in(lock, settings, time, plan, visit, wishes, booked)[0]
    except Refused as refusal:
        scarce = None if public else _too_few(time, plan, visit)
        raise scarce or refusal from None


def choose_in(
    lock: Locked,
    settings: BranchSettings,
    time: MemberTime,
    plan: ServicePlan,
    visit: range,
    wishes: Wishes,
    booked: Mapping[UUID, FreeTime],
) -> tuple[tuple[Choice, ...], Moves]:
    """`choose` in time that is known already, at least that of `day_around` the visit; with those who made room.

    `booked` is what bookings take of that time.
    """
    wished = wishes_for(settings, day_around(settings, visit), wishes, booked)
    found = time.choose(plan.members, visit, wished)
    if found is None:
        raise Refused("member-taken" if wishes.asked else "member-promised" if wishes.stays else "slot-taken")
    _exchange(lock, time, found[1])
    return found


def options_of(plan: ServicePlan) -> frozenset[UUID]:
    """The members of whom a plan needs some."""
    return frozenset(option for need in plan.members for option in need.options)


def _too_few(time: MemberTime, plan: ServicePlan, visit: range) -> Refused | None:
    """The refusal where fewer people of a group are free than go together."""
    for need in plan.members:
        together = sum(one.group == need.group for one in plan.members)
        free = sum(one in time.free and time.free[one].has(need.span(visit)) for one in need.options)
        if need.beside is not None and free < together:
            return Refused("people-scarce", n=Count(together), free=Count(free))
    return None


def keep(lock: Locked, booking_id: UUID, plan: ServicePlan, visit: range, chosen: Collection[Choice]) -> None:
    """Store whom a booking has. A member that was asked for counts as announced, because somebody has said the name."""
    spans = {need.key: need.span(visit) for need in plan.members}
    for one in chosen:
        row = {
            "branch_id": lock.id,
            "booking_id": booking_id,
            "need_id": one.need,
            "first_tick": spans[one.need].start,
            "stop_tick": spans[one.need].stop,
            "member_id": one.member,
            "why": one.why.value,
            "announced_at": one.announced_at or (lock.tx.now if one.is_announced else None),
        }
        lock.tx.later(_KEEP, row)


def announce(lock: Locked, booking_id: UUID, members: Collection[UUID]) -> None:
    """From now on a booking keeps those of its members, because somebody has said their names."""
    lock.tx.execute(
        sa.update(BOOKING_MEMBER)
        .where(
            BOOKING_MEMBER.c.branch_id == lock.id,
            BOOKING_MEMBER.c.booking_id == booking_id,
            BOOKING_MEMBER.c.member_id.in_(members),
            BOOKING_MEMBER.c.announced_at.is_(None),
        )
        .values(announced_at=lock.tx.now)
    )


def meet_again(lock: Locked, settings: BranchSettings, hold: BookingView) -> None:
    """Give a hold whom its person has met before, once it is known for whom it is; nobody who was promised changes.

    Staff hold a time before they ask for a name. Only members who are free are given, because nobody else should change.
    """
    service = settings.services[hold.service_id]
    met = met_members(lock.tx, settings, service, hold.name, hold.contact, besides=hold.id)
    if not met:
        return
    present = present_members(lock.tx, settings, hold)
    taken = {one.member for one in present.values()}
    for need in needs_of(settings, service.id):
        now, again = present.get(need.key), next((one for one in met if one in need.options), None)
        if now is None or now.announced_at is not None or again is None or now.member in met or again in taken:
            continue
        if member_time(lock.tx, settings, (need,), now.span).free[again].has(now.span):
            _release_seats(lock, hold.id, now.member, now.span)
            _take_seats(lock, hold.id, again, now.span)
            _replace(lock, hold.id, need.key, now.span.start, member_id=again, why=WhyMember.KNOWN.value)


def give_up(lock: Locked, booking_id: UUID) -> None:
    """Forget whom a booking had; the caller releases their seats."""
    lock.tx.execute(
        sa.delete(BOOKING_MEMBER).where(
            BOOKING_MEMBER.c.branch_id == lock.id, BOOKING_MEMBER.c.booking_id == booking_id
        )
    )


def release(lock: Locked, booking_id: UUID, tick: int) -> None:
    """Give up the members that a booking has at `tick`, and their seats: those of one of the two times of an offer."""
    at_that_time = sa.and_(
        BOOKING_MEMBER.c.branch_id == lock.id,
        BOOKING_MEMBER.c.booking_id == booking_id,
        BOOKING_MEMBER.c.first_tick <= tick,
        BOOKING_MEMBER.c.stop_tick > tick,
    )
    for row in lock.tx.rows(
        sa.select(BOOKING_MEMBER.c.member_id, BOOKING_MEMBER.c.first_tick, BOOKING_MEMBER.c.stop_tick).where(
            at_that_time
        )
    ):
        _release_seats(lock, booking_id, row.member_id, range(row.first_tick, row.stop_tick))
    lock.tx.execute(sa.delete(BOOKING_MEMBER).where(at_that_time))


def give_to(lock: Locked, booking: UUID, part: Part, new: UUID) -> None:
    """Give a booking another member for one of its needs. The caller has seen that it is free.

    It counts as announced if the one before did, because it is told then.
    """
    _release_seats(lock, booking, part.member, part.span)
    _take_seats(lock, booking, new, part.anew)
    values = {
        "member_id": new,
        "why": WhyMember.STAND_IN.value,
        "announced_at": lock.tx.now if part.announced else None,
        "first_tick": part.anew.start,
        "stop_tick": part.anew.stop,
    }
    _replace(lock, booking, part.need, part.span.start, **values)


def _exchange(lock: Locked, time: MemberTime, moves: Moves) -> None:
    """Give other bookings another member. All old seats go first, because two may exchange theirs."""
    moved = [(one, moves[one.key]) for one in time.placed if one.key in moves] if moves else []
    for one, _ in moved:
        _release_seats(lock, one.booking, one.member, one.span)
    for one, member in moved:
        _take_seats(lock, one.booking, member, one.span)
        _replace(lock, one.booking, one.need, one.span.start, member_id=member, why=WhyMember.ONLY.value)


def _replace(lock: Locked, booking: UUID, need: UUID, start: int, **values: object) -> None:
    lock.tx.execute(
        sa.update(BOOKING_MEMBER)
        .where(
            BOOKING_MEMBER.c.branch_id == lock.id,
            BOOKING_MEMBER.c.booking_id == booking,
            BOOKING_MEMBER.c.need_id == need,
            BOOKING_MEMBER.c.first_tick == start,
        )
        .values(**values)
    )


def _take_seats(lock: Locked, booking_id: UUID, member_id: UUID, span: range) -> None:
    lock.tx.execute(
        sa.insert(SEAT),
        [
            {"branch_id": lock.id, "resource_id": member_id, "tick": tick, "lane": 1, "booking_id": booking_id}
            for tick in span
        ],
    )


def _release_seats(lock: Locked, booking_id: UUID, member_id: UUID, span: range) -> None:
    lock.tx.execute(
        sa.delete(SEAT).where(
            SEAT.c.branch_id == lock.id,
            SEAT.c.booking_id == booking_id,
            SEAT.c.resource_id == member_id,
            SEAT.c.tick >= span.start,
            SEAT.c.tick < span.stop,
        )
    )


def day_around(settings: BranchSettings, visit: range) -> range:
    """The ticks of about a day around a visit.

    In them the booked time of members is compared, and those who make room have the whole of their bookings.
    """
    half = 12 * 60 // settings.tick_minutes
    return range(visit.start - half, visit.stop + half)
