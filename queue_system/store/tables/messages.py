"""Messages on their way to the people whose appointments they are about."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from ..dialect import partial
from .columns import key, of_branch, within_branch

PENDING_MESSAGES = "ended_at IS NULL"
UNSENT_MESSAGES = "('failed', 'unknown')"


class Message(SQLModel, table=True):
    """A message about a booking: queued, claimed, sent, failed, unknown, void; pending until `ended_at`.

    It holds neither address nor text: both are taken from the booking when it is sent. Messages about one booking are
    numbered by `sequence`; a reminder has the number of the message that it follows.
    """

    __table_args__ = (
        within_branch("about", "booking"),
        UniqueConstraint("branch_id", "about", "n", "event", "sequence", "channel", name="one_message_an_event"),
        Index("pending_messages", "branch_id", "due_at", **partial(PENDING_MESSAGES)),
        Index("unsent_messages", "branch_id", **partial(f"state IN {UNSENT_MESSAGES}")),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    about: UUID
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
