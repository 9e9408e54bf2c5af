"""Series of appointments. Promise: all dates are decided, and all of them are stored, or nothing is."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.apart import KEPT_APART, NO_LEAVE, Leave
from ..core.bookings import Booker, BookingState, held_until
from ..core.errors import Count, DomainError, Invalid, Missing, Refused, Stale
from ..core.facts.bookings import BookingHeld, BookingRepeated
from ..core.messages import Event
from ..core.series import SeriesRule, course_of
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.apart import people_of
from ..store.queries.bookings import BookingView, booking_by_id, seats_of
from ..store.queries.series import people_among, place_in_series, usual_members
from ..store.queries.series_chances import WantedDate, dates_shown, is_settled, planned, prospect
from ..store.queries.settings import BranchSettings, ServiceView, branch_settings
from ..store.tables import Booking, BookingSeries, Participant, SeriesDate, table
from . import apart, channels, freed_places, members, offers, outbox, placing
from .bookings import bind, expire_due
from .codes import new_code
from .lost_holds import against_ended, refuse_withdrawn
from .placing import Wanted
from .said import Said, as_said, as_said_before

BOOKING, DATE, SERIES = table(Booking), table(SeriesDate), table(BookingSeries)
PARTICIPANT = table(Participant)
SOURCE: Final = "staff"
# What a repeated appointment does not have in common with the one it repeats, besides its time, code and link.
_ITS_OWN: Final[dict[str, Any]] = {
    "confirmed_at": None,
    "ended_at": None,
    "changes": 0,
    "ticket_id": None,
    "request_id": None,
    "together_id": None,
    "prove_until": None,
    "proven_at": None,
    "erased_at": None,
    "helper": "",
    "last_gone": 0,
    **offers.SETTLED,
}


@dataclass(frozen=True, slots=True)
class SeriesOrder:
    """How an appointment is to be repeated.

    `times` says for each number when, an aware instant, or None to skip it; number 1 needs none while the appointment
    has its place. `asked` are the members that are wanted, by need. `shown` is the fingerprint of the dates that were
    shown (`series_chances.dates_shown`). `leave`: what whoever repeats it may know of people who are kept apart.
    """

    booking_id: UUID
    rule: SeriesRule
    times: Mapping[int, datetime | None]
    shown: str
    asked: Mapping[UUID, UUID] = field(default_factory=dict)
    leave: Leave = NO_LEAVE


def note_said(tx: Tx, branch_id: UUID, booking_id: UUID, said: Said, actor: Actor) -> BookingView:
    """Keep with a hold what was said to staff, before they confirm it together with others.

    One that was confirmed before is repeated as it is. Raises Refused with "hold-expired", "slot-withdrawn" or
    "booking-bound", and what `confirm_booking` raises for a wrong name or contact.
    """
    with locked(tx, branch_id) as lock:
        expire_due(lock)
        booking = booking_by_id(tx, branch_id, booking_id)
        settings = branch_settings(tx, branch_id, lock.config_version)
        if booking.state is BookingState.CONFIRMED:
            return as_said_before(settings, booking, said)
        if booking.state is not BookingState.HELD:
            raise against_ended(booking)
        return as_said(lock, settings, booking, said, actor)


def make_series(tx: Tx, branch_id: UUID, order: SeriesOrder, actor: Actor) -> UUID:
    """Repeat an appointment; returns the id of the series. No limit of the policy applies, because staff do it.

    A hold is confirmed with it; one that has run out is booked again if its time is free. Raises Stale("series-changed")
    where the dates are others than those shown, Invalid("series-undecided"), Refused with "series-already",
    "booking-over", "slot-withdrawn" or "series-taken".
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        first = booking_by_id(tx, branch_id, order.booking_id)
        service = settings.services.get(first.service_id)
        if service is None:
            raise Missing("service")
        if place_in_series(tx, branch_id, first.id) is not None:
            raise Refused("series-already")
        # A hold that has run out is in no series, because another appointment takes its date.
        series_id = uuid5(first.id, "series")
        if tx.row(sa.select(SERIES.c.id).where(SERIES.c.branch_id == lock.id, SERIES.c.id == series_id)):
            raise Refused("series-already")
        if first.state not in (BookingState.HELD, BookingState.CONFIRMED, BookingState.EXPIRED) or first.erased_at:
            raise Refused("booking-over")
        dates = planned(settings, first, order.rule)
        if dates_shown(first, dates) != order.shown:
            raise Stale("series-changed")
        settled = is_settled(first, tx.now)
        undecided = [n for n, _ in dates if n not in order.times and not (n == 1 and settled)]
        if undecided:
            raise Invalid("series-undecided", "times", count=Count(len(undecided)))
        had, people = usual_members(tx, settings, first), people_of(tx, first)
        skipped = {
            n: prospect(tx, settings, service, WantedDate(n, at, asked=order.asked, people=people)).chance.value
            for n, at in dates
            if order.times.get(n, at) is None
        }
        course = course_of(first.starts_at, order.rule, settings.zone)
        row = {
            "rhythm": course.rhythm.value,
            "every": course.every,
            "anchor_n": course.n,
            "anchor_on": course.day,
            "minutes": course.minutes,
        }
        tx.execute(
            sa.insert(SERIES),
            {"branch_id": lock.id, "id": series_id, "service_id": service.id, "created_at": tx.now, **row},
        )
        booked: list[BookingView] = []
        for n, at in dates:
            start = order.times.get(n, at)
            booking = None
            if n == 1 and settled:
                booking = _bound(lock, settings, first, actor, order.leave)
                members.announce(lock, first.id, people_among(settings, service.id, had).values())
            elif start is not None:
                booking = repeat(
                    lock, settings, service, first, start, order.asked, had.values(), actor, leave=order.leave
                )
            store_date(lock, series_id, n, at, booking, skipped.get(n))
            booked += [booking] if booking else []
        fact = BookingRepeated(subject=str(first.id), code=first.code, dates=len(booked), skipped=len(skipped))
        lock.append(fact, actor)
        outbox.tell_series(lock, settings, booked, Event.CONFIRMED)
        return series_id


