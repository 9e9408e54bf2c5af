"""New times for several appointments that staff want to move: for each a time that nobody else of them gets, or why none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ...core import hours
from ...core.apart import references
from ...core.free_time import spans_meet
from ...core.moves import Aim, To, WhyNot
from ...core.names import name_key
from ...core.promises import NOT_BEFORE, is_beside, nearest
from ...core.slots import ServicePlan, Slot, only_asked
from ..database import Tx
from .apart import Others, presence
from .appointments import LOOK_AHEAD, STRETCH
from .blocks import kept_apart, widest
from .bookings import BookingView, free_days, plan_on
from .moves import Moving, against_offer, in_turn, moving
from .overlaps import placed_besides
from .participants import ParticipantView, others_of
from .settings import BranchSettings, ServiceView, branch_settings


@dataclass(frozen=True, slots=True)
class Proposal:
    """An appointment with its new time, or with why there is none.

    Then `instead` is a time that would be free, with somebody else where it is for want of a member, None without any.
    """

    moving: Moving
    at: datetime | None
    why_not: WhyNot | None = None
    instead: datetime | None = None


def proposals_now(tx: Tx, branch_id: UUID, found: Iterable[BookingView], aim: Aim) -> list[Proposal]:
    """`proposals` for some appointments of a branch; for a process of its own, because it takes long."""
    settings = branch_settings(tx, branch_id)
    return proposals(tx, settings, [moving(tx, settings, one) for one in found], aim)


def proposals(tx: Tx, settings: BranchSettings, found: Iterable[Moving], aim: Aim) -> list[Proposal]:
    """A new time for each of some appointments, by their present time. All of the times can be had together."""
    found = list(found)
    places = _Places(tx, settings, frozenset(one.booking.id for one in found))
    made = [_proposal(places, one, aim) for one in in_turn(found)]
    return sorted(made, key=lambda one: (one.moving.booking.starts_at, one.moving.booking.code))


def _proposal(places: _Places, one: Moving, aim: Aim) -> Proposal:
    why_not = against_offer(one.booking, places.tx.now)
    if why_not is not None:
        return Proposal(one, None, why_not)
    slot = places.slot(one, one.stays, aim)
    if slot is not None:
        places.give(one, slot)
        return Proposal(one, slot.start)
    other = places.slot(one, {}, aim) if one.stays else None
    if other is not None:
        return Proposal(one, None, WhyNot.MEMBER, other.start)
    first = None if aim.to is To.FIRST else places.slot(one, one.stays, Aim(To.FIRST, places.day(one, aim)))
    return Proposal(one, None, places.why_not(one, aim), first.start if first else None)


@dataclass(frozen=True, slots=True)
class _Given:
    """A time that an appointment was given: its ticks, and the queues, pools and members of which it takes one each."""

    booking: BookingView
    slot: Slot
    span: range
    things: frozenset[UUID]


class _Places:
    """The free times of services, read once, without what was given, and without what its people could not come to besides."""

    def __init__(self, tx: Tx, settings: BranchSettings, moved: frozenset[UUID]) -> None:
        self.tx = tx
        self._settings = settings
        self._moved = moved
        self._besides: dict[UUID, list[Slot]] = {}
        self._earliest = tx.now + NOT_BEFORE
        self._free: dict[tuple[UUID, frozenset[tuple[UUID, UUID]]], dict[date, tuple[Slot, ...]]] = {}
        self._others: dict[UUID, Others] = {}
        self._persons: dict[UUID, frozenset[object]] = {}
        self._given: list[_Given] = []

    def slot(self, one: Moving, stays: Mapping[UUID, UUID], aim: Aim) -> Slot | None:
        """A free time as near as the aim wants it."""
        starts_at, zone = one.booking.starts_at, self._settings.zone
        if aim.to is To.FIRST:
            days = (aim.day + timedelta(days=at) for at in range(LOOK_AHEAD.days))
            return next((slot for day in days for slot in self._open(one, day, stays, STRETCH)), None)
        found = self._open(one, self.day(one, aim), stays)
        if aim.to is To.DAY:
            return nearest(found, starts_at, zone)
        return next((slot for slot in found if slot.start == starts_at + aim.by), None)

    def day(self, one: Moving, aim: Aim) -> date:
        """The day on which a time is looked for first."""
        if aim.to is not To.MINUTES:
            return aim.day
        return hours.opening_day(one.booking.starts_at + aim.by, self._settings.calendar, one.booking.service_id)

    def give(self, one: Moving, slot: Slot) -> None:
        """Keep a time from those who come after."""
        service = self._service(one)
        span, things = widest(self._settings, service, slot), _things(self._plan(service, slot), one.stays)
        self._given.append(_Given(one.booking, slot, span, things))

    def why_not(self, one: Moving, aim: Aim) -> WhyNot:
        """Why there is no time."""
        day, wish = self.day(one, aim), one.booking.starts_at + aim.by
        if not self._is_given_on(day, one.booking.service_id):
            return WhyNot.CLOSED
        if aim.to is not To.MINUTES:
            _, end = hours.day_bounds(day, self._settings.zone, self._settings.day_starts)
            return WhyNot.SOON if aim.to is To.DAY and end <= self._earliest else WhyNot.FULL
        if wish < self._earliest:
            return WhyNot.SOON
        there = Slot(wish, wish + (one.booking.ends_at - one.booking.starts_at), 1)
        return WhyNot.FULL if self._is_beside(one, there) else WhyNot.NEAR

    def _open(
        self, one: Moving, day: date, stays: Mapping[UUID, UUID], ahead: timedelta = timedelta(days=1)
    ) -> Iterator[Slot]:
        """The times of a day that an appointment can have beside its own; `ahead` says how many days are read at once."""
        service, others = self._service(one), self._others_of(one)
        own = [*self._given_to_its_people(one), *self._kept_by_its_person(one)]
        for slot in self._on(day, service, stays, ahead):
            if (
                slot.start >= self._earliest
                and self._is_beside(one, slot)
                and not others.meets(slot.start, slot.end)
                and not any(_overlap(slot, theirs) for theirs in own)
                and self._is_left(service, slot, stays)
            ):
                yield slot

    def _others_of(self, one: Moving) -> Others:
        """Whom its people must not meet, also at the times that were given."""
        key = one.booking.id
        if key not in self._others:
            self._others[key] = kept_apart(self.tx, self._settings, self._service(one), one.booking)
        return self._others[key].with_times(
            {
                given.booking.id: presence(self._settings, given.booking.service_id, given.slot.start, given.slot.end)
                for given in self._given
            }
        )

    def _given_to_its_people(self, one: Moving) -> list[Slot]:
        """The times that were given to other appointments of its people, who cannot come to two at once."""
        mine = self._persons_of(one.booking)
        return [given.slot for given in self._given if not mine.isdisjoint(self._persons_of(given.booking))]

    def _kept_by_its_person(self, one: Moving) -> list[Slot]:
        """The times of other appointments of whom it is for, which stay where they are."""
        key = one.booking.id
        if key not in self._besides:
            found = placed_besides(self.tx, one.booking, self._settings.services)
            self._besides[key] = [Slot(b.starts_at, b.ends_at, 1) for b in found if b.id not in self._moved]
        return self._besides[key]

    def _persons_of(self, booking: BookingView) -> frozenset[object]:
        if booking.id not in self._persons:
            self._persons[booking.id] = _persons(self.tx, booking)
        return self._persons[booking.id]

    def _on(self, day: date, service: ServiceView, stays: Mapping[UUID, UUID], ahead: timedelta) -> tuple[Slot, ...]:
        known = self._free.setdefault((service.id, frozenset(stays.items())), {})
        if day not in known and self._is_given_on(day, service.id):
            last = day + ahead - timedelta(days=1)
            for one in free_days(self.tx, self._settings, service, day, last, public=False, asked=stays):
                known[one.day] = one.slots if self._is_given_on(one.day, service.id) else ()
        return known.get(day, ())

    def _is_given_on(self, day: date, service: UUID) -> bool:
        """Whether a service is given at the branch; an outing is elsewhere, with as many places as its bus has seats."""
        calendar = self._settings.calendar
        return bool(hours.windows(day, calendar, service)) and hours.outing_on(day, calendar, service) is None

    def _is_left(self, service: ServiceView, slot: Slot, stays: Mapping[UUID, UUID]) -> bool:
        """Whether a place is left; what was given takes one of each thing, so this never counts too many."""
        span, things = widest(self._settings, service, slot), _things(self._plan(service, slot), stays)
        taken = sum(spans_meet(span, given.span) and not things.isdisjoint(given.things) for given in self._given)
        return taken < slot.places

    def _is_beside(self, one: Moving, slot: Slot) -> bool:
        return is_beside(slot, self._plan(self._service(one), slot), one.booking.starts_at, one.booking.ends_at)

    def _plan(self, service: ServiceView, slot: Slot) -> ServicePlan:
        return plan_on(self._settings, service, slot.start.astimezone(self._settings.zone).date())

    def _service(self, one: Moving) -> ServiceView:
        return self._settings.services[one.booking.service_id]


def _things(plan: ServicePlan, stays: Mapping[UUID, UUID]) -> frozenset[UUID]:
    """The queues and pools that a visit takes, and the members that it may take."""
    needs = only_asked(plan, stays).members
    return frozenset(
        {*(need.resource_key for need in plan.resources), *(option for need in needs for option in need.options)}
    )


def _persons(tx: Tx, booking: BookingView) -> frozenset[object]:
    """By what the people of an appointment are known in another one: the visit, a case number, a name and contact together.

    A contact alone is nobody, because a family may share one (`core.persons`).
    """
    people: list[BookingView | ParticipantView] = [booking, *others_of(tx, booking.branch_id, booking.id)]
    cases = {case for one in people for called in (one.name, one.reference) for case in references(called)}
    named = {(name_key(one.name), one.contact.casefold()) for one in people if one.name and one.contact}
    visits = {booking.together_id} if booking.together_id else set()
    return frozenset({*cases, *named, *visits})


def _overlap(one: Slot, other: Slot) -> bool:
    return one.start < other.end and other.start < one.end
