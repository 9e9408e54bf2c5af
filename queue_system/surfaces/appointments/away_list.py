"""What becomes of each appointment that absences concern: seen, chosen, and then done, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from ...actions.blocks import BlockOrder, block_members
from ...core.approvals import MANY_BOOKINGS
from ...core.blocks import Concerned, Planned, Remedy, Settling, fingerprint
from ...core.errors import DomainError, Refused, Stale
from ...core.rights import ABSENCE_RIGHTS, CALL_OFF_RIGHTS, MOVE_RIGHTS
from ...store.queries.blocks import concerned
from ...store.queries.effect import ending_of
from ...store.queries.phone_calls import phone_calls
from ...store.queries.settings import Names
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch
from .away_form import Asked, Form
from .day import address
from .members_away import members_for, stretch_of

_OF_BOOKING: Final = "booking-"


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment that is concerned; `names` of its service are None in another department. `ways` may be chosen."""

    line: Concerned
    names: Names | None
    ways: tuple[Settling, ...]
    chosen: Settling


@dataclass(frozen=True, slots=True)
class Place:
    """Where the form of the absences was, and which blocks, by id, they stand instead of; `plan` if of all of a plan."""

    path: str
    instead: frozenset[UUID] = frozenset()
    plan: UUID | None = None


async def settle(here: StaffAtBranch, place: Place, asked: Asked, form: Form) -> Response:
    """The list of what is concerned, or with `step=do` its settling. Raises Invalid for absences that cannot be."""
    planned = Planned(asked.absences, place.instead)
    if form.get("step") != "do":
        return await _proposal(here, place, asked, form, planned, {})
    found = await here.read(concerned, here.branch, planned)
    chosen = _chosen(here, found, form)
    ending = await here.read(ending_of, here.branch, place.instead) if place.instead else None
    order = BlockOrder(
        asked.absences, asked.reason, form.get("seen"), chosen, asked.note, ending=ending, plan=place.plan
    )
    try:
        await here.do(block_members, order, here.actor)
    except (Stale, Refused) as refusal:
        return await _proposal(here, place, asked, form, planned, chosen, refusal)
    return kit.see_other(f"{address(here.branch)}/away?{urlencode(await _said(here, chosen))}")


async def _proposal(
    here: StaffAtBranch,
    place: Place,
    asked: Asked,
    form: Form,
    planned: Planned,
    chosen: Mapping[UUID, Settling],
    refusal: DomainError | None = None,
) -> Response:
    found = await here.read(concerned, here.branch, planned)
    values = {
        "base": address(here.branch),
        "path": place.path,
        "members": asked.members,
        "days": asked.days,
        "times": len({one.starts_at for one in asked.absences}),
        "skipped": form.several["skip"],
        "stretch": _stretch(here, asked),
        "typed": form.kept,
        "rows": _rows(here, found, chosen),
        "seen": fingerprint(found),
        "stand_ins": members_for(here, ABSENCE_RIGHTS),
        "refusal": message(refusal, here.words) if refusal else "",
    }
    return await here.page("appointments/away_list.html", values, status=refusal.status if refusal else 200)


def _stretch(here: StaffAtBranch, asked: Asked) -> str:
    first = asked.absences[0]
    return stretch_of(here, first.starts_at, first.ends_at)


def _rows(here: StaffAtBranch, found: Sequence[Concerned], chosen: Mapping[UUID, Settling]) -> list[Row]:
    seen = here.services(ABSENCE_RIGHTS)
    rows: list[Row] = []
    for one in found:
        allowed = _ways(here, one.service)
        ways = tuple(way for way in one.ways if way.way in allowed)
        wanted = chosen.get(one.booking)
        if sum(row.chosen.way is Remedy.NEXT for row in rows) >= MANY_BOOKINGS:
            # One person may not move more, so nobody has to take the choice back for each of the others.
            allowed -= {Remedy.NEXT}
        service = here.branch.services.get(one.service)
        names = service.listed_names if service and one.service in seen else None
        usual = one.usual(allowed, ((row.line, row.chosen.to) for row in rows))
        rows.append(Row(one, names, ways, wanted if wanted in ways else usual))
    return rows


def _chosen(here: StaffAtBranch, found: Sequence[Concerned], form: Form) -> dict[UUID, Settling]:
    """What the form chose, as far as the person may; the rest goes on the list of what is to be decided."""
    chosen = {}
    for one in found:
        settling = Settling.read(form.get(f"{_OF_BOOKING}{one.booking}"))
        if settling is not None and settling.way in _ways(here, one.service):
            chosen[one.booking] = settling
    return chosen


def _ways(here: StaffAtBranch, service: UUID) -> frozenset[Remedy]:
    """What this person may choose for an appointment of a service."""
    rights = {Remedy.STAND_IN: ABSENCE_RIGHTS, Remedy.NEXT: MOVE_RIGHTS, Remedy.CANCEL: CALL_OFF_RIGHTS}
    return frozenset({Remedy.LATER, *(way for way, needed in rights.items() if service in here.services(needed))})


async def _said(here: StaffAtBranch, chosen: Mapping[UUID, Settling]) -> dict[str, int]:
    """How many went which way, and how many of them have to be called."""
    calls = [one for one in await here.read(phone_calls, here.branch) if one.reached_at is None]
    counts = {way.value: sum(one.way is way for one in chosen.values()) for way in Remedy}
    return {"done": 1, **counts, "call": sum(one.booking.id in chosen for one in calls)}
