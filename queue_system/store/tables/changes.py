"""What was changed in the settings, object by object. The log has only ids, fields and a fingerprint of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from .columns import json, key, of_branch


class Change(SQLModel, table=True):
    """A change of one object: its values before and after, as `settings.edits.Edit` has them.

    `seq` is the place of its entry in the log of the branch, or of the organisation. `save_id` is shared by everything
    that was saved at once. `undoes` is the change that this one takes back, `undone_by` the one that takes this one back.
    """

    __table_args__ = (
        Index("changes_of_an_object", "branch_id", "object_kind", "object_slug", "seq"),
        Index("changes_in_order", "branch_id", "seq"),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    save_id: UUID
    seq: int
    at: datetime
    # The id of the person; "" if a program did it.
    actor_id: str = ""
    object_kind: str
    object_slug: str
    # add | edit | retire | remove
    op: str
    before: dict[str, Any] | None = json()
    after: dict[str, Any] | None = json()
    note: str = ""
    undoes: UUID | None = Field(default=None)
    undone_by: UUID | None = Field(default=None)
