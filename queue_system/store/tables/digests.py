"""The digests of past days, which outlive their tickets (core/digests.py). No column holds an id of a person or visit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from .columns import json, key, of_branch


class DigestedDay(SQLModel, table=True):
    """A business day that has its digest, as the log was read up to `seq`.

    From `tidied_at` on its tickets are being deleted, so its digest is not made again.
    """

    __tablename__ = "digested_day"

    branch_id: UUID = of_branch()
    business_date: date = key()
    seq: int
    tidied_at: datetime | None = None
    # Whether it is in the digest of its month (PartDigest).
    in_month: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class ServiceDigest(SQLModel, table=True):
    """A day of a service, by channel: ``walk_in.kiosk``, ``appointment.reception``; of bookings ``booking.web``.

    The counts that most questions need are columns; `data` holds all others, the words and the spreads of the tally.
    """

    __tablename__ = "day_digest"

    branch_id: UUID = of_branch()
    business_date: date = key()
    service: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    issued: int = 0
    served: int = 0
    missed: int = 0
    left: int = 0
    voided: int = 0
    due: int = 0
    arrived: int = 0
    absent: int = 0
    cancelled: int = 0
    data: dict[str, Any] = json(dict)


class HourDigest(SQLModel, table=True):
    """An hour of arrival on the branch's clock, by the queue that gave the number."""

    __tablename__ = "hour_digest"

    branch_id: UUID = of_branch()
    business_date: date = key()
    local_hour: int = Field(primary_key=True)
    queue: str = Field(primary_key=True)
    issued: int = 0
    called: int = 0
    served: int = 0
    data: dict[str, Any] = json(dict)


class PartDigest(SQLModel, table=True):
    """A part of a day (core/day_parts.py), or of a month of such days: what a table of figures has as a row.

    `span` is "day" or "month", `business_date` the day, or the first of the month. A month has the parts of its days, and
    "service" by service, "hour" and "weekday" by number and queue (`09/a`), because its rows are read in place of its days'.
    Its spreads are texts of `core/spreads.py` where they can be.
    """

    __tablename__ = "part_digest"

    branch_id: UUID = of_branch()
    span: str = Field(primary_key=True)
    business_date: date = key()
    part: str = Field(primary_key=True)
    slug: str = Field(primary_key=True)
    data: dict[str, Any] = json(dict)
