"""Carries out what a second person has approved, or what nobody else could approve in time.

An action that needs a second person is added to `PERFORM`, and to `core.approvals.APPROVAL_ACTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core.approvals import TOLD_TO, ApprovalState
from ..core.errors import Denied, Missing, Refused, Stale
from ..core.facts.approvals import ApprovalUsed
from ..store.database import AnyRow, Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.access import staff_by_id
from ..store.tables import ORGANISATION, Approval, table
from . import guarded_settings
from .approvals import ask_under, is_open, open_request, told, without_text
from .guarded_decisions import decide_approved, require_text
from .guarded_erasure import effect_of_erasure, erase_approved
from .guarded_meetings import accept_approved, effect_of_meeting, hold_on
from .invitations import reset_approved
from .roles import change_approved
from .staff_roles import give_approved
from .voiding import void_approved

APPROVAL = table(Approval)


def _is_whole(_params: dict[str, Any]) -> None:
    pass


def _nothing_waits(_tx: Tx, _params: dict[str, Any]) -> None:
    pass


def _no_effect(_tx: Tx, _params: dict[str, Any], _asked_at: datetime) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Performed:
    """How an action is carried out; it takes its own locks. `effect` is the present hash of what it would do, asked then.

    `by_itself` is False where it gives a secret, which only the person who asked may see: it waits for that person. `renew`
    lets what waits for the answer wait as long as a request that is asked now. `require_whole` raises Refused where a part of
    the parameters was forgotten with the request.
    """

    perform: Callable[[Tx, dict[str, Any], Actor], str | None]
    effect: Callable[[Tx, dict[str, Any], datetime], str] = _no_effect
    by_itself: bool = True
    renew: Callable[[Tx, dict[str, Any]], None] = _nothing_waits
    require_whole: Callable[[dict[str, Any]], None] = _is_whole


PERFORM: Final[dict[str, Performed]] = {
    "grant-role": Performed(give_approved),
    "change-role": Performed(change_approved),
    "reset-sign-in": Performed(reset_approved, by_itself=False),
    "change-settings": Performed(guarded_settings.change_approved, guarded_settings.effect_of_change),
    "void-ticket": Performed(void_approved),
    "decide-bookings": Performed(decide_approved, require_whole=require_text),
    "erase-person": Performed(erase_approved, effect_of_erasure),
    "accept-meeting": Performed(accept_approved, effect_of_meeting, renew=hold_on),
}


def carry_out(tx: Tx, approval_id: UUID, actor: Actor) -> str | None:
    """Do what was asked, as the person who asked; returns the secret of a link or the number of a receipt, if it gives one.

    Give it to `Database.write`. Raises Missing("approval") for somebody else's request, Refused("approval-over",
    "approval-missing"), what the action raises, and Stale("effect-changed") if the effect is no longer the one that was
    approved: then it must be asked for again.
    """
    with locked(tx, ORGANISATION) as organisation:
        row = open_request(organisation, approval_id)
        if str(row.asked_by) != actor.id:
            raise Missing("approval")
        if row.state != ApprovalState.APPROVED and not _has_waited(row, organisation):
            raise Refused("approval-missing")
    return _perform(tx, row, actor, by=actor)


def carry_out_overdue(tx: Tx, approval_id: UUID) -> str | None:
    """Do what has waited because nobody else could approve, without anybody's press; as `carry_out`.

    It is done as the person who asked, with their present rights, and the log says that the system has carried it out.
    Raises Refused("approval-missing") before its time, or where only the person who asked can do it, and Denied("not-allowed")
    if that person is locked out.
    """
    with locked(tx, ORGANISATION) as organisation:
        row = open_request(organisation, approval_id)
        if not _has_waited(row, organisation) or not acts_by_itself(row.action):
            raise Refused("approval-missing")
        if staff_by_id(tx, row.asked_by) is None:
            raise Denied("not-allowed")
    return _perform(tx, row, Actor("staff", str(row.asked_by)), by=SYSTEM)


def ask_again(tx: Tx, approval_id: UUID, actor: Actor) -> UUID:
    """Ask once more for what was taken back, refused, or not decided or carried out in time, with the same values.

    Returns the id of the new request. Raises Missing("approval") for somebody else's request, Refused("approval-not-over")
    for one that is open or was carried out and ("approval-text-gone") where its text was forgotten, Denied where the person may
    no longer know what it is about, and Stale("effect-changed") if it would do something else now than its author saw.
    """
    with locked(tx, ORGANISATION) as organisation:
        row = tx.row(sa.select(APPROVAL).where(APPROVAL.c.id == approval_id))
        if row is None or str(row.asked_by) != actor.id:
            raise Missing("approval")
        if row.state == ApprovalState.DONE or is_open(row, organisation.now):
            raise Refused("approval-not-over")
        told_to, person = TOLD_TO.get(row.action), staff_by_id(tx, row.asked_by)
        if told_to is not None and (person is None or not person.may(told_to, row.branch_id)):
            raise Denied("not-allowed")
        action = PERFORM[row.action]
        action.require_whole(row.params)
        try:
            _require_as_seen(tx, row)
            effect = action.effect(tx, row.params, organisation.now)
        except Missing:
            # What it was about is gone.
            raise Stale("effect-changed") from None
        asked = ask_under(organisation, row.branch_id, row.action, row.params, actor, effect)
        action.renew(tx, row.params)
        return asked


def is_whole(action: str, params: dict[str, Any]) -> bool:
    """Whether everything that was asked is still known, so that it can be asked for once more."""
    try:
        PERFORM[action].require_whole(params)
    except Refused:
        return False
    return True


def require_as_seen(tx: Tx, approval_id: UUID) -> None:
    """Raise Stale("effect-changed") if a request would do something else now than its author saw. It only reads."""
    row = tx.row(sa.select(APPROVAL).where(APPROVAL.c.id == approval_id))
    if row is None:
        raise Missing("approval")
    _require_as_seen(tx, row)


def acts_by_itself(action: str) -> bool:
    """Whether a request for this action is carried out without a press when it has waited long enough."""
    return PERFORM[action].by_itself


def by_themselves() -> list[str]:
    """The actions that are carried out without a press."""
    return [action for action in PERFORM if acts_by_itself(action)]


def _has_waited(row: AnyRow, organisation: Locked) -> bool:
    return row.due_at is not None and row.due_at <= organisation.now


def _require_as_seen(tx: Tx, row: AnyRow) -> None:
    if PERFORM[row.action].effect(tx, row.params, row.asked_at) != row.effect_sha256:
        raise Stale("effect-changed")


def _perform(tx: Tx, row: AnyRow, actor: Actor, *, by: Actor) -> str | None:
    _require_as_seen(tx, row)
    # The action takes its own locks; that of the organisation is kept until the commit.
    given = PERFORM[row.action].perform(tx, row.params, actor)
    with locked(tx, ORGANISATION) as organisation:
        done: dict[str, Any] = {"state": ApprovalState.DONE, "params": without_text(row.params)}
        tx.execute(sa.update(APPROVAL).where(APPROVAL.c.id == row.id).values(**done))
        organisation.append(ApprovalUsed(**told(row)), by)
    return given
