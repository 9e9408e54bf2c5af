"""The ways in which people prove who they are, and sign-ins that are not finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.rights import ADMINISTRATION
from ..database import Tx
from ..tables import Credential, Role, Session, SignInStep, Staff, StaffRole, table
from .organisation import organisation

CREDENTIAL = table(Credential)
STEP = table(SignInStep)
STAFF = table(Staff)

#: The kind of a link with a provider that has ended. It opens nothing; it keeps its person from a second account.
FORMER_PROVIDER: Final = "former-provider"
#: The kinds that a password alone is not enough beside.
SECOND_FACTORS: Final = frozenset({"app", "passkey"})


@dataclass(frozen=True, slots=True)
class MethodView:
    """A way to sign in besides the password; `kind` is app, recovery, passkey or provider."""

    id: UUID
    staff_id: UUID
    kind: str
    name: str
    handle: str
    salt: str
    data: dict[str, Any]
    counter: int
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepView:
    """A sign-in that is not finished, and the person that it is about, if that is known already."""

    kind: str
    staff_id: UUID | None
    data: dict[str, Any]
    login: str
    unlocked_at: datetime | None
    language: str


def methods_of(tx: Tx, staff_id: UUID) -> list[MethodView]:
    """The methods of a person that still open something, the oldest first."""
    found = tx.rows(
        sa.select(CREDENTIAL)
        .where(CREDENTIAL.c.staff_id == staff_id, CREDENTIAL.c.kind != FORMER_PROVIDER)
        .order_by(CREDENTIAL.c.created_at, CREDENTIAL.c.handle)
    )
    return [MethodView(**row._asdict()) for row in found]


def method_by_handle(tx: Tx, kind: str, handle: str) -> MethodView | None:
    """The method of any active person that is found by a handle."""
    row = tx.row(
        sa.select(CREDENTIAL)
        .join(STAFF, STAFF.c.id == CREDENTIAL.c.staff_id)
        .where(CREDENTIAL.c.kind == kind, CREDENTIAL.c.handle == handle, STAFF.c.active)
    )
    return MethodView(**row._asdict()) if row else None


def is_linked(tx: Tx, staff_id: UUID, issuer: str) -> bool:
    """Whether the person signs in at this provider; links from before the issuer was noted count for every provider."""
    rows = tx.rows(
        sa.select(CREDENTIAL.c.data).where(CREDENTIAL.c.staff_id == staff_id, CREDENTIAL.c.kind == "provider")
    )
    return any(row.data.get("issuer", issuer) == issuer for row in rows)


def has_second_factor(tx: Tx, staff_id: UUID) -> bool:
    """Whether the person signs in with more than the password."""
    second = (CREDENTIAL.c.staff_id == staff_id) & CREDENTIAL.c.kind.in_(sorted(SECOND_FACTORS))
    return tx.row(sa.select(CREDENTIAL.c.id).where(second).limit(1)) is not None


def needs_second_factor(tx: Tx, staff_id: UUID) -> bool:
    """Whether the organisation wants the person to have a second factor."""
    wanted = organisation(tx).needs_second_factor
    if wanted != "administrators":
        return wanted == "all"
    role, held = table(Role), table(StaffRole)
    rows = tx.rows(sa.select(role.c.can).join(held, held.c.role == role.c.slug).where(held.c.staff_id == staff_id))
    return any(not ADMINISTRATION.isdisjoint(row.can) for row in rows)


def step_by_token(tx: Tx, token_sha256: str, *kinds: str) -> StepView | None:
    """The unfinished sign-in of one of these kinds behind a token; None if there is none or it is too old."""
    row = tx.row(
        sa.select(STEP, STAFF.c.login, STAFF.c.unlocked_at, STAFF.c.language)
        .outerjoin(STAFF, STAFF.c.id == STEP.c.staff_id)
        .where(STEP.c.token_sha256 == token_sha256, STEP.c.kind.in_(kinds), STEP.c.expires_at > tx.now)
    )
    if row is None:
        return None
    return StepView(row.kind, row.staff_id, row.data, row.login or "", row.unlocked_at, row.language or "")


def confirmed_at(tx: Tx, token_sha256: str) -> datetime | None:
    """When the person of a session last proved to be the one who signed in."""
    session = table(Session)
    found: datetime | None = tx.scalar(sa.select(session.c.confirmed_at).where(session.c.token_sha256 == token_sha256))
    return found
