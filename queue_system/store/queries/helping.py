"""Organisations that book for people, and how many of their places are taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.helping import stretch
from ..database import Tx
from ..tables import Booking, table
from .settings import BranchSettings, Names, derived

BOOKING = table(Booking)
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


def places_taken(
    tx: Tx, branch: BranchSettings, helper: HelperView, days: tuple[date, date], without: Collection[UUID] = ()
) -> int:
    """How many appointments an organisation has, or had, on these days; `without` are bookings that do not count."""
    start, _ = hours.day_bounds(days[0], branch.zone, branch.day_starts)
    _, end = hours.day_bounds(days[1], branch.zone, branch.day_starts)
    statement = (
        sa.select(sa.func.count())
        .select_from(BOOKING)
        .where(
            BOOKING.c.branch_id == branch.id,
            BOOKING.c.starts_at >= start,
            BOOKING.c.starts_at < end,
            BOOKING.c.helper == helper.slug,
            BOOKING.c.state.not_in(_ENDED),
            BOOKING.c.id.not_in(list(without)),
        )
    )
    return int(tx.scalar(statement))
