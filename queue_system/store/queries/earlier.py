"""Those who wait for an earlier time, the places that are offered to them, and the offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.earlier import Part, Waiting, Wish
from ...core.freed import Freed
from ...core.promises import UNSETTLED, Decided
from ...core.support import Why
from ..database import AnyRow, Tx
from ..prepared import Prepared
from ..tables import Booking, EarlierOffer, EarlierWish, FreedPlace, table
from ..tables.earlier import RUNNING_OFFERS

BOOKING, FREED = table(Booking), table(FreedPlace)
OFFER, WISH = table(EarlierOffer), table(EarlierWish)
_RUNNING: Final = sa.text(f"earlier_offer.{RUNNING_OFFERS}")
# Prepared, because every action on bookings looks for them.
_LISTED: Final = Prepared(
    sa.select(FREED)
    .where(
        FREED.c.branch_id == sa.bindparam("branch"),
        sa.text("freed_place.offers_at IS NOT NULL"),
        FREED.c.offers_at <= sa.bindparam("now"),
    )
    .order_by(FREED.c.offers_at, FREED.c.id)
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A place that is kept for an appointment until `until`; `stands`: the appointment is as it was when it was made."""

    id: UUID
    place_id: UUID
    booking_id: UUID
    code: str
    from_starts_at: datetime
    starts_at: datetime
    until: datetime
    stands: bool


@dataclass(frozen=True, slots=True)
class ListedPlace:
    """A place that is being offered to those who wait: one after the other in this order, to whom waited at `offers_at`."""

    id: UUID
    booking_id: UUID
    service_id: UUID
    starts_at: datetime
    freed_at: datetime
    freed: Freed
    offers_at: datetime
    lot: str
    offer: Offer | None


def wish_of(tx: Tx, branch_id: UUID, booking_id: UUID) -> Waiting | None:
    """The wish of one appointment for an earlier time."""
    found = _waiting(tx, branch_id, WISH.c.booking_id == booking_id)
    return found[0] if found else None


def running_offer(tx: Tx, branch_id: UUID, booking_id: UUID) -> Offer | None:
    """The earlier time that is kept for an appointment now."""
    offers = _offers(tx, branch_id, OFFER.c.booking_id == booking_id, OFFER.c.until > tx.now)
    return next((one for one in offers if one.stands), None)


def running_offers(tx: Tx, branch_id: UUID) -> dict[UUID, Offer]:
    """The offers that nobody has answered yet, by the place."""
    return {one.place_id: one for one in _offers(tx, branch_id)}


def listed_places(tx: Tx, branch_id: UUID) -> list[ListedPlace]:
    """The places that are offered to those who wait, the earliest given back first; nearly always none."""
    rows = tx.rows(_LISTED, {"branch": branch_id, "now": tx.now})
    offers = running_offers(tx, branch_id) if rows else {}
    return [
        ListedPlace(
            row.id,
            row.booking_id,
            row.service_id,
            row.starts_at,
            row.freed_at,
            Freed(row.offer_order),
            row.offers_at,
            row.lot,
            offers.get(row.id),
        )
        for row in rows
    ]


def waiting_for(tx: Tx, branch_id: UUID, place: ListedPlace) -> list[Waiting]:
    """Those on the list for a place who may be asked: not asked about it before, and asked about no other now."""
    asked = sa.exists().where(
        OFFER.c.branch_id == branch_id,
        OFFER.c.booking_id == WISH.c.booking_id,
        (OFFER.c.place_id == place.id) | OFFER.c.ended_at.is_(None),
    )
    return _waiting(
        tx,
        branch_id,
        BOOKING.c.service_id == place.service_id,
        BOOKING.c.id != place.booking_id,
        WISH.c.since <= place.offers_at,
        ~asked,
    )


def longer_waiting(tx: Tx, branch_id: UUID, service_id: UUID, since: datetime) -> int:
    """How many have waited longer for an earlier time of a service."""
    return len(_waiting(tx, branch_id, BOOKING.c.service_id == service_id, WISH.c.since < since))


def waiting_counts(tx: Tx, branch_id: UUID) -> dict[UUID, int]:
    """How many wait for an earlier time, by service."""
    counts: dict[UUID, int] = {}
    for service_id in (row.service_id for row in tx.rows(_list(branch_id))):
        counts[service_id] = counts.get(service_id, 0) + 1
    return counts


def _waiting(tx: Tx, branch_id: UUID, *conditions: Any) -> list[Waiting]:
    rows = tx.rows(_list(branch_id).where(*conditions))
    return [
        Waiting(row.id, row.code, row.starts_at, row.since, Wish(row.first_day, Part(row.part), row.notice_hours))
        for row in rows
    ]


def _list(branch_id: UUID) -> sa.Select[Any]:
    """Everybody on the list whose appointment is to come, and stands."""
    return (
        sa.select(*WISH.c, BOOKING.c.id, BOOKING.c.code, BOOKING.c.starts_at, BOOKING.c.service_id)
        .join(BOOKING, (BOOKING.c.branch_id == WISH.c.branch_id) & (BOOKING.c.id == WISH.c.booking_id))
        .where(WISH.c.branch_id == branch_id, *_stands())
        .order_by(WISH.c.since, WISH.c.booking_id)
    )


def _offers(tx: Tx, branch_id: UUID, *conditions: Any) -> list[Offer]:
    rows = tx.rows(
        sa.select(
            *OFFER.c,
            BOOKING.c.code,
            sa.and_(BOOKING.c.starts_at == OFFER.c.from_starts_at, *_stands()).label("stands"),
        )
        .join(BOOKING, (BOOKING.c.branch_id == OFFER.c.branch_id) & (BOOKING.c.id == OFFER.c.booking_id))
        .where(OFFER.c.branch_id == branch_id, _RUNNING, *conditions)
    )
    return [_offer(row) for row in rows]


def _offer(row: AnyRow) -> Offer:
    return Offer(
        row.id,
        row.place_id,
        row.booking_id,
        row.code,
        row.from_starts_at,
        row.starts_at,
        row.until,
        bool(row.stands),
    )


def _stands() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        BOOKING.c.state == BookingState.CONFIRMED.value,
        BOOKING.c.decision.is_(None)
        | BOOKING.c.decision.not_in([one.value for one in UNSETTLED])
        # Its visitor is told nothing (`core.promises.is_for_staff_alone`).
        | (BOOKING.c.decision == Decided.LATER.value) & (BOOKING.c.lost_why == Why.MEMBER.value),
    )
