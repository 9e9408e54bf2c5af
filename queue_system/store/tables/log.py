"""The log of each branch."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from .columns import json, key, of_branch


class Entry(SQLModel, table=True):
    """A fact in the log: audit entry, outbox entry and stream position. Append-only by trigger, gapless per branch."""

    branch_id: UUID = of_branch()
    seq: int = key()
    at: datetime
    kind: str = Field(index=False)
    actor_kind: str
    actor_id: str
    subject: str
    data: dict[str, Any] = json(dict)
    # SHA-256 over the previous link and this entry, in hex (docs/protocol.md, "The chain").
    chain: str
