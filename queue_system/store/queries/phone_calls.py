"""The call list of a branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.messages import OF_SERIES, Event
from ..database import AnyRow, Tx
from ..tables import Booking, PhoneCall, SeriesDate, table
from .bookings import BookingView, booking_views
from .members import has_stand_in
from .settings import BranchSettings

BOOKING, CALL, DATE = table(Booking), table(PhoneCall), table(SeriesDate)

#: For so long whoever was reached stays at the end of the list, so that a wrong tick is seen.
SHOWN_AFTER: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class PhoneCallView:
    """What the visitor of a booking must be told, how often that was tried, and when they were reached.

    `with_another`: a time that is offered is with another person than was promised. What is to be said about a series stands
    once, with the first of its appointments that are still to come.
    """

    booking: BookingView
    event: Event
    tries: int
    tried_at: datetime | None
    reached_at: datetime | None
    with_another: bool = False


def phone_calls(tx: Tx, settings: BranchSettings) -> list[PhoneCallView]:
    """Whom to call, by time of the appointment, then those who were reached lately. Not what is no longer so, or over."""
    rows = {
        row.booking_id: row
        for row in tx.rows(
            sa.select(CALL).where(
                CALL.c.branch_id == settings.id,
                CALL.c.reached_at.is_(None) | (CALL.c.reached_at > tx.now - SHOWN_AFTER),
            )
        )
    }
    if not rows:
        return []
    bookings: Sequence[BookingView] = booking_views(
        tx, BOOKING.c.branch_id == settings.id, BOOKING.c.id.in_(list(rows)), BOOKING.c.starts_at > tx.now
    )
    series = _series_of(tx, settings, list(rows.values()))
    found: list[PhoneCallView] = []
    said: set[tuple[UUID, Event, bool]] = set()
    for booking in sorted(bookings, key=lambda one: (one.starts_at, one.code)):
        row = rows[booking.id]
        event = Event(row.event)
        if not _is_so_still(booking, event):
            continue
        if booking.id in series:
            once = series[booking.id], event, row.reached_at is None
            if once in said:
                continue
            said.add(once)
        offered = booking.offered_starts_at if event is Event.OFFERED else None
        another = offered is not None and has_stand_in(tx, settings, booking.id, offered)
        found.append(PhoneCallView(booking, event, row.tries, row.tried_at, row.reached_at, another))
    return sorted(found, key=lambda one: one.reached_at is not None)


def calls_of_series(tx: Tx, branch_id: UUID, booking_id: UUID, event: str) -> list[UUID]:
    """The bookings of a booking's series about which the same is to be said, its own among them."""
    mine = sa.select(DATE.c.series_id).where(DATE.c.branch_id == branch_id, DATE.c.booking_id == booking_id)
    of_it = sa.select(DATE.c.booking_id).where(
        DATE.c.branch_id == branch_id, DATE.c.series_id == mine.scalar_subquery(), DATE.c.booking_id.is_not(None)
    )
    here = CALL.c.branch_id == branch_id, CALL.c.event == event, CALL.c.reached_at.is_(None)
    found = {row.booking_id for row in tx.rows(sa.select(CALL.c.booking_id).where(*here, CALL.c.booking_id.in_(of_it)))}
    return sorted({booking_id, *found})


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
