"""Appointments of a day go from one member to another at their time: one, some, or all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.blocks import HandOver, hand_over
from ...core import hours
from ...core.blocks import Absence, Concerned, fingerprint
from ...core.bookings import BookingState
from ...core.errors import Refused, Stale
from ...core.rights import HAND_OVER_RIGHTS
from ...store.queries.blocks import appointments_of
from ...store.queries.bookings import BookingView
from ...store.queries.members import MemberView
from ...store.queries.phone_calls import phone_calls
from ...store.queries.settings import Names
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address, day_asked
from .members_away import could_stand_in, members_for, named_among

MOST_FIELDS: Final = 500


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment of the day; `free`: the other member has nothing then and, unless it is `late`, gets there. `chosen`: it is ticked."""

    line: Concerned
    names: Names
    free: bool
    late: bool
    chosen: bool


async def show(request: Request) -> Response:
    """`/appointments/{branch}/hand-over`: who gives, on which day, to whom, and which appointments."""
    here = await staff_at_branch(request, HAND_OVER_RIGHTS)
    return await _page(here, request.query_params, request.query_params.getlist("booking") or None)


async def give(request: Request) -> Response:
    """Give the ticked appointments over, all or none."""
    here = await staff_at_branch(request, HAND_OVER_RIGHTS)
    fields = await kit.form_items(request, most=MOST_FIELDS)
    form, ticked = dict(fields), [value for name, value in fields if name == "booking"]
    members = members_for(here, HAND_OVER_RIGHTS)
    giving, taking = named_among(members, form.get("member", "")), named_among(members, form.get("to", ""))
    if giving is None or taking is None or not ticked:
        # One that this person has chosen cannot be ticked where the other one is busy; no other is chosen in its place.
        meant = [value for name, value in fields if name == "meant"]
        return await _page(here, form, ticked or meant, refusal=here.words.text("blocks.tick-some"), status=422)
    day = day_asked(here, form)
    mine = here.services(HAND_OVER_RIGHTS)
    stretch = _stretch(here, giving, day)
    found = await here.read(appointments_of, here.branch, stretch)
    wanted = {one.booking for one in found if str(one.booking) in ticked and one.service in mine}
    try:
        done = await here.do(hand_over, HandOver(stretch, taking.id, wanted, form.get("seen", "")), here.actor)
    except (Refused, Stale) as refusal:
        return await _page(here, form, ticked, refusal=message(refusal, here.words), status=refusal.status)
    calls = [one for one in await here.read(phone_calls, here.branch) if one.reached_at is None]
    said = {"done": done, "call": sum(one.booking.id in wanted for one in calls)}
    asked = {"member": giving.slug, "day": day.isoformat(), "to": taking.slug}
    return kit.see_other(f"{address(here.branch)}/hand-over?{urlencode(asked | said)}")


def ways_on(here: StaffAtBranch, booking: BookingView, had: Collection[UUID]) -> list[tuple[Names, str]]:
    """The members of an appointment who can hand it over: their names, and the address of the page for it."""
    if booking.state is not BookingState.CONFIRMED or booking.service_id not in here.services(HAND_OVER_RIGHTS):
        return []
    day = hours.business_date(booking.starts_at, here.branch.zone, here.branch.day_starts)
    among = members_for(here, HAND_OVER_RIGHTS)
    found = [one for key, one in among.items() if key in had and could_stand_in(here.branch, key, among)]
    query = {"day": day.isoformat(), "booking": str(booking.id)}
    base = f"{address(here.branch)}/hand-over"
    return [(one.names, f"{base}?{urlencode({'member': one.slug} | query)}") for one in found]


async def _page(
    here: StaffAtBranch,
    asked: Mapping[str, str],
    ticked: Collection[str] | None,
    *,
    refusal: str = "",
    status: int = 200,
) -> Response:
    """`ticked` are the ids of appointments; None ticks all that can be handed over, as long as nobody has chosen."""
    members = members_for(here, HAND_OVER_RIGHTS)
    giving = named_among(members, asked.get("member", ""))
    targets = could_stand_in(here.branch, giving.id, members) if giving else []
    taking = next((one for one in targets if one.slug == asked.get("to")), targets[0] if len(targets) == 1 else None)
    day = day_asked(here, asked)
    found: tuple[Concerned, ...] = ()
    if giving is not None:
        found = await here.read(appointments_of, here.branch, _stretch(here, giving, day))
    mine = here.services(HAND_OVER_RIGHTS)
    rows = []
    for one in found:
        if one.service in mine:
            free = taking is not None and (taking.id,) in one.stand_ins
            chosen = free and (ticked is None or str(one.booking) in ticked)
            late = any(part.too_late for part in one.parts)
            rows.append(Row(one, here.branch.services[one.service].listed_names, free, late, chosen))
    done = asked.get("done", "")
    values = {
        "base": address(here.branch),
        "members": list(members.values()),
        "giving": giving,
        "targets": targets,
        "taking": taking,
        "day": day,
        "rows": rows,
        "seen": fingerprint(found),
        "ticked": list(ticked or ()),
        "refusal": refusal,
        "done": int(done) if done.isdecimal() and len(done) < 5 else None,
        "to_call": asked.get("call", "0") not in ("", "0"),
    }
    return await here.page("appointments/hand_over.html", values, status=status)


def _stretch(here: StaffAtBranch, member: MemberView, day: date) -> Absence:
    return Absence(member.id, *hours.day_bounds(day, here.branch.zone, here.branch.day_starts))


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/hand-over", show),
    Route("/appointments/{branch}/hand-over", give, methods=["POST"]),
]
