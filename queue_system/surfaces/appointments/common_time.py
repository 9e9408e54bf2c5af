"""Common free time: a visit of several parts or several persons, and all its times in one search.

Such as the nurse and then the doctor, a family of up to five, or one service when several members must be free.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.bookings import HoldOrder
from ...actions.together import hold_together
from ...core import hours
from ...core.bookings import Booker
from ...core.errors import DomainError, Missing, Refused
from ...core.rights import BOOK_RIGHTS
from ...store.queries.common_times import CommonTimes, Step, Wish, common_times, visit_at
from ...store.queries.settings import ServiceView
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from . import new
from .day import address, read_day

ROWS: Final = 3
MOST_PERSONS: Final = 5
MOST_PARTS: Final = 6
GAPS: Final = (0, 15, 30, 60, 120)
HALVES: Final = ("morning", "afternoon")


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the form: a service, for how many persons, and with whom (the slug of a member, or "" for anybody)."""

    service: ServiceView | None
    persons: int
    with_: str


async def show(request: Request) -> Response:
    """`/appointments/{branch}/common`: what the visit is made of, and the times for all of it."""
    here = await staff_at_branch(request, BOOK_RIGHTS)
    if request.method == "POST":
        return await _hold(here)
    return await _page(here, request.query_params)


async def _hold(here: StaffAtBranch) -> Response:
    """Hold all parts, or show the times again with everything kept."""
    form = await kit.form(here.request)
    steps, wish = _steps(here, _lines(here, form)), _wish(here, form)
    request_id = form.get("request_id", "")[:36]
    try:
        if not steps:
            raise Missing("service")
        start = new.read_start(form.get("start", ""))
        begins = await here.read(visit_at, here.branch, steps, wish, start)
        if not begins:
            raise Refused("slot-taken")
        orders = [
            HoldOrder(
                branch_id=here.branch.id,
                service_id=step.service.id,
                starts_at=begin,
                name="",
                contact="",
                language=here.branch.default_language,
                actor=here.actor,
                source=new.SOURCE,
                request_id=f"{request_id}-{number}" if request_id else None,
                booker=Booker.STAFF,
                contact_sure=True,
                members=step.asked,
            )
            for number, (step, begin) in enumerate(zip(steps, begins, strict=True))
        ]
        held = await here.write(hold_together, here.branch.id, orders)
    except DomainError as refusal:
        return await _page(here, form, refusal)
    return kit.see_other(f"{address(here.branch)}/together/{held}")


async def _page(here: StaffAtBranch, sent: Mapping[str, str], refusal: DomainError | None = None) -> Response:
    branch = here.branch
    lines, today = _lines(here, sent), hours.business_date(here.now, branch.zone, branch.day_starts)
    steps, wish = _steps(here, lines), _wish(here, sent)
    too_many = len(steps) > MOST_PARTS
    found: CommonTimes | None = None
    if steps and not too_many:
        found = await here.read(common_times, branch, steps, wish)
    values = {
        "base": address(branch),
        "lines": lines,
        "services": new.bookable(here),
        "choices": [new.choices(branch, one.service) if one.service else [] for one in lines],
        "most_persons": MOST_PERSONS,
        "most_parts": MOST_PARTS,
        "gaps": GAPS,
        "halves": HALVES,
        "wish": wish,
        "at": sent.get("at", "")[:5],
        "today": today,
        "day": max(read_day(sent.get("from", "")) or today, today),
        "too_many": too_many,
        "found": found,
        "steps": steps,
        "ends": _ends(found, steps),
        "key": new.start_key,
        "kept": {name: value for name, value in sent.items() if name not in ("start", "request_id")},
        "request_id": secrets.token_urlsafe(16),
        "refusal": message(refusal, here.words) if refusal else None,
    }
    return await here.page("appointments/common.html", values, status=refusal.status if refusal else 200)


def _lines(here: StaffAtBranch, sent: Mapping[str, str]) -> list[Asked]:
    known = {one.slug: one for one in new.bookable(here)}
    return [
        Asked(known.get(sent.get(f"s{n}", "")), _number(sent.get(f"n{n}", ""), MOST_PERSONS), sent.get(f"w{n}", ""))
        for n in range(1, ROWS + 1)
    ]


def _steps(here: StaffAtBranch, lines: list[Asked]) -> list[Step]:
    """The parts of the visit in their order, one for each person."""
    steps: list[Step] = []
    for one in lines:
        if one.service is not None:
            asked: dict[UUID, UUID] = new.asked_for(here.branch, one.service, one.with_)
            steps += [Step(one.service, asked)] * one.persons
    return steps


def _wish(here: StaffAtBranch, sent: Mapping[str, str]) -> Wish:
    """From when on, and near which time; what is no time or number counts as not said."""
    branch = here.branch
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    day = max(read_day(sent.get("from", "")) or today, today)
    try:
        at = datetime.combine(day, time.fromisoformat(sent.get("at", "")), branch.zone)
    except ValueError:
        at = None
    half, gap = sent.get("half", ""), sent.get("gap", "")
    return Wish(
        new.begin_of(branch, day, here.now),
        at,
        half if half in HALVES else "",
        int(gap) if gap in map(str, GAPS) else 0,
    )


def _ends(found: CommonTimes | None, steps: list[Step]) -> dict[datetime, datetime]:
    """When the last part of each visit ends, by the time at which the first begins."""
    visits = (*found.near, *found.first) if found else ()
    return {one[0]: one[-1] + timedelta(minutes=steps[-1].service.duration_min) for one in visits}


def _number(text: str, most: int) -> int:
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() else 1


routes: list[BaseRoute] = [Route("/appointments/{branch}/common", show, methods=["GET", "POST"])]
