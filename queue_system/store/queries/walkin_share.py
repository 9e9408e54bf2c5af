"""How much of a day is left for appointments, and for people without one, where a service keeps a share for these."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.slots import ServicePlan
from ...core.tickets import TicketState
from ...core.walkin_share import places_of
from ..database import Tx
from ..tables import Booking, FreedPlace, Ticket, table
from .settings import BranchSettings, ServiceView

BOOKING = table(Booking)
FREED = table(FreedPlace)
TICKET = table(Ticket)

_GIVEN_UP = [BookingState.CANCELLED.value, BookingState.EXPIRED.value]
_GONE = [TicketState.LEFT.value, TicketState.VOID.value, TicketState.NO_SHOW.value]


def left_to_book(
    tx: Tx, settings: BranchSettings, service: ServiceView, plan: ServicePlan, day: date, own: UUID | None = None
) -> int | None:
    """How many more appointments the day takes; None for a service that keeps no share.

    The `own` booking, which is about to be moved, counts as free. A place that was given back counts as taken until it has
    returned (decision 0009).
    """
    # Most services keep no share, and everybody who looks at times or at a kiosk asks.
    if not service.walkin_share_pct or not (spans := _spans(settings, service, day)):
        return None
    booked = sa.select(BOOKING.c.id).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.service_id == service.id,
        BOOKING.c.starts_at >= spans[0][0],
        BOOKING.c.starts_at < spans[-1][1],
        BOOKING.c.state.not_in(_GIVEN_UP),
    )
    kept = sa.select(FREED.c.booking_id).where(
        FREED.c.branch_id == settings.id,
        sa.text("freed_place.returned_at IS NULL"),
        FREED.c.service_id == service.id,
        FREED.c.starts_at >= spans[0][0],
        FREED.c.starts_at < spans[-1][1],
    )
    if own is not None:
        booked, kept = booked.where(BOOKING.c.id != own), kept.where(FREED.c.booking_id != own)
    found = int(tx.scalar(sa.select(sa.func.count()).select_from(booked.union(kept).subquery())) or 0)
    places = places_of(plan, spans, settings.tick_minutes, service.walkin_share_pct)
    return places.to_book(found, _numbers(tx, settings, service, day))


def left_to_take(tx: Tx, settings: BranchSettings, service: ServiceView, plan: ServicePlan, day: date) -> int | None:
    """How many more numbers a business day takes; None for a service that keeps no share.

    Whoever missed an appointment or a call leaves the place to others.
    """
    if not service.walkin_share_pct or not (spans := _spans(settings, service, day)):
        return None
    booked = sa.select(sa.func.count()).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.service_id == service.id,
        BOOKING.c.starts_at >= spans[0][0],
        BOOKING.c.starts_at < spans[-1][1],
        BOOKING.c.state.not_in([*_GIVEN_UP, BookingState.NO_SHOW.value]),
    )
    places = places_of(plan, spans, settings.tick_minutes, service.walkin_share_pct)
    return places.to_take(int(tx.scalar(booked) or 0), _numbers(tx, settings, service, day))


def is_full(tx: Tx, settings: BranchSettings, service: ServiceView, plan: ServicePlan, day: date) -> bool:
    """Whether a business day has no place left for people without an appointment."""
    return left_to_take(tx, settings, service, plan, day) == 0


def _numbers(tx: Tx, settings: BranchSettings, service: ServiceView, day: date) -> int:
    # The key (branch, series, date) finds the numbers of the day, so that a long history costs nothing.
    statement = sa.select(sa.func.count()).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id.in_(list(settings.queues)),
        TICKET.c.business_date == day,
        TICKET.c.service_id == service.id,
        TICKET.c.booking_id.is_(None),
        (TICKET.c.state.not_in(_GONE) | TICKET.c.joined_to.is_not(None)),
    )
    return int(tx.scalar(statement) or 0)


def _spans(settings: BranchSettings, service: ServiceView, day: date) -> list[tuple[datetime, datetime]]:
    windows = hours.windows(day, settings.calendar, service.id)
    return [hours.to_instants(day, window, settings.zone) for window in windows]
