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
from ..tables import Booking, Ticket, table
from .settings import BranchSettings, Names, ServiceView

BOOKING = table(Booking)
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


def places_left(tx: Tx, settings: BranchSettings, outing: Outing, own: UUID | None = None) -> int:
    """How many more visitors a day elsewhere takes: appointments and numbers together, never below 0.

    The asker's `own` booking, which is about to be moved, does not count.
    """
    start, end = (hours.instant_at(outing.day, minutes, settings.zone) for minutes in (0, hours.DAY_MINUTES))
    services = [service.id for service in settings.services.values() if outing.takes(service.id)]
    booked = sa.select(sa.func.count()).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.starts_at >= start,
        BOOKING.c.starts_at < end,
        BOOKING.c.service_id.in_(services),
        BOOKING.c.state.not_in(_GIVEN_UP),
    )
    if own is not None:
        booked = booked.where(BOOKING.c.id != own)
    # The day's numbers are found by their key (branch, series, date), however long the history is.
    walked_in = sa.select(sa.func.count()).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id.in_(list(settings.queues)),
        TICKET.c.business_date == outing.day,
        TICKET.c.service_id.in_(services),
        TICKET.c.booking_id.is_(None),
        TICKET.c.state.not_in(_GONE),
    )
    return max(0, outing.capacity - int(tx.scalar(booked) or 0) - int(tx.scalar(walked_in) or 0))
