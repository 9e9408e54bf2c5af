"""Hold a time for an organisation that books for people, within its places."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core import hours
from ..core.errors import Missing
from ..core.helping import against_time
from ..store.database import Tx
from ..store.log import locked
from ..store.queries.bookings import BookingView, booking_by_id, booking_by_request
from ..store.queries.helping import against_place, helpers_of
from ..store.queries.settings import branch_settings
from ..store.tables import Booking, table
from .bookings import HoldOrder, hold_instead, hold_slot

BOOKING = table(Booking)


def hold_helped(tx: Tx, helper_key: UUID, order: HoldOrder, earlier_id: UUID | None = None) -> BookingView:
    """Hold a time; the places of the organisation are counted under the lock, holds included.

    Raises what `hold_instead` raises, Missing("helper") for an unknown link, Missing("service") for a service that is not
    among its own, and Refused with "helper-places" or "helper-over".
    """
    with locked(tx, order.branch_id) as lock:
        # The lock stays until the end of the transaction, so no other hold comes between.
        settings = branch_settings(tx, order.branch_id, lock.config_version)
    helper = helpers_of(settings).get(helper_key)
    if helper is None:
        raise Missing("helper")
    if order.service_id not in helper.services:
        raise Missing("service")
    today = hours.business_date(tx.now, settings.zone, settings.day_starts)
    refusal = against_time(helper.until, today)
    if refusal is not None:
        raise refusal
    same = booking_by_request(tx, order.branch_id, order.request_id) if order.request_id else None
    held = hold_slot(tx, order) if earlier_id is None else hold_instead(tx, order, earlier_id)
    # Counted after the hold, because an earlier one that it does not replace keeps its place.
    is_counted = same is not None and same.helper == helper.slug
    refusal = None if is_counted else against_place(tx, settings, helper, held.starts_at, held.id)
    if refusal is not None:
        raise refusal
    tx.execute(
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == order.branch_id, BOOKING.c.id == held.id)
        .values(helper=helper.slug)
    )
    return booking_by_id(tx, order.branch_id, held.id)
