"""The roles that the groups of a provider give: they follow the groups, and end with the link to the provider."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core.facts.people import StaffRoleGiven, StaffRoleTaken
from ..store.log import SYSTEM, Locked
from ..store.tables import StaffRole, table
from .approvals import end_without_roles
from .authority import administrators
from .second_factor import end_weak_sessions, free_of_second_factor

STAFF_ROLE = table(StaffRole)

#: `StaffRole.source` of the roles that groups give.
PROVIDER: Final = "provider"


def set_provider_roles(lock: Locked, staff_id: UUID, wanted: set[tuple[UUID, str]]) -> None:
    """Give and take the roles of the provider, each as (branch or ORGANISATION, role).

    Roles that people gave stay, and so does the last administrator.
    """
    tx = lock.tx
    rows = tx.rows(sa.select(STAFF_ROLE).where(STAFF_ROLE.c.staff_id == staff_id))
    whole = {(row.branch_id, row.role): row.source for row in rows if row.department == ""}
    held = {key for key, source in whole.items() if source == PROVIDER}
    before, free = administrators(tx), free_of_second_factor(tx, [staff_id])
    for branch_id, role in sorted(held - wanted):
        here = {"staff_id": staff_id, "branch_id": branch_id, "role": role, "department": ""}
        tx.execute(sa.delete(STAFF_ROLE).filter_by(**here))
        if before and not administrators(tx):
            tx.execute(sa.insert(STAFF_ROLE), here | {"source": PROVIDER})
            continue
        lock.append(StaffRoleTaken(subject=str(staff_id), roles=[role], place=str(branch_id)), SYSTEM)
    for branch_id, role in sorted(wanted - whole.keys()):
        here = {"staff_id": staff_id, "branch_id": branch_id, "role": role, "department": "", "source": PROVIDER}
        tx.execute(sa.insert(STAFF_ROLE), here)
        lock.append(StaffRoleGiven(subject=str(staff_id), roles=[role], place=str(branch_id)), SYSTEM)
    end_weak_sessions(lock, free, SYSTEM)
    end_without_roles(lock, staff_id, SYSTEM)
