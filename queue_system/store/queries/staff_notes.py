"""The notes of staff about an appointment, for somebody who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ...core.staff_notes import NoteRule, Reader, opened, stricter
from ...core.tickets import AT_COUNTER
from ..database import AnyRow, Tx
from ..tables import BookingMember, Counter, Resource, Staff, StaffNote, Ticket, table
from .bookings import BookingView
from .settings import BranchSettings

COUNTER, TICKET = table(Counter), table(Ticket)
MEMBER, RESOURCE = table(BookingMember), table(Resource)
NOTE, STAFF = table(StaffNote), table(Staff)


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as somebody may read it. `text` is None where it was written with another key of the installation.

    `earlier` are the wordings that it replaces, the last one first; `by` is the name of the writer, "" without one.
    """

    id: UUID
    rule: NoteRule
    text: str | None
    at: datetime
    by: str
    by_id: UUID | None
    earlier: tuple[NoteView, ...] = ()


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes that somebody may read, the newest first, and how many others there are, which they may not."""

    notes: tuple[NoteView, ...]
    withheld: int


def rule_of(branch: BranchSettings, booking: BookingView) -> NoteRule:
    """The rule for notes about a booking that are written now."""
    return branch.services[booking.service_id].confidentiality.staff_note


def notes_of(tx: Tx, branch: BranchSettings, booking: BookingView, reader: Reader) -> Notes:
    """The notes about a booking. The rule under which one was written and the present one hold, whichever is stricter."""
    present = rule_of(branch, booking)
    rows = tx.rows(
        sa.select(NOTE, STAFF.c.name)
        .select_from(NOTE.outerjoin(STAFF, STAFF.c.id == NOTE.c.written_by))
        .where(NOTE.c.branch_id == branch.id, NOTE.c.booking_id == booking.id)
        .order_by(NOTE.c.written_at, NOTE.c.id)
    )
    readable = [one for one in rows if reader.may_read(stricter(present, one.rule), one.written_by)]
    wordings: dict[UUID, NoteView] = {}
    for row in readable:
        before = wordings.pop(row.corrects, None) if row.corrects else None
        wordings[row.id] = _view(tx, branch.id, row, before)
    return Notes(tuple(reversed(wordings.values())), len(rows) - len(readable))


def gives(tx: Tx, branch_id: UUID, booking: BookingView, staff_id: UUID) -> bool:
    """Whether somebody gives the service of a booking: as a member that it has, or at the counter where its visitor is."""
    as_member = (
        sa.select(RESOURCE.c.id)
        .select_from(
            RESOURCE.join(
                MEMBER, sa.and_(MEMBER.c.branch_id == RESOURCE.c.branch_id, MEMBER.c.member_id == RESOURCE.c.id)
            )
        )
        .where(RESOURCE.c.branch_id == branch_id, RESOURCE.c.staff_id == staff_id, MEMBER.c.booking_id == booking.id)
    )
    at_counter = (
        sa.select(TICKET.c.id)
        .select_from(
            TICKET.join(
                COUNTER, sa.and_(COUNTER.c.branch_id == TICKET.c.branch_id, COUNTER.c.id == TICKET.c.counter_id)
            )
        )
        .where(
            TICKET.c.branch_id == branch_id,
            TICKET.c.booking_id == booking.id,
            TICKET.c.state.in_([state.value for state in AT_COUNTER]),
            COUNTER.c.staff_id == staff_id,
        )
    )
    return any(tx.row(one.limit(1)) is not None for one in (as_member, at_counter))


def _view(tx: Tx, branch_id: UUID, row: AnyRow, before: NoteView | None) -> NoteView:
    text = opened(tx.secret, branch_id, row.id, row.text) if row.rule == "restricted_encrypted" else row.text
    earlier = (before, *before.earlier) if before else ()
    return NoteView(row.id, row.rule, text, row.written_at, row.name or "", row.written_by, earlier)
