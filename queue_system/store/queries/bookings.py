"""Bookings, the seats that are taken, and the slots that are left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ...core import bookings, hours, slots
from ...core.blocks import NOTHING_PLANNED, Planned
from ...core.bookings import BookingState, CheckInRules, Policy
from ...core.channels import Channel
from ...core.errors import Missing
from ...core.promises import UNSETTLED, Decided, is_for_staff_alone
from ...core.support import Why
from ..database import Tx
from ..prepared import Prepared, Statement
from ..tables import Booking, Seat, table
from ..tables.day import PLACED_BOOKINGS, UNSETTLED_BOOKINGS
from .members import member_time, needs_of
from .outings import places_to_book
from .settings import BranchSettings, ServiceView
from .walkin_share import left_to_book

BOOKING = table(Booking)
SEAT = table(Seat)


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking as stored; instants in UTC. `name` and `contact` are personal: keep them out of logs and links.

    So are `reference`, a case number besides the name, `issued_number`, which another office gave the request, how they may be
    contacted (`core.safe_contact.ContactWay`), and `declared`, the priority class that they said: all are empty from `erased_at`
    on. `channel` is set where the booker chose one; `video_room` is the secret room of a video call. `decision` and `lost_why`
    are set once the settings no longer support its time; `offered_starts_at` is offered then until `offer_until`. `together_id`
    is equal for the parts of one visit. `prove_until`: until when its contact has to answer; `proven_at`: when it did.
    """

    id: UUID
    branch_id: UUID
    code: str
    state: BookingState
    service_id: UUID
    starts_at: datetime
    ends_at: datetime
    name: str
    contact: str
    language: str
    persons: int
    source: str
    helper: str
    held_until: datetime | None
    created_at: datetime
    confirmed_at: datetime | None
    changes: int
    ticket_id: UUID | None
    token: str
    decision: Decided | None
    lost_why: Why | None
    change_id: UUID | None
    offered_starts_at: datetime | None
    offered_ends_at: datetime | None
    offer_until: datetime | None
    erased_at: datetime | None = None
    reference: str = ""
    contact_way: str | None = None
    contact_note: str = ""
    contact_asked_at: datetime | None = None
    together_id: UUID | None = None
    channel: Channel | None = None
    video_room: str | None = None
    prove_until: datetime | None = None
    proven_at: datetime | None = None
    issued_number: str = ""
    declared: str = ""

    @property
    def is_unproven(self) -> bool:
        """Whether it was given up because nobody answered at its contact."""
        return self.state is BookingState.CANCELLED and self.prove_until is not None and not self.is_called_off

    @property
    def is_called_off(self) -> bool:
        """Whether the branch called it off, for its reason `lost_why`; one that was cancelled otherwise can have that, too."""
        return self.state is BookingState.CANCELLED and self.decision is Decided.CANCEL

    @property
    def taken_away(self) -> bool:
        """Whether the branch took its time away, and neither visitor nor staff have settled what becomes of it."""
        return self.state is BookingState.CONFIRMED and self.decision in UNSETTLED

    @property
    def is_lost(self) -> bool:
        """`taken_away` for its visitor, too, who is told nothing while only staff have to find another person or room."""
        return self.taken_away and not is_for_staff_alone(self.decision, self.lost_why)

    def limited_as(self, booker: bookings.Booker = bookings.Booker.PUBLIC) -> bookings.Booker:
        """Whose limits apply to a move or cancellation by `booker`: staff's, who have none, where it `is_lost`."""
        return bookings.Booker.STAFF if self.is_lost else booker


@dataclass(frozen=True, slots=True)
class DaySlots:
    """A day with its free slots; `refusal` is the code of the reason why the day cannot be booked.

    `most` limits the bookings of the whole day, as on outings or beside a share for walk-ins; None for no limit.
    """

    day: date
    slots: tuple[slots.Slot, ...]
    refusal: str | None = None
    most: int | None = None

    @property
    def places(self) -> int:
        """How many bookings of this length still fit one after the other; overlapping times count once."""
        places, free_from = 0, None
        for slot in self.slots:
            if free_from is None or slot.start >= free_from:
                places, free_from = places + slot.places, slot.end
        return places if self.most is None else min(places, self.most)


