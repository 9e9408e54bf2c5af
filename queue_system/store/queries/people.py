"""The people who work here as the office shows them: accounts, roles, sessions, invitations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ...core.logins import FORGOTTEN
from ...core.rights import Rights, granted
from ...core.tokens import sha256
from ..database import AnyRow, Tx
from ..tables import ORGANISATION, Credential, Invitation, Role, Session, Staff, StaffRole, table
from .access import StaffView
from .credentials import FORMER_PROVIDER
from .grants import Grant, grant
from .settings import branch_ids, readable

CREDENTIAL = table(Credential)
INVITATION = table(Invitation)
ROLE = table(Role)
SESSION = table(Session)
STAFF = table(Staff)
STAFF_ROLE = table(StaffRole)

# For so long after a rescue at the console the office says so on every page.
RESCUE_TOLD_FOR: Final = timedelta(days=7)


def zone_of(tx: Tx, person: StaffView) -> ZoneInfo:
    """The zone of the first place where a person works, in which their own pages tell times."""
    places = {branch.id: branch for branch in readable(tx, branch_ids(tx).values())}
    own = [places[one.place] for one in person.grants if one.place in places] or list(places.values())
    return own[0].zone if own else ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Colleague:
    """An account. `joined`: a password was chosen; `enters`: it was not taken away since, and the account is not locked;
    `without_password`: none is chosen, or it was taken away; `link_until`: a link for that is open; `seen_at`: of a live session."""

    id: UUID
    login: str
    name: str
    language: str
    active: bool
    joined: bool
    without_password: bool
    enters: bool
    grants: tuple[Grant, ...]
    link_until: datetime | None
    seen_at: datetime | None
    # What decides whom the person calls.
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    calling_profile: str | None = None

    def places(self) -> frozenset[UUID]:
        """Where the person holds roles."""
        return frozenset(one.place for one in self.grants)

    def works_at(self, branch_id: UUID) -> bool:
        """Whether the person holds a role at the branch, or at the organisation."""
        return bool(self.places() & {branch_id, ORGANISATION})


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role: its words as stored, and the atomic rights that they grant."""

    slug: str
    names: dict[str, str]
    can: tuple[str, ...]
    rights: Rights


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session of a person. `handle` names it in forms; it is a hash of the token's hash, so it opens nothing."""

    handle: str
    channel: str
    created_at: datetime
    seen_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An open link and its person."""

    staff_id: UUID
    login: str
    name: str
    language: str
    kind: str
    expires_at: datetime


def colleagues(tx: Tx) -> list[Colleague]:
    """All accounts, by name."""
    held: dict[UUID, list[Grant]] = {}
    for staff_id, *of_role in tx.rows(_held()):
        held.setdefault(staff_id, []).append(grant(*of_role))
    seen = {row.staff_id: row.seen_at for row in tx.rows(_last_seen())}
    links = {row.staff_id: row.expires_at for row in tx.rows(_open_links(tx.now))}
    rows = tx.rows(sa.select(STAFF).order_by(STAFF.c.name, STAFF.c.login))
    return [_colleague(row, held.get(row.id, []), links, seen) for row in rows]


def staff_at(tx: Tx, branch_id: UUID) -> list[StaffView]:
    """The active people who hold a role at a branch or at the organisation, by name, with what their roles grant."""
    return [
        StaffView(one.id, one.login, one.name, one.language, one.grants, tx.now)
        for one in colleagues(tx)
        if one.active and one.works_at(branch_id)
    ]


def colleague(tx: Tx, login: str) -> Colleague | None:
    """One account, by its sign-in name as stored."""
    return next((one for one in colleagues(tx) if one.login == login), None)


def grants_of(tx: Tx, staff_id: UUID) -> tuple[Grant, ...]:
    """What the roles of a person grant."""
    return tuple(grant(*of_role) for _, *of_role in tx.rows(_held().where(STAFF_ROLE.c.staff_id == staff_id)))


def roles(tx: Tx) -> list[RoleView]:
    """All roles in their order."""
    return [
        RoleView(row.slug, row.names, tuple(row.can), granted(row.can))
        for row in tx.rows(sa.select(ROLE).order_by(ROLE.c.position, ROLE.c.slug))
    ]


def sessions_of(tx: Tx, staff_id: UUID, current_sha256: str = "") -> list[SessionView]:
    """The sessions of a person that have not ended, the last used first."""
    statement = (
        sa.select(SESSION)
        .where(SESSION.c.staff_id == staff_id, SESSION.c.expires_at > tx.now)
        .order_by(SESSION.c.seen_at.desc())
    )
    return [
        SessionView(
            handle_of(row.token_sha256), row.channel, row.created_at, row.seen_at, row.token_sha256 == current_sha256
        )
        for row in tx.rows(statement)
    ]


def handle_of(token_sha256: str) -> str:
    """The name of a session in forms."""
    return sha256(token_sha256)[:16]


def invitation_by_token(tx: Tx, token: str) -> InvitationView | None:
    """The open link with this secret."""
    row = tx.row(
        sa.select(INVITATION, STAFF.c.login, STAFF.c.name, STAFF.c.language)
        .join(STAFF, STAFF.c.id == INVITATION.c.staff_id)
        .where(INVITATION.c.token_sha256 == sha256(token), INVITATION.c.expires_at > tx.now, STAFF.c.active)
    )
    if row is None:
        return None
    return InvitationView(row.staff_id, row.login, row.name, row.language, row.kind, row.expires_at)


def second_methods(tx: Tx) -> dict[UUID, frozenset[str]]:
    """By person, the kinds of ways to sign in besides the password: app, passkey, provider; recovery codes are none."""
    found: dict[UUID, set[str]] = {}
    for row in tx.rows(
        sa.select(CREDENTIAL.c.staff_id, CREDENTIAL.c.kind).where(
            CREDENTIAL.c.kind.not_in(["recovery", FORMER_PROVIDER])
        )
    ):
        found.setdefault(row.staff_id, set()).add(row.kind)
    return {staff_id: frozenset(kinds) for staff_id, kinds in found.items()}


def rescued_lately(tx: Tx) -> list[str]:
    """The names of people for whom a link was made at the server's console in the last days."""
    since = tx.now - RESCUE_TOLD_FOR
    return [row.name for row in tx.rows(sa.select(STAFF.c.name).where(STAFF.c.rescued_at > since))]


