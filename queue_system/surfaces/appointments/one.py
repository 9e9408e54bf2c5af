"""One appointment: for whom a held time is, what to read back, calling it off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import calling_off
from ...actions.bookings import cancel_booking, confirm_booking
from ...actions.home_visits import change_address
from ...actions.look_ups import record_look_ups
from ...actions.lost_holds import against_ended
from ...actions.said import Said
from ...actions.second_person import SecondPersonNeeded
from ...actions.series import note_said
from ...core import bookings, contacts
from ...core.bookings import Booker, BookingState
from ...core.contact_proof import is_asked
from ...core.errors import Denied, DomainError, Doubtful, Invalid, Missing, Refused, Stale
from ...core.rights import APPOINTMENT_RIGHTS, BOOK_RIGHTS, CALL_OFF_RIGHTS, TYPO_RIGHTS, Rights
from ...store.queries.bookings import BookingView
from ...store.queries.cancellations import WhyCancelled, why_cancelled
from ...store.queries.helping import helper_named
from ...store.queries.participants import others_of, seen_of
from ...store.queries.series import place_in_series
from ...store.queries.settings import ServiceView
from ...web import kit
from ...web.booking_search import BY_CALL
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.safe_contact import asks_again, way_of
from . import apart, besides, new, people_form
from .acting import acting_values, chosen_reason, page_without_person, reasons_of
from .day import address
from .named import booking_named
from .whereabouts import acts, may_call, may_tell, typed_how, where_values
from .wished import bookable

CANCELLED: Final = {
    WhyCancelled.WISHED: "appointments.cancelled-as-wished",
    WhyCancelled.ERASED: "appointments.cancelled-erased",
    WhyCancelled.UNPROVEN: "appointments.cancelled-unproven",
    WhyCancelled.LIMIT: "appointments.cancelled-limit",
    WhyCancelled.UNKNOWN: "appointments.cancelled-only",
}
#: The button of a held time that looks for another one.
OTHER_TIME: Final = "other-time"
FIELDS: Final = ("name", "contact", "reference", "issued_number", "address", "way", "note")


async def show(request: Request) -> Response:
    """`/appointments/{branch}/{booking}`: the questions for a held time, else the appointment."""
    here, booking = await enter(request, APPOINTMENT_RIGHTS)
    return await _page(here, booking)


async def confirm(request: Request) -> Response:
    """Make the hold binding for the person who was named. Where its time has gone, the times, with everything kept.

    Warnings that the form had not shown, as without scripts, are shown first; the next press confirms.
    """
    here, booking = await enter(request)
    form = await people_form.read(request)
    service = here.branch.services[booking.service_id]
    said = _said(here, service, form)
    if OTHER_TIME in form:
        return await _other_times(here, booking, said)
    if people_form.ONE_MORE in form:
        more = people_form.one_more(service, said.others)
        return await _page(here, booking, None, replace(said, others=more))
    try:
        if "repeat" in form:
            await here.do(note_said, booking.id, said, here.actor)
            return kit.see_other(f"{_address(here, booking)}/series")
        if _is_held(here, booking):
            warnings = await besides.besides(here, besides.as_typed(here, booking, said))
            if warnings.has_more_than(form.get(besides.WARNED, "")):
                raise Refused("booking-besides")
        await here.do(confirm_booking, booking.id, here.actor, said)
    except Invalid as mistake:
        return await _page(here, booking, mistake, said)
    except SecondPersonNeeded:
        return await _with_a_second(here, booking, said)
    except Stale as failure:
        found = await here.read(others_of, here.branch.id, booking.id)
        now = people_form.with_stored(found, said.others)
        return await _page(here, booking, failure, replace(said, others=now, seen=seen_of(found)))
    except DomainError as refusal:
        if refusal.code not in ("hold-expired", "slot-withdrawn", "slot-taken"):
            return await _page(here, booking, refusal, said)
        return await _other_times(here, booking, said, refusal)
    return kit.see_other(_address(here, booking))


async def _other_times(
    here: StaffAtBranch, booking: BookingView, said: Said, refusal: DomainError | None = None
) -> Response:
    """The times, with everything that was typed for a held time, which the next one replaces where it was not refused."""
    service = here.branch.services[booking.service_id]
    people = people_form.typed(said.others) | people_form.typed_answers(
        said.reference, said.way, said.note, said.issued_number
    )
    kept = new.Kept(said.name, said.contact, people, said.persons, said.how, said.language)
    told = {"with": await new.announced(here, service, booking)}
    return await new.times_page(here, service, told, None if refusal else booking, refusal=refusal, kept=kept)


async def _with_a_second(here: StaffAtBranch, booking: BookingView, said: Said) -> Response:
    """Ask a second person to let people meet who are kept apart, with the time held; or do what was approved."""
    try:
        await apart.book_with_a_second(here, booking, said)
    except Denied:
        raise
    except DomainError as failure:
        return await _page(here, booking, failure, said)
    return kit.see_other(_address(here, booking))


async def call_off(request: Request) -> Response:
    """Cancel it as the visitor wishes, call it off for a reason of the house, or give a hold back."""
    here, booking = await enter(request, BOOK_RIGHTS | CALL_OFF_RIGHTS)
    why = chosen_reason(reasons_of(here, booking), await kit.form(request))
    try:
        if why is not None:
            await here.do(calling_off.call_off, booking.id, why, here.actor)
        elif booking.service_id not in here.services(BOOK_RIGHTS):
            # What a visitor wishes, only those know who speak with visitors.
            raise Denied("not-allowed")
        else:
            await here.do(cancel_booking, booking.id, here.actor, Booker.STAFF)
    except DomainError as refusal:
        return await _page(here, booking, refusal)
    if booking.state is BookingState.HELD:
        return kit.see_other(f"{address(here.branch)}/new")
    return kit.see_other(_address(here, booking))


async def write_address(request: Request) -> Response:
    """Where staff go, for a home visit that is confirmed already."""
    here, booking = await enter(request)
    try:
        await here.do(change_address, booking.id, (await kit.form(request)).get("address", ""), here.actor)
    except DomainError as refusal:
        return await _page(here, booking, refusal)
    return kit.see_other(_address(here, booking))


async def number(request: Request) -> Response:
    """The contact for whoever calls the visitor: where the appointment is not at the branch, or no message tells what changes.

    The log keeps who looked.
    """
    here, booking = await enter(request)
    if not await may_call(here, booking) and not (acts(here) and await may_tell(here, booking)):
        raise Missing("booking")
    await here.do(record_look_ups, (booking,), BY_CALL, here.actor)
    why = (await kit.form(request)).get("why", "")
    return await _page(here, booking, shows_number=True, why=why)


async def enter(request: Request, rights: Rights = BOOK_RIGHTS) -> tuple[StaffAtBranch, BookingView]:
    """The appointment that the address names, of a department for which this person has one of `rights`.

    A time that is only held is there for those who book. Raises Missing("booking").
    """
    here = await staff_at_branch(request, rights)
    booking = await booking_named(here)
    if booking.service_id not in here.services(BOOK_RIGHTS if booking.state is BookingState.HELD else rights):
        raise Missing("booking")
    return here, booking


async def _page(
    here: StaffAtBranch,
    booking: BookingView,
    failure: DomainError | None = None,
    said: Said | None = None,
    *,
    shows_number: bool = False,
    why: str = "",
) -> Response:
    branch, service = here.branch, here.branch.services[booking.service_id]
    if service.id not in here.services(BOOK_RIGHTS):
        return await page_without_person(here, booking, failure)
    others = await here.read(others_of, branch.id, booking.id)
    answers = said or Said(
        booking.name,
        contacts.shown(booking.contact),
        booking.language,
        reference=booking.reference,
        others=people_form.stored(others),
        seen=seen_of(others),
        persons=booking.persons,
        way=booking.contact_way or "",
        note=booking.contact_note,
        issued_number=booking.issued_number,
    )
    held = _is_held(here, booking)
    words = message(failure, here.words) if failure else ""
    field = failure.field if isinstance(failure, Invalid) and failure.field in FIELDS else ""
    errors = {field: words} if field else people_form.errors_of(failure, words)
    before = await apart.reason_before(here, booking, said)
    has_ended = not held and booking.state in (BookingState.HELD, BookingState.EXPIRED)
    values = {
        "held": held,
        "why": why,
        "ended": message(against_ended(booking), here.words) if has_ended else "",
        "may_choose_again": has_ended and service in bookable(here),
        "answers": answers,
        "people": people_form.asked(
            here, service, answers.name or answers.reference, answers.others, answers.seen or ""
        ),
        "roles": people_form.roles(here.words),
        "others": people_form.names_of(booking, others),
        "helped_by": helper.names if (helper := helper_named(branch, booking.helper)) else None,
        "way": way_of(branch, here.words, service.id, booking.contact_way, booking.contact_note),
        "question": people_form.question(here),
        "asks_way": people_form.may_ask(here, service) and booking.erased_at is None,
        "asks_again": asks_again(here, booking),
        "may_correct": booking.state in bookings.LIVE
        and booking.erased_at is None
        and service.id in here.services(TYPO_RIGHTS),
        "may_name": booking.state in bookings.LIVE and booking.erased_at is None,
        "may_repeat": booking.erased_at is None and service.id in {one.id for one in bookable(here)},
        "languages_of_visitors": kit.languages_of(branch),
        "errors": errors,
        "refusal": "" if errors else words,
        "focus_last": failure is None and said is not None,
        "doubtful": contacts.shown(failure.understood[0]) if isinstance(failure, Doubtful) else "",
        "declared": branch.priorities.get(booking.declared),
        "in_series": await here.read(place_in_series, branch.id, booking.id),
        **await _besides(here, booking, answers, held=held),
        "prove_until": booking.prove_until
        if booking.state is BookingState.CONFIRMED and is_asked(booking.prove_until, booking.starts_at, here.now)
        else None,
        "accepted_for": apart.asked_why(here, failure, before),
        "accepted_before": before,
        "cancelled": CANCELLED[await here.read(why_cancelled, booking)]
        if booking.state is BookingState.CANCELLED
        else "",
        "second": await apart.second_person(here, booking),
    }
    values |= await acting_values(here, booking) | await where_values(here, booking, said, shows_number=shows_number)
    return await here.page("appointments/one.html", values, status=failure.status if failure else 200)


async def typed(request: Request) -> Response:
    """`…/besides`: the warnings about whoever was typed so far, for the page of a held time, which asks for them meanwhile."""
    here, booking = await enter(request)
    said = _said(here, here.branch.services[booking.service_id], await people_form.read(request))
    values = await _besides(here, booking, said, held=_is_held(here, booking))
    return await here.part("appointments/_besides.html", {"base": address(here.branch), **values})


async def _besides(here: StaffAtBranch, booking: BookingView, said: Said, *, held: bool) -> dict[str, Any]:
    """The values of `appointments/_besides.html`; None for an appointment that is over, about which nothing warns."""
    if held:
        found = await besides.besides(here, besides.as_typed(here, booking, said))
        return {"besides": found, "asks_at": f"{_address(here, booking)}/besides"}
    confirmed = booking.state is BookingState.CONFIRMED
    return {"besides": await besides.besides(here, booking) if confirmed else None, "asks_at": ""}


def _is_held(here: StaffAtBranch, booking: BookingView) -> bool:
    return booking.state is BookingState.HELD and (booking.held_until is None or here.now < booking.held_until)


def _said(here: StaffAtBranch, service: ServiceView, form: Mapping[str, str]) -> Said:
    asks = people_form.may_ask(here, service)
    return Said(
        form.get("name", ""),
        form.get("contact", ""),
        new.language_of(here, form.get("language", "")),
        contact_sure=bool(form.get("contact_sure")),
        reference=form.get("reference", ""),
        others=people_form.read_others(here, service, form),
        later=bool(form.get("later")),
        persons=new.persons_typed(form, service),
        way=form.get("way", "") if asks else "",
        note=form.get("note", "") if asks else "",
        how=typed_how(form),
        leave=apart.leave_of(here, form),
        seen=form.get(people_form.SEEN, ""),
        issued_number=form.get("issued_number", ""),
    )


def _address(here: StaffAtBranch, booking: BookingView) -> str:
    return f"{address(here.branch)}/{booking.id}"


ONE: Final = "/appointments/{branch}/{booking}"
routes: list[BaseRoute] = [
    Route(ONE, show),
    Route(f"{ONE}/confirmation", confirm, methods=["POST"]),
    Route(f"{ONE}/besides", typed, methods=["POST"]),
    Route(f"{ONE}/address", write_address, methods=["POST"]),
    Route(f"{ONE}/number", number, methods=["POST"]),
    Route(f"{ONE}/cancellation", call_off, methods=["POST"]),
]
