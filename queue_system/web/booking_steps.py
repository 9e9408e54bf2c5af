"""Confirm, change or cancel a booking, from a page or a program, within the limits of one address."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import HTTPConnection

from ..actions import bookings as actions
from ..core.bookings import BookingState
from ..store.log import CITIZEN
from ..store.queries.bookings import BookingView
from .given_back import given_back_of
from .installation import installation_of
from .limits import address_of, allow


async def confirm(connection: HTTPConnection, booking: BookingView) -> BookingView:
    """Make a hold binding; raises what `actions.bookings.confirm_booking` raises, and TooMany("too-many", seconds=…)."""
    if booking.state is BookingState.HELD:
        _check(connection)
        allow(connection, "confirmations")
    write = installation_of(connection).database.write_in
    return await write(booking.branch_id, actions.confirm_booking, booking.branch_id, booking.id, CITIZEN)


async def change(connection: HTTPConnection, booking: BookingView, starts_at: datetime) -> BookingView:
    """Move it; raises what `actions.bookings.change_booking` raises, and TooMany("too-many", seconds=…)."""
    _check(connection)
    write = installation_of(connection).database.write_in
    changed = await write(booking.branch_id, actions.change_booking, booking.branch_id, booking.id, starts_at, CITIZEN)
    if changed.changes != booking.changes:
        _note(connection, booking)
    return changed


async def cancel(connection: HTTPConnection, booking: BookingView) -> BookingView:
    """Give it up; raises what `actions.bookings.cancel_booking` raises."""
    write = installation_of(connection).database.write_in
    cancelled = await write(booking.branch_id, actions.cancel_booking, booking.branch_id, booking.id, CITIZEN)
    if cancelled.confirmed_at is not None and booking.state is not BookingState.CANCELLED:
        _note(connection, booking)
    return cancelled


def _check(connection: HTTPConnection) -> None:
    given_back_of(connection).check(address_of(connection), installation_of(connection).clock.now())


def _note(connection: HTTPConnection, booking: BookingView) -> None:
    given_back_of(connection).note(address_of(connection), booking.branch_id, installation_of(connection).clock.now())
