"""Decisions on appointments: who may make which, and those on many, which wait for a second person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from ..core.approvals import DECIDE_BOOKINGS
from ..core.decision_reasons import Because, Reasons
from ..core.errors import Denied, Refused
from ..core.promises import Choice, LineChoice
from ..core.rights import CALL_OFF_RIGHTS, MOVE_RIGHTS, Rights
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import StaffView, staff_by_id
from ..store.queries.bookings import booking_by_id
from ..store.queries.settings import BranchSettings, branch_settings
from . import approvals
from .decisions import decide_listed, require_reasons

ACTION: Final = DECIDE_BOOKINGS
#: To keep an appointment is to promise its time anew, as to move it is.
NEEDED: Final[Mapping[Choice, Rights]] = {
    Choice.MOVE: MOVE_RIGHTS,
    Choice.KEEP: MOVE_RIGHTS,
    Choice.CANCEL: CALL_OFF_RIGHTS,
}

#: What a person may do with an appointment, they may do with a visitor in line.
AS_WITH_BOOKINGS: Final[Mapping[LineChoice, Choice]] = {
    LineChoice.LATER: Choice.LATER,
    LineChoice.SEND: Choice.MOVE,
    LineChoice.SERVE: Choice.KEEP,
    LineChoice.END: Choice.CANCEL,
}


def require_choices(person: StaffView, branch: BranchSettings, chosen: Iterable[tuple[UUID, Choice]]) -> None:
    """Raise Denied unless the person may choose this, for each service by its id, in the department of the service."""
    for service_id, choice in set(chosen):
        if choice not in NEEDED:
            continue
        allowed = person.departments(NEEDED[choice], branch.id)
        if allowed is not None and branch.departments[branch.services[service_id].department_id].slug not in allowed:
            raise Denied("not-allowed")


def ask_to_decide(tx: Tx, branch_id: UUID, choices: Mapping[UUID, Choice], reasons: Reasons, actor: Actor) -> UUID:
    """Ask a second person for what `decide_listed` refused; returns the id of the request. Raises Invalid as it does."""
    require_reasons(reasons, choices.values())
    params = {
        "at": str(branch_id),
        "by_booking": {str(booking): str(choice) for booking, choice in choices.items()},
        "because": {str(choice): str(because) for choice, because in reasons.by_choice.items()},
        "text": reasons.text,
    }
    return approvals.ask(tx, branch_id, ACTION, params, actor)


def decide_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> None:
    """Decide as was approved, with the rights that the person has now; raises Denied, Missing("booking")."""
    person, branch = staff_by_id(tx, UUID(actor.id)), branch_settings(tx, UUID(params["at"]))
    if person is None:
        raise Denied("not-allowed")
    choices = {UUID(booking): Choice(choice) for booking, choice in params["by_booking"].items()}
    require_choices(
        person, branch, ((booking_by_id(tx, branch.id, key).service_id, choice) for key, choice in choices.items())
    )
    decide_listed(tx, branch.id, choices, reasons_of(params), actor, approved=True)


def require_text(params: Mapping[str, Any]) -> None:
    """Raise Refused("approval-text-gone") where another reason was given and its text is forgotten, so it must be written anew."""
    reasons = reasons_of(params)
    if Because.OTHER in reasons.by_choice.values() and not reasons.text:
        raise Refused("approval-text-gone")


def reasons_of(params: Mapping[str, Any]) -> Reasons:
    """The reasons of a request; requests that were stored before anybody was asked for one have none."""
    because = params.get("because", {}).items()
    return Reasons({Choice(choice): Because(one) for choice, one in because}, params.get("text", ""))
