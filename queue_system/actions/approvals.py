"""Requests for a second person: asking, approving, refusing, withdrawing. `four_eyes` carries out what was approved.

Nobody decides on their own request; the database holds that too. Where nobody else could approve, the request says when the
action may be carried out all the same, and everybody who may approve or manage people sees it until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.approvals import DELAY, LIFETIME, TOLD_TO, ApprovalState
from ..core.errors import Denied, Missing, Refused
from ..core.facts.approvals import ApprovalAsked, ApprovalEnded, ApprovalGiven, ApprovalRefused, ApprovalWithdrawn
from ..core.rights import APPROVAL_RIGHTS
from ..store.database import AnyRow, Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.grants import beyond, grant
from ..store.queries.people import Colleague, colleagues
from ..store.tables import ORGANISATION, Approval, StaffRole, table

APPROVAL = table(Approval)
STAFF_ROLE = table(StaffRole)


def ask(tx: Tx, place: UUID, action: str, params: dict[str, Any], actor: Actor, effect_sha256: str = "") -> UUID:
    """Ask for a second person; `action` is one of core.approvals.APPROVAL_ACTIONS, `effect_sha256` the hash of what the first saw.

    Returns the id of the request. The same request, while it is open, is not made twice.
    """
    with locked(tx, ORGANISATION) as organisation:
        return ask_under(organisation, place, action, params, actor, effect_sha256)


def ask_under(
    organisation: Locked, place: UUID, action: str, params: dict[str, Any], actor: Actor, effect_sha256: str = ""
) -> UUID:
    """As `ask`, for an action that has locked the organisation already."""
    tx, now, asker = organisation.tx, organisation.now, UUID(actor.id)
    for row in tx.rows(sa.select(APPROVAL).where(APPROVAL.c.branch_id == place, APPROVAL.c.asked_by == asker)):
        same = (row.action, row.params, row.effect_sha256) == (action, params, effect_sha256)
        if same and is_open(row, now):
            return row.id  # type: ignore[no-any-return]
    due_at = None if approvers(tx, place, asker, action, params) else now + DELAY
    found = uuid7()
    tx.execute(
        sa.insert(APPROVAL),
        {
            "id": found,
            "branch_id": place,
            "action": action,
            "params": params,
            "effect_sha256": effect_sha256,
            "asked_by": asker,
            "asked_at": now,
            "expires_at": (due_at or now) + LIFETIME,
            "due_at": due_at,
            "state": ApprovalState.ASKED,
        },
    )
    organisation.append(ApprovalAsked(subject=str(found), action=action, effect=effect_sha256), actor)
    return found


def approve(tx: Tx, approval_id: UUID, actor: Actor) -> None:
    """Approve somebody else's request.

    Raises Missing("approval"), Refused("approval-over") if it is decided or too old, Refused("own-request"), Denied.
    """
    with locked(tx, ORGANISATION) as organisation:
        row = _to_decide(organisation, approval_id, actor)
        _become(organisation, row, ApprovalState.APPROVED, UUID(actor.id))
        organisation.append(ApprovalGiven(**told(row)), actor)


def refuse(tx: Tx, approval_id: UUID, actor: Actor) -> None:
    """Refuse somebody else's request; as `approve`."""
    with locked(tx, ORGANISATION) as organisation:
        row = _to_decide(organisation, approval_id, actor)
        _become(organisation, row, ApprovalState.REFUSED, UUID(actor.id))
        organisation.append(ApprovalRefused(**told(row)), actor)


def withdraw(tx: Tx, approval_id: UUID, actor: Actor) -> None:
    """Take back one's own request. Raises Missing("approval"), Refused("approval-over")."""
    with locked(tx, ORGANISATION) as organisation:
        row = open_request(organisation, approval_id)
        if str(row.asked_by) != actor.id:
            raise Missing("approval")
        _become(organisation, row, ApprovalState.WITHDRAWN, row.decided_by)
        organisation.append(ApprovalWithdrawn(**told(row)), actor)


