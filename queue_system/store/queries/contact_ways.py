"""What people said before about how they may be contacted."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from ...core.names import name_key
from ...core.safe_contact import WRITTEN, Answer, ContactWay, in_force_still
from ..database import Tx
from ..prepared import Prepared, Statement
from ..tables import Booking, Participant, table
from .settings import BranchSettings

BOOKING, PARTICIPANT = table(Booking), table(Participant)


def _chosen(rows: sa.Table) -> Prepared:
    columns = (rows.c[name] for name in ("name", "reference", "contact_way", "contact_note", "contact_asked_at"))
    found = sa.select(*columns, BOOKING.c.service_id)
    if rows is not BOOKING:
        mine = sa.and_(BOOKING.c.branch_id == rows.c.branch_id, BOOKING.c.id == rows.c.booking_id)
        found = found.select_from(rows.join(BOOKING, mine))
    return Prepared(
        found.where(
            rows.c.branch_id == sa.bindparam("branch"),
            rows.c.contact == sa.bindparam("contact"),
            # As the indices say it, so that both databases use them.
            sa.text(f"{rows.name}.contact_way IS NOT NULL"),
        )
    )


_AS_BOOKER, _AS_ANOTHER = _chosen(BOOKING), _chosen(PARTICIPANT)


def said_before(
    tx: Tx, branch: BranchSettings, service_id: UUID, contact: str, called: Collection[str]
) -> Answer | None:
    """What holds at a service for a person of whom nobody asked this time.

    None where the branch asks at every visit, or nothing is known. Who agreed to messages about a plain service has not
    agreed to any about a protected one.
    """
    if asks_anew(branch):
        return None
    known = answers_of(tx, branch, contact, called)
    if branch.services[service_id].confidentiality.protected:
        known = [one for one in known if one.protected or one.way not in WRITTEN]
    return in_force_still(known)


def asks_anew(branch: BranchSettings) -> bool:
    """Whether the branch asks at every visit."""
    return branch.safe_contact is not None and branch.safe_contact.recheck_each_visit


def reads_of_answers(branch: BranchSettings, contact: str) -> list[Statement]:
    """The reads of `answers_of`: what was said as the booker, and in appointments of others."""
    return [(statement, {"branch": branch.id, "contact": contact}) for statement in (_AS_BOOKER, _AS_ANOTHER)]


def answers_of(tx: Tx, branch: BranchSettings, contact: str, called: Collection[str]) -> list[Answer]:
    """The answers of a person at a branch, as booker and in appointments of others.

    A person is a contact together with a name or case number, in any spelling; `called` are those that they go by.
    """
    keys = _keys(called)
    if not contact or not keys:
        return []
    protected = {key for key, one in branch.services.items() if one.confidentiality.protected}
    return [
        Answer(
            ContactWay(row.contact_way),
            row.contact_note,
            row.contact_asked_at,
            own=read[0] is _AS_BOOKER,
            protected=row.service_id in protected,
        )
        for read in reads_of_answers(branch, contact)
        for row in tx.rows(*read)
        if keys & _keys((row.name, row.reference))
    ]


def _keys(called: Collection[str]) -> set[str]:
    return {key for key in map(name_key, called) if key}
