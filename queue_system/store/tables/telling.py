"""Whom somebody has to call, because no message reaches them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import SQLModel

from ..dialect import partial
from .columns import key, of_branch, within_branch

OPEN_PHONE_CALLS = "reached_at IS NULL"


class PhoneCall(SQLModel, table=True):
    """What a person of a booking has to be told on the telephone; a newer event takes the place of an older one.

    The number is that of the booking, or of its participant, so nothing here says who it is.
    """

    __tablename__ = "phone_call"
    __table_args__ = (
        within_branch("booking_id", "booking"),
        Index("open_phone_calls", "branch_id", **partial(OPEN_PHONE_CALLS)),
    )

    branch_id: UUID = of_branch()
    booking_id: UUID = key()
    # Which person of the booking (tables.people.Participant); 0 is who it was booked for.
    n: int = key()
    # core.messages.Event
    event: str
    since: datetime
    tries: int = 0
    tried_at: datetime | None = None
    reached_at: datetime | None = None
