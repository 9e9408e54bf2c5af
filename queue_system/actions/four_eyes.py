"""Carries out what a second person has approved, or what nobody else could approve in time.

An action that needs a second person is added to `PERFORM`, and to `core.approvals.APPROVAL_ACTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core.approvals import ApprovalState
from ..core.errors import Missing, Refused, Stale
from ..core.facts.approvals import ApprovalUsed
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.tables import ORGANISATION, Approval, table
from . import guarded_settings
from .approvals import open_request, told
from .guarded_decisions import decide_approved
from .invitations import reset_approved
from .roles import change_approved
from .staff_roles import give_approved
from .voiding import void_approved

APPROVAL = table(Approval)


def _no_effect(_tx: Tx, _params: dict[str, Any]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Performed:
    """How an action is carried out; it takes its own locks. `effect` is the present hash of what it would do."""

    perform: Callable[[Tx, dict[str, Any], Actor], str | None]
    effect: Callable[[Tx, dict[str, Any]], str] = _no_effect


PERFORM: Final[dict[str, Performed]] = {
    "grant-role": Performed(give_approved),
    "change-role": Performed(change_approved),
    "reset-sign-in": Performed(reset_approved),
    "change-settings": Performed(guarded_settings.change_approved, guarded_settings.effect_of_change),
    "void-ticket": Performed(void_approved),
    "decide-bookings": Performed(decide_approved),
}


def carry_out(tx: Tx, approval_id: UUID, actor: Actor) -> str | None:
    """Do what was asked, as the person who asked; returns what the action gives back, such as the secret of a link.

    Give it to `Database.write`. Raises Missing("approval") for somebody else's request, Refused("approval-over",
    "approval-missing"), what the action raises, and Stale("effect-changed") if the effect is no longer the one that was
    approved: then it must be asked for again.
    """
    with locked(tx, ORGANISATION) as organisation:
        row = open_request(organisation, approval_id)
        if str(row.asked_by) != actor.id:
            raise Missing("approval")
        waited = row.due_at is not None and row.due_at <= organisation.now
        if row.state != ApprovalState.APPROVED and not waited:
            raise Refused("approval-missing")
        action = PERFORM[row.action]
        if action.effect(tx, row.params) != row.effect_sha256:
            raise Stale("effect-changed")
    # The action takes its own locks; that of the organisation is kept until the commit.
    given = action.perform(tx, row.params, actor)
    with locked(tx, ORGANISATION) as organisation:
        tx.execute(sa.update(APPROVAL).where(APPROVAL.c.id == row.id).values(state=ApprovalState.DONE))
        organisation.append(ApprovalUsed(**told(row)), actor)
    return given
