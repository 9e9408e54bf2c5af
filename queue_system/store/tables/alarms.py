"""Silent emergency calls from counters."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from .columns import key, of_branch, within_branch


class Alarm(SQLModel, table=True):
    """A silent emergency call that is not over yet; its key allows one for each counter. What is over is in the log alone."""

    __table_args__ = (within_branch("counter_id", "counter"),)

    branch_id: UUID = of_branch()
    counter_id: UUID = key()
    staff_id: UUID = Field(foreign_key="staff.id")
    raised_at: datetime
    # Who said first to be coming.
    answered_by: UUID | None = Field(default=None, foreign_key="staff.id")
    answered_at: datetime | None = None