_COLUMNS = [BOOKING.c[name] for name in BookingView.__slots__]
_BOOKINGS = sa.select(*_COLUMNS).where(BOOKING.c.branch_id == sa.bindparam("branch"))
# Prepared, because everybody who books runs them. Their views are not cached, because they have names and contacts.
BY_ID = Prepared(_BOOKINGS.where(BOOKING.c.id == sa.bindparam("booking")))
_BY_TOKEN = Prepared(_BOOKINGS.where(BOOKING.c.token == sa.bindparam("token")))
_BY_CODE = Prepared(_BOOKINGS.where(BOOKING.c.code == sa.bindparam("code")))
BY_REQUEST = Prepared(_BOOKINGS.where(BOOKING.c.request_id == sa.bindparam("request")))
_DUE_HOLDS = Prepared(_BOOKINGS.where(sa.text("booking.state = 'held'"), BOOKING.c.held_until <= sa.bindparam("now")))
_DUE_OFFERS = Prepared(
    _BOOKINGS.where(
        sa.text(f"booking.decision IN {UNSETTLED_BOOKINGS}"),
        BOOKING.c.decision == Decided.MOVE.value,
        BOOKING.c.state == BookingState.CONFIRMED.value,
        BOOKING.c.offer_until <= sa.bindparam("now"),
    )
)
_SEATS = sa.select(SEAT.c.resource_id, SEAT.c.tick, SEAT.c.lane).where(SEAT.c.branch_id == sa.bindparam("branch"))
SEATS_OF = Prepared(_SEATS.where(SEAT.c.booking_id == sa.bindparam("booking")))
_IN_TICKS = (
    SEAT.c.resource_id == sa.bindparam("resource"),
    SEAT.c.tick >= sa.bindparam("first"),
    SEAT.c.tick < sa.bindparam("stop"),
)
_LANES_AT = Prepared(_SEATS.where(*_IN_TICKS))
_TAKEN = (
    sa.select(SEAT.c.tick, sa.func.count())
    .where(SEAT.c.branch_id == sa.bindparam("branch"), *_IN_TICKS, SEAT.c.lane <= sa.bindparam("lanes"))
    .group_by(SEAT.c.tick)
)
_TAKEN_BY_ALL = Prepared(_TAKEN)
_TAKEN_BY_OTHERS = Prepared(_TAKEN.where(SEAT.c.booking_id != sa.bindparam("own")))


def booking_by_id(tx: Tx, branch_id: UUID, booking_id: UUID) -> BookingView:
    """One booking; raises Missing("booking")."""
    return _one(tx, BY_ID, branch=branch_id, booking=booking_id)


def booking_by_token(tx: Tx, branch_id: UUID, token: str) -> BookingView:
    """The booking behind a secret link; raises Missing("booking")."""
    return _one(tx, _BY_TOKEN, branch=branch_id, token=token)


def booking_by_code(tx: Tx, branch_id: UUID, code: str) -> BookingView:
    """The booking with a code as `core.bookings.read_code` gives it; raises Missing("booking")."""
    return _one(tx, _BY_CODE, branch=branch_id, code=code)


def booking_by_request(tx: Tx, branch_id: UUID, request_id: str) -> BookingView | None:
    """The booking that an earlier request with this id created."""
    row = tx.row(BY_REQUEST, {"branch": branch_id, "request": request_id})
    return _view(row) if row else None


def new_view(row: Mapping[str, Any]) -> BookingView:
    """The view of a booking that was just written with these columns, without reading it."""
    values: dict[str, Any] = {name: row.get(name) for name in BookingView.__slots__}
    times = {name: row[name].astimezone(UTC) for name in ("starts_at", "ends_at")}
    return BookingView(**values | times | {"state": BookingState(row["state"])})


def bookings_together(tx: Tx, branch_id: UUID, together_id: UUID) -> list[BookingView]:
    """The parts of one visit by time; those that were called off or ran out are among them."""
    found = booking_views(tx, BOOKING.c.branch_id == branch_id, BOOKING.c.together_id == together_id)
    return sorted(found, key=lambda one: (one.starts_at, one.id))


