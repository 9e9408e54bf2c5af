"""Home visits: where staff go, who goes, and who should be back by now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ..database import AnyRow, Tx
from ..tables import Counter, HomeVisit, Resource, table
from .appointments import members_had
from .bookings import BookingView, bookings_between
from .settings import BranchSettings

COUNTER, HOME_VISIT, RESOURCE = table(Counter), table(HomeVisit), table(Resource)

# A visit from which nobody was reported back is looked for so long; whoever is in trouble is missed much sooner.
MISSED_FOR: Final = timedelta(days=3)
_GONE_OUT: Final = (BookingState.CONFIRMED, BookingState.CHECKED_IN, BookingState.FULFILLED, BookingState.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit at somebody's home. `members` are who and what goes there, `staff` their accounts.

    `address` is personal and "" where none is known: only for whoever goes, and for who may see contacts. `back_by` is
    when they should be back, the way included, `back_at` when they were.
    """

    booking: BookingView
    address: str
    members: tuple[UUID, ...]
    staff: frozenset[UUID]
    back_by: datetime
    back_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether they should be back and nobody has said that they are."""
        return self.back_at is None and self.back_by < now


def home_visits_on(tx: Tx, branch: BranchSettings, day: date) -> list[Visit]:
    """The visits of a business day in the order in which they are driven to."""
    return _between(tx, branch, *hours.day_bounds(day, branch.zone, branch.day_starts))


def overdue_visits(tx: Tx, branch: BranchSettings) -> list[Visit]:
    """The visits of the last days from which somebody should be back and is not, by the time of the visit."""
    return [one for one in _between(tx, branch, tx.now - MISSED_FOR, tx.now) if one.is_overdue(tx.now)]


def address_of(tx: Tx, branch_id: UUID, booking_id: UUID) -> str:
    """The address of a home visit; "" where none is known. It is personal: only for whoever goes, and whoever books."""
    rows = _rows(tx, branch_id, [booking_id])
    return str(rows[booking_id].address) if rows else ""


def gives_home_visits(branch: BranchSettings) -> bool:
    """Whether staff of the branch go to people at all."""
    return any(one.at_home for one in branch.services.values())


def _between(tx: Tx, branch: BranchSettings, start: datetime, end: datetime) -> list[Visit]:
    if not gives_home_visits(branch):
        return []
    services = branch.services
    found = [one for one in bookings_between(tx, branch.id, start, end, _GONE_OUT) if services[one.service_id].at_home]
    if not found:
        return []
    rows, had = _rows(tx, branch.id, [one.id for one in found]), members_had(tx, branch, found)
    accounts, opened = _people(tx, RESOURCE, branch.id), _people(tx, COUNTER, branch.id)
    today = hours.business_date(tx.now, branch.zone, branch.day_starts)

    def people(of: BookingView) -> Mapping[UUID, UUID]:
        """Whoever has opened a vehicle goes out with it today, and not on other days."""
        is_today = hours.business_date(of.starts_at, branch.zone, branch.day_starts) == today
        return accounts | opened if is_today else accounts

    return [_visit(branch, one, [member.member for member in had.get(one.id, ())], rows, people(one)) for one in found]


def _visit(
    branch: BranchSettings,
    booking: BookingView,
    members: Sequence[UUID],
    rows: Mapping[UUID, AnyRow],
    people: Mapping[UUID, UUID],
) -> Visit:
    row = rows.get(booking.id)
    way = timedelta(minutes=branch.services[booking.service_id].travel_min or 0)
    return Visit(
        booking,
        row.address if row else "",
        tuple(members),
        frozenset(people[one] for one in members if one in people),
        booking.ends_at + way,
        row.back_at if row else None,
    )


def _people(tx: Tx, members: sa.Table, branch_id: UUID) -> dict[UUID, UUID]:
    """The accounts of members: of resources those they have, of vehicles and rooms those that have opened them."""
    of_branch = (members.c.branch_id == branch_id, members.c.staff_id.is_not(None))
    return {row.id: row.staff_id for row in tx.rows(sa.select(members.c.id, members.c.staff_id).where(*of_branch))}


def _rows(tx: Tx, branch_id: UUID, ids: Collection[UUID]) -> dict[UUID, AnyRow]:
    statement = sa.select(HOME_VISIT).where(HOME_VISIT.c.branch_id == branch_id, HOME_VISIT.c.booking_id.in_(ids))
    return {row.booking_id: row for row in tx.rows(statement)}
