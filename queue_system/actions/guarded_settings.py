"""Changes of settings that wait for a second person: how they are asked for, and how they are carried out.

`settings.save` raises SecondPersonNeeded; the page then asks (`ask_for_change`), and `four_eyes` carries out what was
approved, as the person who asked and with their present rights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ..core.errors import Denied, Stale
from ..core.promises import Choice, Choices, LineDecision
from ..core.support import Why
from ..settings.edits import Edit
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import staff_by_id
from ..store.queries.approvals import ApprovalView
from ..store.queries.previews import Preview, preview
from ..store.tables import ORGANISATION
from . import approvals, settings

ACTION: Final = "change-settings"


def ask_for_change(
    tx: Tx,
    place: UUID,
    edits: Iterable[Edit],
    effect_sha256: str,
    *,
    actor: Actor,
    choices: Choices,
    reasons: Iterable[str],
    note: str = "",
    undoes: UUID | None = None,
    common: Iterable[Edit] = (),
) -> UUID:
    """Ask a second person for what `settings.save` refused for these `reasons`; returns the id of the request.

    The choices hold for the appointments and people in line that the author saw. Raises Stale("effect-changed") if these
    are others by now.
    """
    edits, common = list(edits), list(common)
    told = preview(tx, place, edits, common)
    if told.sha256 != effect_sha256:
        raise Stale("effect-changed")
    params = {
        "at": str(place),
        "edits": _stored(edits),
        "common": _stored(common),
        "by_why": {str(why): str(choice) for why, choice in choices.by_why.items()},
        "by_booking": {str(booking): str(choice) for booking, choice in choices.by_booking.items()},
        "by_line": {key: str(decision) for key, decision in choices.by_line.items()},
        "by_ticket": {str(ticket): str(decision) for ticket, decision in choices.by_ticket.items()},
        "listed": [str(key) for effect in told.effects.values() for key in effect.listed],
        "reasons": list(reasons),
        "note": note,
        "undoes": str(undoes) if undoes else None,
    }
    return approvals.ask(tx, place, ACTION, params, actor, told.offered_sha256)


def change_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> None:
    """Make the change that was approved; raises what `settings.save` raises, and Denied if the account is locked."""
    person = staff_by_id(tx, UUID(actor.id))
    if person is None:
        raise Denied("not-allowed")
    place, edits, undoes = UUID(params["at"]), edits_of(params), params["undoes"]
    common = common_of(params)
    told = preview(tx, place, edits, common)
    how: dict[str, Any] = {
        "actor": actor,
        "person": person,
        "choices": choices_for(params, told),
        "note": params["note"],
        "approved": True,
        "common": common,
    }
    settings.save(tx, place, edits, told.sha256, undoes=UUID(undoes) if undoes else None, **how)


def effect_of_change(tx: Tx, params: dict[str, Any], asked_at: datetime) -> str:
    """The fingerprint of what the change would do to everybody now, on the days that its author saw.

    In a busy hall somebody always books or comes between the request and the answer, so people are not part of it.
    """
    return preview(tx, UUID(params["at"]), edits_of(params), common_of(params), asked_at).offered_sha256


def decided_now(tx: Tx, requests: Iterable[ApprovalView]) -> dict[UUID, Counter[Choice]]:
    """For each of some requests, by its id, how many appointments would now lose their time, by what was decided on them."""
    return {
        one.id: _decided(one, preview(tx, one.place, edits_of(one.params), common_of(one.params))) for one in requests
    }


def _decided(request: ApprovalView, told: Preview) -> Counter[Choice]:
    choices = choices_for(request.params, told)
    return Counter(choices.of(one.id, one.why) for effect in told.effects.values() for one in effect.bookings)


def edits_of(params: Mapping[str, Any]) -> list[Edit]:
    """The edits of a request."""
    return [Edit(*edit) for edit in params["edits"]]


def common_of(params: Mapping[str, Any]) -> list[Edit]:
    """The edits of the organisation that a request makes first; requests that were stored before there were such have none."""
    return [Edit(*edit) for edit in params.get("common", ())]


def edits_by_place(request: ApprovalView) -> list[tuple[UUID, Edit]]:
    """The edits of a request, each with the place whose settings it changes; none if it changes no settings."""
    if request.action != ACTION:
        return []
    own = [(request.place, edit) for edit in edits_of(request.params)]
    return [*own, *((ORGANISATION, edit) for edit in common_of(request.params))]


def choices_for(params: Mapping[str, Any], told: Preview) -> Choices:
    """The decisions of a request on what a change would take now; on those who were not listed then, staff decide later."""
    choices, listed = choices_of(params), set(params["listed"])
    effects = told.effects.values()
    new_bookings = {one.id: Choice.LATER for effect in effects for one in effect.bookings if str(one.id) not in listed}
    new_tickets = {one.id: LineDecision() for effect in effects for one in effect.tickets if str(one.id) not in listed}
    return replace(
        choices,
        by_booking={**choices.by_booking, **new_bookings},
        by_ticket={**choices.by_ticket, **new_tickets},
    )


def choices_of(params: Mapping[str, Any]) -> Choices:
    """The decisions of a request."""
    return Choices(
        {Why(why): Choice(choice) for why, choice in params["by_why"].items()},
        {UUID(booking): Choice(choice) for booking, choice in params["by_booking"].items()},
        # Requests of before people in line were decided on have none.
        {key: _read(text) for key, text in params.get("by_line", {}).items()},
        {UUID(ticket): _read(text) for ticket, text in params.get("by_ticket", {}).items()},
    )


def _read(text: str) -> LineDecision:
    return LineDecision.read(text) or LineDecision()


def _stored(edits: Iterable[Edit]) -> list[list[Any]]:
    return [[edit.kind, edit.slug, edit.was, edit.now] for edit in edits]
