"""Other appointments of the same person."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from ...core.contacts import is_reference
from ...core.names import name_key
from ..database import Tx
from ..prepared import Prepared
from ..tables import Booking, table
from ..tables.day import PLACED_BOOKINGS
from .bookings import BookingView, booking_views
from .settings import branch_settings
from .visited import visited_branches

BOOKING = table(Booking)
# Prepared, because it follows every hold and every confirmation.
_AT_THE_SAME_TIME = Prepared(
    sa.select(BOOKING.c.name, BOOKING.c.service_id, BOOKING.c.token).where(
        BOOKING.c.branch_id == sa.bindparam("branch"),
        BOOKING.c.contact == sa.bindparam("contact"),
        sa.text(f"booking.state IN {PLACED_BOOKINGS}"),
        BOOKING.c.id != sa.bindparam("booking"),
        BOOKING.c.starts_at < sa.bindparam("ends"),
        BOOKING.c.ends_at > sa.bindparam("starts"),
    )
)


def to_come_besides(tx: Tx, booking: BookingView) -> list[BookingView]:
    """Other appointments to come of the same person at the same branch, by time: by name with contact or case number.

    A case number in place of a name is enough, too. Discreet services show none and are not shown (decision 0012).
    """
    branch = branch_settings(tx, booking.branch_id)
    told = {one.id for one in branch.services.values() if not one.confidentiality.discreet}
    return [one for one in placed_besides(tx, booking, told) if one.starts_at > tx.now]


def placed_besides(tx: Tx, booking: BookingView, told: Collection[UUID]) -> list[BookingView]:
    """Other appointments of the same person at the same branch that are not over, by time, in the services `told`.

    For staff who book these services, discreet ones too: they see for whom each appointment there is, and nobody can come to
    two at once.
    """
    numbers = {booking.reference, booking.name if is_reference(booking.name) else ""} - {""}
    if booking.erased_at is not None or booking.service_id not in told or not (booking.contact or numbers):
        return []
    to_come = (
        BOOKING.c.branch_id == booking.branch_id,
        sa.text(f"booking.state IN {PLACED_BOOKINGS}"),
        BOOKING.c.id != booking.id,
        BOOKING.c.ends_at > tx.now,
    )
    found = booking_views(tx, *to_come, BOOKING.c.contact == booking.contact) if booking.contact else []
    if numbers:
        found += booking_views(tx, *to_come, BOOKING.c.reference.in_(numbers) | BOOKING.c.name.in_(numbers))
    same = {one.id: one for one in found if one.service_id in told and _is_same_person(one, booking, numbers)}
    return sorted(same.values(), key=lambda one: (one.starts_at, one.code))


def _is_same_person(one: BookingView, booking: BookingView, numbers: Collection[str]) -> bool:
    """Whether somebody with this contact or case number is the same: those who come together may share either of them."""
    if one.name in numbers or booking.name in {one.reference} - {""}:
        return True
    return name_key(one.name) == name_key(booking.name)


def is_twice_at_once(tx: Tx, booking: BookingView, own: Collection[str] = ()) -> bool:
    """Whether the same person, by name and contact, has another appointment at the same time, at any branch.

    Discreet services neither warn nor are mentioned (decision 0012), and what other branches must not find by a name does
    not warn there, unless the secrets of both bookings are `own`.
    """
    if booking.erased_at is not None or not booking.contact:
        return False
    person = name_key(booking.name)
    branches = {one.id: one for one in visited_branches(tx)}
    here = branches.get(booking.branch_id) or branch_settings(tx, booking.branch_id)
    service = here.services[booking.service_id]
    asked = {
        "contact": booking.contact,
        "booking": booking.id,
        "starts": booking.starts_at,
        "ends": booking.ends_at,
    }
    reads = [(_AT_THE_SAME_TIME, asked | {"branch": key}) for key in branches]
    tx.foresee(*reads)
    for branch, read in zip(branches.values(), reads, strict=True):
        for other in tx.rows(*read):
            both = [one.confidentiality for one in (service, branch.services[other.service_id])]
            hidden = any(one.discreet for one in both)
            if branch.id != booking.branch_id:
                hidden = hidden or not all(one.is_found_elsewhere for one in both)
            both_own = booking.token in own and other.token in own
            if name_key(other.name) == person and (both_own or not hidden):
                return True
    return False
