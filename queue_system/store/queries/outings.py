"""Days on which a branch works elsewhere: where that is, and how many can still come."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.hours import Outing
from ...core.tickets import TicketState
from ..database import Tx
from ..tables import Booking, FreedPlace, Ticket, table
from .settings import BranchSettings, Names, ServiceView

BOOKING = table(Booking)
FREED = table(FreedPlace)
TICKET = table(Ticket)

_GIVEN_UP = [BookingState.CANCELLED.value, BookingState.EXPIRED.value]
_GONE = [TicketState.LEFT.value, TicketState.VOID.value]


def place_on(branch: BranchSettings, service: ServiceView | None, at: date | datetime) -> Names | None:
    """Where a service takes place on a day, or the branch is; None when that is at the branch, or nobody comes."""
    if service is not None and service.elsewhere:
        return None
    day = at.astimezone(branch.zone).date() if isinstance(at, datetime) else at
    outing = hours.outing_on(day, branch.calendar, service.id if service else None)
    return dict(outing.place) if outing else None


def places_left(tx: Tx, settings: BranchSettings, outing: Outing) -> int:
    """How many more visitors a day elsewhere takes: appointments and numbers together, never below 0.

    That is for whoever stands there: places that were given back and are kept from those who book serve them
    (decision 0009).
    """
    return _left(tx, settings, outing, _booked(settings, outing))


def places_to_book(tx: Tx, settings: BranchSettings, outing: Outing, own: UUID | None = None) -> int:
    """As `places_left`, for whoever books: a place that was given back is nobody's until it has returned.

    Who moved within the day, or from it and then cancelled, has one place of it. The asker's `own` booking, which is
    about to be moved, does not count, nor do places that it gave back itself.
    """
    start, end = _span(settings, outing)
    booked = _booked(settings, outing)
    kept = sa.select(FREED.c.booking_id).where(
        FREED.c.branch_id == settings.id,
        sa.text("freed_place.returned_at IS NULL"),
        FREED.c.starts_at >= start,
        FREED.c.starts_at < end,
        FREED.c.service_id.in_(_services(settings, outing)),
    )
    if own is not None:
        booked, kept = booked.where(BOOKING.c.id != own), kept.where(FREED.c.booking_id != own)
    return _left(tx, settings, outing, booked.union(kept))


def _left(tx: Tx, settings: BranchSettings, outing: Outing, bookings: sa.SelectBase) -> int:
    # The day's numbers are found by their key (branch, series, date), however long the history is.
    walked_in = sa.select(sa.func.count()).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id.in_(list(settings.queues)),
        TICKET.c.business_date == outing.day,
        TICKET.c.service_id.in_(_services(settings, outing)),
        TICKET.c.booking_id.is_(None),
        TICKET.c.state.not_in(_GONE),
    )
    booked = sa.select(sa.func.count()).select_from(bookings.subquery())
    return max(0, outing.capacity - int(tx.scalar(booked) or 0) - int(tx.scalar(walked_in) or 0))


def _booked(settings: BranchSettings, outing: Outing) -> sa.Select[tuple[UUID]]:
    """The bookings of the day, held or confirmed, by id."""
    start, end = _span(settings, outing)
    return sa.select(BOOKING.c.id).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.starts_at >= start,
        BOOKING.c.starts_at < end,
        BOOKING.c.service_id.in_(_services(settings, outing)),
        BOOKING.c.state.not_in(_GIVEN_UP),
    )


def _span(settings: BranchSettings, outing: Outing) -> tuple[datetime, datetime]:
    return (
        hours.instant_at(outing.day, 0, settings.zone),
        hours.instant_at(outing.day, hours.DAY_MINUTES, settings.zone),
    )


def _services(settings: BranchSettings, outing: Outing) -> list[UUID]:
    return [service.id for service in settings.services.values() if outing.takes(service.id)]
