"""People who must not meet. Everybody is a keyed hash here (`core.apart.keyed`), so these tables alone name nobody."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from ..dialect import partial
from .columns import key, of_branch, within_branch


class ApartPair(SQLModel, table=True):
    """Two people who must not meet; ended from `ended_at` on. `scope` and `reason` are those of `core.apart`."""

    __tablename__ = "apart_pair"
    __table_args__ = (Index("open_pairs", "branch_id", **partial("ended_at IS NULL")),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    key_a: str
    key_b: str
    # Which key of the installation made both hashes (`core.apart.key_mark`); with another one nobody is recognised.
    made_with: str
    scope: str
    minutes: int = 0
    # The last day on which it holds.
    until: date | None = None
    reason: str
    created_at: datetime
    created_by: UUID | None = Field(default=None, foreign_key="staff.id")
    ended_at: datetime | None = None


class ApartKey(SQLModel, table=True):
    """One thing by which a person of a booking is recognised. Only branches that keep people apart have these."""

    __tablename__ = "apart_key"
    __table_args__ = (within_branch("booking_id", "booking"), Index("bookings_of_key", "branch_id", "hash"))

    branch_id: UUID = of_branch()
    booking_id: UUID = key()
    hash: str = key()


class ApartAccepted(SQLModel, table=True):
    """Staff let two appointments of a pair stand, at these times. `one_id` is the smaller of the two ids."""

    __tablename__ = "apart_accepted"
    __table_args__ = (
        within_branch("pair_id", "apart_pair"),
        within_branch("one_id", "booking"),
        within_branch("other_id", "booking"),
    )

    branch_id: UUID = of_branch()
    pair_id: UUID = key()
    one_id: UUID = key()
    other_id: UUID = key()
    one_starts_at: datetime
    other_starts_at: datetime
    reason: str
    accepted_at: datetime
    accepted_by: UUID | None = Field(default=None, foreign_key="staff.id")
