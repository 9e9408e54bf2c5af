"""The erasure of a person before their data would go anyway, which waits for a second person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ..core.errors import Denied
from ..core.rights import DATA_RIGHTS
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import staff_by_id
from ..store.queries.bookings import booking_by_id
from ..store.queries.persons import Holdings, holdings_of
from ..store.tables import ORGANISATION
from . import approvals
from .erasure import erase_person

ACTION: Final = "erase-person"


def ask_to_erase(tx: Tx, branch_id: UUID, booking_id: UUID, actor: Actor, *, everyone: bool = False) -> UUID:
    """Ask a second person for what `erase_person` refused; returns the id of the request.

    The request has no name and no contact, because it outlives them.
    """
    code = booking_by_id(tx, branch_id, booking_id).code
    params: dict[str, Any] = {"at": str(branch_id), "booking": str(booking_id), "code": code, "everyone": everyone}
    found = _holdings(tx, params)
    params["count"] = len(found.bookings)
    return approvals.ask(tx, ORGANISATION, ACTION, params, actor, _sha256(found))


def erase_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> str:
    """Erase the person of a request; returns the number of the receipt. Raises Denied, and what `erase_person` raises."""
    person = staff_by_id(tx, UUID(actor.id))
    if person is None or not person.may_any(DATA_RIGHTS, ORGANISATION):
        raise Denied("not-allowed")
    at, booking, everyone = UUID(params["at"]), UUID(params["booking"]), params["everyone"]
    return erase_person(tx, at, booking, actor, everyone=everyone, approved=True).number


def effect_of_erasure(tx: Tx, params: Mapping[str, Any], _asked_at: datetime) -> str:
    """The fingerprint of the appointments from which name and contact would go now."""
    return _sha256(_holdings(tx, params))


def _holdings(tx: Tx, params: Mapping[str, Any]) -> Holdings:
    booking = booking_by_id(tx, UUID(params["at"]), UUID(params["booking"]))
    return holdings_of(tx, booking, everyone=params["everyone"])


def _sha256(found: Holdings) -> str:
    return hashlib.sha256("\n".join(sorted(str(one.id) for one in found.bookings)).encode()).hexdigest()
