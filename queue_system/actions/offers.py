"""Another time, offered in place of one that the settings no longer support, and held until the visitor answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core import hours, slots
from ..core.bookings import Booker
from ..core.channels import Channel
from ..core.decision_reasons import Because
from ..core.errors import Refused
from ..core.facts.bookings import BookingChanged, BookingOffered, BookingUnanswered
from ..core.free_time import FreeTime
from ..core.member_time import MemberTime
from ..core.members import Choice
from ..core.messages import Event
from ..core.offer import LiveBooking
from ..core.promises import NOT_BEFORE, Decided, answer_by, days_around, is_beside, nearest
from ..core.rearranging import Moves
from ..core.slots import ServicePlan, Slot, tick_of
from ..core.support import Support, Why
from ..store import tables
from ..store.log import SYSTEM, Actor, Locked
from ..store.prepared import Prepared
from ..store.queries.apart import others_at, people_of
from ..store.queries.bookings import BookingView, booking_by_id, due_offers, plan_on
from ..store.queries.effect import offer_of
from ..store.queries.members import booked_time, member_time
from ..store.queries.settings import BranchSettings, ServiceView, branch_settings
from . import members, outbox, placing, seats
from .placing import Place, Wanted

BOOKING = tables.table(tables.Booking)
SEAT = tables.table(tables.Seat)

_A_DAY: Final = timedelta(days=1)
#: What is stored once neither decision nor offer is open any more.
SETTLED: Mapping[str, None] = dict.fromkeys(
    ("decision", "lost_why", "change_id", "offered_starts_at", "offered_ends_at", "offer_until")
)


class FreePlaces:
    """Finds free places near lost ones; remembers what it has given, so that many can be moved in one transaction.

    Days are read once, because the branch is locked and its hall waits while hundreds are moved.
    """

    def __init__(self, lock: Locked, settings: BranchSettings) -> None:
        self._lock = lock
        self.settings = settings
        self._support = Support(offer_of(settings))
        self._taken: dict[UUID, dict[int, set[int]]] = {}
        # How many lanes of each that is.
        self._counts: dict[UUID, dict[int, int]] = {}
        # The time of members around a day, by the day and who can be needed.
        self._times: dict[tuple[date, frozenset[UUID]], MemberTime] = {}
        # What bookings take of that time.
        self._booked: dict[tuple[date, frozenset[UUID]], dict[UUID, FreeTime]] = {}
        # The days on which nothing is left for a service with the members that stay.
        self._full: set[tuple[date, UUID, frozenset[tuple[UUID, UUID]]]] = set()

    def forget(self) -> None:
        """Read everything anew, because somebody else has given up a place."""
        self._taken.clear()
        self._counts.clear()
        self._times.clear()
        self._booked.clear()
        self._full.clear()

    def near(self, booking: BookingView, why: Why) -> Place | None:
        """The free place nearest to a booking's time, apart from that time; None where there is none within reach.

        `why` it lost its time. Members whom its visitor was promised are at the other one too, unless they are why.
        """
        service = self.settings.services.get(booking.service_id)
        if service is None:
            return None
        wanted = placing.with_its_members(
            self._lock,
            self.settings,
            service,
            booking,
            Wanted(booking.starts_at, Booker.STAFF, released=why is Why.MEMBER),
        )
        zone = self.settings.zone
        today = self._lock.tx.now.astimezone(zone).date()
        for day in days_around(booking.starts_at.astimezone(zone).date(), today):
            slot = nearest(self._free_on(day, service, booking, wanted.stays), booking.starts_at, zone)
            if slot is not None:
                return self._take(booking, slot, service, day, wanted)
        return None

    def _free_on(self, day: date, service: ServiceView, booking: BookingView, stays: Mapping[UUID, UUID]) -> list[Slot]:
        settings = self.settings
        # An outing is at another place, and takes as many as its bus has seats.
        if hours.outing_on(day, settings.calendar, service.id) is not None:
            return []
        windows = hours.windows(day, settings.calendar, service.id)
        asked = (day, service.id, frozenset(stays.items()))
        if not windows or asked in self._full:
            return []
        plan, tick = plan_on(settings, service, day), settings.tick_minutes
        first = slots.tick_of(hours.instant_at(day, windows[0].start, settings.zone), tick)
        last = slots.tick_of(hours.instant_at(day, windows[-1].end, settings.zone), tick)
        for need in plan.resources:
            self._lanes(need.resource_key)
        needs = slots.only_asked(plan, stays).members
        length = slots.ticks_needed(plan, tick)
        places = self._time_on(day, plan, range(first, last + 1)).places(needs, length) if needs else None
        free = slots.free_slots(
            day,
            plan,
            windows,
            settings.zone,
            self._counts,
            self._lock.tx.now,
            NOT_BEFORE,
            tick,
            public=False,
            members=places,
        )
        if not free:
            self._full.add(asked)
            return []
        others = others_at(self._lock.tx, settings, service, people_of(self._lock.tx, booking), booking.id)
        return [
            slot
            for slot in free
            if is_beside(slot, plan, booking.starts_at, booking.ends_at)
            and self._support.why(_as_live(slot, booking)) is None
            and not others.meets(slot.start, slot.end)
        ]

    def _take(self, booking: BookingView, slot: Slot, service: ServiceView, day: date, wanted: Wanted) -> Place:
        plan, tick = plan_on(self.settings, service, day), self.settings.tick_minutes
        for need in plan.resources:
            self._lanes(need.resource_key)
        lanes = slots.choose_seats(slot, plan, self._taken, tick, public=False)
        for seat in lanes:
            used = self._taken[seat.resource_key].setdefault(seat.tick, set())
            used.add(seat.lane)
            self._counts[seat.resource_key][seat.tick] = len(used)
        visit = slots.seats_span(slot.start, plan, tick)
        chosen: tuple[Choice, ...] = ()
        if plan.members:
            time = self._time_on(day, plan, visit)
            booked = self._booked_on(day, plan, time.within)
            chosen, moves = members.choose_in(self._lock, self.settings, time, plan, visit, wanted.wishes, booked)
            # Each reaches into the days beside its own.
            for key in [one for one in self._times if abs(one[0] - day) <= _A_DAY]:
                self._times[key] = self._times[key].after(booking.id, plan.members, visit, chosen, moves)
                self._note_booked(key, plan, visit, chosen, moves)
        return Place(slot, (*lanes, *slots.member_seats(plan, chosen, visit)), plan, visit, chosen)

    def _time_on(self, day: date, plan: ServicePlan, ticks: range) -> MemberTime:
        """The time of the plan's members, and of those who can make room for them, around ticks of a day."""
        key = day, members.options_of(plan)
        around = members.day_around(self.settings, ticks)
        known = self._times.get(key)
        if known is None or around.start < known.within.start or known.within.stop < around.stop:
            known = self._times[key] = member_time(self._lock.tx, self.settings, plan.members, around)
            self._booked.pop(key, None)
        return known

    def _booked_on(self, day: date, plan: ServicePlan, within: range) -> dict[UUID, FreeTime]:
        key = day, members.options_of(plan)
        known = self._booked.get(key)
        if known is None:
            known = self._booked[key] = booked_time(self._lock.tx, self.settings, key[1], within)
        return known

    def _note_booked(
        self,
        key: tuple[date, frozenset[UUID]],
        plan: ServicePlan,
        visit: range,
        chosen: Collection[Choice],
        moves: Moves,
    ) -> None:
        """Follow whom a booking has got; where others have made room, what is booked is read anew."""
        known = self._booked.get(key)
        if known is None:
            return
        if moves:
            del self._booked[key]
            return
        spans = {need.key: need.span(visit) for need in plan.members}
        for one in chosen:
            if one.member in key[1]:
                within = self._times[key].within
                before = known.get(one.member, FreeTime(within, 0))
                known[one.member] = before.joined(FreeTime.of(within, (spans[one.need],)))

    def _lanes(self, resource_id: UUID) -> dict[int, set[int]]:
        """The lanes of a queue or resource that are taken from now on, by tick."""
        known = self._taken.get(resource_id)
        if known is None:
            known = self._taken[resource_id] = {}
            first = slots.tick_of(self._lock.tx.now, self.settings.tick_minutes)
            statement = sa.select(SEAT.c.tick, SEAT.c.lane).where(
                SEAT.c.branch_id == self._lock.id, SEAT.c.resource_id == resource_id, SEAT.c.tick >= first
            )
            for tick, lane in self._lock.tx.rows(statement):
                known.setdefault(tick, set()).add(lane)
            self._counts[resource_id] = {tick: len(lanes) for tick, lanes in known.items()}
        return known


