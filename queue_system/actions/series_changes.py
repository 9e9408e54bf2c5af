"""Changes of a series: of one appointment, of it and all after it, or of all to come. All that were shown, or none.

Appointments that were changed alone or called off stay as they are (`core.series.meant`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..core.apart import NO_LEAVE, Leave
from ..core.approvals import MANY_BOOKINGS
from ..core.bookings import Booker, against_cancel
from ..core.errors import Count, DomainError, Invalid, Missing, Refused, Stale
from ..core.facts.bookings import BookingRepeated, BookingSeriesChanged, BookingSeriesEnded
from ..core.messages import Event
from ..core.promises import Choice
from ..core.series import Scope
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.apart import people_of
from ..store.queries.bookings import BookingView, policy_of
from ..store.queries.series import SeriesView, people_among, series_by_id, usual_members
from ..store.queries.series_chances import WantedDate, prospect
from ..store.queries.series_changes import Change, changes_of, changes_shown, endings_of, endings_shown, further
from ..store.queries.settings import BranchSettings, ServiceView, branch_settings
from . import decisions, listed_places, outbox
from .bookings import end, expire_due, move_to
from .placing import Wanted
from .second_person import takes_many
from .series import DATE, SERIES, repeat, store_date, taken


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """What is to become of a series.

    `times` says for each number that is meant when, an aware instant, or None to leave it as it is. `shown` is the
    fingerprint of what was shown (`series_changes.changes_shown`).
    """

    series_id: UUID
    change: Change
    times: Mapping[int, datetime | None]
    shown: str


def change_series(tx: Tx, branch_id: UUID, order: ChangeOrder, actor: Actor) -> list[BookingView]:
    """Give the appointments that a change is meant for another time or member; returns those that were changed.

    Raises Stale("series-changed"), Invalid("series-undecided"), Refused("series-taken", "series-nothing").
    """
    with locked(tx, branch_id) as lock:
        settings, series, _ = _entered(lock, order.series_id)
        change = order.change
        wishes = changes_of(tx, settings, series, change)
        if changes_shown(series, wishes) != order.shown:
            raise Stale("series-changed")
        if not wishes:
            raise Refused("series-nothing")
        _all_decided([one.n for one in wishes], order.times)
        _lay_out_anew(lock, settings, series, change)
        # The last ones first where all move to later times, so that nobody stands in the way of oneself.
        later = wishes[0].starts_at > series.number(wishes[0].n).at
        changed = []
        for wish in reversed(wishes) if later else wishes:
            booking, start = series.number(wish.n).booking, order.times[wish.n]
            if booking is not None and start is not None:
                changed.append(_changed(lock, settings, booking, start, wish, actor))
        if changed:
            lock.append(
                BookingSeriesChanged(subject=str(changed[0].id), code=changed[0].code, dates=len(changed)), actor
            )
        changed.sort(key=lambda one: one.starts_at)
        alone = Event.CHANGED if change.moves(series) else Event.HANDED_OVER
        _tell(lock, settings, changed, alone)
        listed_places.pass_on(lock)
        return changed


def end_series(
    tx: Tx, branch_id: UUID, series_id: UUID, n: int, scope: Scope, shown: str, actor: Actor, why: Why | None = None
) -> list[BookingView]:
    """End one appointment of a series, it and those after it, or all to come; returns them as they are then.

    `why` is the reason of the house, one of `calling_off.REASONS`, for which they are called off; None where their visitor
    wishes it, which is what they are stored as. Raises Stale("series-changed") where others are meant than were shown,
    Refused("series-nothing"), and Refused("series-many") where one person would call off or move too many in a day.
    """
    with locked(tx, branch_id) as lock:
        settings, series, service = _entered(lock, series_id)
        endings = endings_of(series, n, scope, tx.now)
        if endings_shown(series, endings) != shown:
            raise Stale("series-changed")
        if not endings:
            raise Refused("series-nothing")
        if why is not None and takes_many(tx, (branch_id,), ((one.id, Choice.CANCEL) for one in endings), actor):
            raise Refused("series-many", n=Count(MANY_BOOKINGS))
        ended, policy = [], policy_of(settings, service)
        for one in endings:
            refusal = against_cancel(policy, Booker.STAFF, one.state, one.starts_at, tx.now)
            if refusal is not None:
                raise refusal
            if why is None:
                ended.append(end(lock, settings, one, actor))
            else:
                ended.append(decisions.call_off(lock, settings, one, why, actor))
        lock.append(BookingSeriesEnded(subject=str(ended[0].id), code=ended[0].code, dates=len(ended)), actor)
        _tell(lock, settings, ended, Event.CANCELLED if why is None else Event.CALLED_OFF)
        listed_places.pass_on(lock)
        return ended


def fill_date(
    tx: Tx,
    branch_id: UUID,
    series_id: UUID,
    n: int,
    starts_at: datetime,
    actor: Actor,
    asked: Mapping[UUID, UUID] | None = None,
    leave: Leave = NO_LEAVE,
) -> BookingView:
    """Book a date of a series that was skipped or called off; it gets a code and a link of its own.

    `asked` are members by need; None for those whom the series has. Raises what `repeat` raises,
    Refused("series-erased"), and Refused("booking-over") where it has an appointment.
    """
    with locked(tx, branch_id) as lock:
        settings, series, service = _entered(lock, series_id)
        date = series.number(n)
        like = series.person
        if date.stands:
            raise Refused("booking-over")
        if like is None:
            raise Refused("series-erased")
        had = usual_members(tx, settings, like)
        wanted = people_among(settings, service.id, had) if asked is None else asked
        # The times that it had are kept from others until a lot returns them, but not from whom they belonged to.
        before = date.booking.id if date.booking else None
        booking = repeat(lock, settings, service, like, starts_at, wanted, had.values(), actor, before, leave)
        _set(lock, series.id, n, booking_id=booking.id, skipped=None)
        if date.booking is not None:
            outbox.hand_on(lock, date.booking.id, booking.id)
        outbox.tell(lock, settings, booking, Event.CONFIRMED)
        return booking


def lengthen_series(
    tx: Tx,
    branch_id: UUID,
    series_id: UUID,
    times: Mapping[int, datetime | None],
    dates: int,
    shown: str,
    asked: Mapping[UUID, UUID],
    actor: Actor,
) -> list[BookingView]:
    """Add so many `dates` to the end of a series, each at a time or skipped; returns the new appointments.

    Raises Stale("series-changed"), Invalid("series-undecided", "series-long"), Refused("series-taken", "series-erased").
    """
    with locked(tx, branch_id) as lock:
        settings, series, service = _entered(lock, series_id)
        like = series.person
        if like is None:
            raise Refused("series-erased")
        wishes = further(settings, series, dates, asked)
        if changes_shown(series, wishes) != shown:
            raise Stale("series-changed")
        _all_decided([one.n for one in wishes], times)
        known, people = usual_members(tx, settings, like).values(), people_of(tx, like)
        skipped = {
            one.n: prospect(tx, settings, service, replace(one, people=people)).chance
            for one in wishes
            if times[one.n] is None
        }
        booked = []
        for one in wishes:
            start = times[one.n]
            booking = None
            if start is not None:
                booking = repeat(lock, settings, service, like, start, asked, known, actor)
                booked.append(booking)
            store_date(lock, series.id, one.n, one.starts_at, booking, skipped.get(one.n))
        fact = BookingRepeated(subject=str(like.id), code=like.code, dates=len(booked), skipped=len(skipped))
        lock.append(fact, actor)
        _tell(lock, settings, booked, Event.CONFIRMED)
        return booked


def _entered(lock: Locked, series_id: UUID) -> tuple[BranchSettings, SeriesView, ServiceView]:
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    expire_due(lock)
    series = series_by_id(lock.tx, lock.id, series_id)
    service = settings.services.get(series.service_id)
    if service is None:
        raise Missing("service")
    return settings, series, service


def _tell(lock: Locked, settings: BranchSettings, found: list[BookingView], event: Event) -> None:
    """One message, whether one appointment or several are concerned."""
    if len(found) == 1:
        outbox.tell(lock, settings, found[0], event)
    else:
        outbox.tell_series(lock, settings, found, event)


def _all_decided(numbers: list[int], times: Mapping[int, datetime | None]) -> None:
    undecided = [n for n in numbers if n not in times]
    if undecided:
        raise Invalid("series-undecided", "times", count=Count(len(undecided)))


def _changed(
    lock: Locked, settings: BranchSettings, booking: BookingView, start: datetime, wish: WantedDate, actor: Actor
) -> BookingView:
    # The wish names everybody who must stay. A room is nobody's choice, but stays the same where it is free.
    try:
        return move_to(lock, settings, booking, Wanted(start, Booker.STAFF, asked=wish.asked), actor)
    except DomainError as refusal:
        raise taken(settings, start) from refusal


def _lay_out_anew(lock: Locked, settings: BranchSettings, series: SeriesView, change: Change) -> None:
    """Store the course after a change, and when its dates would be by it, also those that were skipped or called off."""
    course = change.course(settings, series)
    if course == series.course:
        return
    lock.tx.execute(
        sa.update(SERIES)
        .where(SERIES.c.branch_id == lock.id, SERIES.c.id == series.id)
        .values(anchor_n=course.n, anchor_on=course.day, minutes=course.minutes)
    )
    for one in series.dates:
        if one.at > lock.tx.now and (change.scope is Scope.ALL or one.n >= change.n):
            _set(lock, series.id, one.n, starts_at=course.starts_at(one.n, settings.zone))


def _set(lock: Locked, series_id: UUID, n: int, **values: object) -> None:
    lock.tx.execute(
        sa.update(DATE)
        .where(DATE.c.branch_id == lock.id, DATE.c.series_id == series_id, DATE.c.n == n)
        .values(**values)
    )
