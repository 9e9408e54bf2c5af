"""The place of a booking: its slot, a lane of its queue, pools, and members, found and taken under the lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from ..core import bookings, hours, slots
from ..core.apart import NO_LEAVE, Leave
from ..core.bookings import Booker
from ..core.errors import Refused
from ..core.members import Choice, Present, Wishes
from ..core.persons import Standing
from ..store.log import Locked
from ..store.queries.apart import others_at, people_of
from ..store.queries.bookings import BookingView, lanes_at, plan_on, policy_of, seats_of
from ..store.queries.known_members import met_members, present_members, promised
from ..store.queries.members import needs_of
from ..store.queries.outings import places_to_book
from ..store.queries.settings import BranchSettings, ServiceView
from ..store.queries.walkin_share import left_to_book
from . import apart, freed_places, members, seats


@dataclass(frozen=True, slots=True)
class Place:
    """A slot that can be taken now: all its seats, and the member for each need of the service."""

    slot: slots.Slot
    seats: tuple[slots.Seat, ...]
    plan: slots.ServicePlan
    visit: range
    members: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a time, by whom, for a person of this standing, and members by need if they were named.

    `own` are seats that count as free, because the booking `moving` has them. `known` are members whom the person has
    met before, and has again where that is possible. `present` are those whom the booking has that moves, by need, and
    `stays` those that must not change (`core.members.Wishes`); `released`: none of them must stay. `people` (`core.apart.references`) must not meet those from whom they
    are kept apart, unless `leave` lets them.
    """

    starts_at: datetime
    booker: Booker
    standing: Standing = field(default_factory=Standing)
    own: Collection[slots.Seat] = ()
    moving: UUID | None = None
    asked: Mapping[UUID, UUID] = field(default_factory=dict)
    known: Collection[UUID] = ()
    present: Mapping[UUID, Present] = field(default_factory=dict)
    stays: Mapping[UUID, UUID] = field(default_factory=dict)
    released: bool = False
    people: Collection[str] = ()
    leave: Leave = NO_LEAVE

    @property
    def wishes(self) -> Wishes:
        """What is asked for of members."""
        return Wishes(self.asked, self.known, self.present, self.stays)


def find(lock: Locked, settings: BranchSettings, service: ServiceView, wanted: Wanted) -> Place:
    """The place for a booking of `service`; raises Refused where there is none, Invalid for a time never offered.

    Other bookings may have got another member for it, so the caller takes the place in the same transaction.
    """
    tx, zone, tick = lock.tx, settings.calendar.zone, settings.tick_minutes
    policy = policy_of(settings, service)
    opens_on = hours.opening_day(wanted.starts_at, settings.calendar, service.id)
    plan = plan_on(settings, service, opens_on)
    public = wanted.booker is not Booker.STAFF
    slot = slots.slot_at(
        wanted.starts_at,
        plan,
        lambda day: hours.windows(day, settings.calendar, service.id) if day == opens_on else (),
        zone,
        tx.now,
        timedelta(minutes=policy.notice_min if public else 0),
        tick,
    )
    mode, today = bookings.Mode(service.booked_as), tx.now.astimezone(zone).date()
    day = slot.start.astimezone(zone).date()
    # Whoever has an appointment by invitation may move it.
    moved = wanted.moving is not None and mode is bookings.Mode.INVITE and public
    booker = Booker.INVITED if moved else wanted.booker
    bookings.may_book(policy, mode, booker, today, day, wanted.standing)
    outing = hours.outing_on(day, settings.calendar, service.id)
    if outing is not None and not places_to_book(tx, settings, outing, wanted.moving):
        raise Refused("day-full")
    if left_to_book(tx, settings, service, plan, opens_on, wanted.moving) == 0:
        raise Refused("day-full")
    others = others_at(tx, settings, service, wanted.people, wanted.moving)
    apart.refuse_time(others, slot.start, slot.end, wanted.leave)
    visit = slots.seats_span(slot.start, plan, tick)
    lanes = slots.choose_seats(slot, plan, lanes_at(tx, lock.id, plan, visit), tick, public, wanted.own)
    chosen = members.choose(lock, settings, plan, visit, wanted.wishes, wanted.moving, public=public)
    return Place(slot, (*lanes, *slots.member_seats(plan, chosen, visit)), plan, visit, chosen)


def find_instead(
    lock: Locked, settings: BranchSettings, service: ServiceView, booking: BookingView, wanted: Wanted
) -> Place:
    """Another place for a booking, whose own seats count as free; raises as `find`.

    The members whom its visitor was promised stay, except where `wanted` asks for another or releases them.
    """
    wanted = replace(
        with_its_members(lock, settings, service, booking, wanted),
        own=seats_of(lock.tx, lock.id, booking.id),
        moving=booking.id,
        people=people_of(lock.tx, booking),
    )
    return find(lock, settings, service, wanted)


def with_its_members(
    lock: Locked, settings: BranchSettings, service: ServiceView, booking: BookingView, wanted: Wanted
) -> Wanted:
    """What is wanted for another time of a booking, with whom it has and whom its person has met before."""
    if not needs_of(settings, service.id):
        return wanted
    present = present_members(lock.tx, settings, booking)
    met = met_members(lock.tx, settings, service, booking.name, booking.contact, besides=booking.id)
    stays = {} if wanted.released else promised(settings, booking, present) | dict(wanted.stays)
    return replace(wanted, present=present, known=met, stays=stays)


def take(lock: Locked, place: Place, booking_id: UUID) -> None:
    """Take a place for a new booking; raises Refused("slot-taken")."""
    seats.take(lock, place.seats, booking_id)
    members.keep(lock, booking_id, place.plan, place.visit, place.members)


def take_instead(lock: Locked, place: Place, booking_id: UUID) -> None:
    """Take a place for a booking that has given up its own, of which it takes back what has not returned to others."""
    for key in {seat.resource_key for seat in place.seats}:
        ticks = [seat.tick for seat in place.seats if seat.resource_key == key]
        freed_places.take_again(lock, booking_id, key, range(min(ticks), max(ticks) + 1))
    left = seats_of(lock.tx, lock.id, booking_id)
    seats.take(lock, [seat for seat in place.seats if seat not in left], booking_id)
    members.give_up(lock, booking_id)
    members.keep(lock, booking_id, place.plan, place.visit, place.members)
