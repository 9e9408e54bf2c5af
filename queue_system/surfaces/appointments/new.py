"""Booking for a visitor, in the order in which people say it on the telephone: what, when, who.

Choosing a time holds it for ten minutes; the page of the appointment then asks for the person.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.bookings import HoldOrder, hold_instead, hold_slot
from ...actions.channels import How
from ...actions.look_ups import record_look_ups
from ...actions.participants import name_participants
from ...actions.said import keep_answers
from ...core import hours
from ...core.bookings import Booker, BookingState, persons_said
from ...core.errors import DomainError, Invalid, Missing
from ...core.names import is_named
from ...core.participants import Person
from ...core.rights import BOOK_RIGHTS
from ...store.queries.appointments import FreeTimes, first_free, members_had
from ...store.queries.bookings import BookingView, booking_by_id
from ...store.queries.common_times import Step, scarce_for
from ...store.queries.members import PEOPLE, MemberView, members_of, needs_of
from ...store.queries.participants import others_of
from ...store.queries.settings import BranchSettings, ServiceView
from ...web import kit
from ...web.booking_search import BY_CALL
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.safe_contact import way_of
from . import apart, people_form
from .day import address
from .moments import read_day, read_start, start_key
from .whereabouts import how_of, typed_how
from .wished import bookable, offered_by, read_wished

SOURCE: Final = "staff"
LONGEST_SEARCH: Final = 80
#: The button that looks for other times, in a form with what was typed.
SEARCH: Final = "search"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was typed for an appointment that still needs a time: it goes along to the next hold."""

    name: str = ""
    contact: str = ""
    #: The fields of the people who come along, as `people_form.typed` gives them.
    people: Mapping[str, str] = field(default_factory=dict)
    persons: int = 1
    how: How | None = None
    language: str = ""

    @property
    def holds_text(self) -> bool:
        """Whether anything was typed, which no address may have, because browsers and servers write these down."""
        return bool(self.name or self.contact or self.people or self.persons > 1 or self.how or self.language)


async def show(request: Request) -> Response:
    """`/appointments/{branch}/new`: the services, then the times of the chosen one; sending a time holds it."""
    here = await staff_at_branch(request, BOOK_RIGHTS)
    if request.method == "POST":
        return await _sent(here)
    wanted = request.query_params.get("s", "").strip()[:LONGEST_SEARCH]
    wished = read_wished(here.branch, request.query_params)
    found = _fitting(offered_by(here.branch, bookable(here), wished), wanted)
    named = request.query_params.get("service", "")
    if named:
        service = _service(here, named)
    elif (wanted or wished.is_column) and len(found) == 1:
        (service,) = found
    else:
        values = {"base": address(here.branch), "wanted": wanted, "services": found, "wished": wished}
        return await here.page("appointments/services.html", values)
    earlier = await _earlier(here, request.query_params.get("instead", ""))
    again = await _again(here, request.query_params.get("again", ""))
    return await times_page(here, service, request.query_params, earlier, again=again)


async def times_page(
    here: StaffAtBranch,
    service: ServiceView,
    chosen: Mapping[str, str],
    earlier: BookingView | None,
    *,
    again: BookingView | None = None,
    refusal: DomainError | None = None,
    kept: Kept | None = None,
) -> Response:
    """The first free times of a service; `chosen` has `from`, the first day, or `at`, a time, and `with`, the slug of a member.

    `earlier` is the hold that the next one replaces, `again` the appointment that it repeats at another time.
    """
    branch = here.branch
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    wish = read_wished(branch, chosen).instant
    day = _day_of(branch, wish) if wish else read_day(chosen.get("from", "")) or today
    wanted = chosen["with"] if "with" in chosen else await _wanted(here, service, earlier, again)
    asked = asked_for(branch, service, wanted)
    kept = kept or Kept()
    typed = apart.typed_people(here, kept.name, kept.contact, *kept.people.values())
    people = typed | await apart.known_people(here, earlier or again)
    begin, sees = begin_of(branch, max(day, today), here.now), apart.may_see(here)
    begin = max(begin, wish or begin)
    found: FreeTimes = await here.read(first_free, branch, service, begin, asked, earlier, people, sees_apart=sees)
    first = found.first[0].start if found.first else None
    # A hold of its own would be taken for what is scarce, and so would times that somebody must not have.
    known = earlier is not None or bool(people)
    scarce = None if known else await here.read(scarce_for, branch, Step(service, asked), begin, first)
    values = {
        "base": address(branch),
        "service": service,
        "today": today,
        "day": max(day, today),
        "with_": wanted,
        "wish": wish,
        "choices": choices(branch, service),
        "found": found,
        "scarce": scarce,
        "key": start_key,
        "request_id": secrets.token_urlsafe(16),
        "earlier": earlier,
        "again": again,
        "kept": kept,
        "refusal": message(refusal, here.words) if refusal else None,
    }
    if here.request.method == "POST":
        # What a form has answered cannot be fetched again in another language.
        start = f"{address(branch)}/new?service={service.slug}"
        values["language_urls"] = lambda language: f"{start}&lang={language}"
    return await here.page("appointments/times.html", values, status=refusal.status if refusal else 200)


