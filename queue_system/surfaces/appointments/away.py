"""A member is away: for how long, what becomes of each appointment, and the absences that are recorded.

Nothing is stored until the list of appointments was seen. The form sends their fingerprint, and where others are
concerned by then, the page shows the new list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.blocks import BlockOrder, block_member, end_block
from ...core import hours
from ...core.approvals import MANY_BOOKINGS
from ...core.blocks import (
    LONGEST_NOTE,
    OF_PEOPLE,
    OF_THINGS,
    Absence,
    BlockReason,
    Concerned,
    Settling,
    Way,
    check,
    fingerprint,
    read_note,
)
from ...core.errors import DomainError, Invalid, Missing, Refused, Stale
from ...core.rights import ABSENCE_RIGHTS, CALL_OFF_RIGHTS, DECISION_RIGHTS, MOVE_RIGHTS
from ...store.queries.blocks import blocks_of, concerned
from ...store.queries.members import MemberView
from ...store.queries.phone_calls import phone_calls
from ...store.queries.settings import Names
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address
from .members_away import members_for, stretch_of
from .moments import read_day

#: Fields of the form of an absence of three months; each appointment is one.
MOST_FIELDS: Final = 2000
FIELDS: Final = ("member", "from", "from_time", "until", "until_time", "reason", "note")
PEOPLE: Final = ("person", "interpreter")
_OF_BOOKING: Final = "booking-"


@dataclass(frozen=True, slots=True)
class Asked:
    """An absence as the form says it; `errors` by field."""

    absence: Absence | None
    member: MemberView | None
    reason: BlockReason
    note: str
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment that is concerned; `names` of its service are None in another department. `ways` may be chosen."""

    line: Concerned
    names: Names | None
    ways: tuple[Settling, ...]
    chosen: Settling


async def show(request: Request) -> Response:
    """`/appointments/{branch}/away`: the questions, and the absences that are recorded."""
    here = await staff_at_branch(request, ABSENCE_RIGHTS)
    return await _form(here, {}, {})


async def propose(request: Request) -> Response:
    """The list of what is concerned, or with `step=do` its settling."""
    here = await staff_at_branch(request, ABSENCE_RIGHTS)
    form = dict(await kit.form_items(request, most=MOST_FIELDS))
    asked = _asked(here, form)
    if asked.absence is None or asked.member is None:
        return await _form(here, form, asked.errors)
    if form.get("step") != "do":
        return await _proposal(here, form, asked.absence, asked.member, {})
    found = await here.read(concerned, here.branch, asked.absence)
    chosen = _chosen(here, found, form)
    order = BlockOrder(asked.absence, asked.reason, form.get("seen", ""), chosen, asked.note)
    try:
        await here.do(block_member, order, here.actor)
    except Invalid as mistake:
        return await _form(here, form, {mistake.field or "from": message(mistake, here.words)})
    except (Stale, Refused) as refusal:
        return await _proposal(here, form, asked.absence, asked.member, chosen, refusal)
    return kit.see_other(f"{_here(here)}?{urlencode(await _said(here, chosen))}")


async def end(request: Request) -> Response:
    """End an absence now; appointments on which nothing was decided stand again."""
    here = await staff_at_branch(request, ABSENCE_RIGHTS)
    mine = {one.id for one in await here.read(blocks_of, here.branch, list(members_for(here, ABSENCE_RIGHTS)))}
    wanted = _uuid(request.path_params["block"])
    if wanted is None or wanted not in mine:
        raise Missing("block")
    await here.do(end_block, wanted, here.actor)
    return kit.see_other(f"{_here(here)}?ended=1")


