"""Messages on their way to the people whose appointments, or invitations, they are about."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from ..dialect import partial
from .columns import key, of_branch, within_branch

PENDING_MESSAGES = "ended_at IS NULL"
UNSENT_MESSAGES = "('failed', 'unknown')"


class Message(SQLModel, table=True):
    """A message about a booking or an invitation: queued, claimed, sent, failed, unknown, void; pending until `ended_at`.

    It holds neither address nor text: both are taken from what it is about when it is sent. Messages about one booking are
    numbered by `sequence`; a reminder has the number of the message that it follows.
    """

    __table_args__ = (
        within_branch("about", "booking"),
        within_branch("invitation_id", "booking_invitation"),
        CheckConstraint("(about IS NULL) <> (invitation_id IS NULL)", name="a_message_is_about_one_thing"),
        UniqueConstraint("branch_id", "about", "n", "event", "sequence", "channel", name="one_message_an_event"),
        UniqueConstraint("branch_id", "invitation_id", name="one_letter_an_invitation"),
        Index("pending_messages", "branch_id", "due_at", **partial(PENDING_MESSAGES)),
        Index("unsent_messages", "branch_id", **partial(f"state IN {UNSENT_MESSAGES}")),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    # A booking; None where it is about an invitation.
    about: UUID | None = None
    invitation_id: UUID | None = None
    # To which person of the booking it goes (tables.people.Participant); 0 is who it was booked for.
    n: int = 0
    event: str
    sequence: int
    channel: str
    language: str
    state: str
    created_at: datetime
    # When it was first to be sent, and when it may be claimed (again).
    wanted_at: datetime
    due_at: datetime
    lease_until: datetime | None = None
    attempts: int = 0
    # Whether an earlier attempt may have delivered it; it is repeated once after that.
    doubtful: bool = False
    error: str | None = None
    ended_at: datetime | None = None
    # Of one that was given up: who sees to it, and what came of that (core.messages.Settled).
    owner_id: UUID | None = Field(default=None, foreign_key="staff.id")
    settled: str | None = None
