"""Accounts of staff: creating, locking and unlocking them, passwords and roles."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Missing, Refused
from ..core.facts.people import (
    StaffCreated,
    StaffLocked,
    StaffPasswordSet,
    StaffRoleGiven,
    StaffRoleTaken,
    StaffUnlocked,
)
from ..core.logins import check_login, check_name, login_key
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries import line
from ..store.tables import (
    ORGANISATION,
    Counter,
    KnownBrowser,
    Role,
    Session,
    Staff,
    StaffRole,
    table,
)
from .day import vacate
from .unfinished import end_steps

COUNTER = table(Counter)
KNOWN_BROWSER = table(KnownBrowser)
ROLE = table(Role)
SESSION = table(Session)
STAFF = table(Staff)
STAFF_ROLE = table(StaffRole)


@dataclass(frozen=True, slots=True)
class NewStaff:
    """`password` is already hashed; `roles` are (branch or ORGANISATION, role slug)."""

    login: str
    name: str
    password: str
    language: str
    roles: tuple[tuple[UUID, str], ...]


def create_staff(tx: Tx, person: NewStaff, actor: Actor = SYSTEM) -> UUID:
    """Add a person. Raises Invalid("login-wrong", "staff-name-wrong"), Refused("login-taken"), Missing("role")."""
    check_login(person.login)
    check_name(person.name)
    login = login_key(person.login)
    with locked(tx, ORGANISATION) as organisation:
        if tx.row(sa.select(STAFF.c.id).where(STAFF.c.login == login)):
            raise Refused("login-taken")
        known = {row.slug for row in tx.rows(sa.select(ROLE.c.slug))}
        if missing := {role for _, role in person.roles} - known:
            raise Missing("role", role=min(missing))
        staff_id = uuid7()
        tx.execute(
            sa.insert(STAFF),
            {
                "id": staff_id,
                "login": login,
                "name": person.name,
                "password": person.password,
                "language": person.language,
                "active": True,
                "created_at": tx.now,
            },
        )
        for branch_id, role in person.roles:
            tx.execute(sa.insert(STAFF_ROLE), {"staff_id": staff_id, "branch_id": branch_id, "role": role})
        fact = StaffCreated(subject=str(staff_id), roles=sorted({role for _, role in person.roles}))
        organisation.append(fact, actor)
        return staff_id


def lock_staff(tx: Tx, login: str, actor: Actor = SYSTEM) -> None:
    """Lock an account: all its sessions end and its counters are closed.

    A counter with a visitor stays open until a colleague takes it over. Raises Missing("staff").
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = _id_of(tx, login)
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(active=False))
        _end_everywhere(tx, staff_id)
        organisation.append(StaffLocked(subject=str(staff_id)), actor)
        _leave_counters(tx, staff_id, actor)


def unlock_staff(tx: Tx, login: str, actor: Actor = SYSTEM) -> None:
    """Unlock an account, and delete the failures that limit its sign-ins. Raises Missing("staff")."""
    with locked(tx, ORGANISATION) as organisation:
        staff_id = _id_of(tx, login)
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(active=True, unlocked_at=tx.now))
        organisation.append(StaffUnlocked(subject=str(staff_id)), actor)


def set_password(tx: Tx, login: str, password: str, actor: Actor = SYSTEM) -> None:
    """Set a new password, already hashed; all sessions of the person end. Raises Missing("staff")."""
    with locked(tx, ORGANISATION) as organisation:
        staff_id = _id_of(tx, login)
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(password=password, unlocked_at=tx.now))
        _end_everywhere(tx, staff_id)
        organisation.append(StaffPasswordSet(subject=str(staff_id)), actor)


