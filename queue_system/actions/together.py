"""A visit of several parts, one after another: its appointments are held and confirmed all or none.

Such as the nurse and then the doctor, or one part for each of a family. Once confirmed, each is an appointment like any
other: it is moved, called off and checked in by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.bookings import BookingState
from ..core.errors import Missing, Refused
from ..core.messages import Event
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.bookings import BookingView, booking_by_request, bookings_together
from ..store.queries.settings import branch_settings
from ..store.tables import Booking, table
from . import contact_proofs, outbox
from .bookings import HoldOrder, confirm_silently, end, expire_due, hold_in
from .said import Said

BOOKING = table(Booking)


def held_before(tx: Tx, branch_id: UUID, request_id: str, starts_at: datetime) -> UUID | None:
    """The visit that an earlier request with this id holds from `starts_at` on, as when a button is pressed twice."""
    first = booking_by_request(tx, branch_id, part_of_request(request_id, 0))
    return first.together_id if first is not None and first.starts_at == starts_at else None


def part_of_request(request_id: str, number: int) -> str:
    """The request id of a part of a visit, the first of which has number 0."""
    return f"{request_id}-{number}"


def hold_together(tx: Tx, branch_id: UUID, orders: Sequence[HoldOrder]) -> UUID:
    """Reserve the parts of a visit for ten minutes and return the id that they have together.

    Idempotent if the orders have request ids. Raises what `hold_slot` raises for any of them; nothing is held then.
    """
    with locked(tx, branch_id) as lock:
        held = [hold_in(lock, order) for order in orders]
        known = {one.together_id for one in held}
        if len(known) == 1 and (same := known.pop()) is not None:
            return same
        if any(one.together_id for one in held):
            raise Refused("request-reused")
        together = uuid7()
        ids = [one.id for one in held]
        tx.execute(
            sa.update(BOOKING)
            .where(BOOKING.c.branch_id == branch_id, BOOKING.c.id.in_(ids))
            .values(together_id=together)
        )
        return together


def confirm_together(
    tx: Tx, branch_id: UUID, together_id: UUID, actor: Actor, said: Mapping[UUID, Said]
) -> list[BookingView]:
    """Make all parts of a visit binding; `said` is what staff were told, by id of the booking.

    Parts that were called off since stay so. Raises Missing("booking") and what `confirm_booking` raises for any of them;
    nothing is confirmed then.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        parts = bookings_together(tx, branch_id, together_id)
        if not parts:
            raise Missing("booking")
        open_ = (BookingState.HELD, BookingState.CONFIRMED, BookingState.EXPIRED)
        wanted = [one for one in parts if one.state in open_]
        done = [confirm_silently(lock, settings, one, actor, said.get(one.id)) for one in wanted]
        new = [now for now, one in zip(done, wanted, strict=True) if one.state is not BookingState.CONFIRMED]
        asked = contact_proofs.ask_as_one(lock, settings, new)
        outbox.tell_parts(lock, settings, asked, Event.CONFIRMED)
        of_id = {one.id: one for one in asked}
        return [of_id.get(one.id, one) for one in done]


def give_back_together(tx: Tx, branch_id: UUID, together_id: UUID, actor: Actor) -> None:
    """Give back the parts of a visit that are only held; those that are confirmed stay."""
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        for one in bookings_together(tx, branch_id, together_id):
            if one.state is BookingState.HELD:
                end(lock, settings, one, actor)
