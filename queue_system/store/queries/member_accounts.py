"""Which people with accounts the members of a branch are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.rights import BOOKED_RIGHTS
from ..database import Tx
from ..tables import Resource, Staff, table
from .people import Colleague, colleagues
from .settings import BranchSettings, Names

RESOURCE = table(Resource)
STAFF = table(Staff)
#: The kinds of members that are people.
PEOPLE: Final = ("person", "interpreter")


@dataclass(frozen=True, slots=True)
class MemberAccount:
    """A member that is a person, and the account of that person with its name, if it is known."""

    slug: str
    names: Names
    staff_id: UUID | None
    staff_name: str | None


def member_accounts(tx: Tx, branch: BranchSettings) -> list[MemberAccount]:
    """The people among the members of a branch that are not retired, in the order of the settings."""
    rows = tx.rows(
        sa.select(RESOURCE.c.id, STAFF.c.id.label("staff_id"), STAFF.c.name)
        .join(STAFF, STAFF.c.id == RESOURCE.c.staff_id)
        .where(RESOURCE.c.branch_id == branch.id)
    )
    accounts = {row.id: (row.staff_id, row.name) for row in rows}
    today = branch.timetable.business_date(tx.now)
    return [
        MemberAccount(one.slug, one.names, *accounts.get(one.id, (None, None)))
        for one in branch.resources.values()
        if one.kind in PEOPLE and not one.is_retired(today)
    ]


def linkable(tx: Tx, branch_id: UUID) -> list[Colleague]:
    """The accounts that can be a member of a branch, by name: those with a right of BOOKED_RIGHTS there."""
    return [
        one
        for one in colleagues(tx)
        if one.active and any(held.gives(right, branch_id) for held in one.grants for right in BOOKED_RIGHTS)
    ]