def change_roles(tx: Tx, login: str, branch_id: UUID, *, give: str = "", take: str = "", actor: Actor = SYSTEM) -> None:
    """Give a person a role at a branch or at ORGANISATION, take another role away, or both in one transaction.

    Raises Missing("staff", "role"), Refused("role-held", "role-not-held"), and Refused("last-administrator") where
    the organisation would be left without anybody who has every right.
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = _id_of(tx, login)
        if give:
            _give(organisation, staff_id, branch_id, give, actor)
        if take:
            _take(organisation, staff_id, branch_id, take, actor)


def _give(organisation: Locked, staff_id: UUID, branch_id: UUID, role: str, actor: Actor) -> None:
    tx = organisation.tx
    if tx.row(sa.select(ROLE.c.slug).where(ROLE.c.slug == role)) is None:
        raise Missing("role", role=role)
    held = {"staff_id": staff_id, "branch_id": branch_id, "role": role}
    if tx.row(sa.select(STAFF_ROLE.c.role).filter_by(**held)) is not None:
        raise Refused("role-held", role=role)
    tx.execute(sa.insert(STAFF_ROLE), held)
    organisation.append(StaffRoleGiven(subject=str(staff_id), roles=[role], place=str(branch_id)), actor)


def _take(organisation: Locked, staff_id: UUID, branch_id: UUID, role: str, actor: Actor) -> None:
    tx = organisation.tx
    administrators = _administrators(tx)
    taken = tx.execute(
        sa.delete(STAFF_ROLE).where(
            STAFF_ROLE.c.staff_id == staff_id, STAFF_ROLE.c.branch_id == branch_id, STAFF_ROLE.c.role == role
        )
    )
    if taken.rowcount == 0:
        raise Refused("role-not-held", role=role)
    if administrators and not _administrators(tx):
        raise Refused("last-administrator")
    organisation.append(StaffRoleTaken(subject=str(staff_id), roles=[role], place=str(branch_id)), actor)


def _administrators(tx: Tx) -> set[UUID]:
    """The active people who have every right in the whole organisation."""
    held = (
        sa.select(STAFF.c.id, ROLE.c.can)
        .join(STAFF_ROLE, STAFF_ROLE.c.staff_id == STAFF.c.id)
        .join(ROLE, ROLE.c.slug == STAFF_ROLE.c.role)
        .where(STAFF.c.active, STAFF_ROLE.c.branch_id == ORGANISATION)
    )
    return {row.id for row in tx.rows(held) if "*" in row.can}


def _id_of(tx: Tx, login: str) -> UUID:
    found = tx.scalar(sa.select(STAFF.c.id).where(STAFF.c.login == login_key(login)))
    if found is None:
        raise Missing("staff")
    return found  # type: ignore[no-any-return]


def _end_everywhere(tx: Tx, staff_id: UUID) -> None:
    tx.execute(sa.delete(SESSION).where(SESSION.c.staff_id == staff_id))
    tx.execute(sa.delete(KNOWN_BROWSER).where(KNOWN_BROWSER.c.staff_id == staff_id))
    end_steps(tx, staff_id)


def _leave_counters(tx: Tx, staff_id: UUID, actor: Actor) -> None:
    """Locks the branches in the order of their ids, as all code does, to avoid deadlocks."""
    sat = tx.rows(
        sa.select(COUNTER.c.branch_id, COUNTER.c.id, COUNTER.c.number)
        .where(COUNTER.c.staff_id == staff_id)
        .order_by(COUNTER.c.branch_id)
    )
    for row in sat:
        with locked(tx, row.branch_id) as lock:
            _leave(lock, row.id, row.number, staff_id, actor)


def _leave(lock: Locked, counter_id: UUID, number: int, staff_id: UUID, actor: Actor) -> None:
    still = sa.select(COUNTER.c.id).where(
        COUNTER.c.branch_id == lock.id, COUNTER.c.id == counter_id, COUNTER.c.staff_id == staff_id
    )
    if lock.tx.row(still) and line.at_counter(lock.tx, lock.id, counter_id) is None:
        vacate(lock, counter_id, number, actor)
