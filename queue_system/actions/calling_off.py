"""Calling off one appointment for a reason of the house; what its visitor wishes is `bookings.cancel_booking`."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from ..core.bookings import BookingState
from ..core.errors import Refused
from ..core.promises import Choice
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.bookings import booking_by_id
from ..store.queries.settings import branch_settings
from . import decisions, offers
from .bookings import expire_due
from .day import in_session
from .second_person import refuse_many

#: The reasons that a person can give; each is told to the visitor in the words of `state.lost.<reason>`.
REASONS: Final = (Why.MEMBER, Why.SERVICE, Why.CLOSED, Why.OTHER)


def call_off(tx: Tx, branch_id: UUID, booking_id: UUID, why: Why, actor: Actor) -> None:
    """Call an appointment off; idempotent. It counts neither as cancelled by the visitor nor as a no-show.

    Raises Refused with "booking-over", or "block-many-one" where one person would call off or move too many in a day.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.state is BookingState.CANCELLED:
            return
        if booking.state is not BookingState.CONFIRMED:
            raise Refused("booking-over")
        refuse_many(tx, branch_id, [(booking_id, Choice.CANCEL)], actor)
        offers.withdraw(lock, settings, booking)
        decisions.decide_at_once(lock, settings, booking, Choice.CANCEL, why, None, actor)
