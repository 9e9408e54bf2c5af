"""Accounts of staff: creating, editing, locking and unlocking them, passwords and sessions.

An actor who is a person needs the right for it over the whole account (`authority`); the command line needs none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Missing, Refused, SignedOut
from ..core.facts.people import (
    SessionsEnded,
    StaffCallingChanged,
    StaffCreated,
    StaffEdited,
    StaffLocked,
    StaffPasswordSet,
    StaffRemoved,
    StaffUnlocked,
)
from ..core.logins import check_login, check_name, login_key
from ..core.rights import ACCOUNT_RIGHTS, INVITE_RIGHTS
from ..core.tokens import sha256
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries import line
from ..store.queries.people import handle_of
from ..store.tables import (
    ORGANISATION,
    Approval,
    Counter,
    Invitation,
    KnownBrowser,
    OwnView,
    ReportReader,
    Role,
    Session,
    Staff,
    StaffRole,
    table,
)
from .approvals import end_requests
from .authority import require_over, somebody_may_do_everything
from .day import vacate
from .unfinished import end_steps

APPROVAL = table(Approval)
COUNTER = table(Counter)
INVITATION = table(Invitation)
KNOWN_BROWSER = table(KnownBrowser)
OWN_VIEW = table(OwnView)
REPORT_READER = table(ReportReader)
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
                "skills": [],
                "languages": [],
            },
        )
        for branch_id, role in person.roles:
            tx.execute(sa.insert(STAFF_ROLE), {"staff_id": staff_id, "branch_id": branch_id, "role": role})
        fact = StaffCreated(subject=str(staff_id), roles=sorted({role for _, role in person.roles}))
        organisation.append(fact, actor)
        return staff_id


def lock_staff(tx: Tx, login: str, actor: Actor = SYSTEM) -> None:
    """Lock an account: all its sessions and its requests for a second person end, and its counters are closed.

    A counter with a visitor stays open until a colleague takes it over. Raises Missing("staff"), Denied, and
    Refused("last-administrator").
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        require_over(tx, actor, staff_id, ACCOUNT_RIGHTS)
        with somebody_may_do_everything(tx):
            tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(active=False))
        end_everywhere(tx, staff_id)
        organisation.append(StaffLocked(subject=str(staff_id)), actor)
        end_requests(organisation, staff_id, actor)
        _leave_counters(tx, staff_id, actor)


def unlock_staff(tx: Tx, login: str, actor: Actor = SYSTEM) -> None:
    """Unlock an account, and delete the failures that limit its sign-ins. Raises Missing("staff")."""
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        require_over(tx, actor, staff_id, ACCOUNT_RIGHTS)
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(active=True, unlocked_at=tx.now))
        organisation.append(StaffUnlocked(subject=str(staff_id)), actor)


def change_calling(
    tx: Tx, login: str, skills: Collection[str], languages: Collection[str], profile: str | None, actor: Actor = SYSTEM
) -> None:
    """Change what decides whom a person calls: skills, languages, a calling profile. Raises Missing("staff"), Denied."""
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        require_over(tx, actor, staff_id, ACCOUNT_RIGHTS)
        values: dict[str, Any] = {
            "skills": sorted(skills),
            "languages": sorted(languages),
            "calling_profile": profile,
        }
        before = tx.row(
            sa.select(STAFF.c.skills, STAFF.c.languages, STAFF.c.calling_profile).where(STAFF.c.id == staff_id)
        )
        if before is not None and list(before) == list(values.values()):
            return
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(values))
        organisation.append(StaffCallingChanged(subject=str(staff_id), **values), actor)


def edit_staff(tx: Tx, login: str, name: str, language: str, actor: Actor = SYSTEM) -> None:
    """Change the name that colleagues read, and the language of the account.

    Raises Missing("staff"), Invalid("staff-name-wrong"), Denied.
    """
    check_name(name)
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        if actor.id != str(staff_id):
            require_over(tx, actor, staff_id, ACCOUNT_RIGHTS)
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(name=name, language=language))
        organisation.append(StaffEdited(subject=str(staff_id)), actor)


