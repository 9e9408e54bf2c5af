"""The standing of a person, which limits of booking are compared with."""

from __future__ import annotations

import sqlalchemy as sa

from ...core import persons
from ...core.earlier import Outcome
from ...core.persons import GIVEN_BACK_WITHIN, Standing
from ..database import Tx
from ..tables import Booking, EarlierOffer, FreedPlace, SeriesDate, table
from ..tables.day import PLACED_BOOKINGS
from .settings import BranchSettings, ServiceView

BOOKING = table(Booking)
FREED = table(FreedPlace)
OFFER = table(EarlierOffer)
SERIES_DATE = table(SeriesDate)


def standing_of(tx: Tx, settings: BranchSettings, service: ServiceView, contact: str, name: str) -> Standing:
    """The standing of a person in the queue of a service, which is the group that limits count in.

    Discreet services have no limits and do not count towards any (decision 0012): contacts are not verified, so a
    refusal would reveal to anyone who types another person's contact that this person has an appointment. Without a
    contact nobody is known, so there is nobody to count for. Appointments of a series do not count, because staff make
    them, move them and call them off, many at once. Nor does a place that was left for an earlier one that was offered.
    """
    if service.confidentiality.discreet or not contact:
        return Standing()
    group = [
        other.id
        for other in settings.services.values()
        if other.queue_id == service.queue_id and not other.confidentiality.discreet
    ]
    single = ~sa.exists().where(
        SERIES_DATE.c.branch_id == BOOKING.c.branch_id, SERIES_DATE.c.booking_id == BOOKING.c.id
    )
    active = sa.select(BOOKING.c.name).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.contact == contact,
        sa.text(f"booking.state IN {PLACED_BOOKINGS}"),
        BOOKING.c.service_id.in_(group),
        single,
    )
    for_an_earlier_time = sa.exists().where(
        OFFER.c.branch_id == FREED.c.branch_id,
        OFFER.c.booking_id == FREED.c.booking_id,
        OFFER.c.ended_at == FREED.c.freed_at,
        OFFER.c.outcome == Outcome.ACCEPTED.value,
    )
    given_back = (
        sa.select(BOOKING.c.name)
        .select_from(
            FREED.join(BOOKING, (BOOKING.c.branch_id == FREED.c.branch_id) & (BOOKING.c.id == FREED.c.booking_id))
        )
        .where(
            FREED.c.branch_id == settings.id,
            FREED.c.freed_at > tx.now - GIVEN_BACK_WITHIN,
            BOOKING.c.contact == contact,
            FREED.c.service_id.in_(group),
            single,
            ~for_an_earlier_time,
        )
    )
    return persons.standing(name, (row.name for row in tx.rows(active)), (row.name for row in tx.rows(given_back)))
