"""Outings, days on which a branch works elsewhere: the place, and how many visitors can still come."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.calendars import DAY_MINUTES, Outing
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
    """The place of a service, or of the branch, on a day; None for the branch itself and for telephone services."""
    if service is not None and service.elsewhere:
        return None
    day = at.astimezone(branch.zone).date() if isinstance(at, datetime) else at
    outing = hours.outing_on(day, branch.calendar, service.id if service else None)
    return dict(outing.place) if outing else None


def places_left(tx: Tx, settings: BranchSettings, outing: Outing) -> int:
    """How many more visitors an outing takes: appointments and numbers together, never below 0.

    It counts for visitors on the spot, who also get places that were given back and cannot be booked again yet
    (decision 0009).
    """
    return _left(tx, settings, outing, _booked(settings, outing))


def places_to_book(tx: Tx, settings: BranchSettings, outing: Outing, own: UUID | None = None) -> int:
    """`places_left` for bookers: a place that was given back counts as taken until it has returned.

    A booking that was moved within the day, or away from it and then cancelled, takes one place. The `own` booking,
    which is about to be moved, and the places that it gave back count as free.
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


def booked_on(tx: Tx, settings: BranchSettings, outing: Outing) -> int:
    """How many bookings an outing has, held or confirmed."""
    return int(tx.scalar(sa.select(sa.func.count()).select_from(_booked(settings, outing).subquery())) or 0)


def _left(tx: Tx, settings: BranchSettings, outing: Outing, bookings: sa.SelectBase) -> int:
    # The key (branch, series, date) finds the numbers of the day, so that a long history costs nothing.
    walked_in = sa.select(sa.func.count()).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id.in_(list(settings.queues)),
        TICKET.c.business_date == outing.day,
        TICKET.c.service_id.in_(_services(settings, outing)),
        TICKET.c.booking_id.is_(None),
        # Whoever is called with another number has come, too.
        TICKET.c.state.not_in(_GONE) | TICKET.c.joined_to.is_not(None),
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
        hours.instant_at(outing.day, DAY_MINUTES, settings.zone),
    )


def _services(settings: BranchSettings, outing: Outing) -> list[UUID]:
    return [service.id for service in settings.services.values() if outing.takes(service.id)]
