"""A clerk writes a note for whoever has the visitor next; nothing of the text is in the log."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Refused, Stale
from ..core.facts.ticket_notes import TicketNoted, TicketNoteRemoved
from ..core.staff_notes import LONGEST_FOR_NEXT, NONCE_BYTES, read_note, sealed
from ..store.database import Tx
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.queries.settings import branch_settings
from ..store.tables import TicketNote, table
from .counters import Desk, counter_of, require_holder
from .day import in_session

NOTE = table(TicketNote)


def note_for_next(tx: Tx, desk: Desk, typed: str) -> tuple[TicketView, bool]:
    """Keep the clerk's note about the visitor at the counter in place of their earlier one; an empty text removes it.

    Returns the ticket, and whether there is a note of the clerk now. It can be read as `core.staff_notes.reads_for_next`
    says, and goes when the day of the visit is over. Raises Stale, Refused("nobody-at-counter"), Invalid("note-long").
    """
    with in_session(tx, desk.branch_id) as lock:
        counter = counter_of(tx, lock, desk)
        require_holder(tx, desk)
        ticket = line.at_counter(tx, lock.id, counter.id)
        if (ticket.id if ticket else None) != desk.expected:
            raise Stale("desk-stale")
        if ticket is None:
            raise Refused("nobody-at-counter")
        text = read_note(typed, LONGEST_FOR_NEXT) if typed.strip() else ""
        own = (NOTE.c.branch_id == lock.id, NOTE.c.ticket_id == ticket.id, NOTE.c.written_by == desk.staff_id)
        had = tx.execute(sa.delete(NOTE).where(*own)).rowcount > 0
        told = {"subject": str(ticket.id), "code": ticket.code, "counter": str(counter.id)}
        if not text:
            if had:
                lock.append(TicketNoteRemoved(**told), desk.actor)
            return ticket, False
        settings, note_id = branch_settings(tx, lock.id, lock.config_version), uuid7()
        rule = settings.services[ticket.service_id].confidentiality.staff_note
        if rule == "restricted_encrypted":
            text = sealed(tx.secret, lock.id, note_id, text, secrets.token_bytes(NONCE_BYTES))
        row: dict[str, Any] = {
            "branch_id": lock.id,
            "id": note_id,
            "ticket_id": ticket.id,
            "service_id": ticket.service_id,
        }
        row |= {"rule": rule, "text": text, "written_at": tx.now, "written_by": desk.staff_id}
        tx.execute(sa.insert(NOTE), row)
        lock.append(TicketNoted(**told), desk.actor)
        return ticket, True