def _held() -> sa.Select[Any]:
    return (
        sa.select(STAFF_ROLE.c.staff_id, STAFF_ROLE.c.branch_id, STAFF_ROLE.c.department, STAFF_ROLE.c.role, ROLE.c.can)
        .join(ROLE, ROLE.c.slug == STAFF_ROLE.c.role)
        .order_by(ROLE.c.position, STAFF_ROLE.c.branch_id, STAFF_ROLE.c.department)
    )


def _last_seen() -> sa.Select[Any]:
    return sa.select(SESSION.c.staff_id, sa.func.max(SESSION.c.seen_at).label("seen_at")).group_by(SESSION.c.staff_id)


def _open_links(now: datetime) -> sa.Select[Any]:
    return sa.select(INVITATION.c.staff_id, INVITATION.c.expires_at).where(INVITATION.c.expires_at > now)


def _colleague(
    row: AnyRow, held: list[Grant], links: Mapping[UUID, datetime], seen: Mapping[UUID, datetime]
) -> Colleague:
    return Colleague(
        id=row.id,
        login=row.login,
        name=row.name,
        language=row.language,
        active=row.active,
        joined=row.password != "",
        without_password=row.password in ("", FORGOTTEN),
        enters=row.active and row.password not in ("", FORGOTTEN),
        grants=tuple(held),
        link_until=links.get(row.id),
        seen_at=seen.get(row.id),
        skills=tuple(row.skills),
        languages=tuple(row.languages),
        calling_profile=row.calling_profile,
    )
