"""Which account is which member: whoever has it sees the member's home visits, with their addresses."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing, Refused
from ..core.facts.members import MemberLinked, MemberUnlinked
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.member_accounts import PEOPLE, linkable
from ..store.queries.people import colleagues
from ..store.tables import Resource, table

RESOURCE = table(Resource)


def link_member(tx: Tx, branch_id: UUID, member: str, staff_id: UUID | None, actor: Actor) -> None:
    """Say who a member is, by its slug; None for nobody with an account. Idempotent.

    Raises Missing("member") for what is no person, Missing("staff") for an account without a role at the branch, and
    Refused("not-to-be-booked") for one whose roles do not let it be booked (BOOKED_RIGHTS). Who is tied already stays.
    """
    with locked(tx, branch_id) as lock:
        here = (RESOURCE.c.branch_id == lock.id) & (RESOURCE.c.slug == member) & RESOURCE.c.kind.in_(PEOPLE)
        row = tx.row(sa.select(RESOURCE.c.staff_id).where(here))
        if row is None:
            raise Missing("member")
        if row.staff_id == staff_id:
            return
        if staff_id is not None and not any(one.id == staff_id for one in linkable(tx, branch_id)):
            if not any(one.id == staff_id and one.active and one.works_at(branch_id) for one in colleagues(tx)):
                raise Missing("staff")
            raise Refused("not-to-be-booked")
        tx.execute(sa.update(RESOURCE).where(here).values(staff_id=staff_id))
        if row.staff_id is not None:
            lock.append(MemberUnlinked(subject=str(row.staff_id), member=member), actor)
        if staff_id is not None:
            lock.append(MemberLinked(subject=str(staff_id), member=member), actor)