def language_of(here: StaffAtBranch, wanted: str) -> str:
    """The language in which a visitor is written to: the one that is wanted, if the branch has it."""
    return wanted if wanted in kit.languages_of(here.branch) else here.branch.default_language


def _day_of(branch: BranchSettings, at: datetime) -> date:
    return hours.business_date(at, branch.zone, branch.day_starts)


def begin_of(branch: BranchSettings, day: date, now: datetime) -> datetime:
    """The first instant of a business day, or now where the day has begun."""
    start, _ = hours.day_bounds(day, branch.zone, branch.day_starts)
    return max(start, now)


def choices(branch: BranchSettings, service: ServiceView) -> list[MemberView]:
    """The members among whom the visitor can choose."""
    known = members_of(branch)
    needs = [need for need in needs_of(branch, service.id) if len(need.options) > 1 and need.beside is None]
    return [known[one] for need in needs for one in need.options]


def first_of(among: Iterable[MemberView], ids: Collection[UUID]) -> str:
    """The slug of the first of some members that is among others; "" where none is."""
    return next((one.slug for one in among if one.id in ids), "")


async def _wanted(
    here: StaffAtBranch, service: ServiceView, held: BookingView | None, again: BookingView | None
) -> str:
    """The slug of the member who is wanted, as `announced` says; for the same again, also whoever was there without that."""
    found = await announced(here, service, held or again)
    if found or held is not None or again is None:
        return found
    had = (await here.read(members_had, here.branch, [again])).get(again.id, ())
    people = (one for one in choices(here.branch, service) if one.kind in PEOPLE)
    return first_of(people, [one.member for one in had])


async def announced(here: StaffAtBranch, service: ServiceView, held: BookingView | None) -> str:
    """The slug of the member who was asked for with a hold, who is wanted at another time too; else ""."""
    if held is None:
        return ""
    had = (await here.read(members_had, here.branch, [held])).get(held.id, ())
    return first_of(choices(here.branch, service), [one.member for one in had if one.announced])


def asked_for(branch: BranchSettings, service: ServiceView, slug: str) -> dict[UUID, UUID]:
    """The member with this slug, by the need that it serves; empty for anybody."""
    wanted = {one.id for one in choices(branch, service) if one.slug == slug}
    found = ((need.key, one) for need in needs_of(branch, service.id) for one in need.options if one in wanted)
    return dict([next(found)]) if wanted else {}


def persons_typed(form: Mapping[str, str], service: ServiceView) -> int:
    """How many people a form says; one where it says what cannot be."""
    try:
        return persons_said(form.get("persons", ""), service.most_persons)
    except Invalid:
        return 1


