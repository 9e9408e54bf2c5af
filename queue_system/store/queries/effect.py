"""What the settings of a branch offer and what is promised on them, for `core.effect`; and what is to be decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import Booker, BookingState, Mode, against_mode
from ...core.channels import Channel
from ...core.effect import unsupported
from ...core.hours import opening_day
from ...core.offer import (
    Capacity,
    Live,
    LiveBooking,
    LiveTicket,
    Offer,
    OfferedCounter,
    OfferedDevice,
    OfferedService,
)
from ...core.promises import OPEN, Decided
from ...core.slots import tick_of, ticks_needed
from ...core.support import Support, Why, alike
from ..database import Tx
from ..prepared import Prepared
from ..tables import Booking, Seat, table
from ..tables.day import PLACED_BOOKINGS, UNSETTLED_BOOKINGS
from . import line
from .access import devices
from .apart import lost_apart
from .blocks import blocked_bookings
from .bookings import BookingView, booking_views, plan_on, seats_of
from .members import members_of
from .settings import BranchSettings, derived

BOOKING = table(Booking)
SEAT = table(Seat)

# An appointment that is not over began less than this ago.
LONGEST: Final = timedelta(days=1)
# The devices that an effect speaks of: those that show what the branch offers.
SHOWING: Final = ("kiosk", "display")

_LIVE_BOOKINGS: Final = Prepared(
    sa.select(
        BOOKING.c.id,
        BOOKING.c.code,
        BOOKING.c.service_id,
        BOOKING.c.starts_at,
        BOOKING.c.ends_at,
        BOOKING.c.created_at,
        BOOKING.c.decision,
        BOOKING.c.offered_starts_at,
        BOOKING.c.offered_ends_at,
        BOOKING.c.channel,
    ).where(
        BOOKING.c.branch_id == sa.bindparam("branch"),
        sa.text(f"booking.state IN {PLACED_BOOKINGS}"),
        BOOKING.c.state == BookingState.CONFIRMED.value,
        # The index by time needs the first condition; offers are few.
        (BOOKING.c.starts_at > sa.bindparam("since")) | BOOKING.c.offered_starts_at.is_not(None),
        sa.func.coalesce(BOOKING.c.offered_ends_at, BOOKING.c.ends_at) > sa.bindparam("now"),
    )
)
# Of one queue or resource at a time, because their ids in each row would cost more than the additional statements.
_TAKEN: Final = Prepared(
    sa.select(SEAT.c.booking_id, sa.func.min(SEAT.c.tick).label("least"), sa.func.max(SEAT.c.tick).label("most"))
    .where(
        SEAT.c.branch_id == sa.bindparam("branch"),
        SEAT.c.resource_id == sa.bindparam("resource"),
        SEAT.c.tick >= sa.bindparam("first"),
        SEAT.c.freed_id.is_(None),
    )
    .group_by(SEAT.c.booking_id)
)


# An appointment as it is stored, and as an effect sees it.
Booked: TypeAlias = tuple[Any, LiveBooking]


@dataclass(frozen=True, slots=True)
class Undecided:
    """An appointment that staff must decide on; `unanswered`: another time was offered, and nobody answered in time."""

    booking: BookingView
    why: Why
    unanswered: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """Blocks of members that are to count no more, and the appointments that stand again then, by id.

    As it was seen with this `version` of the settings.
    """

    blocks: frozenset[UUID]
    version: int
    stand: frozenset[UUID]


def offer_of(settings: BranchSettings, showing: Iterable[OfferedDevice] = ()) -> Offer:
    """What a branch offers with these settings; `showing` are its kiosks and screens (`showing_devices`)."""
    return Offer(
        calendar=settings.calendar,
        services={
            service.id: OfferedService(
                id=service.id,
                slug=service.slug,
                queue=service.queue_id,
                bookable=against_mode(Mode(service.booked_as), Booker.STAFF) is None,
                numbers=service.walk_in or service.by_reception,
                elsewhere=service.elsewhere,
                until=service.until,
            )
            for service in settings.services.values()
        },
        capacities={
            **{
                queue.id: Capacity(
                    queue.slug, _dated(queue.lanes, ((one.first, one.lanes) for one in queue.terms)), queue.until
                )
                for queue in settings.queues.values()
            },
            **{
                thing.id: Capacity(
                    thing.slug, _dated(thing.pool, ((one.first, one.pool) for one in thing.terms)), thing.until
                )
                for thing in settings.resources.values()
                if thing.kind == "pool"
            },
            **{
                member.id: Capacity(member.slug, ((date.min, 1),), member.until)
                for member in members_of(settings).values()
            },
        },
        members=frozenset(members_of(settings)),
        counters=tuple(
            OfferedCounter(counter.slug, counter.zone_id, frozenset(counter.queues), counter.until)
            for counter in settings.counters.values()
        ),
        devices=tuple(showing),
    )


def _dated(usual: int, terms: Iterable[tuple[date, int]]) -> tuple[tuple[date, int], ...]:
    return ((date.min, usual), *sorted(terms))


def showing_devices(tx: Tx, branch_id: UUID) -> tuple[OfferedDevice, ...]:
    """The kiosks and screens of a branch as they are stored."""
    return tuple(
        OfferedDevice(one.slug, one.kind, one.zone_id) for one in devices(tx, branch_id) if one.kind in SHOWING
    )


def live_of(tx: Tx, settings: BranchSettings) -> Live:
    """What is promised at a branch now: appointments that are not over, and people in the hall."""
    today = settings.timetable.business_date(tx.now)
    return Live(today, live_bookings(tx, settings), live_tickets(tx, settings))


def live_tickets(tx: Tx, settings: BranchSettings) -> tuple[LiveTicket, ...]:
    """The people in the hall now."""
    return tuple(
        LiveTicket(one.id, one.code, one.service_id, one.queue_id, one.business_date)
        for one in line.in_hall(tx, settings)
    )


def live_bookings(tx: Tx, settings: BranchSettings) -> tuple[LiveBooking, ...]:
    """The confirmed appointments that are not over, each at the time where its visitor is expected.

    Not holds, which last ten minutes: a change that takes their time ends them (`lost_holds`).
    """
    return expected(settings, booked(tx, settings))


def booked(tx: Tx, settings: BranchSettings) -> list[Booked]:
    """The same appointments at their own time, also those that were offered another one, with what is stored of each."""
    since = tx.now - LONGEST
    found = tx.rows(_LIVE_BOOKINGS, {"branch": settings.id, "since": since, "now": tx.now})
    ticks, resources = _seats_by_booking(tx, settings, tick_of(since, settings.tick_minutes))
    return [(row, _live(row, ticks.get(row.id, range(0)), resources.get(row.id, ()))) for row in found]


def expected(settings: BranchSettings, found: Iterable[Booked]) -> tuple[LiveBooking, ...]:
    """What is booked, each at the time where its visitor is expected."""
    return tuple(_where_expected(settings, row, live) for row, live in found)


def read_alike(one: BranchSettings, other: BranchSettings) -> bool:
    """Whether `booked` reads the same with both settings."""
    return _read_by(one) == _read_by(other)


def regained(
    tx: Tx,
    settings: BranchSettings,
    known: Iterable[Booked] | None = None,
    *,
    without: Collection[UUID] = (),
) -> list[BookingView]:
    """The appointments on which a decision or an answer is missing and whose own time is supported again.

    Not those whose member is still away, and not those that would be at another place, bring people together who must not
    meet, or get another time because somebody wanted it, because that is no question of time. `known` is all that is `booked`,
    if it has been read; the blocks `without` do not count.
    """
    open_ones = {one.id: one for one in _open_ones(tx, settings)}
    if not open_ones:
        return []
    support = Support(offer_of(settings))
    live = [one for _, one in (booked(tx, settings) if known is None else known)]
    lost = support.lost(alike(support.in_reach((one for one in live if not one.kept), open_ones)))
    away = blocked_bookings(tx, settings, without)
    return [open_ones[one.id] for one in live if one.id in open_ones and one.id not in lost and one.id not in away]


def ending_of(tx: Tx, settings: BranchSettings, blocks: Collection[UUID]) -> Ending:
    """What stands again once some blocks count no more."""
    stand = regained(tx, settings, without=blocks)
    return Ending(frozenset(blocks), settings.config_version, frozenset(one.id for one in stand))


def still_regained(tx: Tx, settings: BranchSettings, ending: Ending) -> list[UUID]:
    """Those of its appointments that nobody has settled since, and that no other block takes.

    While the settings stay, whatever else is booked since takes no place from them, because their seats are theirs.
    """
    if not ending.stand:
        return []
    away = blocked_bookings(tx, settings, ending.blocks)
    open_ones = _open_ones(tx, settings, BOOKING.c.id.in_(ending.stand))
    return [one.id for one in open_ones if one.id not in away]


def _open_ones(tx: Tx, settings: BranchSettings, *where: sa.ColumnElement[bool]) -> list[BookingView]:
    """Appointments to come on which a decision or an answer is missing because of their time."""
    return booking_views(
        tx,
        BOOKING.c.branch_id == settings.id,
        sa.text(f"booking.decision IN {UNSETTLED_BOOKINGS}"),
        BOOKING.c.state == BookingState.CONFIRMED.value,
        BOOKING.c.ends_at > tx.now,
        BOOKING.c.lost_why.not_in([Why.PLACE.value, Why.APART.value, Why.OTHER.value]),
        *where,
    )


def undecided(tx: Tx, settings: BranchSettings, *, apart: bool = False) -> list[Undecided]:
    """The appointments of a branch that staff must decide on, by time.

    Those on which a decision was put off or an offer was not answered, also when their time is over; and those that
    the settings do not support although nobody was asked, as after an import. With `apart`, for staff who may know it, also
    those that bring people together who must not meet; one that was kept against the settings is among these, too.
    """
    marked = booking_views(
        tx,
        BOOKING.c.branch_id == settings.id,
        sa.text(f"booking.decision IN {UNSETTLED_BOOKINGS}"),
        BOOKING.c.state == BookingState.CONFIRMED.value,
    )
    found = {
        one.id: Undecided(one, Why(one.lost_why or Why.HOURS), one.decision == Decided.UNANSWERED)
        for one in marked
        if one.decision in OPEN
    }
    meeting = lost_apart(tx, settings) if apart else frozenset()
    lost = dict.fromkeys(meeting, Why.APART) | dict(lost_unasked(tx, settings))
    unasked = {key: why for key, why in lost.items() if key not in found}
    if unasked:
        others = booking_views(
            tx,
            BOOKING.c.branch_id == settings.id,
            BOOKING.c.id.in_(list(unasked)),
            BOOKING.c.state == BookingState.CONFIRMED.value,
            BOOKING.c.decision.is_(None) | (BOOKING.c.decision == Decided.KEEP.value),
            BOOKING.c.ends_at > tx.now,
        )
        for one in others:
            if one.decision is None:
                found[one.id] = Undecided(one, unasked[one.id], unanswered=False)
            elif one.id in meeting:
                found[one.id] = Undecided(one, Why.APART, unanswered=False)
    return sorted(found.values(), key=lambda one: (one.booking.starts_at, one.booking.code))


def lost_unasked(tx: Tx, settings: BranchSettings) -> Mapping[UUID, Why]:
    """The appointments, by id, that these settings did not support when they were first read.

    Looked for once for each version of the settings, because all that is booked later is supported. Rows may have
    changed since, so the caller reads them again.
    """
    if tx.edits:
        return unsupported(offer_of(settings), live_of(tx, settings))
    found = _looked_for(settings)
    if not found:
        found.append(unsupported(offer_of(settings), Live(tx.now.date(), live_bookings(tx, settings))))
    return found[0]


@derived
def _looked_for(_settings: BranchSettings) -> list[Mapping[UUID, Why]]:
    """The place of the result in the cache of the settings."""
    return []


@derived
def _offer(settings: BranchSettings) -> Offer:
    return offer_of(settings)


def why_withdrawn(tx: Tx, settings: BranchSettings, hold: BookingView) -> Why | None:
    """Why a hold could not be made any more, as after a change that ends no holds; None where it could."""
    offer = _offer(settings)
    asked = LiveBooking(
        hold.id,
        hold.code,
        hold.service_id,
        hold.starts_at,
        hold.ends_at,
        range(0),
        (),
        hold.created_at,
        by_video=hold.channel is Channel.VIDEO,
    )
    if (why := Support(offer).why(asked)) is not None:
        return why
    if hold.id in blocked_bookings(tx, settings):
        return Why.MEMBER
    day = hold.starts_at.astimezone(settings.zone).date()
    for seat in seats_of(tx, settings.id, hold.id):
        capacity = offer.capacities.get(seat.resource_key)
        if capacity is None or seat.lane > capacity.on(day):
            return Why.LANES if seat.resource_key in settings.queues else Why.RESOURCE
    return None


def _read_by(settings: BranchSettings) -> tuple[Any, ...]:
    """The queues and the other things whose places are read, and the length of a tick."""
    return settings.queues.keys(), {*settings.resources, *members_of(settings)}, settings.tick_minutes


def _seats_by_booking(
    tx: Tx, settings: BranchSettings, first: int
) -> tuple[Mapping[UUID, range], Mapping[UUID, Sequence[UUID]]]:
    """What bookings take from tick `first` on, by booking: the ticks and the resources; not what they gave back."""
    ticks: dict[UUID, range] = {}
    resources: dict[UUID, list[UUID]] = {}
    for taken in (*settings.queues, *sorted({*settings.resources, *members_of(settings)})):
        for booking_id, least, most in tx.rows(_TAKEN, {"branch": settings.id, "resource": taken, "first": first}):
            # Members are also taken on the way there and back, a lane of the queue only during the visit.
            if taken in settings.queues:
                ticks[booking_id] = range(least, most + 1)
            else:
                resources.setdefault(booking_id, []).append(taken)
    return ticks, resources


def _live(row: Any, ticks: range, resources: Sequence[UUID]) -> LiveBooking:
    return LiveBooking(
        id=row.id,
        code=row.code,
        service=row.service_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ticks=ticks,
        resources=tuple(resources),
        made_at=row.created_at,
        kept=row.decision == Decided.KEEP,
        by_video=row.channel == Channel.VIDEO,
    )


def _where_expected(settings: BranchSettings, row: Any, live: LiveBooking) -> LiveBooking:
    """The appointment at the time that was offered, if one was."""
    if row.offered_starts_at is None or row.service_id not in settings.services:
        return live
    # The seats of both times are taken; the visitor is expected at the offered one.
    day = opening_day(row.offered_starts_at, settings.calendar, row.service_id)
    plan = plan_on(settings, settings.services[row.service_id], day)
    first = tick_of(row.offered_starts_at, settings.tick_minutes)
    return replace(
        live,
        starts_at=row.offered_starts_at,
        ends_at=row.offered_ends_at,
        ticks=range(first, first + ticks_needed(plan, settings.tick_minutes)),
    )
