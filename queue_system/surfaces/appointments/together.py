"""The appointments of one visit: for whom they are while they are held, then what to read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.lost_holds import against_ended
from ...actions.said import Said, issued_of
from ...actions.together import confirm_together, give_back_together
from ...core import contacts, hours
from ...core.bookings import BookingState
from ...core.errors import DomainError, Doubtful, Invalid, Missing, Refused
from ...core.rights import BOOK_RIGHTS
from ...store.queries.appointments import members_had
from ...store.queries.bookings import BookingView, bookings_together
from ...store.queries.channels import channel_of, channels_to_choose
from ...store.queries.members import members_of
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.how import CHANNELS
from ...web.visit_form import channel_field, chosen_channel, how_of, issued_field, names_of, persons_of
from . import apart, besides, common_time
from .day import address

#: Refusals after which other times are chosen, with everything kept.
TIME_GONE: Final = ("hold-expired", "slot-withdrawn", "slot-taken")
OVER: Final = (BookingState.CANCELLED, BookingState.EXPIRED)


async def show(request: Request) -> Response:
    """`/appointments/{branch}/together/{visit}`: all parts of a visit."""
    here, parts = await _enter(request)
    return await _page(here, parts)


async def confirm(request: Request) -> Response:
    """Make all parts binding: a name for each person, one contact for all. What is wrong is shown with everything kept.

    What somebody has at the same time is shown first; the next press confirms.
    """
    here, parts = await _enter(request)
    form = await kit.form(request)
    mistake = _wrong_number(here, parts, form)
    if mistake is not None and all(not _has_ended(one, here.now) for one in parts):
        return await _page(here, parts, mistake, dict(form))
    persons = persons_of(one.service_id for one in parts)
    language = form.get("language", "")
    leave = apart.leave_of(here, form, second=False)
    said = {
        part.id: Said(
            form.get(f"name{person}", ""),
            form.get("contact", ""),
            language if language in kit.languages_of(here.branch) else here.branch.default_language,
            contact_sure=bool(form.get("contact_sure")),
            how=how_of(here.branch, here.branch.services[part.service_id], form, number),
            # This page asks for one person each; whoever else comes is named on the appointment's own page.
            later=True,
            leave=leave,
            issued_number=form.get(issued_field(number), ""),
        )
        for number, (part, person) in enumerate(zip(parts, persons, strict=True))
    }
    if _is_held(here, parts):
        warnings = await besides.at_once_of_all(here, [besides.as_typed(here, one, said[one.id]) for one in parts])
        if warnings.has_more_than(form.get(besides.WARNED, "")):
            return await _page(here, parts, Refused("booking-besides"), dict(form), warnings)
    try:
        await here.do(confirm_together, _visit(request), here.actor, said)
    except DomainError as refusal:
        if refusal.code not in TIME_GONE:
            return await _page(here, parts, refusal, dict(form))
        return await _times_again(here, parts, form, refusal)
    return kit.see_other(f"{address(here.branch)}/together/{_visit(request)}")


def _is_held(here: StaffAtBranch, parts: Sequence[BookingView]) -> bool:
    return all(
        one.state is BookingState.HELD and one.held_until is not None and here.now < one.held_until for one in parts
    )


def _has_ended(part: BookingView, now: datetime) -> bool:
    """Whether a part is held no more without having become an appointment; the stored state follows a little later."""
    run_out = part.held_until is not None and part.held_until <= now
    return part.state is BookingState.EXPIRED or (part.state is BookingState.HELD and run_out)


def _wrong_number(here: StaffAtBranch, parts: Sequence[BookingView], form: Mapping[str, str]) -> Invalid | None:
    """The mistake of the first number of another office that is wrong, on its own field of the form."""
    for number, part in enumerate(parts):
        name = issued_field(number)
        try:
            issued_of(here.branch.services[part.service_id], form.get(name, ""), needed=False)
        except Invalid as mistake:
            return Invalid(mistake.code, name, **mistake.values)
    return None


async def give_back(request: Request) -> Response:
    """Give back what is only held, and show the times with what was typed for it."""
    here, parts = await _enter(request)
    return await _times_again(here, parts, await kit.form(request))


async def _enter(request: Request) -> tuple[StaffAtBranch, list[BookingView]]:
    """The parts of a visit, all of departments of this person; raises Missing("booking")."""
    here = await staff_at_branch(request, BOOK_RIGHTS)
    parts = await here.read(bookings_together, here.branch.id, _visit(request))
    if not parts or not {one.service_id for one in parts} <= here.services(BOOK_RIGHTS):
        raise Missing("booking")
    return here, parts


async def _times_again(
    here: StaffAtBranch, parts: list[BookingView], form: Mapping[str, str], refusal: DomainError | None = None
) -> Response:
    # What is still held of the visit would stand in the way of its own times.
    if (visit := parts[0].together_id) is not None:
        await here.do(give_back_together, visit, here.actor)
    return await common_time.times_again(here, parts, form, refusal)


def _visit(request: Request) -> UUID:
    try:
        return UUID(request.path_params["visit"])
    except ValueError:
        raise Missing("booking") from None


async def _page(
    here: StaffAtBranch,
    parts: list[BookingView],
    failure: DomainError | None = None,
    sent: dict[str, str] | None = None,
    warnings: besides.Besides | None = None,
) -> Response:
    branch, persons = here.branch, persons_of(one.service_id for one in parts)
    lost = next((one for one in parts if one.lost_why and one.state is BookingState.EXPIRED), None)
    known, had = members_of(branch), await here.read(members_had, branch, parts)
    held = _is_held(here, parts)
    words = message(failure, here.words) if failure else ""
    issued = [
        (issued_field(number), branch.services[part.service_id], persons[number], part.issued_number)
        for number, part in enumerate(parts)
        if branch.services[part.service_id].issued_number
    ]
    fields = ("name", "contact", *(one for one, *_ in issued))
    field = failure.field if isinstance(failure, Invalid) and failure.field in fields else ""
    names = {person: (sent or {}).get(f"name{person}", one.name) for person, one in names_of(parts).items()}
    values = {
        "base": address(branch),
        "visit": f"{address(branch)}/together/{parts[0].together_id}",
        "parts": parts,
        "persons": persons,
        "services": branch.services,
        "members": {
            key: [known[one.member].names for one in members if one.member in known] for key, members in had.items()
        },
        "channels": [
            (
                channel_field(number),
                branch.services[part.service_id],
                persons[number],
                (sent or {}).get(channel_field(number), chosen_channel(part)),
            )
            for number, part in enumerate(parts)
            if channels_to_choose(branch, branch.services[part.service_id])
        ],
        "issued": [(name, service, person, (sent or {}).get(name, value)) for name, service, person, value in issued],
        "where": {part.id: CHANNELS.get(channel_of(branch, part)) for part in parts},
        "held": held,
        "besides": warnings,
        "lost": message(against_ended(lost), here.words) if lost else "",
        "again": "" if held else await common_time.way_again(here, parts),
        "over": OVER,
        "names": names,
        "contact": (sent or {}).get("contact", contacts.shown(parts[0].contact)),
        "language_of_visitors": (sent or {}).get("language", parts[0].language),
        "languages_of_visitors": kit.languages_of(branch),
        "mistaken": field,
        "wrong": words,
        "doubtful": contacts.shown(failure.understood[0]) if isinstance(failure, Doubtful) else "",
        "accepted_for": apart.asked_why(here, failure),
        "day_of": hours.business_date(parts[0].starts_at, branch.zone, branch.day_starts),
    }
    return await here.page("appointments/together.html", values, status=failure.status if failure else 200)


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/together/{visit}", show),
    Route("/appointments/{branch}/together/{visit}/confirmation", confirm, methods=["POST"]),
    Route("/appointments/{branch}/together/{visit}/return", give_back, methods=["POST"]),
]