def make_offer(
    lock: Locked,
    places: FreePlaces,
    booking: BookingView,
    why: Why,
    change_id: UUID | None,
    actor: Actor,
    because: Because | None = None,
) -> bool:
    """Offer a booking the nearest free place and hold it; False where there is none. The old time stays until then.

    `why` it lost its time, and `because` of what it is moved, where somebody was asked.
    """
    found = places.near(booking, why)
    if found is None:
        return False
    offer_place(lock, places.settings, booking, found, why, change_id, actor, because)
    return True


def find_other(lock: Locked, settings: BranchSettings, booking: BookingView, wanted: Wanted) -> Place:
    """The place at another time, to be held beside the booking's own; its members stay as `placing.find_instead` says.

    Raises what `placing.find` raises, and Refused("slot-taken") where it meets the booking's own time.
    """
    service = settings.services[booking.service_id]
    wanted = replace(wanted, people=people_of(lock.tx, booking))
    place = placing.find(lock, settings, service, placing.with_its_members(lock, settings, service, booking, wanted))
    if not is_beside(place.slot, place.plan, booking.starts_at, booking.ends_at):
        raise Refused("slot-taken")
    return place


def offer_place(
    lock: Locked,
    settings: BranchSettings,
    booking: BookingView,
    place: Place,
    why: Why,
    change_id: UUID | None,
    actor: Actor,
    because: Because | None = None,
) -> None:
    """Offer a booking a place that is free, and hold it."""
    slot = place.slot
    until = answer_by(lock.tx.now, booking.starts_at, slot.start)
    placing.take(lock, place, booking.id)
    store(
        lock,
        booking,
        decision=Decided.MOVE.value,
        lost_why=why.value,
        change_id=change_id,
        offered_starts_at=slot.start,
        offered_ends_at=slot.end,
        offer_until=until,
    )
    fact = BookingOffered(
        subject=str(booking.id),
        code=booking.code,
        from_starts_at=booking.starts_at.isoformat(),
        to_starts_at=slot.start.isoformat(),
        until=until.isoformat(),
        why=why.value,
        because=because,
    )
    lock.append(fact, actor)
    # As it is stored now; to read each of hundreds again would send what is written for it by itself.
    offered = replace(
        booking,
        decision=Decided.MOVE,
        lost_why=why,
        change_id=change_id,
        offered_starts_at=slot.start,
        offered_ends_at=slot.end,
        offer_until=until,
    )
    outbox.tell(lock, settings, offered, Event.OFFERED)


