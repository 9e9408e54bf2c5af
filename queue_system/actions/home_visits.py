"""Home visits: an address that was learned later, and who is back."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core.bookings import BookingState
from ..core.channels import read_address
from ..core.errors import Missing, Refused
from ..core.facts.bookings import BookingAddressed, BookingVisited
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.settings import branch_settings
from ..store.tables import HomeVisit, table
from .channels import keep_address

HOME_VISIT = table(HomeVisit)


def change_address(tx: Tx, branch_id: UUID, booking_id: UUID, typed: str, actor: Actor) -> None:
    """Store where staff go for a confirmed home visit; the log does not say where.

    Raises Missing("booking") for any other appointment, Refused("booking-over"), Invalid on the field `address`.
    """
    with locked(tx, branch_id) as lock:
        booking = _visit(lock, booking_id)
        if booking.state is not BookingState.CONFIRMED:
            raise Refused("booking-over")
        keep_address(lock, booking.id, read_address(typed))
        lock.append(BookingAddressed(subject=str(booking.id), code=booking.code), actor)


def report_back(tx: Tx, branch_id: UUID, booking_id: UUID, staff_id: UUID, actor: Actor) -> None:
    """Say that whoever went on a home visit is back; idempotent.

    Raises Missing("booking") for any other appointment, Refused("visit-not-begun") before its time.
    """
    with locked(tx, branch_id) as lock:
        booking = _visit(lock, booking_id)
        if booking.starts_at > tx.now:
            raise Refused("visit-not-begun")
        here = (HOME_VISIT.c.branch_id == lock.id) & (HOME_VISIT.c.booking_id == booking.id)
        row = tx.row(sa.select(HOME_VISIT.c.back_at).where(here))
        if row is not None and row.back_at is not None:
            return
        back = {"back_at": tx.now, "back_by": staff_id}
        if row is None:
            tx.execute(sa.insert(HOME_VISIT), {"branch_id": lock.id, "booking_id": booking.id, "address": "", **back})
        else:
            tx.execute(sa.update(HOME_VISIT).where(here).values(**back))
        lock.append(BookingVisited(subject=str(booking.id), code=booking.code), actor)


def _visit(lock: Locked, booking_id: UUID) -> BookingView:
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    booking = booking_by_id(lock.tx, lock.id, booking_id)
    if not settings.services[booking.service_id].at_home:
        raise Missing("booking")
    return booking