def remove_staff(tx: Tx, login: str, actor: Actor = SYSTEM) -> None:
    """Remove somebody who was invited and never signed in. Raises Missing("staff"), Refused("staff-joined"), Denied."""
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        require_over(tx, actor, staff_id, INVITE_RIGHTS)
        if tx.scalar(sa.select(STAFF.c.password).where(STAFF.c.id == staff_id)):
            raise Refused("staff-joined")
        asked = sa.select(APPROVAL.c.id).where((APPROVAL.c.asked_by == staff_id) | (APPROVAL.c.decided_by == staff_id))
        if tx.row(asked) is not None:
            raise Refused("staff-joined")
        end_everywhere(tx, staff_id)
        tx.execute(sa.delete(STAFF_ROLE).where(STAFF_ROLE.c.staff_id == staff_id))
        tx.execute(sa.delete(OWN_VIEW).where(OWN_VIEW.c.staff_id == staff_id))
        tx.execute(sa.delete(REPORT_READER).where(REPORT_READER.c.staff_id == staff_id))
        tx.execute(sa.delete(STAFF).where(STAFF.c.id == staff_id))
        organisation.append(StaffRemoved(subject=str(staff_id)), actor)


def end_sessions(tx: Tx, login: str, handles: Collection[str] | None, actor: Actor) -> int:
    """End the sessions with these handles (`store.queries.people.handle_of`), or all; returns how many ended.

    One's own need no right. Raises Missing("staff"), Denied.
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        if actor.id != str(staff_id):
            require_over(tx, actor, staff_id, ACCOUNT_RIGHTS)
        own = tx.rows(sa.select(SESSION.c.token_sha256).where(SESSION.c.staff_id == staff_id))
        meant = [row.token_sha256 for row in own if handles is None or handle_of(row.token_sha256) in handles]
        if meant:
            tx.execute(sa.delete(SESSION).where(SESSION.c.token_sha256.in_(meant)))
            organisation.append(SessionsEnded(subject=str(staff_id), n=len(meant)), actor)
        return len(meant)


def set_own_password(tx: Tx, staff_id: UUID, password: str, checked: str, keep: str) -> None:
    """Set the new password, already hashed, of a person whose old one was right; `keep` is the session that goes on.

    `checked` is the stored hash that the old password was compared with. Raises SignedOut("sign-in-wrong") if it was
    replaced meanwhile.
    """
    with locked(tx, ORGANISATION) as organisation:
        here = (STAFF.c.id == staff_id) & (STAFF.c.password == checked) & STAFF.c.active
        if tx.execute(sa.update(STAFF).where(here).values(password=password)).rowcount == 0:
            raise SignedOut("sign-in-wrong")
        others = (SESSION.c.staff_id == staff_id) & (SESSION.c.token_sha256 != sha256(keep))
        tx.execute(sa.delete(SESSION).where(others))
        # A sign-in that began with the old password must not be finished.
        end_steps(tx, staff_id)
        organisation.append(StaffPasswordSet(subject=str(staff_id)), Actor("staff", str(staff_id)))


def set_password(tx: Tx, login: str, password: str, actor: Actor = SYSTEM) -> None:
    """Set a new password, already hashed; all sessions of the person end. Raises Missing("staff")."""
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(password=password, unlocked_at=tx.now))
        end_everywhere(tx, staff_id)
        organisation.append(StaffPasswordSet(subject=str(staff_id)), actor)


def id_of(tx: Tx, login: str) -> UUID:
    found = tx.scalar(sa.select(STAFF.c.id).where(STAFF.c.login == login_key(login)))
    if found is None:
        raise Missing("staff")
    return found  # type: ignore[no-any-return]


def end_everywhere(tx: Tx, staff_id: UUID) -> None:
    """End all sessions of a person, and forget the browsers and links that would make the next one easier."""
    tx.execute(sa.delete(SESSION).where(SESSION.c.staff_id == staff_id))
    tx.execute(sa.delete(KNOWN_BROWSER).where(KNOWN_BROWSER.c.staff_id == staff_id))
    end_steps(tx, staff_id)
    tx.execute(sa.delete(INVITATION).where(INVITATION.c.staff_id == staff_id))


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
