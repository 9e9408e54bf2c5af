"""Staff write a note about an appointment, or word one of their own anew; nothing of the text is in the log."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Denied, Missing
from ..core.facts.staff_notes import NoteCorrected, NoteWritten
from ..core.staff_notes import NONCE_BYTES, Reader, read_note, sealed
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.queries.staff_notes import notes_of, rule_of
from ..store.tables import StaffNote, table

NOTE = table(StaffNote)


def write_note(
    tx: Tx,
    branch_id: UUID,
    booking_id: UUID,
    typed: str,
    writer: Reader,
    actor: Actor,
    corrects: UUID | None = None,
) -> UUID:
    """Keep a note about an appointment, encrypted where its level says so; returns its id.

    `corrects` is an own note of which this is the new wording; the old one stays to be read beside it. Raises
    Missing("booking"), also where the name was erased, Missing("note") for a note that is not the writer's or has a new
    wording already, Denied("not-allowed"), and Invalid as `core.staff_notes.read_note`.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.erased_at is not None:
            raise Missing("booking")
        if not writer.may_write:
            raise Denied("not-allowed")
        text = read_note(typed)
        if corrects is not None:
            known = notes_of(tx, settings, booking, writer).notes
            if not any(one.id == corrects and one.by_id == writer.staff_id for one in known):
                raise Missing("note")
        return keep_note(lock, settings, booking, text, writer.staff_id, actor, corrects)


def keep_note(
    lock: Locked,
    settings: BranchSettings,
    booking: BookingView,
    text: str,
    written_by: UUID,
    actor: Actor,
    corrects: UUID | None = None,
) -> UUID:
    """Keep a text as `core.staff_notes.read_note` gives it, for an action that has asked who may write; returns its id."""
    rule, note_id = rule_of(settings, booking), uuid7()
    if rule == "restricted_encrypted":
        text = sealed(lock.tx.secret, lock.id, note_id, text, secrets.token_bytes(NONCE_BYTES))
    row: dict[str, Any] = {
        "branch_id": lock.id,
        "id": note_id,
        "booking_id": booking.id,
        "rule": rule,
        "text": text,
    }
    row |= {"written_at": lock.tx.now, "written_by": written_by, "corrects": corrects}
    lock.tx.execute(sa.insert(NOTE), row)
    told = {"subject": str(booking.id), "code": booking.code}
    lock.append(NoteWritten(**told) if corrects is None else NoteCorrected(**told), actor)
    return note_id
