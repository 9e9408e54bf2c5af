"""What cannot be removed or changed in the settings because tickets, appointments, people or devices depend on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from ...core.bookings import BookingState
from ...settings.consistency import Located
from ...settings.edits import Edit
from ...settings.faults import Fault
from .. import tables
from ..tables import table
from ..tx import AnyRow, Tx

#: The tables of things that other rows may refer to, by the kind of object.
_TABLES: Final[Mapping[str, type[Any]]] = {
    "department": tables.Department,
    "queue": tables.Queue,
    "resource": tables.Resource,
    "service": tables.Service,
    "zone": tables.Zone,
    "counter": tables.Counter,
    "device": tables.Device,
    "occasion": tables.Occasion,
    "confidentiality": tables.Confidentiality,
    "priority": tables.Priority,
    "policy": tables.PolicyRow,
    "document": tables.Document,
    "role": tables.Role,
}


#: What seats refer to, in one column without a foreign key: queues, resources, and counters that are rooms or vehicles.
_SEATED: Final = (tables.Queue, tables.Resource, tables.Counter)


@dataclass(frozen=True, slots=True)
class PastUse:
    """How many numbers and appointments refer to a thing; `ahead` appointments are confirmed and to come."""

    numbers: int
    bookings: int
    ahead: int

    @property
    def nothing(self) -> bool:
        return not (self.numbers or self.bookings)


def past_use(tx: Tx, place: UUID, kind: str, slug: str) -> PastUse:
    """What refers to a thing of a place besides the settings."""
    model = _TABLES.get(kind)
    row = None if model is None else _row(tx, model, place, slug)
    if model is None or row is None:
        return PastUse(0, 0, 0)
    of, ticket, booking = table(model), table(tables.Ticket), table(tables.Booking)
    numbers, bookings = _references(of, ticket, row), _references(of, booking, row)
    if model in _SEATED:
        seat = table(tables.Seat)
        seated = sa.select(seat.c.booking_id).where(seat.c.branch_id == place, seat.c.resource_id == row.id)
        bookings = [sa.and_(booking.c.branch_id == place, booking.c.id.in_(seated))]
    ahead = (booking.c.state == BookingState.CONFIRMED.value, booking.c.starts_at > tx.now)
    return PastUse(_count(tx, ticket, numbers), _count(tx, booking, bookings), _count(tx, booking, bookings, *ahead))


def in_use(tx: Tx, place: UUID, edits: Iterable[Edit]) -> Iterator[Located]:
    """A fault for each thing that the edits remove and that has a history, because it can only be retired.

    Also for a new length of the branch's step while places are taken: they are numbered in steps.
    """
    for edit in edits:
        if edit.kind == "branch" and "tick_minutes" in edit.fields and _has_seats(tx, place):
            yield Located(edit.kind, edit.slug, Fault("setting-step-in-use", "tick_minutes"))
        model = _TABLES.get(edit.kind)
        if edit.now is None and model is tables.Device:
            yield from _of_device(tx, place, edit)
        elif edit.now is None and model is not None and _is_used(tx, model, place, edit.slug):
            yield Located(edit.kind, edit.slug, Fault("setting-has-history"))
        elif edit.now is None and edit.kind == "department" and _limits_roles(tx, place, edit.slug):
            yield Located(edit.kind, edit.slug, Fault("setting-has-roles"))


def _of_device(tx: Tx, place: UUID, edit: Edit) -> Iterator[Located]:
    """A fault for a device that is paired, or whose slips are kept. It cannot be retired, so the fault says what to do."""
    of = table(tables.Device)
    itself = (of.c.branch_id, place), (of.c.slug, edit.slug)
    if _exists(tx, of, *itself, where=of.c.token_sha256.is_not(None)):
        yield Located(edit.kind, edit.slug, Fault("setting-device-paired"))
    elif _is_used(tx, tables.Device, place, edit.slug):
        yield Located(edit.kind, edit.slug, Fault("setting-device-slips"))


def _has_seats(tx: Tx, place: UUID) -> bool:
    """Whether somebody has, or was offered, or has given back a place that is not over yet."""
    seat, booking = table(tables.Seat), table(tables.Booking)
    both = seat.join(booking, (booking.c.branch_id == seat.c.branch_id) & (booking.c.id == seat.c.booking_id))
    ahead = (booking.c.ends_at > tx.now) | (booking.c.offered_ends_at > tx.now)
    found = sa.select(sa.literal(1)).select_from(both).where(seat.c.branch_id == place, ahead).limit(1)
    return tx.row(found) is not None


def _limits_roles(tx: Tx, place: UUID, department: str) -> bool:
    """Whether somebody holds a role for a department alone; the role names it and is no foreign key."""
    role = table(tables.StaffRole)
    return _exists(tx, role, (role.c.branch_id, place), (role.c.department, department))


def _row(tx: Tx, model: type[Any], place: UUID, slug: str) -> AnyRow | None:
    of = table(model)
    here = [of.c.branch_id == place] if "branch_id" in of.c else []
    return tx.row(sa.select(of).where(of.c.slug == slug, *here))


def _references(of: sa.Table, by: sa.Table, row: AnyRow) -> list[sa.ColumnElement[bool]]:
    """The conditions, one of which the rows of another table fulfil that refer to a row of this one."""
    return [
        sa.and_(*(element.parent == getattr(row, element.column.key) for element in key.elements))
        for key in _keys_to(of)
        if key.table is by
    ]


def _count(tx: Tx, of: sa.Table, one_of: list[sa.ColumnElement[bool]], *all_of: sa.ColumnElement[bool]) -> int:
    if not one_of:
        return 0
    return int(tx.scalar(sa.select(sa.func.count()).select_from(of).where(sa.or_(*one_of), *all_of)) or 0)


def _is_used(tx: Tx, model: type[Any], place: UUID, slug: str) -> bool:
    of, row = table(model), _row(tx, model, place, slug)
    if row is None:
        return False
    seat = table(tables.Seat)
    if model in _SEATED and _exists(tx, seat, (seat.c.branch_id, place), (seat.c.resource_id, row.id)):
        return True
    return any(_refers(tx, key, row) for key in _keys_to(of))


def _keys_to(of: sa.Table) -> Iterator[sa.ForeignKeyConstraint]:
    """The foreign keys by which rows that are no settings refer to a table."""
    models: tuple[type[Any], ...] = (*tables.SETTINGS, tables.Device)
    settings = {table(model) for model in models}
    for other in SQLModel.metadata.sorted_tables:
        if other not in settings:
            yield from (key for key in other.foreign_key_constraints if key.referred_table is of)


def _refers(tx: Tx, key: sa.ForeignKeyConstraint, row: AnyRow) -> bool:
    parts = [(element.parent, getattr(row, element.column.key)) for element in key.elements]
    return _exists(tx, key.table, *parts)


def _exists(
    tx: Tx, of: sa.Table, *parts: tuple[sa.ColumnElement[Any], Any], where: sa.ColumnElement[bool] | None = None
) -> bool:
    equal = [column == value for column, value in parts]
    found = sa.select(sa.literal(1)).select_from(of).where(*equal, *([] if where is None else [where])).limit(1)
    return tx.row(found) is not None