def end_requests(organisation: Locked, asker: UUID, actor: Actor) -> None:
    """End the open requests of somebody who has lost access, because nobody else can carry them out."""
    tx = organisation.tx
    still = APPROVAL.c.state.in_((ApprovalState.ASKED, ApprovalState.APPROVED)) & (
        APPROVAL.c.expires_at > organisation.now
    )
    for row in tx.rows(sa.select(APPROVAL).where(APPROVAL.c.asked_by == asker, still).order_by(APPROVAL.c.id)):
        _become(organisation, row, ApprovalState.ENDED, row.decided_by)
        organisation.append(ApprovalEnded(**told(row)), actor)


def end_without_roles(organisation: Locked, asker: UUID, actor: Actor) -> None:
    """End the open requests of somebody whose last role was taken; others may still carry theirs out."""
    if organisation.tx.row(sa.select(STAFF_ROLE.c.role).where(STAFF_ROLE.c.staff_id == asker).limit(1)) is None:
        end_requests(organisation, asker, actor)


def open_request(organisation: Locked, approval_id: UUID) -> AnyRow:
    """A request that is neither over nor too old; raises Missing("approval"), Refused("approval-over")."""
    row = organisation.tx.row(sa.select(APPROVAL).where(APPROVAL.c.id == approval_id))
    if row is None:
        raise Missing("approval")
    if not is_open(row, organisation.now):
        raise Refused("approval-over")
    return row


def is_open(row: AnyRow, now: datetime) -> bool:
    """Whether something can still be done about a request."""
    return bool(row.expires_at > now and row.state in (ApprovalState.ASKED, ApprovalState.APPROVED))


def without_text(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request without what was written freely, which must not outlive it."""
    return {**params, "text": ""} if params.get("text") else dict(params)


def told(row: AnyRow) -> dict[str, Any]:
    """The fields of a fact about a request."""
    return {"subject": str(row.id), "action": row.action, "effect": row.effect_sha256}


def _to_decide(organisation: Locked, approval_id: UUID, actor: Actor) -> AnyRow:
    row = open_request(organisation, approval_id)
    if row.state != ApprovalState.ASKED:
        raise Refused("approval-over")
    if str(row.asked_by) == actor.id:
        raise Refused("own-request")
    if actor.kind != "staff" or UUID(actor.id) not in approvers(
        organisation.tx, row.branch_id, row.asked_by, row.action, row.params
    ):
        raise Denied("not-allowed")
    return row


def _become(organisation: Locked, row: AnyRow, state: ApprovalState, decided_by: UUID | None) -> None:
    values: dict[str, Any] = {"state": state, "decided_by": decided_by, "decided_at": organisation.now}
    if state is not ApprovalState.APPROVED:
        values["params"] = without_text(row.params)
    organisation.tx.execute(sa.update(APPROVAL).where(APPROVAL.c.id == row.id).values(**values))


def approvers(tx: Tx, place: UUID, asker: UUID, action: str, params: dict[str, Any]) -> set[UUID]:
    """The people who could decide on a request of `asker` about a place; nobody decides on what they would gain."""
    return {
        person.id
        for person in colleagues(tx)
        if person.id != asker
        and person.enters
        and not _gains(person, action, params)
        and _may_know(person, action, place)
        and any(one.gives(right, place) for one in person.grants for right in APPROVAL_RIGHTS)
    }


def _may_know(person: Colleague, action: str, place: UUID) -> bool:
    """Whether the person may know what the request is about."""
    right = TOLD_TO.get(action)
    return right is None or any(one.gives(right, place) for one in person.grants)


def _gains(person: Colleague, action: str, params: dict[str, Any]) -> bool:
    """Whether the person would be given a role, or would have more rights by a role that they hold."""
    if action == "grant-role":
        return bool(params["staff"] == str(person.id))
    if action != "change-role":
        return False
    held = [one for one in person.grants if one.role == params["slug"]]
    return any(beyond(person.grants, grant(one.place, one.department, one.role, params["rights"])) for one in held)
