"""Series of appointments. Each date that was booked has an ordinary booking; nothing here says whose it is."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import SQLModel

from .columns import key, of_branch, within_branch


class BookingSeries(SQLModel, table=True):
    """How a series runs (`core.series.Course`): number `anchor_n` is on `anchor_on`, the others as `rhythm` says.

    `minutes` are counted from midnight by the clock on the wall, so the time stays when the clock changes. How many dates
    it has is said by their rows.
    """

    __tablename__ = "booking_series"
    __table_args__ = (within_branch("service_id", "service"),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    service_id: UUID
    rhythm: str
    every: int
    anchor_n: int
    anchor_on: date
    minutes: int
    created_at: datetime


class SeriesDate(SQLModel, table=True):
    """One date of a series: when it would be by the rule, and its booking.

    Without a booking it was skipped, for the reason `skipped` (`core.series.Chance`); it can be filled later. A booking
    at another time than `starts_at` was moved alone.
    """

    __tablename__ = "series_date"
    __table_args__ = (
        ForeignKeyConstraint(["branch_id", "series_id"], ["booking_series.branch_id", "booking_series.id"]),
        within_branch("booking_id", "booking"),
        UniqueConstraint("branch_id", "booking_id", name="one_series_a_booking"),
    )

    branch_id: UUID = of_branch()
    series_id: UUID = key()
    n: int = key()
    starts_at: datetime
    booking_id: UUID | None = None
    skipped: str | None = None
