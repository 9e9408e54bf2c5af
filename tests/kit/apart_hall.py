"""The family centre, two people who must not meet there, and shorthands for booking them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from queue_system.actions import bookings
from queue_system.actions.apart import PairOrder, make_pair
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.core.apart import NO_LEAVE, AcceptedFor, Leave, Reason, Scope
from queue_system.core.bookings import Booker
from queue_system.store.log import SYSTEM
from queue_system.store.queries.apart import Meeting, meetings
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.tables import Service, table
from tests.kit.hall import Hall, edit

# Two services of parties, in different zones, and one that everybody books.
MEDIATION, CONTACT, COUNSELLING = "mediation", "child-contact", "family-counsel"
SHE, HE, THIRD = "WQ-2026/114", "WQ-2026/115", "WQ-2026/999"
HIS_TELEPHONE: Final = "+97455512345"
# Whoever has the right, and lets two meet.
SEES, ACCEPTS = Leave(sees=True), Leave(sees=True, accepts=AcceptedFor.OTHER_ENTRANCE)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of the centre in November 2026; it is three hours before UTC."""
    return datetime(2026, 11, day, hour - 3, minute, tzinfo=UTC)


def pair(
    hall: Hall,
    one: str = SHE,
    other: str = HE,
    scope: Scope = Scope.BUILDING_DAY,
    minutes: int = 0,
    reason: Reason = Reason.COURT,
) -> UUID:
    order = PairOrder(one, other, scope, reason, minutes)
    return hall.db.write_in_now(hall.branch.id, make_pair, hall.branch.id, order, SYSTEM)


def staff_alone(hall: Hall, service: str = COUNSELLING) -> None:
    """Let a service for one party be booked by staff alone."""
    _set(hall, service, mode="staff_only")


def protect(hall: Hall, service: str = CONTACT) -> None:
    """Let a service be protected."""
    _set(hall, service, confidentiality="protected")


def _set(hall: Hall, service: str, **values: str) -> None:
    services = table(Service)
    here = services.c.branch_id == hall.branch.id, services.c.slug == service
    edit(hall, lambda tx: tx.execute(sa.update(services).where(*here).values(**values)))


def hold(hall: Hall, starts_at: datetime, service: str = MEDIATION, name: str = "", leave: Leave = NO_LEAVE) -> UUID:
    order = HoldOrder(
        hall.branch.id,
        hall.service(service),
        starts_at,
        name,
        "",
        "ar",
        SYSTEM,
        source="staff",
        booker=Booker.STAFF,
        leave=leave,
    )
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order).id


def confirm(hall: Hall, held: UUID, name: str, contact: str = "", leave: Leave = NO_LEAVE) -> BookingView:
    said = Said(name, contact, "ar", later=True, leave=leave)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held, SYSTEM, said)


def book(
    hall: Hall,
    name: str,
    starts_at: datetime,
    service: str = MEDIATION,
    contact: str = "",
    leave: Leave = NO_LEAVE,
) -> UUID:
    """An appointment that staff made for somebody."""
    return confirm(hall, hold(hall, starts_at, service), name, contact, leave).id


def move(hall: Hall, booking: UUID, starts_at: datetime, leave: Leave = NO_LEAVE) -> BookingView:
    branch, change = hall.branch.id, bookings.change_booking
    return hall.db.write_in_now(branch, change, branch, booking, starts_at, SYSTEM, Booker.STAFF, None, leave)


def cancel(hall: Hall, booking: UUID) -> None:
    branch = hall.branch.id
    hall.db.write_in_now(branch, bookings.cancel_booking, branch, booking, SYSTEM, Booker.STAFF)


def read(hall: Hall, booking: UUID) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking)


def met(hall: Hall) -> list[Meeting]:
    return hall.db.read_now(meetings, hall.branch)
