"""What things of the settings were called before: the names that changes took from them.

Changes may be erased, so a past name may be unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import ORGANISATION, Change, table

CHANGE = table(Change)
#: The fields by which people call a thing; a counter is called by its number.
NAMING: Final = ("names", "number")


@dataclass(frozen=True, slots=True)
class Renaming:
    """A change that took a thing's name away, by the place of its entry; `after` is None where the thing went."""

    branch_id: UUID
    seq: int
    at: datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PastNames:
    """The renamings by kind and slug of the thing, oldest first."""

    found: Mapping[tuple[str, str], Sequence[Renaming]]

    def then(self, kind: str, slug: str, branch_id: UUID, seq: int, at: datetime) -> Mapping[str, Any]:
        """The naming fields of a thing right after an entry of a log; of what went with it, right before.

        Empty where the thing is called as it was.
        """
        for one in self.found.get((kind, slug), ()):
            if one.branch_id == branch_id:
                if one.seq == seq:
                    return one.before if one.after is None else one.after
                later = one.seq > seq
            else:
                # The sequence numbers of two logs cannot be compared.
                later = one.at > at or (one.after is None and one.at == at)
            if later:
                return one.before
        return {}


def past_names(tx: Tx, branch_id: UUID) -> PastNames:
    """The past names of the things that the log of a branch, or of the organisation, may tell of."""
    named = sa.or_(*(CHANGE.c.before[name].as_string().is_not(None) for name in NAMING))
    statement = (
        sa.select(CHANGE)
        .where(CHANGE.c.branch_id.in_({branch_id, ORGANISATION}), named)
        .order_by(CHANGE.c.at, CHANGE.c.seq)
    )
    found: dict[tuple[str, str], list[Renaming]] = {}
    for row in tx.rows(statement):
        renaming = Renaming(row.branch_id, row.seq, row.at, row.before, row.after)
        found.setdefault((row.object_kind, row.object_slug), []).append(renaming)
    return PastNames(found)
