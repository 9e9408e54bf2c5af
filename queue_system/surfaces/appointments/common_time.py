"""Common free time: a visit of several parts or several persons, and all its times in one search.

Such as the nurse and then the doctor, a family of up to five, or one service when several members must be free.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.bookings import HoldOrder
from ...actions.said import keep_answers
from ...actions.together import held_before, hold_together, part_of_request
from ...core import contacts
from ...core.bookings import Booker
from ...core.errors import DomainError, Invalid, Missing, Refused
from ...core.rights import BOOK_RIGHTS
from ...store.database import Tx
from ...store.queries.apart import others_at
from ...store.queries.bookings import BookingView, bookings_together
from ...store.queries.common_times import CommonTimes, Step, common_times, visit_at
from ...store.queries.settings import BranchSettings
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.visit_form import (
    ANSWERS,
    GAPS,
    HALVES,
    MOST_PARTS,
    MOST_PERSONS,
    Asked,
    channel_field,
    end_of,
    ends_of,
    first_day,
    how_of,
    issued_field,
    lines_made,
    lines_of,
    persons_of,
    search_of,
    steps_of,
    wish_of,
)
from . import apart, new
from .day import address
from .moments import read_day, read_start, start_key
from .wished import bookable

#: As long as the longest e-mail address.
LONGEST_WHO: Final = 254


async def show(request: Request) -> Response:
    """`/appointments/{branch}/common`: what the visit is made of, and the times for all of it.

    Whoever sees who is kept apart can say for whom the visit is; that is sent, because it must not be in an address.
    """
    here = await staff_at_branch(request, BOOK_RIGHTS)
    if request.method == "GET":
        return await _page(here, request.query_params)
    form = await kit.form(request)
    return await (_hold(here, form) if "start" in form else _page(here, form))


async def times_again(
    here: StaffAtBranch, parts: Sequence[BookingView], typed: Mapping[str, str], refusal: DomainError | None = None
) -> Response:
    """The times of a visit whose `parts` are held no more, with what was typed for them."""
    sent = await _search_for(here, parts) | {name: typed[name] for name in ANSWERS if name in typed}
    return await _page(here, sent, refusal)


async def way_again(here: StaffAtBranch, parts: Sequence[BookingView]) -> str:
    """The address of the times for such a visit."""
    return f"{address(here.branch)}/common?{urlencode(await _search_for(here, parts))}"


async def _search_for(here: StaffAtBranch, parts: Sequence[BookingView]) -> dict[str, str]:
    """What the form says that finds such a visit, with the members who were asked for."""
    sent = search_of(here.branch, parts, lambda service: service.slug)
    for n, line in enumerate(lines_made(parts), 1):
        sent[f"w{n}"] = await new.announced(here, here.branch.services[line[0].service_id], line[0])
    return sent


async def _hold(here: StaffAtBranch, form: Mapping[str, str]) -> Response:
    """Hold all parts, or show the times again with everything kept."""
    day = first_day(here.branch, here.now, read_day(form.get("from", "")))
    steps, wish = _steps(here, _lines(here, form)), wish_of(here.branch, here.now, day, form)
    request_id = form.get("request_id", "")[:36]
    try:
        if not steps:
            raise Missing("service")
        start = read_start(form.get("start", ""))
        if request_id and (before := await here.read(held_before, here.branch.id, request_id, start)) is not None:
            return kit.see_other(f"{address(here.branch)}/together/{before}")
        begins = await here.read(visit_at, here.branch, steps, wish, start)
        if not begins:
            raise Refused("slot-taken")
        persons, language = persons_of(step.service.id for step in steps), form.get("language", "")
        orders = [
            HoldOrder(
                branch_id=here.branch.id,
                service_id=step.service.id,
                starts_at=begin,
                name=_name(form.get(f"name{person}", "")),
                contact=form.get("contact", ""),
                language=language if language in kit.languages_of(here.branch) else here.branch.default_language,
                actor=here.actor,
                source=new.SOURCE,
                request_id=part_of_request(request_id, number) if request_id else None,
                booker=Booker.STAFF,
                contact_sure=True,
                members=step.asked,
                how=how_of(here.branch, step.service, form, number) if channel_field(number) in form else None,
                leave=apart.leave_of(here),
            )
            for number, (step, begin, person) in enumerate(zip(steps, begins, persons, strict=True))
        ]
        held = await _held(here, orders)
        await _keep_numbers(here, held, form)
    except DomainError as refusal:
        return await _page(here, form, refusal)
    return kit.see_other(f"{address(here.branch)}/together/{held}")


async def _held(here: StaffAtBranch, orders: Sequence[HoldOrder]) -> UUID:
    """The visit, without what cannot be a contact, because it is asked for again."""
    try:
        return await here.write(hold_together, here.branch.id, orders)
    except Invalid as mistake:
        if mistake.field != "contact" or not any(one.contact for one in orders):
            raise
        return await here.write(hold_together, here.branch.id, [replace(one, contact="") for one in orders])


async def _keep_numbers(here: StaffAtBranch, visit: UUID, form: Mapping[str, str]) -> None:
    """Keep the numbers of other offices that were typed for the time before."""
    for number, part in enumerate(await here.read(bookings_together, here.branch.id, visit)):
        if issued := form.get(issued_field(number), ""):
            await here.do(keep_answers, part.id, "", "", "", issued)


def _name(typed: str) -> str:
    """What was typed, unless it cannot be a name; then it is asked for again."""
    try:
        return contacts.read_called(typed)
    except Invalid:
        return ""


async def _page(here: StaffAtBranch, sent: Mapping[str, str], refusal: DomainError | None = None) -> Response:
    branch = here.branch
    lines, day = _lines(here, sent), first_day(branch, here.now, read_day(sent.get("from", "")))
    steps, wish = _steps(here, lines), wish_of(branch, here.now, day, sent)
    too_many = len(steps) > MOST_PARTS
    found: CommonTimes | None = None
    if steps and not too_many:
        found = await here.read(common_times, branch, steps, wish)
    sees = apart.may_see(here)
    # What an address says is not obeyed, so that nobody is led to write it there.
    who = sent.get("who", "")[:LONGEST_WHO] if sees and here.request.method == "POST" else ""
    typed = {name: sent[name] for name in ANSWERS if sent.get(name)} if here.request.method == "POST" else {}
    values: dict[str, Any] = {
        "sees_apart": sees,
        "typed": typed,
        "who": who,
        "apart": await here.read(_kept_apart, branch, steps, found, apart.typed_people(here, who, *typed.values())),
        "base": address(branch),
        "lines": lines,
        "services": bookable(here),
        "choices": [new.choices(branch, one.service) if one.service else [] for one in lines],
        "most_persons": MOST_PERSONS,
        "most_parts": MOST_PARTS,
        "gaps": GAPS,
        "halves": HALVES,
        "wish": wish,
        "at": sent.get("at", "")[:5],
        "today": first_day(branch, here.now, None),
        "day": day,
        "too_many": too_many,
        "found": found,
        "steps": steps,
        "ends": ends_of(branch, found, steps),
        "key": start_key,
        "kept": {name: value for name, value in sent.items() if name not in ("start", "request_id", *ANSWERS)} | typed,
        "request_id": secrets.token_urlsafe(16),
        "refusal": message(refusal, here.words) if refusal else None,
    }
    if here.request.method == "POST":
        # What a form has answered cannot be fetched again in another language.
        search = {name: value for name, value in values["kept"].items() if name not in (*ANSWERS, "who")}
        values["language_urls"] = lambda language: f"{values['base']}/common?{urlencode(search | {'lang': language})}"
    return await here.page("appointments/common.html", values, status=refusal.status if refusal else 200)


def _kept_apart(
    tx: Tx, branch: BranchSettings, steps: Sequence[Step], found: CommonTimes | None, people: Collection[str]
) -> frozenset[datetime]:
    """The beginnings of those visits that bring these people together with others from whom they are kept apart."""
    if not people or found is None:
        return frozenset()
    others = {step.service.id: others_at(tx, branch, step.service, people) for step in steps}
    return frozenset(
        visit[0]
        for visit in (*found.near, *found.first)
        if any(
            others[step.service.id].meets(begin, end_of(branch, step.service, begin))
            for step, begin in zip(steps, visit, strict=True)
        )
    )


def _lines(here: StaffAtBranch, sent: Mapping[str, str]) -> list[Asked]:
    return lines_of({one.slug: one for one in bookable(here)}, sent)


def _steps(here: StaffAtBranch, lines: list[Asked]) -> list[Step]:
    return steps_of(lines, lambda service, slug: new.asked_for(here.branch, service, slug))


routes: list[BaseRoute] = [Route("/appointments/{branch}/common", show, methods=["GET", "POST"])]
