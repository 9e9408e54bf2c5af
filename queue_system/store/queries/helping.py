"""Organisations that book for people, and how many of their places are taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.errors import Refused
from ...core.helping import against_places, stretch
from ..database import Tx
from ..tables import Booking, EarlierOffer, table
from ..tables.earlier import RUNNING_OFFERS
from .bookings import BookingView
from .settings import BranchSettings, Names, derived

BOOKING, OFFER = table(Booking), table(EarlierOffer)
_ENDED = (BookingState.CANCELLED.value, BookingState.EXPIRED.value)


@dataclass(frozen=True, slots=True)
class HelperView:
    """An organisation. `key` is what its link is about: another number of the link is another key."""

    slug: str
    key: UUID
    names: Names
    services: frozenset[UUID]
    places: int
    per: str
    until: date | None


@derived
def helpers_of(branch: BranchSettings) -> Mapping[UUID, HelperView]:
    """The organisations of a branch by the keys of their links.

    Where parties must not meet, services with parties are booked by staff alone, so they are nobody's.
    """
    slugs = {one.slug: one for one in branch.services.values()}
    found = {}
    for slug, one in (branch.helpers or {}).items():
        services = [slugs[name] for name in one.services if name in slugs]
        ids = frozenset(each.id for each in services if not (branch.constraints and each.of_parties))
        key = uuid5(branch.id, f"{slug}/{one.link}")
        found[key] = HelperView(slug, key, one.names, ids, one.places, one.per, one.until)
    return found


def helper_named(branch: BranchSettings, slug: str) -> HelperView | None:
    """The organisation of that name; None where the settings have it no more."""
    return next((one for one in helpers_of(branch).values() if one.slug == slug), None)


def stretch_of(branch: BranchSettings, helper: HelperView, starts_at: datetime) -> tuple[date, date]:
    """The days with which an appointment at that time counts."""
    day = hours.business_date(starts_at, branch.zone, branch.day_starts)
    return stretch(day, helper.per, branch.week_starts)


def against_move(tx: Tx, branch: BranchSettings, booking: BookingView, starts_at: datetime) -> Refused | None:
    """Why an appointment that an organisation booked cannot move to a time: its places there are taken.

    Within the days with which it counts already it can always move, also once the agreement with the organisation has ended.
    """
    helper = helper_named(branch, booking.helper) if booking.helper else None
    if helper is None or stretch_of(branch, helper, starts_at) == stretch_of(branch, helper, booking.starts_at):
        return None
    return against_place(tx, branch, helper, starts_at, booking.id)


def against_place(
    tx: Tx, branch: BranchSettings, helper: HelperView, starts_at: datetime, booking_id: UUID
) -> Refused | None:
    """Why an organisation has no place for this booking at a time; it does not count against itself."""
    taken = places_taken(tx, branch, helper, stretch_of(branch, helper, starts_at), [booking_id])
    return against_places(taken, helper.places)


def places_taken(
    tx: Tx, branch: BranchSettings, helper: HelperView, days: tuple[date, date], without: Collection[UUID] = ()
) -> int:
    """How many appointments an organisation has, or had, on these days; `without` are bookings that do not count.

    An earlier time that is kept for one of its appointments counts already, because its owner may accept it.
    """
    start, _ = hours.day_bounds(days[0], branch.zone, branch.day_starts)
    _, end = hours.day_bounds(days[1], branch.zone, branch.day_starts)
    kept = sa.select(OFFER.c.booking_id).where(
        OFFER.c.branch_id == branch.id,
        sa.text(f"earlier_offer.{RUNNING_OFFERS}"),
        OFFER.c.starts_at >= start,
        OFFER.c.starts_at < end,
    )
    statement = (
        sa.select(sa.func.count())
        .select_from(BOOKING)
        .where(
            BOOKING.c.branch_id == branch.id,
            sa.and_(BOOKING.c.starts_at >= start, BOOKING.c.starts_at < end) | BOOKING.c.id.in_(kept),
            BOOKING.c.helper == helper.slug,
            BOOKING.c.state.not_in(_ENDED),
            BOOKING.c.id.not_in(list(without)),
        )
    )
    return int(tx.scalar(statement))
