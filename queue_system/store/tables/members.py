"""Members: whom bookings have, and when they are not there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from .columns import key, of_branch, within_branch


class BookingMember(SQLModel, table=True):
    """The member that a booking has for one of its needs; the member's seats hold the promise, this row says why.

    `need_id` is the id of a group or member, or of the queue whose rooms or vehicles are meant. A booking that is offered
    another time has members for both times, which `first_tick` tells apart.
    """

    __tablename__ = "booking_member"
    __table_args__ = (
        within_branch("booking_id", "booking"),
        Index("bookings_of_member", "branch_id", "member_id", "first_tick"),
    )

    branch_id: UUID = of_branch()
    booking_id: UUID = key()
    need_id: UUID = key()
    # The ticks for which the member is taken, travel included; `stop_tick` is the first after them.
    first_tick: int = key()
    stop_tick: int
    # The id of a resource or of a counter.
    member_id: UUID
    why: str
    # When somebody was told who it will be; from then on the booking keeps this member.
    announced_at: datetime | None = None


class Block(SQLModel, table=True):
    """Time in which a member is not there: leave, illness, a meeting; withdrawn from `ended_at` on."""

    __table_args__ = (Index("blocks_of_member", "branch_id", "member_id", "starts_at"),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    # Equal for blocks that were planned together: of several members, or on several days.
    plan_id: UUID
    member_id: UUID
    starts_at: datetime
    ends_at: datetime
    reason: str
    # The reason in a few words, for whoever plans absences.
    note: str = ""
    created_at: datetime
    created_by: UUID | None = Field(default=None, foreign_key="staff.id")
    ended_at: datetime | None = None
