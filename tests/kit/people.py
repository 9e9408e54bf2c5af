"""People of the office with roles that the samples do not have."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from queue_system.actions.staff_roles import give_role
from queue_system.core.rights import GROUPS, Right
from queue_system.store.log import SYSTEM
from queue_system.store.tables import Role, table
from tests.kit.hall import Hall, change_settings

# As in the study of the office: everything in the hall and about its people, but neither machine nor levels.
HEAD: tuple[Right, ...] = (
    *GROUPS["desk"],
    *GROUPS["reception"],
    *GROUPS["hall"],
    *(right for right in GROUPS["settings"] if right != "edit_levels"),
    "invite_people",
    "edit_people",
    "grant_roles",
    "reset_sign_in",
    "see_reports",
    "approve",
)


def add_role(hall: Hall, slug: str, *can: str) -> str:
    """A role of the organisation with these words."""
    row = {"slug": slug, "position": 99, "names": {"ar": slug, "en": slug}, "can": list(can)}
    change_settings(hall.db, sa.insert(table(Role)).values(row))
    return slug


def give_in_department(hall: Hall, login: str, role: str, department: str) -> None:
    """Let somebody hold a role for one department of the branch."""
    hall.db.write_now(give_role, login, hall.branch.id, role, department, SYSTEM)


def let_choose(hall: Hall, *logins: str) -> None:
    """Let people call out of turn, besides what else they may do."""
    role = add_role(hall, "chooser", "choose_ticket")
    for login in logins:
        hall.db.write_now(give_role, login, hall.branch.id, role, "", SYSTEM)


def head_of_section(hall: Hall, login: str = "head") -> UUID:
    """Somebody who runs the branch and its people."""
    return hall.person(login, ((hall.branch.id, add_role(hall, f"{login}-of-section", *HEAD)),))