async def _form(here: StaffAtBranch, form: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    members = members_for(here, ABSENCE_RIGHTS)
    params = here.request.query_params
    blocks = await here.read(blocks_of, here.branch, list(members))
    today = here.branch.timetable.business_date(here.now)
    values = {
        "base": address(here.branch),
        "members": list(members.values()),
        "reasons": list(BlockReason),
        "longest_note": LONGEST_NOTE,
        "typed": dict.fromkeys(FIELDS, "")
        | {"from": today, "until": today, "member": params.get("member", "")}
        | {name: form[name] for name in FIELDS if name in form},
        "errors": errors,
        "blocks": [(one, members[one.member_id], stretch_of(here, one.starts_at, one.ends_at)) for one in blocks],
        "done": {way.value: _number(params.get(way.value)) for way in Way} if "done" in params else None,
        "to_call": _number(params.get("call")),
        "may_decide": here.may_any(DECISION_RIGHTS),
        "ended": params.get("ended") == "1",
    }
    return await here.page("appointments/away.html", values, status=422 if errors else 200)


async def _proposal(
    here: StaffAtBranch,
    form: Mapping[str, str],
    absence: Absence,
    member: MemberView,
    chosen: Mapping[UUID, Settling],
    refusal: DomainError | None = None,
) -> Response:
    found = await here.read(concerned, here.branch, absence)
    seen = here.services(ABSENCE_RIGHTS)
    rows: list[Row] = []
    for one in found:
        allowed = _ways(here, one.service)
        ways = tuple(way for way in one.ways if way.way in allowed)
        wanted = chosen.get(one.booking)
        if sum(row.chosen.way is Way.NEXT for row in rows) >= MANY_BOOKINGS:
            # One person may not move more, so nobody has to take the choice back for each of the others.
            allowed -= {Way.NEXT}
        service = here.branch.services.get(one.service)
        names = service.listed_names if service and one.service in seen else None
        rows.append(Row(one, names, ways, wanted if wanted in ways else one.usual(allowed)))
    values = {
        "base": address(here.branch),
        "member": member,
        "stretch": stretch_of(here, absence.starts_at, absence.ends_at),
        "typed": {name: form.get(name, "") for name in FIELDS},
        "rows": rows,
        "seen": fingerprint(found),
        "stand_ins": members_for(here, ABSENCE_RIGHTS),
        "refusal": message(refusal, here.words) if refusal else "",
    }
    return await here.page("appointments/away_list.html", values, status=refusal.status if refusal else 200)


def _asked(here: StaffAtBranch, form: Mapping[str, str]) -> Asked:
    """The absence that the form asks for; without times it is whole days."""
    branch = here.branch
    errors: dict[str, str] = {}
    member = next(
        (one for one in members_for(here, ABSENCE_RIGHTS).values() if one.slug == form.get("member", "")), None
    )
    first, last = read_day(form.get("from", "")), read_day(form.get("until", ""))
    begin, finish = _minutes(form.get("from_time", "")), _minutes(form.get("until_time", ""))
    if member is None:
        errors["member"] = here.words.text("blocks.which")
    for name, value in (("from", first), ("until", last)):
        if value is None:
            errors[name] = here.words.text("blocks.no-day")
    for name, minutes in (("from_time", begin), ("until_time", finish)):
        if form.get(name) and minutes is None:
            errors[name] = here.words.text("blocks.no-time")
    known = OF_PEOPLE if member is None or member.kind in PEOPLE else OF_THINGS
    reason = next((one for one in known if one == form.get("reason")), BlockReason.OTHER)
    try:
        note = read_note(form.get("note", ""))
    except Invalid as mistake:
        note, errors["note"] = "", message(mistake, here.words)
    if errors or member is None or first is None or last is None:
        return Asked(None, member, reason, note, errors)
    starts_at = _instant(here, first, begin) or hours.day_bounds(first, branch.zone, branch.day_starts)[0]
    ends_at = _instant(here, last, finish) or hours.day_bounds(last, branch.zone, branch.day_starts)[1]
    absence = Absence(member.id, starts_at, ends_at)
    today = branch.timetable.business_date(here.now)
    try:
        check(absence, hours.day_bounds(today, branch.zone, branch.day_starts)[0])
    except Invalid as mistake:
        return Asked(None, member, reason, note, {mistake.field or "from": message(mistake, here.words)})
    return Asked(absence, member, reason, note, {})


def _instant(here: StaffAtBranch, day: date, minutes: int | None) -> datetime | None:
    return None if minutes is None else hours.instant_at(day, minutes, here.branch.zone)


def _minutes(text: str) -> int | None:
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        return None
    return timedelta(hours=at.hour, minutes=at.minute) // timedelta(minutes=1)


def _chosen(here: StaffAtBranch, found: tuple[Concerned, ...], form: Mapping[str, str]) -> dict[UUID, Settling]:
    """What the form chose, as far as the person may; the rest goes on the list of what is to be decided."""
    chosen = {}
    for one in found:
        settling = Settling.read(form.get(f"{_OF_BOOKING}{one.booking}", ""))
        if settling is not None and settling.way in _ways(here, one.service):
            chosen[one.booking] = settling
    return chosen


def _ways(here: StaffAtBranch, service: UUID) -> frozenset[Way]:
    """What this person may choose for an appointment of a service."""
    rights = {Way.STAND_IN: ABSENCE_RIGHTS, Way.NEXT: MOVE_RIGHTS, Way.CANCEL: CALL_OFF_RIGHTS}
    return frozenset({Way.LATER, *(way for way, needed in rights.items() if service in here.services(needed))})


async def _said(here: StaffAtBranch, chosen: Mapping[UUID, Settling]) -> dict[str, int]:
    """How many went which way, and how many of them have to be called."""
    calls = [one for one in await here.read(phone_calls, here.branch) if one.reached_at is None]
    counts = {way.value: sum(one.way is way for one in chosen.values()) for way in Way}
    return {"done": 1, **counts, "call": sum(one.booking.id in chosen for one in calls)}


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 5 else 0


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _here(here: StaffAtBranch) -> str:
    return f"{address(here.branch)}/away"


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/away", show),
    Route("/appointments/{branch}/away", propose, methods=["POST"]),
    Route("/appointments/{branch}/away/{block}/end", end, methods=["POST"]),
]
