"""The log of each branch, and where it begins once its oldest entries are gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from .columns import json, key, of_branch


class Entry(SQLModel, table=True):
    """A fact in the log: audit entry, outbox entry and stream position. Append-only by trigger, gapless per branch.

    Only entries up to a checkpoint can be deleted (store/pruning.py).
    """

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


class Checkpoint(SQLModel, table=True):
    """The entries of a branch up to `seq` may go; `chain` is the link of that entry, on which the next one rests.

    Append-only by trigger, which also compares it with the entry. `entry_seq` is the fact in the log that tells of it.
    """

    branch_id: UUID = of_branch()
    seq: int = key()
    chain: str
    at: datetime
    entry_seq: int
