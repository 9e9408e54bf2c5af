"""Two people who must not meet, in a protected service: that their appointments stand waits for a second person."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ..core.apart import AcceptedFor
from ..core.errors import Denied
from ..core.rights import APART_RIGHTS
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import staff_by_id
from ..store.queries.apart import meetings
from ..store.queries.approvals import ApprovalView
from ..store.queries.bookings import booking_by_id
from ..store.queries.settings import branch_settings
from . import approvals
from .apart import accept_meeting

ACTION: Final = "accept-meeting"


def ask_to_accept(
    tx: Tx, branch_id: UUID, pair_id: UUID, ids: Collection[UUID], why: AcceptedFor, actor: Actor
) -> UUID:
    """Ask a second person for what `accept_meeting` refused; returns the id of the request."""
    params: dict[str, Any] = {
        "at": str(branch_id),
        "pair": str(pair_id),
        "bookings": sorted(str(one) for one in ids),
        "codes": sorted(booking_by_id(tx, branch_id, one).code for one in ids),
        "why": why.value,
    }
    return approvals.ask(tx, branch_id, ACTION, params, actor, effect_of_meeting(tx, params, tx.now))


def accept_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> None:
    """Let them stand, with the rights that the person has now; raises Denied, Missing("pair")."""
    person, branch_id = staff_by_id(tx, UUID(actor.id)), UUID(params["at"])
    if person is None or not person.may_any(APART_RIGHTS, branch_id):
        raise Denied("not-allowed")
    ids = [UUID(one) for one in params["bookings"]]
    accept_meeting(tx, branch_id, UUID(params["pair"]), ids, AcceptedFor(params["why"]), actor, approved=True)


def effect_of_meeting(tx: Tx, params: dict[str, Any], _asked_at: datetime) -> str:
    """The fingerprint of the times at which they meet, because at others they were not approved; "" if they do not."""
    settings = branch_settings(tx, UUID(params["at"]))
    found = [
        f"{one.one.starts_at.isoformat()} {one.other.starts_at.isoformat()}"
        for one in meetings(tx, settings)
        if str(one.pair) == params["pair"] and sorted(str(id_) for id_ in one.ids) == params["bookings"]
    ]
    return hashlib.sha256("\n".join(found).encode()).hexdigest() if found else ""


def is_about(one: ApprovalView, pair_id: UUID, ids: Collection[UUID]) -> bool:
    """Whether a request is to let these two stand."""
    about = one.params.get("pair"), one.params.get("bookings")
    return one.action == ACTION and about == (str(pair_id), sorted(str(id_) for id_ in ids))