async def _sent(here: StaffAtBranch) -> Response:
    """Hold the time that was chosen; where it has gone, or others are looked for, the times again, with everything kept."""
    form = await people_form.read(here.request)
    service = _service(here, form.get("service", ""))
    earlier, again = await _earlier(here, form.get("instead", "")), await _again(here, form.get("again", ""))
    like = earlier or again
    others = people_form.read_others(here, service, form)
    asks = people_form.may_ask(here, service)
    way, note = (form.get(name, "") if asks else "" for name in ("way", "note"))
    answers = [form.get("reference", ""), way, note, form.get("issued_number", "")]
    if like is not None and not any(answers):
        # Another appointment may be for another request.
        number = earlier.issued_number if earlier else ""
        answers = [like.reference, like.contact_way or "", like.contact_note, number]
    kept = Kept(
        form.get("name", "") or (like.name if like else ""),
        form.get("contact", "") or (like.contact if like else ""),
        people_form.typed(others) | people_form.typed_answers(*answers),
        like.persons if like else persons_typed(form, service),
        typed_how(form) if form.get("channel") or form.get("address") else await how_of(here, like),
        language_of(here, form.get("language", "") or (like.language if like else "")),
    )
    if SEARCH in form:
        return await times_page(here, service, form, earlier, again=again, kept=kept)
    try:
        order = HoldOrder(
            branch_id=here.branch.id,
            service_id=service.id,
            starts_at=read_start(form.get("start", "")),
            name=kept.name,
            contact=kept.contact,
            language=kept.language,
            actor=here.actor,
            source=SOURCE,
            request_id=f"{form.get('request_id', '')[:40]}-{form.get('start', '')}" if form.get("request_id") else None,
            booker=Booker.STAFF,
            contact_sure=True,
            members=asked_for(here.branch, service, form.get("with", "")),
            persons=kept.persons,
            how=kept.how,
            leave=apart.leave_of(here),
        )
        held = await _held(here, order, earlier)
        await _keep_people(here, held, like, others)
        if any(answers):
            await here.do(keep_answers, held.id, *answers)
        if again is not None:
            # The page of the held time shows the contact, which that of the appointment does not.
            await here.do(record_look_ups, (again,), BY_CALL, here.actor)
    except DomainError as refusal:
        return await times_page(here, service, form, earlier, again=again, refusal=refusal, kept=kept)
    return kit.see_other(f"{address(here.branch)}/{held.id}")


async def _held(here: StaffAtBranch, order: HoldOrder, earlier: BookingView | None) -> BookingView:
    """The hold, without what cannot be a name or contact, because these are asked for again.

    Whoever goes back to a page and chooses a time whose hold has ended gets a new one.
    """
    try:
        held = await (here.write(hold_slot, order) if earlier is None else here.write(hold_instead, order, earlier.id))
    except Invalid as mistake:
        if mistake.field not in ("name", "contact"):
            raise
        order = replace(order, name="") if mistake.field == "name" else replace(order, contact="")
        return await _held(here, order, earlier)
    run_out = held.held_until is not None and held.held_until <= here.now
    if run_out or held.state in (BookingState.CANCELLED, BookingState.EXPIRED):
        return await _held(here, replace(order, request_id=None), earlier)
    return held


async def _keep_people(
    here: StaffAtBranch, held: BookingView, like: BookingView | None, others: tuple[Person, ...]
) -> None:
    """Let the people who were typed, or are in `like`, come along to this time; what is wrong is asked for again."""
    if not others and like is not None:
        stored = people_form.stored(await here.read(others_of, here.branch.id, like.id))
        others = tuple(one for one in stored if not one.empty)
    if not others:
        return
    try:
        await here.do(name_participants, held.id, here.actor, [replace(one, n=0) for one in others])
    except Invalid as mistake:
        kept = people_form.without(others, mistake.field or "")
        await _keep_people(here, held, None, kept if kept != others else ())


def _fitting(services: list[ServiceView], wanted: str) -> list[ServiceView]:
    """Those that have every word of `wanted` in a name that may be shown."""
    return [one for one in services if not wanted or is_named(" ".join(one.listed_names.values()), wanted)]


def _service(here: StaffAtBranch, slug: str) -> ServiceView:
    found = next((one for one in bookable(here) if one.slug == slug), None)
    if found is None:
        raise Missing("service")
    return found


async def _earlier(here: StaffAtBranch, text: str) -> BookingView | None:
    """The hold that the next one replaces; None where the form names none of the person's departments."""
    found = await _booked(here, text)
    return found if found is not None and found.source == SOURCE else None


async def _again(here: StaffAtBranch, text: str) -> BookingView | None:
    """The appointment that the next one repeats, without a contact that its visitor let nobody see; None where erased."""
    found = await _booked(here, text)
    if found is None or found.erased_at is not None:
        return None
    way = way_of(here.branch, here.words, found.service_id, found.contact_way, found.contact_note)
    return found if way.shows else replace(found, contact="")


async def _booked(here: StaffAtBranch, text: str) -> BookingView | None:
    """The booking of a service that this person books, by its id; None for any other."""
    try:
        found = await here.read(booking_by_id, here.branch.id, UUID(text))
    except (ValueError, Missing):
        return None
    return found if found.service_id in here.services(BOOK_RIGHTS) else None


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/new", show, methods=["GET", "POST"]),
]
