"""Who is kept apart from whom, and which appointments bring two of them together.

Everything here is asked in the same way with and without pairs: one statement that finds none takes as long as one that
looks for nobody, so that no answer comes later for people who are in a pair.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.apart import Least, Presence, Reason, Rule, Scope, key_mark, keyed, meet, references
from ...core.bookings import BookingState
from ..database import AnyRow, Tx
from ..tables import ApartAccepted, ApartKey, ApartPair, Booking, table
from ..tables.day import PLACED_BOOKINGS
from .bookings import BookingView, booking_by_id
from .helping import helpers_of
from .participants import others_of
from .settings import BranchSettings, ServiceView, derived

ACCEPTED = table(ApartAccepted)
BOOKING = table(Booking)
KEY = table(ApartKey)
PAIR = table(ApartPair)

IN_FORCE: Final = sa.text("apart_pair.ended_at IS NULL")
_IS_LIVE: Final = sa.or_(sa.text("booking.state = 'held'"), sa.text(f"booking.state IN {PLACED_BOOKINGS}"))


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair as stored; `keys` are keyed hashes. `known`: this installation has the key with which they were made."""

    id: UUID
    keys: tuple[str, str]
    rule: Rule
    reason: Reason
    created_at: datetime
    known: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A hold or appointment of somebody in a pair. `when` has its offered time, too, if there is one."""

    id: UUID
    starts_at: datetime
    when: tuple[Presence, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """What somebody must keep away from, because of a pair."""

    pair: UUID
    rule: Rule
    placed: Placed

    def offered(self, time: Presence | None) -> Other:
        """The same with one more time; None: without."""
        return self if time is None else replace(self, placed=replace(self.placed, when=(*self.placed.when, time)))


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two appointments that bring the people of a pair together; one and the same where both come to it."""

    pair: UUID
    one: Placed
    other: Placed

    @property
    def ids(self) -> frozenset[UUID]:
        return frozenset({self.one.id, self.other.id})


def keeps_apart(settings: BranchSettings) -> bool:
    """Whether the branch keeps people apart: it has a rule that says so."""
    return bool(settings.constraints)


def is_bound(settings: BranchSettings, service: ServiceView) -> bool:
    """Whether times of a service are refused to people who must not meet: staff alone book it, for one party or several."""
    return keeps_apart(settings) and (service.of_parties or _is_for_staff(settings, service))


def _is_for_staff(settings: BranchSettings, service: ServiceView) -> bool:
    """Whether staff alone book a service: an organisation that books it for people could look for days."""
    helped = any(service.id in one.services for one in helpers_of(settings).values())
    return service.booked_as == "staff_only" and not helped


def may_accept(settings: BranchSettings, service_id: UUID) -> bool:
    """Whether one person may let two people meet at a service; not where it is protected."""
    service = settings.services.get(service_id)
    return service is not None and not service.confidentiality.protected


def people_of(tx: Tx, booking: BookingView) -> frozenset[str]:
    """Everything by which the people of a booking are recognised; the one place that knows where they are stored."""
    own = chain(references(booking.name, booking.contact), references(booking.reference))
    others = (
        one
        for other in others_of(tx, booking.branch_id, booking.id)
        for one in chain(references(other.name, other.contact), references(other.reference))
    )
    return frozenset(chain(own, others))


def hashes(tx: Tx, branch_id: UUID, people: Iterable[str]) -> frozenset[str]:
    """The keyed hashes of references (`core.apart.references`) at a branch."""
    return frozenset(keyed(tx.secret, branch_id, one) for one in people)


