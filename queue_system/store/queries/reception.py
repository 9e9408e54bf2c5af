"""Queries for reception: the appointments of a day, bookings of a person, printers that can print a slip."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.names import is_named
from ..database import Tx
from ..tables import Booking, table
from .access import DeviceView, devices
from .bookings import BookingView, booking_by_id, bookings_between
from .settings import BranchSettings

BOOKING = table(Booking)

FOUND_SHOWN = 10
# The states that a visitor may mean by "my appointment": not holds, cancelled or expired bookings.
_MEANT = (BookingState.CONFIRMED, BookingState.CHECKED_IN, BookingState.FULFILLED, BookingState.NO_SHOW)


@dataclass(frozen=True, slots=True)
class FoundBookings:
    """The earliest bookings that match, and whether there are more than can be shown."""

    bookings: tuple[BookingView, ...]
    more: bool


def appointments_of_today(tx: Tx, settings: BranchSettings) -> list[BookingView]:
    """The appointments of this business day, by time."""
    start, end = _today(tx, settings)
    return bookings_between(tx, settings.id, start, end, _MEANT)


def bookings_named(tx: Tx, settings: BranchSettings, typed: str) -> FoundBookings:
    """Bookings from today on whose name contains every word of `typed`, in any spelling.

    Bookings of services whose level keeps names off screens are left out, because the results would reveal them.
    """
    open_services = [one.id for one in settings.services.values() if not one.confidentiality.discreet]
    statement = (
        sa.select(BOOKING.c.id, BOOKING.c.name)
        .where(*_from_today(tx, settings), BOOKING.c.service_id.in_(open_services))
        .order_by(BOOKING.c.starts_at, BOOKING.c.id)
    )
    return _found(tx, settings, (row.id for row in tx.rows(statement) if is_named(row.name, typed)))


def bookings_of_contact(tx: Tx, settings: BranchSettings, contacts: Collection[str]) -> FoundBookings:
    """Bookings from today on with one of these stored contacts, without services that stay unnamed."""
    services = [one.id for one in settings.services.values() if not one.confidentiality.hides_service]
    statement = (
        sa.select(BOOKING.c.id)
        .where(*_from_today(tx, settings), BOOKING.c.contact.in_(contacts), BOOKING.c.service_id.in_(services))
        .order_by(BOOKING.c.starts_at, BOOKING.c.id)
    )
    return _found(tx, settings, (row.id for row in tx.rows(statement)))


def slip_printers(tx: Tx, branch_id: UUID) -> list[DeviceView]:
    """The printers of a branch that a slip can be sent to; those without a kiosk first."""
    found = [printer for printer in devices(tx, branch_id, "printer") if printer.address]
    return sorted(found, key=lambda printer: printer.attached_to is not None)


def _found(tx: Tx, settings: BranchSettings, ids: Iterable[UUID]) -> FoundBookings:
    first = [one for one, _ in zip(ids, range(FOUND_SHOWN + 1), strict=False)]
    return FoundBookings(
        tuple(booking_by_id(tx, settings.id, one) for one in first[:FOUND_SHOWN]), more=len(first) > FOUND_SHOWN
    )


def _from_today(tx: Tx, settings: BranchSettings) -> tuple[sa.ColumnElement[bool], ...]:
    start, _ = _today(tx, settings)
    return (
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.starts_at >= start,
        BOOKING.c.state.in_([state.value for state in _MEANT]),
    )


def _today(tx: Tx, settings: BranchSettings) -> tuple[datetime, datetime]:
    day = hours.business_date(tx.now, settings.zone, settings.day_starts)
    return hours.day_bounds(day, settings.zone, settings.day_starts)
