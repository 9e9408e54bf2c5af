"""Home visits: where staff go, and whether they are back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from .columns import key, of_branch, within_branch


class HomeVisit(SQLModel, table=True):
    """Where an appointment at a visitor's home takes place; the address is empty once the booking was erased.

    It is no column of the booking, so that nothing that shows bookings can show it.
    """

    __tablename__ = "home_visit"
    __table_args__ = (within_branch("booking_id", "booking"),)

    branch_id: UUID = of_branch()
    booking_id: UUID = key()
    address: str
    # When whoever went there was back, and who said so.
    back_at: datetime | None = None
    back_by: UUID | None = Field(default=None, foreign_key="staff.id")
