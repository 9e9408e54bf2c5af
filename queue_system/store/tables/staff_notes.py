"""Notes of staff about appointments, and about visitors for the next clerk."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from .columns import key, of_branch, within_branch


class StaffNote(SQLModel, table=True):
    """A note about an appointment; it goes when the name does.

    `text` is encrypted where `rule` says so (`core.staff_notes.sealed`). It is no column of the booking, so that nothing
    that shows bookings can show it.
    """

    __tablename__ = "staff_note"
    __table_args__ = (within_branch("booking_id", "booking"), Index("notes_of_booking", "branch_id", "booking_id"))

    branch_id: UUID = of_branch()
    id: UUID = key()
    booking_id: UUID
    # The rule under which it was written: allowed, restricted or restricted_encrypted.
    rule: str
    text: str
    written_at: datetime
    written_by: UUID | None = Field(default=None, foreign_key="staff.id")
    # The note of which this is the new wording.
    corrects: UUID | None = None


class TicketNote(SQLModel, table=True):
    """A note for whoever has the visitor next; it goes when the day of the visit is over."""

    __tablename__ = "ticket_note"
    __table_args__ = (
        within_branch("ticket_id", "ticket"),
        within_branch("service_id", "service"),
        UniqueConstraint("branch_id", "ticket_id", "written_by", name="one_note_a_writer"),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    ticket_id: UUID
    # The service about which it was written, because a restricted note does not follow to another one.
    service_id: UUID
    # The rule under which it was written: allowed, restricted or restricted_encrypted.
    rule: str
    text: str
    written_at: datetime
    written_by: UUID = Field(foreign_key="staff.id")
