"""What staff have chosen to look at."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from .columns import json, key, of_branch


class OwnView(SQLModel, table=True):
    """Members and queues of a branch, by their slugs, that a person looks at together under a name of their own."""

    __tablename__ = "own_view"
    __table_args__ = (UniqueConstraint("branch_id", "staff_id", "name", name="own_views_by_name"),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    name: str
    only: list[Any] = json(list)


class ReportReader(SQLModel, table=True):
    """A person who is told when the report of a month of a branch is ready."""

    __tablename__ = "report_reader"

    branch_id: UUID = of_branch()
    staff_id: UUID = Field(primary_key=True, foreign_key="staff.id", index=True)
    # The first day of the newest month that they know of; None where no month was over when they began.
    seen: date | None = None
