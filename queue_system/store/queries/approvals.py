"""Requests for a second person, as the office shows them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.approvals import ApprovalState
from ..database import Tx
from ..tables import Approval, Role, table
from .grants import Grant, grant
from .people import grants_of

APPROVAL = table(Approval)
ROLE = table(Role)

# What is over is shown for so long.
SHOWN_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A request; `place` is what it is about. `due_at`: when it may be carried out without a second person."""

    id: UUID
    place: UUID
    action: str
    params: dict[str, Any]
    asked_by: UUID
    asked_at: datetime
    expires_at: datetime
    due_at: datetime | None
    state: ApprovalState
    decided_by: UUID | None

    @property
    def is_alone(self) -> bool:
        """Whether nobody else could approve it when it was asked."""
        return self.due_at is not None

    def is_open(self, now: datetime) -> bool:
        """Whether something can still be done about it."""
        return self.expires_at > now and self.state in (ApprovalState.ASKED, ApprovalState.APPROVED)

    def is_ready(self, now: datetime) -> bool:
        """Whether the person who asked may carry it out."""
        return self.is_open(now) and (
            self.state is ApprovalState.APPROVED or (self.due_at is not None and self.due_at <= now)
        )


def requests(tx: Tx) -> list[ApprovalView]:
    """The requests of the last days, the newest first."""
    lately = sa.select(APPROVAL).where(APPROVAL.c.asked_at > tx.now - SHOWN_FOR)
    found = lately.order_by(APPROVAL.c.asked_at.desc(), APPROVAL.c.id.desc())
    return [
        ApprovalView(
            row.id,
            row.branch_id,
            row.action,
            row.params,
            row.asked_by,
            row.asked_at,
            row.expires_at,
            row.due_at,
            ApprovalState(row.state),
            row.decided_by,
        )
        for row in tx.rows(found)
    ]


def overdue(tx: Tx, actions: Collection[str]) -> list[UUID]:
    """The open requests for these actions that have waited long enough without a second person, the oldest first."""
    found = (
        sa.select(APPROVAL.c.id)
        .where(APPROVAL.c.action.in_(actions), APPROVAL.c.due_at <= tx.now, APPROVAL.c.expires_at > tx.now)
        .where(APPROVAL.c.state.in_((ApprovalState.ASKED, ApprovalState.APPROVED)))
        .order_by(APPROVAL.c.asked_at)
    )
    return [row.id for row in tx.rows(found)]


def held_or_asked_for(tx: Tx, staff_id: UUID) -> tuple[Grant, ...]:
    """What the roles of a person grant, and what they would grant if all open requests were carried out.

    Access to an account is worth what the account is about to become, so it is guarded from the request on.
    """
    words = {row.slug: list(row.can) for row in tx.rows(sa.select(ROLE.c.slug, ROLE.c.can))}
    held = [(one.place, one.department, one.role) for one in grants_of(tx, staff_id)]
    for request in requests(tx):
        params = request.params
        if not request.is_open(tx.now):
            continue
        if request.action == "change-role":
            words[params["slug"]] = [*words.get(params["slug"], ()), *params["rights"]]
        if request.action == "grant-role" and params["staff"] == str(staff_id):
            held.append((UUID(params["place"]), params["department"], params["role"]))
    return tuple(grant(place, department, role, words[role]) for place, department, role in held if role in words)
