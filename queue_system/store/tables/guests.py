"""People whom staff invite to book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from .columns import key, of_branch, within_branch


class BookingInvitation(SQLModel, table=True):
    """An invitation to book a service. Its link is computed from its id and stored nowhere (core.tokens.sealed)."""

    __tablename__ = "booking_invitation"
    __table_args__ = (
        within_branch("service_id", "service"),
        within_branch("booking_id", "booking"),
        Index("invitations_by_answer", "branch_id", "answer_until"),
        Index("invitations_of_booking", "branch_id", "booking_id"),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    service_id: UUID
    name: str
    contact: str
    language: str
    # How many people may come with one booking.
    persons: int
    # It can be used before this instant.
    answer_until: datetime
    created_at: datetime
    created_by: UUID | None = Field(default=None, foreign_key="staff.id")
    withdrawn_at: datetime | None = None
    # The booking that was last made with it.
    booking_id: UUID | None = None
