"""The notes for the next clerk about the visitor at a counter, for the clerk who sits there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ...core.rights import DESK_RIGHTS, NOTE_RIGHTS
from ...core.staff_notes import opened, reads_for_next, stricter
from ..database import Tx
from ..prepared import Prepared
from ..tables import Staff, TicketNote, table
from .access import staff_by_id
from .line import TicketView
from .settings import BranchSettings

NOTE, STAFF = table(TicketNote), table(Staff)

_OF_TICKET = Prepared(
    sa.select(NOTE, STAFF.c.name)
    .select_from(NOTE.outerjoin(STAFF, STAFF.c.id == NOTE.c.written_by))
    .where(NOTE.c.branch_id == sa.bindparam("branch"), NOTE.c.ticket_id == sa.bindparam("ticket"))
    .order_by(NOTE.c.written_at, NOTE.c.id)
)


@dataclass(frozen=True, slots=True)
class TicketNoteView:
    """A note as the clerk may read it; `text` is None where it was written with another key of the installation."""

    text: str | None
    at: datetime
    by: str
    own: bool


def notes_for(tx: Tx, settings: BranchSettings, ticket: TicketView, staff_id: UUID) -> tuple[TicketNoteView, ...]:
    """The notes about a visitor at somebody's counter that this person may read, the oldest first."""
    rows = tx.rows(_OF_TICKET, {"branch": settings.id, "ticket": ticket.id})
    person = staff_by_id(tx, staff_id) if rows else None
    if person is None:
        return ()

    def department(service_id: UUID) -> str:
        return settings.departments[settings.services[service_id].department_id].slug

    found = []
    for row in rows:
        readable = reads_for_next(
            stricter(settings.services[row.service_id].confidentiality.staff_note, row.rule),
            own=row.written_by == staff_id,
            serves=person.may_in(DESK_RIGHTS, settings.id, department(ticket.service_id)),
            same_service=row.service_id == ticket.service_id,
            privileged=person.may_in(NOTE_RIGHTS, settings.id, department(row.service_id)),
        )
        if readable:
            sealed = row.rule == "restricted_encrypted"
            text = opened(tx.secret, settings.id, row.id, row.text) if sealed else row.text
            found.append(TicketNoteView(text, row.written_at, row.name or "", row.written_by == staff_id))
    return tuple(found)
