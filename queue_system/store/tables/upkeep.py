"""The machine's own work."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel

from .columns import json, key


class Upkeep(SQLModel, table=True):
    """One task of one night: the key lets one node do it. A task that a person asked for is that of the same date."""

    task: str = key()
    # The date on which the night ends.
    night: date = Field(primary_key=True, index=True)
    # running | done | failed
    state: str
    attempts: int
    node: str
    started_at: datetime
    ended_at: datetime | None = None
    # Why the last attempt failed.
    code: str | None = None
    # What came of it: numbers, and the name of a file.
    figures: dict[str, Any] = json(dict)
