"""Those who wait for an earlier time than their appointment's, and what was offered to them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from ..dialect import partial
from .columns import key, of_branch, within_branch

RUNNING_OFFERS = "ended_at IS NULL"


class EarlierWish(SQLModel, table=True):
    """The owner of an appointment waits for an earlier time (core.earlier.Wish); without a row they do not."""

    __tablename__ = "earlier_wish"
    __table_args__ = (within_branch("booking_id", "booking"),)

    branch_id: UUID = of_branch()
    booking_id: UUID = key()
    since: datetime
    first_day: date | None = None
    part: str
    notice_hours: int


class EarlierOffer(SQLModel, table=True):
    """A place that was given back, offered to somebody who waits; it is kept for them until `until`.

    The keys allow one offer at a time for each place and for each appointment, and the same place never twice.
    """

    __tablename__ = "earlier_offer"
    __table_args__ = (
        within_branch("place_id", "freed_place"),
        within_branch("booking_id", "booking"),
        UniqueConstraint("branch_id", "place_id", "booking_id", name="a_place_once"),
        Index("one_offer_of_a_place", "branch_id", "place_id", unique=True, **partial(RUNNING_OFFERS)),
        Index("one_offer_to_a_booking", "branch_id", "booking_id", unique=True, **partial(RUNNING_OFFERS)),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    place_id: UUID
    booking_id: UUID
    # The start of the appointment when the offer was made, and that of the place.
    from_starts_at: datetime
    starts_at: datetime
    offered_at: datetime
    until: datetime
    ended_at: datetime | None = None
    # core.earlier.Outcome
    outcome: str | None = None
