"""The ids that a stored branch has, for new rows of it: what is changed keeps its id."""

from __future__ import annotations

from uuid import UUID

from .. import tables
from ..branch_rows import HALL, NAMED, Ids, content
from .rows import Rows

#: Rows that have an id and no name.
NAMELESS = (tables.OpeningHours, tables.ClosureRow, tables.OutreachDay)


def ids_of(source: Rows, branch_id: UUID) -> Ids:
    """The ids of a branch and of everything in it."""
    ids = Ids(branch_id)
    kinds = {**dict(NAMED.values()), "device": tables.Device}
    kinds |= {name.removesuffix("s"): table for name, table in HALL.items()}
    for kind, model in kinds.items():
        ids.things |= {(kind, row.slug): row.id for row in source.of(model, branch_id)}
    for model in NAMELESS:
        for row in source.of(model, branch_id):
            ids.nameless.setdefault((model, content(model, row._mapping)), []).append(row.id)
    return ids
