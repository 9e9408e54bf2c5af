"""What people said before about how they may be contacted."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from ...core.names import name_key
from ...core.safe_contact import Answer, Way
from ..database import Tx
from ..prepared import Prepared
from ..tables import Booking, Participant, table

BOOKING, PARTICIPANT = table(Booking), table(Participant)


def _chosen(rows: sa.Table) -> Prepared:
    columns = (rows.c[name] for name in ("name", "reference", "contact_way", "contact_note", "contact_asked_at"))
    return Prepared(
        sa.select(*columns).where(
            rows.c.branch_id == sa.bindparam("branch"),
            rows.c.contact == sa.bindparam("contact"),
            # As the indices say it, so that both databases use them.
            sa.text(f"{rows.name}.contact_way IS NOT NULL"),
        )
    )


_AS_BOOKER, _AS_ANOTHER = _chosen(BOOKING), _chosen(PARTICIPANT)


def answers_of(tx: Tx, branch_id: UUID, contact: str, called: Collection[str]) -> list[Answer]:
    """The answers of a person at a branch, as booker and in appointments of others.

    A person is a contact together with a name or case number, in any spelling; `called` are those that they go by.
    """
    keys = _keys(called)
    if not contact or not keys:
        return []
    return [
        Answer(Way(row.contact_way), row.contact_note, row.contact_asked_at, own=statement is _AS_BOOKER)
        for statement in (_AS_BOOKER, _AS_ANOTHER)
        for row in tx.rows(statement, {"branch": branch_id, "contact": contact})
        if keys & _keys((row.name, row.reference))
    ]


def _keys(called: Collection[str]) -> set[str]:
    return {key for key in map(name_key, called) if key}
