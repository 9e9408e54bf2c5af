"""Several services or several persons in one visit: times that suit all of it, held and confirmed all or none.

Only the browser that held the visit sees all of its appointments. The link of one of them shows that one alone, because
it may be passed on to whom it is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.bookings import HoldOrder
from ...actions.lost_holds import against_ended
from ...actions.said import issued_of
from ...actions.together import held_before, hold_together, part_of_request
from ...core import contacts
from ...core.bookings import BookingState
from ...core.errors import DomainError, Doubtful, Invalid, Missing, Refused
from ...store.log import VISITOR
from ...store.queries.bookings import BookingView, bookings_together
from ...store.queries.channels import channel_of, channels_to_choose
from ...store.queries.common_times import Step, WantedTimes, common_times, visit_at
from ...store.queries.settings import BranchSettings, ServiceView
from ...web import booking_steps, kit
from ...web.addresses import address_key
from ...web.errors import message
from ...web.here import AtBranch, at_booking, at_branch
from ...web.how import CHANNELS
from ...web.kit import see_other
from ...web.open_holds import all_within_limit
from ...web.visit_form import (
    ANSWERS,
    GAPS,
    HALVES,
    MOST_PARTS,
    MOST_PERSONS,
    channel_field,
    chosen_channel,
    ends_of,
    first_day,
    how_of,
    issued_field,
    lines_of,
    names_of,
    persons_of,
    search_of,
    steps_of,
    wish_of,
)
from . import times
from .contact_use import contact_use
from .frame import frame, is_language_switch, named, retry_after
from .holding import ABOUT_THE_TIME, is_held
from .own_bookings import is_own, remember

OVER: Final = (BookingState.CANCELLED, BookingState.EXPIRED)
HAS_ENDED: Final = (BookingState.HELD, BookingState.EXPIRED)
AGAIN: Final = "again"
# What the form of the persons adds to what the search says.
OF_PERSONS: Final = ("request_id", "switch", *ANSWERS)


async def show(request: Request) -> Response:
    """`/together/{branch}`: what the visit is made of, and the times for all of it.

    With `again`, the secret of a part of a visit of this browser that is held no more, for the same and with its answers.
    """
    here = await at_branch(request)
    return await _times_page(here, await _said_before(here) | dict(request.query_params))


async def details(request: Request) -> Response:
    """`/together/{branch}/details`: who comes, and one contact for all; sending them holds all parts of the visit."""
    here = await at_branch(request)
    if request.method != "POST":
        return await _details_page(here, request.query_params)
    form = await kit.form(request)
    if is_language_switch(form):
        return await _details_page(here, form)
    steps = _steps(here, form)
    mistakes = _mistakes(form, here.branch, steps)
    if mistakes:
        return await _details_page(here, form, mistakes=mistakes)
    try:
        parts, _ = await all_within_limit(here, len(steps), lambda: _held(here, form, steps))
    except DomainError as refusal:
        if refusal.code in ABOUT_THE_TIME:
            return await _times_page(here, form, refusal)
        return await _details_page(here, form, failure=refusal)
    response = see_other(f"/b/{parts[0].token}/together")
    remember(here, response, parts[0])
    return response


async def visit(request: Request) -> Response:
    """`/b/{token}/together`: all parts of the visit; elsewhere than in the browser that held it, the one appointment."""
    here, parts = await _own_visit(request)
    if not parts:
        return see_other(f"/b/{request.path_params['token']}")
    return await _visit_page(here, parts)


async def confirm(request: Request) -> Response:
    """`/b/{token}/together/confirmation`: makes all parts appointments. Idempotent."""
    here, parts = await _own_visit(request)
    if not parts:
        return see_other(f"/b/{request.path_params['token']}")
    try:
        await booking_steps.confirm_all(here, parts)
    except DomainError as failure:
        return await _visit_page(here, parts, failure)
    response = see_other(f"/b/{parts[0].token}/together")
    remember(here, response, parts[0])
    return response


async def leave(request: Request) -> Response:
    """`/b/{token}/together/return`: gives back what is only held."""
    here, parts = await _own_visit(request)
    if not parts:
        return see_other(f"/b/{request.path_params['token']}")
    await booking_steps.give_back_all(here, parts)
    return see_other(f"/together/{here.branch.slug}")


async def _held(here: AtBranch, form: Mapping[str, str], steps: Sequence[Step]) -> Sequence[BookingView]:
    branch = here.branch
    if not steps or len(steps) > MOST_PARTS:
        raise Missing("service")
    start, request_id = times.read_start(form.get("start", "")), _request_id(form.get("request_id", ""))
    begins: Sequence[datetime]
    if (before := await here.read(held_before, branch.id, request_id, start)) is not None:
        # The form was sent again, perhaps with corrections: its own times are taken by what it holds.
        held = await here.read(bookings_together, branch.id, before)
        if [one.service_id for one in held] != [step.service.id for step in steps]:
            raise Refused("request-reused")
        begins = [one.starts_at for one in held]
    else:
        begins = await here.read(visit_at, branch, steps, _wish(here, form), start)
    if not begins:
        raise Refused("slot-taken")
    persons = persons_of(step.service.id for step in steps)
    orders = [
        HoldOrder(
            branch_id=branch.id,
            service_id=step.service.id,
            starts_at=begin,
            name=form.get(f"name{person}", ""),
            contact=form.get("contact", ""),
            language=here.language,
            actor=VISITOR,
            request_id=part_of_request(request_id, number),
            contact_sure=bool(form.get("contact_sure")),
            how=how_of(branch, step.service, form, number),
            issued_number=form.get(issued_field(number), ""),
        )
        for number, (step, begin, person) in enumerate(zip(steps, begins, persons, strict=True))
    ]
    together = await here.write(hold_together, branch.id, orders)
    return await here.read(bookings_together, branch.id, together)


async def _times_page(here: AtBranch, sent: Mapping[str, str], refusal: DomainError | None = None) -> Response:
    branch = here.branch
    known = _known(here)
    lines, day = lines_of(known, sent), _day(here, sent)
    steps, wish = steps_of(lines), _wish(here, sent)
    too_many = len(steps) > MOST_PARTS
    found = await here.read(common_times, branch, steps, wish) if steps and not too_many else None
    values = {
        "base": f"/together/{branch.slug}",
        "back": f"/book/{branch.slug}",
        "lines": lines,
        "known": known,
        "most_persons": MOST_PERSONS,
        "most_parts": MOST_PARTS,
        "gaps": GAPS,
        "halves": HALVES,
        "wish": wish,
        "at": sent.get("at", "")[:5],
        "today": first_day(branch, here.now, None),
        "day_from": day,
        "too_many": too_many,
        "found": found,
        "steps": steps,
        "ends": ends_of(branch, found, steps),
        "kept": {name: value for name, value in sent.items() if name not in ("start", "request_id", "switch")},
        "answered": bool(sent.get("contact")),
        "refusal": message(refusal, here.words) if refusal else None,
    }
    status = refusal.status if refusal else 200
    return await frame(here, "booking/together.html", None, values, status=status, headers=retry_after(refusal))


async def _details_page(
    here: AtBranch, sent: Mapping[str, str], *, mistakes: Sequence[Invalid] = (), failure: DomainError | None = None
) -> Response:
    branch, words = here.branch, here.words
    steps = _steps(here, sent)
    begins: tuple[datetime, ...] = ()
    if steps and len(steps) <= MOST_PARTS:
        begins = await here.read(visit_at, branch, steps, _wish(here, sent), times.read_start(sent.get("start", "")))
    if not begins:
        return await _times_page(here, sent, Refused("slot-taken"))
    status = failure.status if failure else 422 if mistakes else 200
    persons = persons_of(step.service.id for step in steps)
    understood = next((one.understood for one in mistakes if isinstance(one, Doubtful)), ())
    search = {name: value for name, value in sent.items() if name not in OF_PERSONS}
    values: dict[str, Any] = {
        "base": f"/together/{branch.slug}",
        "back": f"/together/{branch.slug}?{urlencode(search)}",
        "parts": [(step.service, begin, person) for step, begin, person in zip(steps, begins, persons, strict=True)],
        "channels": [
            (channel_field(number), step.service, person)
            for number, (step, person) in enumerate(zip(steps, persons, strict=True))
            if channels_to_choose(branch, step.service)
        ],
        "issued": [
            (issued_field(number), step.service, person)
            for number, (step, person) in enumerate(zip(steps, persons, strict=True))
            if step.service.issued_number
        ],
        "persons": max(persons),
        "answers": sent,
        "search": search,
        "errors": {one.field or "name1": message(one, words) for one in mistakes},
        "understood": [(meant, contacts.shown(meant)) for meant in understood],
        "example": contacts.example(branch.country_code),
        "by_phone": any(step.service.by_phone for step in steps),
        "failure": message(failure, words) if failure else None,
        "failure_code": failure.code if failure else None,
        "request_id": uuid4() if failure else _request_id(sent.get("request_id", "")),
        "contact_use": contact_use(branch, [step.service for step in steps], here.installation.database.sends),
        "alias": branch.text("alias"),
        "takes_alias": all(step.service.confidentiality.takes_alias for step in steps),
        "privacy_words": branch.text("privacy_short"),
    }
    headers = retry_after(failure)
    return await frame(here, "booking/together_details.html", None, values, status=status, headers=headers)


async def _visit_page(here: AtBranch, parts: Sequence[BookingView], failure: DomainError | None = None) -> Response:
    branch = here.branch
    held = all(is_held(one, here.now) for one in parts)
    ended = next((one for one in parts if one.state in HAS_ENDED and not held), None)
    left = min((one.held_until or one.starts_at for one in parts), default=here.now) - here.now
    values = {
        "base": f"/together/{branch.slug}",
        "visit": f"/b/{parts[0].token}/together",
        "booking": parts[0],
        "parts": [
            (one, branch.services[one.service_id], person, CHANNELS.get(channel_of(branch, one)))
            for one, person in zip(parts, persons_of(one.service_id for one in parts), strict=True)
        ],
        "several": len(names_of(parts)) > 1,
        "held": held,
        "over": all(one.state in OVER or (one.state is BookingState.HELD and not held) for one in parts),
        "ended": message(against_ended(ended), here.words) if ended else None,
        "again": f"/together/{branch.slug}?{AGAIN}={parts[0].token}",
        "minutes_left": max(1, left // timedelta(minutes=1)),
        "failure": message(failure, here.words) if failure else None,
    }
    status = failure.status if failure else 200
    headers = retry_after(failure)
    return await frame(here, "booking/together_visit.html", None, values, status=status, headers=headers)


async def _own_visit(request: Request) -> tuple[AtBranch, list[BookingView]]:
    """All parts of the visit behind a link, for the browser that held it; none elsewhere, and where it is no such visit."""
    here, booking = await at_booking(request)
    if booking.together_id is None or not is_own(here, booking) or booking.erased_at is not None:
        return here, []
    return here, await here.read(bookings_together, here.branch.id, booking.together_id)


async def _said_before(here: AtBranch) -> dict[str, str]:
    """The search for the visit that the address names with `again`, and the answers that were given for it."""
    booking = await named(here, AGAIN)
    if booking is None or booking.together_id is None or not is_own(here, booking) or booking.erased_at is not None:
        return {}
    parts = await here.read(bookings_together, here.branch.id, booking.together_id)
    if any(one.state not in OVER for one in parts):
        return {}
    answers = {f"name{person}": one.name for person, one in names_of(parts).items()} | {"contact": booking.contact}
    for number, part in enumerate(parts):
        answers |= {channel_field(number): chosen_channel(part), issued_field(number): part.issued_number}
    return search_of(here.branch, parts, address_key) | answers


def _known(here: AtBranch) -> dict[str, ServiceView]:
    """The services that can be part of such a visit, by their names in addresses; visits at home ask for an address."""
    services = here.branch.services_on(here.branch.timetable.business_date(here.now))
    return {address_key(one): one for one in services.values() if one.bookable and not one.at_home}


def _steps(here: AtBranch, sent: Mapping[str, str]) -> list[Step]:
    return steps_of(lines_of(_known(here), sent))


def _day(here: AtBranch, sent: Mapping[str, str]) -> date:
    wanted = None
    with suppress(HTTPException):
        wanted = times.read_day(sent.get("from", ""))
    return first_day(here.branch, here.now, wanted)


def _wish(here: AtBranch, sent: Mapping[str, str]) -> WantedTimes:
    return wish_of(here.branch, here.now, _day(here, sent), sent, public=True)


def _mistakes(form: Mapping[str, str], branch: BranchSettings, steps: Sequence[Step]) -> list[Invalid]:
    """All mistakes of the answers at once, so that nobody corrects one field after the other."""
    found: list[Invalid] = []
    for person in range(1, max(persons_of(step.service.id for step in steps), default=0) + 1):
        try:
            contacts.read_name(form.get(f"name{person}", ""))
        except Invalid as mistake:
            found.append(Invalid(mistake.code, f"name{person}", **mistake.values))
    try:
        contacts.read_contact(
            form.get("contact", ""),
            branch.country_code,
            phone_only=any(step.service.by_phone for step in steps),
            sure=bool(form.get("contact_sure")),
        )
    except Invalid as mistake:
        found.append(mistake)
    for number, step in enumerate(steps):
        try:
            issued_of(step.service, form.get(issued_field(number), ""), needed=True)
        except Invalid as mistake:
            found.append(Invalid(mistake.code, issued_field(number), **mistake.values))
    return found


def _request_id(sent: str) -> str:
    """The id that makes a repeated request idempotent; a new one if the form has none that we made."""
    try:
        return str(UUID(sent))
    except ValueError:
        return str(uuid4())


routes: list[BaseRoute] = [
    Route("/together/{branch}", show),
    Route("/together/{branch}/details", details, methods=["GET", "POST"]),
    Route("/b/{token}/together", visit),
    Route("/b/{token}/together/confirmation", confirm, methods=["POST"]),
    Route("/b/{token}/together/return", leave, methods=["POST"]),
]
