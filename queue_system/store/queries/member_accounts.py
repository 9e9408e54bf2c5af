"""Which people with accounts the members of a branch are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import ORGANISATION, Resource, table
from .people import Colleague, colleagues
from .settings import BranchSettings, Names

RESOURCE = table(Resource)
#: The kinds of members that are people.
PEOPLE: Final = ("person", "interpreter")


@dataclass(frozen=True, slots=True)
class MemberAccount:
    """A member that is a person, and the account of that person, if it is known."""

    slug: str
    names: Names
    staff_id: UUID | None


def member_accounts(tx: Tx, branch: BranchSettings) -> list[MemberAccount]:
    """The people among the members of a branch that are not retired, in the order of the settings."""
    rows = tx.rows(sa.select(RESOURCE.c.id, RESOURCE.c.staff_id).where(RESOURCE.c.branch_id == branch.id))
    accounts = {row.id: row.staff_id for row in rows}
    today = branch.timetable.business_date(tx.now)
    return [
        MemberAccount(one.slug, one.names, accounts.get(one.id))
        for one in branch.resources.values()
        if one.kind in PEOPLE and not one.is_retired(today)
    ]


def linkable(tx: Tx, branch_id: UUID) -> list[Colleague]:
    """The accounts that can be a member of a branch, by name: those with a role there."""
    return [one for one in colleagues(tx) if one.active and one.places() & {branch_id, ORGANISATION}]