@dataclass(frozen=True, slots=True)
class Others:
    """Whom some people must not meet at a service: `placed`, and one another where `together` has pairs."""

    settings: BranchSettings
    service_id: UUID
    placed: tuple[Other, ...] = ()
    together: tuple[UUID, ...] = ()

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether an appointment then would bring people together who are kept apart."""
        return bool(self.together) or bool(self.met(starts_at, ends_at))

    def met(self, starts_at: datetime, ends_at: datetime) -> list[Other]:
        """Whom they would meet."""
        if not self.placed:
            return []
        at, least = presence(self.settings, self.service_id, starts_at, ends_at), _least(self.settings)
        return [one for one in self.placed if any(meet(at, when, one.rule, least) for when in one.placed.when)]

    def with_times(self, given: Mapping[UUID, Presence]) -> Others:
        """The same once some appointments, by id, are also offered these times."""
        return replace(self, placed=tuple(one.offered(given.get(one.placed.id)) for one in self.placed))


def others_at(
    tx: Tx, settings: BranchSettings, service: ServiceView, people: Collection[str], besides: UUID | None = None
) -> Others:
    """From whom these people are kept apart at a service; nobody where times are not refused.

    `besides` is their own booking, or the hold that another is to replace.
    """
    if not is_bound(settings, service):
        return Others(settings, service.id)
    mine = sorted(hashes(tx, settings.id, people))
    theirs = sa.or_(
        sa.and_(PAIR.c.key_a.in_(mine), KEY.c.hash == PAIR.c.key_b),
        sa.and_(PAIR.c.key_b.in_(mine), KEY.c.hash == PAIR.c.key_a),
    )
    statement = (
        sa.select(PAIR.c.id.label("pair_id"), PAIR.c.scope, PAIR.c.minutes, PAIR.c.until, *_TIMES)
        .select_from(_with_bookings(theirs))
        .where(PAIR.c.branch_id == settings.id, IN_FORCE, _IS_LIVE, BOOKING.c.id != besides)
    )
    both = sa.select(PAIR.c.id).where(
        PAIR.c.branch_id == settings.id,
        IN_FORCE,
        sa.or_(PAIR.c.until.is_(None), PAIR.c.until >= settings.timetable.business_date(tx.now)),
        PAIR.c.key_a.in_(mine),
        PAIR.c.key_b.in_(mine),
    )
    return Others(
        settings,
        service.id,
        tuple({Other(row.pair_id, _rule(row), _placed(settings, row)) for row in tx.rows(statement)}),
        tuple(row.id for row in tx.rows(both)),
    )


def presence(settings: BranchSettings, service_id: UUID, starts_at: datetime, ends_at: datetime) -> Presence:
    """When and where somebody is who comes for a service then."""
    day = hours.business_date(starts_at, settings.zone, settings.day_starts)
    return Presence(starts_at, ends_at, day, zones_of(settings, service_id, day))


@derived
def zones_of(settings: BranchSettings, service_id: UUID, day: date) -> frozenset[UUID]:
    """The zones in which the queue of a service is served on a day; none where that is unknown."""
    service = settings.services.get(service_id)
    return frozenset() if service is None else zones_of_queue(settings, service.queue_id, day)


def zones_of_queue(settings: BranchSettings, queue_id: UUID, day: date) -> frozenset[UUID]:
    """The zones of the counters that serve a queue on a day."""
    return frozenset(one.zone_id for one in settings.counters_on(day).values() if queue_id in one.queues)


def open_pairs(tx: Tx, settings: BranchSettings) -> list[PairView]:
    """The pairs that hold, the newest first."""
    statement = sa.select(PAIR).where(PAIR.c.branch_id == settings.id, IN_FORCE)
    present = key_mark(tx.secret, settings.id)
    return [
        PairView(
            row.id, (row.key_a, row.key_b), _rule(row), Reason(row.reason), row.created_at, row.made_with == present
        )
        for row in tx.rows(statement.order_by(PAIR.c.created_at.desc(), PAIR.c.id))
    ]


def not_accepted(tx: Tx, others: Others, booking: BookingView) -> Others:
    """The same without those whom staff have let this booking meet at its time."""
    accepted, own = _accepted(tx, booking.branch_id), Placed(booking.id, booking.starts_at, ())
    return replace(
        others,
        placed=tuple(one for one in others.placed if _signed(one.pair, own, one.placed) not in accepted),
        together=tuple(one for one in others.together if _signed(one, own, own) not in accepted),
    )


def meetings(tx: Tx, settings: BranchSettings, held: Collection[UUID] = ()) -> list[Meeting]:
    """Appointments to come that bring the people of a pair together and that nobody has accepted, by time.

    They were there before the pair, are in services that everybody can book, or got their people later. With `held`,
    holds that two people together may let become one of them.
    """
    if not keeps_apart(settings):
        return []
    placed: dict[tuple[UUID, str], dict[UUID, Placed]] = {}
    rules = {}
    for row in tx.rows(_with_keys(settings, tx.now, held)):
        rules[row.pair_id] = _rule(row)
        side = "a" if row.hash == row.key_a else "b"
        placed.setdefault((row.pair_id, side), {})[row.id] = _placed(settings, row)
    accepted = _accepted(tx, settings.id)
    least = _least(settings)
    found = {
        (pair, frozenset({one.id, other.id})): Meeting(pair, *sorted((one, other), key=_in_time))
        for pair, rule in rules.items()
        for one in placed.get((pair, "a"), {}).values()
        for other in placed.get((pair, "b"), {}).values()
        if _signed(pair, one, other) not in accepted
        and any(meet(this, that, rule, least) for this in one.when for that in other.when)
    }
    return sorted(found.values(), key=lambda one: (_in_time(one.one), _in_time(one.other)))


def is_for_one(tx: Tx, settings: BranchSettings, meeting: Meeting) -> bool:
    """Whether one person may let two people meet so; not where either service is protected."""
    return all(may_accept(settings, booking_by_id(tx, settings.id, one).service_id) for one in meeting.ids)


def lost_apart(tx: Tx, settings: BranchSettings) -> frozenset[UUID]:
    """The appointments in `meetings`: of each two, one is to be decided."""
    return frozenset(chain.from_iterable(one.ids for one in meetings(tx, settings)))


def _with_keys(settings: BranchSettings, now: datetime, held: Collection[UUID]) -> sa.Select[Any]:
    """Confirmed appointments to come of everybody in an open pair, and those that are `held`."""
    in_pair = KEY.c.hash.in_([PAIR.c.key_a, PAIR.c.key_b])
    counts = sa.and_(sa.text(f"booking.state IN {PLACED_BOOKINGS}"), BOOKING.c.state == BookingState.CONFIRMED.value)
    if held:
        counts = sa.or_(counts, sa.and_(BOOKING.c.id.in_(list(held)), BOOKING.c.state == BookingState.HELD.value))
    return (
        sa.select(
            PAIR.c.id.label("pair_id"), PAIR.c.key_a, PAIR.c.scope, PAIR.c.minutes, PAIR.c.until, KEY.c.hash, *_TIMES
        )
        .select_from(_with_bookings(in_pair))
        .where(
            PAIR.c.branch_id == settings.id,
            IN_FORCE,
            counts,
            sa.func.coalesce(BOOKING.c.offered_ends_at, BOOKING.c.ends_at) > now,
        )
    )


def _with_bookings(condition: sa.ColumnElement[bool]) -> sa.FromClause:
    """Pairs with the bookings of those people for whom a condition on their hash is true."""
    of_booking = sa.and_(BOOKING.c.branch_id == KEY.c.branch_id, BOOKING.c.id == KEY.c.booking_id)
    return PAIR.join(KEY, sa.and_(KEY.c.branch_id == PAIR.c.branch_id, condition)).join(BOOKING, of_booking)


_TIMES: Final = [
    BOOKING.c[name] for name in ("id", "service_id", "starts_at", "ends_at", "offered_starts_at", "offered_ends_at")
]


def _accepted(tx: Tx, branch_id: UUID) -> set[tuple[Any, ...]]:
    return {
        (row.pair_id, row.one_id, row.one_starts_at, row.other_id, row.other_starts_at)
        for row in tx.rows(sa.select(ACCEPTED).where(ACCEPTED.c.branch_id == branch_id))
    }


def _signed(pair: UUID, one: Placed, other: Placed) -> tuple[Any, ...]:
    first, second = sorted((one, other), key=lambda placed: placed.id)
    return pair, first.id, first.starts_at, second.id, second.starts_at


def _in_time(placed: Placed) -> tuple[datetime, UUID]:
    return placed.starts_at, placed.id


@derived
def _least(settings: BranchSettings) -> tuple[Least, ...]:
    return tuple(Least(one.within_min, one.scope == "zone") for one in (settings.constraints or {}).values())


def _rule(row: AnyRow) -> Rule:
    return Rule(Scope(row.scope), row.minutes, row.until)


def _placed(settings: BranchSettings, row: AnyRow) -> Placed:
    times = [(row.starts_at, row.ends_at)]
    if row.offered_starts_at is not None:
        times.append((row.offered_starts_at, row.offered_ends_at))
    return Placed(row.id, row.starts_at, tuple(presence(settings, row.service_id, *time) for time in times))