def held_among(tx: Tx, branch_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of some bookings that are holds, neither confirmed nor released."""
    here = BOOKING.c.branch_id == branch_id, BOOKING.c.id.in_(ids), sa.text("booking.state = 'held'")
    return {row.id for row in tx.rows(sa.select(BOOKING.c.id).where(*here))}


def due_holds(tx: Tx, branch_id: UUID) -> list[BookingView]:
    """Holds that have expired and are not released yet."""
    return [_view(row) for row in tx.rows(_DUE_HOLDS, {"branch": branch_id, "now": tx.now})]


def due_offers(tx: Tx, branch_id: UUID) -> list[BookingView]:
    """Appointments whose offer of another time nobody answered before it ended."""
    return [_view(row) for row in tx.rows(_DUE_OFFERS, {"branch": branch_id, "now": tx.now})]


def never_came(tx: Tx, branch_id: UUID, before: datetime) -> list[BookingView]:
    """Confirmed bookings that ended before an instant without a check-in.

    Not those whose time the branch took away: nobody missed it, and it stays until staff decide.
    """
    return booking_views(
        tx,
        BOOKING.c.branch_id == branch_id,
        sa.text(f"booking.state IN {PLACED_BOOKINGS}"),
        BOOKING.c.state == BookingState.CONFIRMED.value,
        BOOKING.c.decision.is_(None) | BOOKING.c.decision.not_in([one.value for one in UNSETTLED]),
        BOOKING.c.ends_at < before,
    )


def plan_on(settings: BranchSettings, service: ServiceView, day: date) -> slots.ServicePlan:
    """The plan of a service on a day: a visit takes a lane of its queue, one of each pool, and its members."""
    needs = [slots.ResourceNeed(service.queue_id, *settings.lanes_on(service.queue_id, day))]
    for resource_id in service.resources:
        resource = settings.resources[resource_id]
        if resource.kind == "pool":
            pool = resource.pool_on(day)
            needs.append(slots.ResourceNeed(resource_id, pool, pool))
    then = service.on(day)
    members, way = needs_of(settings, service.id), service.travel_min or 0
    return slots.ServicePlan(service.id, then.duration_min, then.buffer_min, tuple(needs), members, way)


def policy_of(settings: BranchSettings, service: ServiceView) -> Policy:
    """The booking policy of a service."""
    return settings.policies[service.policy]


def check_in_rules(settings: BranchSettings) -> CheckInRules:
    """How early and how late a booking of this branch can be checked in."""
    return CheckInRules(settings.queue_rules.early_check_in_min, settings.queue_rules.late_grace_min)


def lanes_at(tx: Tx, branch_id: UUID, plan: slots.ServicePlan, ticks: range) -> dict[UUID, dict[int, set[int]]]:
    """The lanes taken in some ticks, by resource and tick: the `taken` of `choose_seats`."""
    taken: dict[UUID, dict[int, set[int]]] = {}
    for read in reads_of_lanes(branch_id, plan, ticks):
        for resource_id, tick, lane in tx.rows(*read):
            taken.setdefault(resource_id, {}).setdefault(tick, set()).add(lane)
    return taken


def reads_of_lanes(branch_id: UUID, plan: slots.ServicePlan, ticks: range) -> list[Statement]:
    span = {"branch": branch_id, "first": ticks.start, "stop": ticks.stop}
    return [(_LANES_AT, span | {"resource": key}) for key in {need.resource_key for need in plan.resources}]


def seats_of(tx: Tx, branch_id: UUID, booking_id: UUID) -> frozenset[slots.Seat]:
    """The seats of a booking, including those it gave back that have not returned to others yet."""
    return frozenset(slots.Seat(*row) for row in tx.rows(SEATS_OF, {"branch": branch_id, "booking": booking_id}))


def free_days(
    tx: Tx,
    settings: BranchSettings,
    service: ServiceView,
    first: date,
    last: date,
    *,
    public: bool = True,
    own: UUID | None = None,
    asked: Mapping[UUID, UUID] | None = None,
    plan: slots.ServicePlan | None = None,
    planned: Planned = NOTHING_PLANNED,
) -> list[DaySlots]:
    """The days from `first` to `last` with their free slots; days outside the policy carry the reason instead.

    The seats of the `own` booking, which is about to be moved or replaced, count as free. With `asked`, a member by need,
    only times at which these are free. Staff (not `public`) need give no notice. `plan` is what a visit takes on every day,
    if it is another than the settings say; `planned` blocks of members count as if they were made.
    """
    policy = policy_of(settings, service)
    zone, tick = settings.calendar.zone, settings.tick_minutes
    today = tx.now.astimezone(zone).date()
    booker = bookings.Booker.PUBLIC if public else bookings.Booker.STAFF
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    refusals = {day: bookings.against_day(policy, booker, today, day) for day in days}
    open_days = [day for day in days if refusals[day] is None]
    if not open_days:
        return [DaySlots(day, (), refusal.code if (refusal := refusals[day]) else None) for day in days]
    start = hours.instant_at(open_days[0], 0, zone)
    end = hours.instant_at(open_days[-1] + timedelta(days=2), 0, zone)
    ticks = range(slots.tick_of(start, tick), slots.tick_of(end, tick))
    # Nearly always one plan; another one from the day on which its terms change.
    plans = {day: plan or slots.only_asked(plan_on(settings, service, day), asked or {}) for day in open_days}
    taken = {one: _counts(tx, settings.id, one, ticks, public, own) for one in set(plans.values())}
    members = {one: member_places(tx, settings, one, ticks, own, planned) for one in taken}
    found = []
    for day in days:
        refusal = refusals[day]
        if refusal is not None:
            found.append(DaySlots(day, (), refusal.code))
            continue
        windows = hours.windows(day, settings.calendar, service.id)
        outing = hours.outing_on(day, settings.calendar, service.id)
        limits = [left_to_book(tx, settings, service, plans[day], day, own)]
        if outing is not None:
            limits.append(places_to_book(tx, settings, outing, own))
        most = min((limit for limit in limits if limit is not None), default=None)
        if most == 0:
            found.append(DaySlots(day, (), "day-full"))
            continue
        wanted, notice = plans[day], timedelta(minutes=policy.notice_min if public else 0)
        free = slots.free_slots(
            day, wanted, windows, zone, taken[wanted], tx.now, notice, tick, public=public, members=members[wanted]
        )
        if most is not None:
            free = [replace(slot, places=min(slot.places, most)) for slot in free]
        found.append(DaySlots(day, tuple(free), None if free else ("day-full" if windows else "day-closed"), most))
    return found


def member_places(
    tx: Tx,
    settings: BranchSettings,
    plan: slots.ServicePlan,
    ticks: range,
    own: UUID | None = None,
    planned: Planned = NOTHING_PLANNED,
) -> Mapping[int, int] | None:
    """The places that members have for each first tick; None where the service needs none."""
    if not plan.members:
        return None
    before, after = max(need.before for need in plan.members), max(need.after for need in plan.members)
    time = member_time(tx, settings, plan.members, range(ticks.start - before, ticks.stop + after), own, planned)
    return time.places(plan.members, slots.ticks_needed(plan, settings.tick_minutes))


def _counts(
    tx: Tx, branch_id: UUID, plan: slots.ServicePlan, ticks: range, public: bool, own: UUID | None
) -> dict[UUID, dict[int, int]]:
    """How many of the lanes that are open to the public, or to staff, are taken, by resource and tick."""
    taken: dict[UUID, dict[int, int]] = {}
    span = {"branch": branch_id, "first": ticks.start, "stop": ticks.stop}
    statement, own_one = (_TAKEN_BY_ALL, {}) if own is None else (_TAKEN_BY_OTHERS, {"own": own})
    for need in plan.resources:
        values = {"resource": need.resource_key, "lanes": need.open_lanes(public)}
        taken[need.resource_key] = dict(tx.rows(statement, span | values | own_one))
    return taken


def bookings_between(
    tx: Tx, branch_id: UUID, start: datetime, end: datetime, states: Iterable[BookingState]
) -> list[BookingView]:
    """Bookings that start in [start, end), by time."""
    statement = (
        sa.select(*_COLUMNS)
        .where(
            BOOKING.c.branch_id == branch_id,
            BOOKING.c.starts_at >= start,
            BOOKING.c.starts_at < end,
            BOOKING.c.state.in_([state.value for state in states]),
        )
        .order_by(BOOKING.c.starts_at, BOOKING.c.id)
    )
    return [_view(row) for row in tx.rows(statement)]


def booking_views(tx: Tx, *conditions: Any) -> list[BookingView]:
    """The bookings that meet all conditions."""
    return [_view(row) for row in tx.rows(sa.select(*_COLUMNS).where(*conditions))]


def called_off_by(tx: Tx, changes: Collection[UUID]) -> list[BookingView]:
    """The appointments to come that saves with these changes called off, in the order of their times."""
    ended = (BOOKING.c.decision == Decided.CANCEL.value, BOOKING.c.state == BookingState.CANCELLED.value)
    found = booking_views(tx, BOOKING.c.change_id.in_(changes), *ended, BOOKING.c.starts_at > tx.now)
    return sorted(found, key=lambda one: (one.starts_at, one.code))


def _one(tx: Tx, statement: Prepared, **values: Any) -> BookingView:
    row = tx.row(statement, values)
    if row is None:
        raise Missing("booking")
    return _view(row)


def _view(row: Any) -> BookingView:
    values = dict(zip(BookingView.__slots__, row, strict=True))
    values["state"] = BookingState(values["state"])
    values["channel"] = None if values["channel"] is None else Channel(values["channel"])
    values["decision"] = None if values["decision"] is None else Decided(values["decision"])
    values["lost_why"] = None if values["lost_why"] is None else Why(values["lost_why"])
    return BookingView(**values)
