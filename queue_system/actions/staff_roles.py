"""Roles that people hold: giving and taking them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.approvals import is_guarded
from ..core.errors import Invalid, Missing, Refused
from ..core.facts.people import StaffRoleGiven, StaffRoleTaken
from ..core.rights import GRANT_RIGHTS
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.credentials import is_linked
from ..store.queries.grants import Grant, grant
from ..store.queries.organisation import organisation
from ..store.queries.settings import branch_ids
from ..store.tables import ORGANISATION, Department, Invitation, Role, Staff, StaffRole, table
from .approvals import ask_under, end_without_roles
from .authority import require_over, require_to_give, somebody_may_do_everything
from .second_factor import end_weak_sessions, free_of_second_factor
from .staff import id_of

DEPARTMENT = table(Department)
INVITATION = table(Invitation)
ROLE = table(Role)
STAFF = table(Staff)
STAFF_ROLE = table(StaffRole)


def change_roles(tx: Tx, login: str, branch_id: UUID, *, give: str = "", take: str = "", actor: Actor = SYSTEM) -> None:
    """Give a person a role at a branch or at ORGANISATION, take another role away, or both in one transaction.

    As `give_role` and `take_role`.
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        if give:
            _give(organisation, staff_id, role_at(tx, branch_id, give), actor)
        if take:
            _take(organisation, staff_id, _as_held(tx, branch_id, take), actor)


def give_role(tx: Tx, login: str, place: UUID, role: str, department: str, actor: Actor) -> UUID | None:
    """Give a person a role at a branch or at ORGANISATION, there for one department or for all ("").

    A role that guards all else is only asked for; then the result is the id of the request (actions/approvals.py).
    Raises Missing("staff", "role", "department"), Invalid("place-not-chosen"), Refused("role-held", "staff-locked"), Denied.
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id, wanted = id_of(tx, login), role_at(tx, place, role, department)
        require_to_give(tx, actor, wanted)
        if actor.kind == "staff" and is_guarded(wanted.rights):
            _require_free(tx, staff_id, wanted)
            # A link that was made for a smaller account must not open the one that is to come.
            tx.execute(sa.delete(INVITATION).where(INVITATION.c.staff_id == staff_id))
            params = {"staff": str(staff_id), "place": str(place), "role": role, "department": department}
            return ask_under(organisation, place, "grant-role", params, actor)
        _give(organisation, staff_id, wanted, actor)
        return None


def take_role(tx: Tx, login: str, place: UUID, role: str, department: str, actor: Actor) -> None:
    """Take a role away.

    Raises Missing("staff", "role"), Refused("role-not-held", "role-from-provider"), Denied, and
    Refused("last-administrator") where the organisation would be left without anybody who has every right.
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        require_over(tx, actor, staff_id, GRANT_RIGHTS)
        _take(organisation, staff_id, _as_held(tx, place, role, department), actor)


def give_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> None:
    """Give the role that a second person has approved; `params` are those of the request. Raises as `give_role`."""
    with locked(tx, ORGANISATION) as organisation:
        wanted = role_at(tx, UUID(params["place"]), params["role"], params["department"])
        require_to_give(tx, actor, wanted)
        _give(organisation, UUID(params["staff"]), wanted, actor)


def role_at(tx: Tx, place: UUID, role: str, department: str = "") -> Grant:
    """What the role would grant there; raises Missing("role", "department"), Invalid("place-not-chosen")."""
    found = _as_held(tx, place, role, department)
    if place != ORGANISATION and place not in branch_ids(tx).values():
        raise Invalid("place-not-chosen", "place")
    known = sa.select(DEPARTMENT.c.slug).where(DEPARTMENT.c.branch_id == place, DEPARTMENT.c.slug == department)
    if department and tx.row(known) is None:
        raise Missing("department")
    return found


def _as_held(tx: Tx, place: UUID, role: str, department: str = "") -> Grant:
    """What a role grants that may be held there although the place or department is gone; raises Missing("role")."""
    can = tx.scalar(sa.select(ROLE.c.can).where(ROLE.c.slug == role))
    if can is None:
        raise Missing("role", role=role)
    return grant(place, department, role, can)


def _give(organisation: Locked, staff_id: UUID, wanted: Grant, actor: Actor) -> None:
    tx = organisation.tx
    _require_free(tx, staff_id, wanted)
    free = free_of_second_factor(tx, [staff_id])
    tx.execute(sa.insert(STAFF_ROLE), _row(staff_id, wanted))
    organisation.append(StaffRoleGiven(**_told(staff_id, wanted)), actor)
    end_weak_sessions(organisation, free, actor)


def _take(organisation: Locked, staff_id: UUID, held: Grant, actor: Actor) -> None:
    tx, row = organisation.tx, _row(staff_id, held)
    if tx.scalar(sa.select(STAFF_ROLE.c.source).filter_by(**row)) and _comes_back(tx, staff_id):
        raise Refused("role-from-provider")
    with somebody_may_do_everything(tx):
        here = sa.and_(*(STAFF_ROLE.c[name] == value for name, value in row.items()))
        if tx.execute(sa.delete(STAFF_ROLE).where(here)).rowcount == 0:
            raise Refused("role-not-held", role=held.role)
    organisation.append(StaffRoleTaken(**_told(staff_id, held)), actor)
    end_without_roles(organisation, staff_id, actor)


def _comes_back(tx: Tx, staff_id: UUID) -> bool:
    """Whether the groups of the provider would give a role again with the person's next sign-in."""
    settings = organisation(tx).single_sign_on
    return settings is not None and is_linked(tx, staff_id, settings.issuer)


def _require_free(tx: Tx, staff_id: UUID, wanted: Grant) -> None:
    """Raises Missing("staff") for somebody who was removed, Refused("staff-locked"), Refused("role-held")."""
    active = tx.scalar(sa.select(STAFF.c.active).where(STAFF.c.id == staff_id))
    if active is None:
        raise Missing("staff")
    if not active:
        raise Refused("staff-locked")
    if tx.row(sa.select(STAFF_ROLE.c.role).filter_by(**_row(staff_id, wanted))) is not None:
        raise Refused("role-held", role=wanted.role)


def _row(staff_id: UUID, one: Grant) -> dict[str, Any]:
    return {"staff_id": staff_id, "branch_id": one.place, "role": one.role, "department": one.department}


def _told(staff_id: UUID, one: Grant) -> dict[str, Any]:
    return {
        "subject": str(staff_id),
        "roles": [one.role],
        "place": str(one.place),
        "department": one.department,
    }
