"""Hold a time for an organisation that books for people, within its places."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core import hours
from ..core.errors import Missing
from ..core.helping import against_places
from ..store.database import Tx
from ..store.log import locked
from ..store.queries.bookings import BookingView, booking_by_id, booking_by_request
from ..store.queries.helping import helpers_of, places_taken, stretch_of
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
    same = booking_by_request(tx, order.branch_id, order.request_id) if order.request_id else None
    replaced = [one for one in (earlier_id, same.id if same else None) if one is not None]
    taken = places_taken(tx, settings, helper, stretch_of(settings, helper, order.starts_at), replaced)
    today = hours.business_date(tx.now, settings.zone, settings.day_starts)
    refusal = against_places(taken, helper.places, helper.until, today)
    if refusal is not None:
        raise refusal
    held = hold_slot(tx, order) if earlier_id is None else hold_instead(tx, order, earlier_id)
    tx.execute(
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == order.branch_id, BOOKING.c.id == held.id)
        .values(helper=helper.slug)
    )
    return booking_by_id(tx, order.branch_id, held.id)