def repeat(
    lock: Locked,
    settings: BranchSettings,
    service: ServiceView,
    like: BookingView,
    starts_at: datetime,
    asked: Mapping[UUID, UUID],
    known: Collection[UUID],
    actor: Actor,
    instead: UUID | None = None,
    leave: Leave = NO_LEAVE,
) -> BookingView:
    """A confirmed appointment at another time, for the people of `like` and of the same kind.

    What the appointment `instead` gave back counts as free, because it was theirs. Raises Refused("series-taken") where it
    cannot be, and what `apart.refuse_time` raises for whoever sees who is kept apart.
    """
    tx = lock.tx
    own = seats_of(tx, lock.id, instead) if instead else ()
    wanted = Wanted(
        starts_at,
        Booker.STAFF,
        own=own,
        moving=instead,
        asked=asked,
        known=known,
        people=people_of(tx, like),
        leave=leave,
    )
    place = found_place(lock, settings, service, wanted)
    of_it = sa.select(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == like.id)
    model = next(iter(tx.rows(of_it)))._asdict()
    row = {
        **model,
        **_ITS_OWN,
        "id": uuid7(),
        "code": new_code(tx, lock.id),
        "token": settings.key + secrets.token_urlsafe(16),
        "state": BookingState.HELD.value,
        "starts_at": place.slot.start,
        "ends_at": place.slot.end,
        "source": SOURCE,
        "created_at": tx.now,
        "held_until": held_until(tx.now),
    }
    tx.execute(sa.insert(BOOKING), row)
    if instead is not None:
        freed_places.take_over(lock, instead, place.seats)
    placing.take(lock, place, row["id"])
    _bring_along(lock, like.id, row["id"])
    channels.repeat(lock, like, row["id"])
    fact = BookingHeld(
        subject=str(row["id"]),
        code=row["code"],
        service=service.slug,
        starts_at=place.slot.start.isoformat(),
        source=SOURCE,
    )
    lock.append(fact, actor)
    return bind(lock, booking_by_id(tx, lock.id, row["id"]), actor, leave)


def found_place(lock: Locked, settings: BranchSettings, service: ServiceView, wanted: Wanted) -> placing.Place:
    """The place of one of several appointments; raises Refused("series-taken") with the time that has none.

    That people are kept apart is told as it is, to whoever may know it.
    """
    try:
        return placing.find(lock, settings, service, wanted)
    except DomainError as refusal:
        if refusal.code in KEPT_APART:
            raise
        raise taken(settings, wanted.starts_at) from refusal


def taken(settings: BranchSettings, starts_at: datetime) -> Refused:
    """One of several times cannot be had, so none is."""
    return Refused("series-taken", time=starts_at.astimezone(settings.zone))


def _bound(lock: Locked, settings: BranchSettings, first: BookingView, actor: Actor, leave: Leave) -> BookingView:
    if first.state is BookingState.CONFIRMED:
        return first
    refuse_withdrawn(lock.tx, settings, first)
    return bind(lock, first, actor, leave)


def _bring_along(lock: Locked, from_id: UUID, to_id: UUID) -> None:
    """The other people of an appointment come to the repeated one, too; whether they came is recorded for each."""
    own = {"booking_id": to_id, "attendance": None, "attendance_reason": None, "recorded_at": None}
    others = lock.tx.rows(
        sa.select(PARTICIPANT).where(
            PARTICIPANT.c.branch_id == lock.id, PARTICIPANT.c.booking_id == from_id, PARTICIPANT.c.n > 0
        )
    )
    if others:
        lock.tx.execute(sa.insert(PARTICIPANT), [{**one._asdict(), **own} for one in others])
    apart.remember(lock, to_id)


def store_date(
    lock: Locked, series_id: UUID, n: int, starts_at: datetime, booking: BookingView | None, skipped: str | None
) -> None:
    row = {
        "branch_id": lock.id,
        "series_id": series_id,
        "n": n,
        "starts_at": starts_at,
        "booking_id": booking.id if booking else None,
        "skipped": skipped,
    }
    lock.tx.execute(sa.insert(DATE), row)
