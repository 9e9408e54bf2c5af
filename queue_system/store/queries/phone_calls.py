"""The call list of a branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.absence import FollowUp
from ...core.bookings import BookingState
from ...core.messages import OF_SERIES, Event
from ..database import AnyRow, Tx
from ..tables import Booking, PhoneCall, SeriesDate, table
from .bookings import BookingView, booking_views
from .members import has_stand_in
from .participants import ParticipantView, participants_of
from .settings import BranchSettings

BOOKING, CALL, DATE = table(Booking), table(PhoneCall), table(SeriesDate)

#: For so long whoever was reached stays at the end of the list, so that a wrong tick is seen.
SHOWN_AFTER: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class PhoneCallView:
    """What a person of a booking must be told, how often that was tried, and when they were reached.

    `other` is the person where it is not who the booking is for. `with_another`: a time that is offered is with another
    person than was promised. What is to be said about a series stands once, with the first of its appointments that are
    still to come.
    """

    booking: BookingView
    event: Event | FollowUp
    tries: int
    tried_at: datetime | None
    reached_at: datetime | None
    with_another: bool = False
    other: ParticipantView | None = None

    @property
    def n(self) -> int:
        """The number of the person in the booking (tables.people.Participant)."""
        return 0 if self.other is None else self.other.n


def phone_calls(tx: Tx, settings: BranchSettings) -> list[PhoneCallView]:
    """Whom to call, by time of the appointment, then those who were reached lately. Not what is no longer so, or over."""
    rows = tx.rows(
        sa.select(CALL)
        .where(
            CALL.c.branch_id == settings.id,
            CALL.c.event != FollowUp.MISSED.value,
            CALL.c.reached_at.is_(None) | (CALL.c.reached_at > tx.now - SHOWN_AFTER),
        )
        .order_by(CALL.c.n)
    )
    if not rows:
        return []
    ids = list({row.booking_id for row in rows})
    bookings: Sequence[BookingView] = booking_views(
        tx, BOOKING.c.branch_id == settings.id, BOOKING.c.id.in_(ids), BOOKING.c.starts_at > tx.now
    )
    others = _others(tx, settings, rows)
    series = _series_of(tx, settings, rows)
    found: list[PhoneCallView] = []
    said: set[tuple[UUID, Event, bool, str]] = set()
    by_time = sorted(bookings, key=lambda one: (one.starts_at, one.code))
    for booking, row in ((one, row) for one in by_time for row in rows if row.booking_id == one.id):
        event, other = Event(row.event), others.get((booking.id, row.n))
        # Whoever was taken off the appointment, or erased, is called no more.
        if not _is_so_still(booking, event) or (row.n and other is None):
            continue
        if booking.id in series:
            once = series[booking.id], event, row.reached_at is None, other.contact if other else ""
            if once in said:
                continue
            said.add(once)
        offered = booking.offered_starts_at if event is Event.OFFERED else None
        another = offered is not None and has_stand_in(tx, settings, booking.id, offered)
        found.append(PhoneCallView(booking, event, row.tries, row.tried_at, row.reached_at, another, other))
    return sorted(found, key=lambda one: one.reached_at is not None)


def missed(tx: Tx, settings: BranchSettings) -> list[PhoneCallView]:
    """Who missed an appointment and is to be seen to, the earliest first, then whom somebody saw to lately.

    Not who came after all, nor whose data are deleted.
    """
    rows = tx.rows(
        sa.select(CALL).where(
            CALL.c.branch_id == settings.id,
            CALL.c.event == FollowUp.MISSED.value,
            CALL.c.reached_at.is_(None) | (CALL.c.reached_at > tx.now - SHOWN_AFTER),
        )
    )
    if not rows:
        return []
    here = BOOKING.c.branch_id == settings.id, BOOKING.c.id.in_([row.booking_id for row in rows])
    ended = BOOKING.c.state == BookingState.NO_SHOW.value, BOOKING.c.erased_at.is_(None)
    bookings = {one.id: one for one in booking_views(tx, *here, *ended)}
    found = [
        PhoneCallView(bookings[row.booking_id], FollowUp.MISSED, row.tries, row.tried_at, row.reached_at)
        for row in rows
        if row.booking_id in bookings
    ]
    return sorted(found, key=lambda one: (one.reached_at is not None, one.booking.starts_at, one.booking.code))


def calls_of_series(tx: Tx, branch_id: UUID, mine: tuple[UUID, int], event: str) -> list[tuple[UUID, int]]:
    """The open calls, each a booking and a person of it, by which a person is told the same of a booking's series.

    `mine` is one of them. Of the others of a booking those are the same who have one contact.
    """
    booking_id, n = mine
    series = sa.select(DATE.c.series_id).where(DATE.c.branch_id == branch_id, DATE.c.booking_id == booking_id)
    of_it = sa.select(DATE.c.booking_id).where(
        DATE.c.branch_id == branch_id, DATE.c.series_id == series.scalar_subquery(), DATE.c.booking_id.is_not(None)
    )
    here = CALL.c.branch_id == branch_id, CALL.c.event == event, CALL.c.reached_at.is_(None)
    rows = tx.rows(sa.select(CALL.c.booking_id, CALL.c.n).where(*here, CALL.c.booking_id.in_(of_it)))
    found = {(row.booking_id, row.n) for row in rows}
    if n == 0:
        return sorted({mine, *(one for one in found if one[1] == 0)})
    people = participants_of(tx, branch_id, {one[0] for one in found | {mine}})
    contacts = {(one.booking_id, one.n): one.contact for others in people.values() for one in others}
    return sorted({mine, *(one for one in found if one[1] and contacts.get(one) == contacts.get(mine))})


def _others(tx: Tx, settings: BranchSettings, rows: Sequence[AnyRow]) -> Mapping[tuple[UUID, int], ParticipantView]:
    """Those to call who are not whom their booking is for, by booking and number; only who has a contact."""
    ids = {row.booking_id for row in rows if row.n}
    people = participants_of(tx, settings.id, ids) if ids else {}
    return {(one.booking_id, one.n): one for others in people.values() for one in others if one.n and one.contact}


def _series_of(tx: Tx, settings: BranchSettings, rows: Sequence[AnyRow]) -> dict[UUID, UUID]:
    """The series of those bookings about whose series something is to be said."""
    ids = [row.booking_id for row in rows if row.event in OF_SERIES]
    if not ids:
        return {}
    statement = sa.select(DATE.c.booking_id, DATE.c.series_id).where(
        DATE.c.branch_id == settings.id, DATE.c.booking_id.in_(ids)
    )
    return {row.booking_id: row.series_id for row in tx.rows(statement)}


def _is_so_still(booking: BookingView, event: Event) -> bool:
    if event in (Event.CALLED_OFF, Event.SERIES_CALLED_OFF):
        return booking.state is BookingState.CANCELLED
    if event is Event.OFFERED and booking.offered_starts_at is None:
        return False
    return booking.state is BookingState.CONFIRMED
