"""The people of an appointment besides whoever booked it, and who of all of them came."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import SQLModel

from ..dialect import partial
from .columns import key, of_branch, within_branch


class Participant(SQLModel, table=True):
    """One person of a booking: 0 is who it was booked for, from 1 on come the others.

    Name, case number, contact and the way to contact number 0 are in the booking; its row is there once it is recorded
    whether they came. Everybody else's are here, and empty once the booking's were erased.
    """

    __table_args__ = (
        within_branch("booking_id", "booking"),
        Index("known_ways_of_others", "branch_id", "contact", **partial("contact_way IS NOT NULL")),
    )

    branch_id: UUID = of_branch()
    booking_id: UUID = key()
    n: int = key()
    # Why they come (core.participants.Role).
    role: str
    name: str = ""
    reference: str = ""
    contact: str = ""
    # How they may be contacted (core.safe_contact.ContactWay), when it is safe, and when they were last asked.
    contact_way: str | None = None
    contact_note: str = ""
    contact_asked_at: datetime | None = None
    # core.attendance.Attendance; None: not recorded, which says nothing about whether they came.
    attendance: str | None = None
    attendance_reason: str | None = None
    recorded_at: datetime | None = None
