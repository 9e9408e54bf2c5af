"""The standing of a person, which limits of booking are compared with."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ...core import persons
from ...core.bookings import BookingState, against_person
from ...core.earlier import Outcome
from ...core.errors import Refused
from ...core.persons import GIVEN_BACK_WITHIN, Standing
from ..database import Tx
from ..prepared import Prepared, Statement
from ..tables import Booking, EarlierOffer, FreedPlace, SeriesDate, table
from ..tables.day import PLACED_BOOKINGS
from .bookings import BookingView, policy_of
from .settings import BranchSettings, ServiceView, derived

BOOKING = table(Booking)
FREED = table(FreedPlace)
OFFER = table(EarlierOffer)
SERIES_DATE = table(SeriesDate)

_SINGLE = ~sa.exists().where(SERIES_DATE.c.branch_id == BOOKING.c.branch_id, SERIES_DATE.c.booking_id == BOOKING.c.id)
_FOR_AN_EARLIER_TIME = sa.exists().where(
    OFFER.c.branch_id == FREED.c.branch_id,
    OFFER.c.booking_id == FREED.c.booking_id,
    OFFER.c.ended_at == FREED.c.freed_at,
    OFFER.c.outcome == Outcome.ACCEPTED.value,
)
# Nobody gave it back: perhaps somebody else typed this contact.
_UNPROVEN = (BOOKING.c.state == BookingState.CANCELLED.value) & BOOKING.c.prove_until.is_not(None)
# Prepared, so the services of the group are no list in it: a contact has few appointments, and they are sorted out here.
_ACTIVE = sa.select(
    BOOKING.c.name,
    BOOKING.c.id,
    BOOKING.c.service_id,
    BOOKING.c.together_id,
    sa.literal_column("0").label("given_back"),
).where(
    BOOKING.c.branch_id == sa.bindparam("branch"),
    BOOKING.c.contact == sa.bindparam("contact"),
    sa.text(f"booking.state IN {PLACED_BOOKINGS}"),
    _SINGLE,
)
_GIVEN_BACK = (
    sa.select(BOOKING.c.name, BOOKING.c.id, FREED.c.service_id, BOOKING.c.together_id, sa.literal_column("1"))
    .select_from(FREED.join(BOOKING, (BOOKING.c.branch_id == FREED.c.branch_id) & (BOOKING.c.id == FREED.c.booking_id)))
    .where(
        FREED.c.branch_id == sa.bindparam("branch"),
        FREED.c.freed_at > sa.bindparam("since"),
        BOOKING.c.contact == sa.bindparam("contact"),
        _SINGLE,
        ~_FOR_AN_EARLIER_TIME,
        ~_UNPROVEN,
    )
)
_BOTH = Prepared(sa.union_all(_ACTIVE, _GIVEN_BACK))


def standing_of(
    tx: Tx, settings: BranchSettings, service: ServiceView, contact: str, name: str, visit: UUID | None = None
) -> Standing:
    """The standing of a person in the queue of a service, which is the group that limits count in.

    Discreet services have no limits and do not count towards any (decision 0012): contacts are not verified, so a
    refusal would reveal to anyone who types another person's contact that this person has an appointment. Without a
    contact nobody is known, so there is nobody to count for. Appointments of a series do not count, because staff make
    them, move them and call them off, many at once. Nor does a place that was left for an earlier one that was offered. The parts of
    a visit count once, open or given back (decision 0045), and not against the `visit` of which they are parts.
    """
    if service.confidentiality.discreet or not contact:
        return Standing()
    group = _group(settings, service.queue_id)
    found = [row for row in tx.rows(*read_of_standing(tx, settings, contact)) if row.service_id in group]
    active = ((row.name, row.together_id) for row in found if not row.given_back)
    given_back = ((row.name, row.id, row.together_id) for row in found if row.given_back)
    return persons.standing(name, active, given_back, visit)


def against_one_more(tx: Tx, settings: BranchSettings, booking: BookingView) -> Refused | None:
    """Why whom a booking is for cannot have it beside their other appointments; None where they can."""
    service = settings.services[booking.service_id]
    standing = standing_of(tx, settings, service, booking.contact, booking.name, booking.together_id)
    return against_person(policy_of(settings, service), standing)


def read_of_standing(tx: Tx, settings: BranchSettings, contact: str) -> Statement:
    return _BOTH, {"branch": settings.id, "contact": contact, "since": tx.now - GIVEN_BACK_WITHIN}


@derived
def _group(settings: BranchSettings, queue_id: UUID) -> frozenset[UUID]:
    """The services of a queue in which limits count together."""
    return frozenset(
        one.id for one in settings.services.values() if one.queue_id == queue_id and not one.confidentiality.discreet
    )
