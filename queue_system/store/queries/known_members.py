"""Whom an appointment has, who of them was promised, and whom a person had at the last visit."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.contacts import is_reference
from ...core.members import Present, WhyMember
from ...core.names import name_key
from ...core.slots import tick_of
from ...core.support import Why
from ..database import AnyRow, Tx
from ..prepared import Prepared, Statement
from ..tables import Booking, BookingMember, table
from ..tables.day import PLACED_BOOKINGS
from .bookings import BookingView
from .members import PEOPLE, members_of, needs_of
from .settings import BranchSettings, ServiceView

BOOKING, HAS = table(Booking), table(BookingMember)

# Prepared, because everybody who books or moves an appointment with members runs them.
_PRESENT = Prepared(
    sa.select(HAS.c.need_id, HAS.c.first_tick, HAS.c.stop_tick, HAS.c.member_id, HAS.c.why, HAS.c.announced_at)
    .where(HAS.c.branch_id == sa.bindparam("branch"), HAS.c.booking_id == sa.bindparam("booking"))
    .order_by(HAS.c.need_id)
)
# Without their members, because SQLite would begin with all members of the branch.
_MET = sa.select(BOOKING.c.id, BOOKING.c.name, BOOKING.c.starts_at).where(
    BOOKING.c.branch_id == sa.bindparam("branch"), BOOKING.c.service_id == sa.bindparam("service")
)
# Two statements in one, because each state has an index of its own.
_TO_COME = _MET.where(sa.text(f"booking.state IN {PLACED_BOOKINGS}"))
_OVER = _MET.where(sa.text("booking.state = 'fulfilled'"))
_HAS_CONTACT = BOOKING.c.contact == sa.bindparam("contact")
_BY_CONTACT = Prepared(sa.union_all(_TO_COME.where(_HAS_CONTACT), _OVER.where(_HAS_CONTACT)))
_IS_CALLED = BOOKING.c.name == sa.bindparam("name")
_BY_REFERENCE = Prepared(sa.union_all(_TO_COME.where(_IS_CALLED), _OVER.where(_IS_CALLED)))


def present_members(tx: Tx, settings: BranchSettings, booking: BookingView | AnyRow) -> dict[UUID, Present]:
    """Whom an appointment has, by need, at its own time and not at one that is only offered."""
    tick = tick_of(booking.starts_at, settings.tick_minutes)
    return {
        row.need_id: Present(row.member_id, WhyMember(row.why), range(row.first_tick, row.stop_tick), row.announced_at)
        for row in tx.rows(_PRESENT, {"branch": settings.id, "booking": booking.id})
        if row.first_tick <= tick < row.stop_tick
    }


def promised(settings: BranchSettings, booking: BookingView, present: dict[UUID, Present]) -> dict[UUID, UUID]:
    """Those of its members whom an appointment keeps at another time, by need, because somebody was told of them.

    None where they are what the branch took away: without them it gets another time with whoever is there. Nobody is
    promised with a hold.
    """
    if booking.state is BookingState.HELD or booking.service_id not in settings.services:
        return {}
    if booking.taken_away and booking.lost_why is Why.MEMBER:
        return {}
    options = {need.key: need.options for need in needs_of(settings, booking.service_id)}
    return {
        need: one.member
        for need, one in present.items()
        if one.announced_at is not None and one.member in options.get(need, ())
    }


def promised_members(tx: Tx, settings: BranchSettings, booking: BookingView) -> dict[UUID, UUID]:
    """`promised` of an appointment as it is stored."""
    if not needs_of(settings, booking.service_id):
        return {}
    return promised(settings, booking, present_members(tx, settings, booking))


def met_members(
    tx: Tx, settings: BranchSettings, service: ServiceView, name: str, contact: str, besides: UUID | None = None
) -> tuple[UUID, ...]:
    """Whom a person had at the latest appointment for a service, or has at one to come; not at the booking `besides`.

    They are people, because any room will do. A person is a name and a contact together (`core.persons`), at a protected
    service a case number. What was called off does not count, nor does a visit that its visitor missed.
    """
    found = [
        row
        for statement, values in reads_of_met(settings, service, name, contact)
        for row in tx.rows(statement, values)
    ]
    person = name_key(name)
    mine = [row for row in found if row.id != besides and name_key(row.name) == person]
    if not mine:
        return ()
    had = present_members(tx, settings, max(mine, key=lambda row: (row.starts_at, row.id)))
    known = (members_of(settings).get(one.member) for one in had.values())
    return tuple(one.id for one in known if one is not None and one.kind in PEOPLE)


def reads_of_met(settings: BranchSettings, service: ServiceView, name: str, contact: str) -> tuple[Statement, ...]:
    """What `met_members` reads; nothing where the service needs no member, or nobody is known."""
    who = {"branch": settings.id, "service": service.id}
    if not needs_of(settings, service.id):
        return ()
    if service.confidentiality.protected and is_reference(name):
        return ((_BY_REFERENCE, who | {"name": name}),)
    return ((_BY_CONTACT, who | {"contact": contact}),) if name and contact else ()