def accept(lock: Locked, settings: BranchSettings, booking: BookingView, actor: Actor) -> BookingView:
    """The offered time becomes the booking's. It counts as no change of the visitor's, and the old time is free."""
    if booking.offered_starts_at is None:
        raise ValueError("no other time is offered")
    seats.release_old(lock, booking, settings.tick_minutes)
    members.release(lock, booking.id, tick_of(booking.starts_at, settings.tick_minutes))
    store(lock, booking, starts_at=booking.offered_starts_at, ends_at=booking.offered_ends_at, **SETTLED)
    fact = BookingChanged(
        subject=str(booking.id),
        code=booking.code,
        from_starts_at=booking.starts_at.isoformat(),
        to_starts_at=booking.offered_starts_at.isoformat(),
    )
    lock.append(fact, actor)
    moved = booking_by_id(lock.tx, lock.id, booking.id)
    outbox.tell(lock, settings, moved, Event.CHANGED)
    return moved


def withdraw(lock: Locked, settings: BranchSettings, booking: BookingView) -> None:
    """End the offer of a booking, if it has one; the caller stores what is decided instead."""
    if booking.offered_starts_at is not None:
        seats.release_offered(lock, booking, settings.tick_minutes)
        members.release(lock, booking.id, tick_of(booking.offered_starts_at, settings.tick_minutes))
        store(lock, booking, offered_starts_at=None, offered_ends_at=None, offer_until=None)


def settle_by_coming(lock: Locked, settings: BranchSettings, booking: BookingView) -> None:
    """A visitor who has come at the old time is received, so that nothing is to be decided or answered any more."""
    if booking.decision is not None:
        withdraw(lock, settings, booking)
        store(lock, booking, **SETTLED)


def end_due(lock: Locked) -> int:
    """End the offers that nobody answered in time, so that staff decide again; returns how many."""
    due = due_offers(lock.tx, lock.id)
    if not due:
        return 0
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    for booking in due:
        offered: datetime = booking.offered_starts_at or booking.starts_at
        withdraw(lock, settings, booking)
        store(lock, booking, decision=Decided.UNANSWERED.value)
        fact = BookingUnanswered(subject=str(booking.id), code=booking.code, to_starts_at=offered.isoformat())
        lock.append(fact, SYSTEM)
    return len(due)


def store(lock: Locked, booking: BookingView, **values: object) -> None:
    """Set columns of a booking, before the next statement is run; a change of settings does this with hundreds."""
    statement = _storing(tuple(values))
    given = {f"new_{name}": value for name, value in values.items()}
    lock.tx.later(statement, {"branch": lock.id, "booking": booking.id, **given})


@cache
def _storing(columns: tuple[str, ...]) -> Prepared:
    found = BOOKING.c.branch_id == sa.bindparam("branch"), BOOKING.c.id == sa.bindparam("booking")
    return Prepared(sa.update(BOOKING).where(*found).values({name: sa.bindparam(f"new_{name}") for name in columns}))


def _as_live(slot: Slot, booking: BookingView) -> LiveBooking:
    return LiveBooking(
        booking.id,
        booking.code,
        booking.service_id,
        slot.start,
        slot.end,
        range(0),
        (),
        booking.created_at,
        by_video=booking.channel is Channel.VIDEO,
    )
