"""Confirm, change or cancel a booking, from a page or a program, within the limits of one address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ..actions.bookings import cancel_booking, change_booking, confirm_booking
from ..actions.earlier import accept_earlier
from ..actions.together import confirm_together, give_back_together
from ..core.bookings import BookingState
from ..store.log import VISITOR
from ..store.queries.bookings import BookingView
from ..store.queries.earlier import running_offer
from .given_back import given_back_of
from .here import AtBranch
from .limits import address_of, allow


async def confirm(here: AtBranch, booking: BookingView) -> BookingView:
    """Make a hold binding; raises what `actions.bookings.confirm_booking` raises, and TooMany("too-many", seconds=…)."""
    if booking.state is BookingState.HELD:
        _check(here)
        allow(here.connection, "confirmations")
    return await here.do(confirm_booking, booking.id, VISITOR)


async def confirm_all(here: AtBranch, parts: Sequence[BookingView]) -> None:
    """Make all parts of a visit binding; raises what `confirm` raises for any of them, and then binds none."""
    if any(one.state is BookingState.HELD for one in parts):
        _check(here)
        allow(here.connection, "confirmations")
    await here.do(confirm_together, _visit(parts), VISITOR, {})


async def give_back_all(here: AtBranch, parts: Sequence[BookingView]) -> None:
    """Give back what is only held of a visit."""
    await here.do(give_back_together, _visit(parts), VISITOR)


async def change(here: AtBranch, booking: BookingView, starts_at: datetime) -> BookingView:
    """Move it; raises what `actions.bookings.change_booking` raises, and TooMany("too-many", seconds=…).

    Moving to the earlier time that is kept for it accepts that.
    """
    _check(here)
    kept = await here.read(running_offer, here.branch.id, booking.id)
    if kept is not None and kept.starts_at == starts_at:
        return await here.do(accept_earlier, booking.id, kept.id, VISITOR)
    changed = await here.do(change_booking, booking.id, starts_at, VISITOR)
    if changed.changes != booking.changes:
        _note(here, booking)
    return changed


async def cancel(here: AtBranch, booking: BookingView) -> BookingView:
    """Give it up; raises what `actions.bookings.cancel_booking` raises."""
    cancelled = await here.do(cancel_booking, booking.id, VISITOR)
    given_back = cancelled.confirmed_at is not None and not booking.taken_away
    if given_back and booking.state is not BookingState.CANCELLED:
        _note(here, booking)
    return cancelled


def _visit(parts: Sequence[BookingView]) -> UUID:
    """What the parts of a visit have together."""
    (visit,) = {one.together_id for one in parts if one.together_id is not None}
    return visit


def _check(here: AtBranch) -> None:
    given_back_of(here.connection).check(address_of(here.connection), here.now)


def _note(here: AtBranch, booking: BookingView) -> None:
    given_back_of(here.connection).note(address_of(here.connection), booking, here.now)
