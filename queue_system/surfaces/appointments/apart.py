"""Who must not meet: the pairs of a branch, and appointments that bring two of them together.

For everybody without the right, these addresses are those of an appointment that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import four_eyes
from ...actions.apart import PairOrder, accept_meeting, end_pair, make_pair
from ...actions.guarded_meetings import ACTION, ask_to_accept, ask_to_book, is_about, is_for_hold
from ...actions.said import Said
from ...actions.second_person import SecondPersonNeeded
from ...actions.series import note_said
from ...core.apart import LONGEST_MINUTES, AcceptedFor, Leave, Reason, Scope, keyed, read_reference, references
from ...core.bookings import BookingState
from ...core.errors import DomainError, Invalid, Missing, Refused
from ...core.rights import APART_RIGHTS, APPOINTMENT_RIGHTS, BOOK_RIGHTS
from ...store.database import Tx
from ...store.queries.apart import PairView, keeps_apart, may_accept, meetings, open_pairs, people_of
from ...store.queries.approvals import ApprovalView, requests
from ...store.queries.bookings import BookingView, booking_by_id
from ...store.queries.settings import BranchSettings, Names
from ...web import kit
from ...web.confirmed import require_confirmed
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address
from .moments import read_day

PAGE: Final = "/appointments/{branch}/apart"
# So much of a hash tells a few pairs of one branch apart.
SHORT: Final = 6
FIELDS: Final = ("one", "other", "minutes", "until")
W = TypeVar("W", Scope, Reason, AcceptedFor)


@dataclass(frozen=True, slots=True)
class Listed:
    """A pair as the page shows it; `tags` stand for its two people. `found`: somebody was looked for, and is one of them."""

    pair: PairView
    tags: tuple[str, str]
    found: bool


@dataclass(frozen=True, slots=True)
class Appointment:
    """One of two that meet; `opens`: whether the person may open its page."""

    booking: BookingView
    names: Names
    opens: bool


@dataclass(frozen=True, slots=True)
class Meets:
    """Two appointments that bring the people of a pair together, or one to which both come.

    `needs_two`: one person may not let them stand. `asked`: a second one is asked; `waits`: by this person, who must wait for
    the answer. `ready`: this person may do it now, for the reason `why` that was approved; else it is the one of
    a request of theirs that is over.
    """

    pair: UUID
    tags: tuple[str, str]
    appointments: tuple[Appointment, ...]
    needs_two: bool
    asked: bool
    waits: bool
    ready: bool
    why: str


async def show(request: Request) -> Response:
    """`…/apart`: the list; sending it makes a pair."""
    here = await _enter(request)
    if request.method == "GET":
        return await _page(here)
    form = await kit.form(request)
    try:
        await here.do(make_pair, _order(form), here.actor)
    except DomainError as failure:
        return await _page(here, form, failure)
    return kit.see_other(f"{_address(here)}?done=made")


async def search(request: Request) -> Response:
    """The list with the pairs of somebody marked. It is sent, because a reference must not be in an address."""
    here = await _enter(request)
    form = await kit.form(request)
    typed = form.get("who", "")
    try:
        reference = read_reference(typed, here.branch.country_code, "who")
    except Invalid as failure:
        return await _page(here, form, failure)
    return await _page(here, form, wanted=keyed(here.installation.secret, here.branch.id, reference))


async def end(request: Request) -> Response:
    """Let a pair count no more."""
    here = await _enter(request)
    await here.do(end_pair, _id(request), here.actor)
    return kit.see_other(f"{_address(here)}?done=ended")


async def accept(request: Request) -> Response:
    """Let two appointments of a pair stand; in a protected service ask a second person, then do what was approved."""
    here = await _enter(request)
    form = await kit.form_items(request)
    why = _word(AcceptedFor, dict(form).get("why", ""))
    if why is None:
        return kit.see_other(_address(here))
    ids = [_uuid(value) for name, value in form if name == "booking"]
    pair = _id(request)
    try:
        await here.do(accept_meeting, pair, ids, why, here.actor)
    except SecondPersonNeeded:
        return await _with_a_second(here, pair, ids, why)
    except Refused as failure:
        return await _page(here, failure=failure)
    return kit.see_other(f"{_address(here)}?done=accepted")


async def _with_a_second(here: StaffAtBranch, pair: UUID, ids: list[UUID], why: AcceptedFor) -> Response:
    await require_confirmed(here)
    found = [one for one in await here.read(requests) if is_about(one, pair, ids) and one.asked_by == here.person.id]
    ready = next((one for one in found if one.is_ready(here.now)), None)
    try:
        if ready is not None:
            await here.write_anywhere(four_eyes.carry_out, ready.id, here.actor)
            return kit.see_other(f"{_address(here)}?done=accepted")
        await here.write_anywhere(ask_to_accept, here.branch.id, pair, ids, why, here.actor)
    except DomainError as failure:
        return await _page(here, failure=failure)
    return kit.see_other(f"{_address(here)}?done=asked")


@dataclass(frozen=True, slots=True)
class Second:
    """What became of this person's request for a hold: `ready` to be done for the reason `why`, or waited for."""

    ready: bool
    why: str


async def second_person(here: StaffAtBranch, booking: BookingView) -> Second | None:
    """The open request of this person that those of a hold may meet somebody; None where there is none."""
    own = await _own_requests(here, booking)
    return Second(all(one.is_ready(here.now) for one in own), str(own[0].params["why"])) if own else None


async def book_with_a_second(here: StaffAtBranch, booking: BookingView, said: Said) -> None:
    """Ask a second person for each whom the people of a hold would meet; once all are approved, make it binding."""
    # First, because the page that asks for the password forgets what was typed.
    await here.do(note_said, booking.id, said, here.actor)
    await require_confirmed(here)
    own = await _own_requests(here, booking)
    if own and all(one.is_ready(here.now) for one in own):
        for one in own:
            await here.write_anywhere(four_eyes.carry_out, one.id, here.actor)
    elif said.leave.accepts is not None:
        await here.write_anywhere(ask_to_book, here.branch.id, booking.id, said, said.leave.accepts, here.actor)


async def reason_before(here: StaffAtBranch, booking: BookingView, said: Said | None) -> str:
    """Why those of a hold may meet somebody, as a form says it or a request of this person that is over; else ""."""
    if said is not None and said.leave.sees and said.leave.accepts is not None:
        return said.leave.accepts.value
    found = await _requests_for(here, booking)
    return str(found[0].params["why"]) if found else ""


async def _own_requests(here: StaffAtBranch, booking: BookingView) -> list[ApprovalView]:
    return [one for one in await _requests_for(here, booking) if one.is_open(here.now)]


async def _requests_for(here: StaffAtBranch, booking: BookingView) -> list[ApprovalView]:
    """The requests of this person for a hold, the newest first."""
    if booking.state is not BookingState.HELD or not may_see(here):
        return []
    found = await here.read(requests)
    return [one for one in found if one.asked_by == here.person.id and is_for_hold(one, booking.id)]


def leave_of(here: StaffAtBranch, form: Mapping[str, str] | None = None, *, second: bool = True) -> Leave:
    """What the person may know of pairs, and the reason in a form for letting two people meet."""
    return Leave(may_see(here), _word(AcceptedFor, (form or {}).get("apart", "")), second)


def may_see(here: StaffAtBranch) -> bool:
    """Whether the person sees who is kept apart at a branch that keeps people apart."""
    return keeps_apart(here.branch) and here.may_any(APART_RIGHTS)


async def known_people(here: StaffAtBranch, booking: BookingView | None) -> frozenset[str]:
    """Everybody in a booking, for the times that are shown for it."""
    return frozenset() if booking is None else await here.read(people_of, booking)


def typed_people(here: StaffAtBranch, *typed: str) -> frozenset[str]:
    """Those who can be recognised by what was typed, wherever it was typed; what cannot be read is nobody."""
    found = set()
    for text in typed:
        try:
            found |= {read_reference(text, here.branch.country_code, "")}
        except Invalid:
            found |= references(text)
    return frozenset(found)


def asked_why(here: StaffAtBranch, refusal: DomainError | None, before: str = "") -> list[tuple[str, str]]:
    """The reasons among which to choose with their words, once it was refused that two people meet; else none.

    `before` is the reason that was chosen already, if one was.
    """
    kept_apart = refusal is not None and refusal.code in ("kept-apart", "kept-apart-second")
    return _options(here, AcceptedFor, "apart.accepted") if kept_apart or before else []


async def _enter(request: Request) -> StaffAtBranch:
    """Raises what an unknown appointment raises for everybody without the right, and where nobody is kept apart."""
    here = await staff_at_branch(request, BOOK_RIGHTS | APART_RIGHTS)
    if not may_see(here):
        raise Missing("booking")
    return here


async def _page(
    here: StaffAtBranch, form: Mapping[str, str] | None = None, failure: DomainError | None = None, wanted: str = ""
) -> Response:
    pairs, met = await here.read(_read, here.branch, here.services(APPOINTMENT_RIGHTS), here.person.id)
    words = message(failure, here.words) if failure else ""
    field = failure.field if isinstance(failure, Invalid) and failure.field in (*FIELDS, "who") else ""
    asked = here.request.query_params.get("ask", "")
    values: dict[str, Any] = {
        "base": address(here.branch),
        "page": _address(here),
        "pairs": [Listed(one, tags_of(one), wanted in one.keys) for one in pairs],
        "looked_for": bool(wanted),
        "meetings": met,
        "form": form or {},
        "scopes": _options(here, Scope, "apart.scope"),
        "reasons": _options(here, Reason, "apart.reason"),
        "accepted_for": _options(here, AcceptedFor, "apart.accepted"),
        "most_minutes": LONGEST_MINUTES,
        "asked": next((one.id for one in pairs if str(one.id) == asked), None),
        "errors": {field: words} if field else {},
        "refusal": "" if field else words,
        "done": here.request.query_params.get("done", ""),
    }
    return await here.page("appointments/apart.html", values, status=failure.status if failure else 200)


def tags_of(pair: PairView) -> tuple[str, str]:
    """Short signs that stand for the two people of a pair."""
    one, other = pair.keys
    return one[:SHORT].upper(), other[:SHORT].upper()


def _read(tx: Tx, branch: BranchSettings, opens: frozenset[UUID], person: UUID) -> tuple[list[PairView], list[Meets]]:
    pairs = open_pairs(tx, branch)
    tags = {one.id: tags_of(one) for one in pairs}
    known = [one for one in requests(tx) if one.action == ACTION]
    found = []
    for meeting in meetings(tx, branch):
        bookings = [booking_by_id(tx, branch.id, one.id) for one in dict.fromkeys((meeting.one, meeting.other))]
        shown = (
            Appointment(one, branch.services[one.service_id].listed_names, one.service_id in opens) for one in bookings
        )
        ever = [one for one in known if is_about(one, meeting.pair, meeting.ids)]
        about = [one for one in ever if one.is_open(tx.now)]
        # The request of somebody else is in nobody's way.
        own = [one for one in about if one.asked_by == person]
        before = next((one for one in ever if one.asked_by == person), None)
        ready = next((one for one in own if one.is_ready(tx.now)), None)
        found.append(
            Meets(
                meeting.pair,
                tags[meeting.pair],
                tuple(shown),
                needs_two=not all(may_accept(branch, one.service_id) for one in bookings),
                asked=bool(about),
                waits=bool(own) and ready is None,
                ready=ready is not None,
                why=str(known_for.params["why"]) if (known_for := ready or before) else "",
            )
        )
    return pairs, found


def _order(form: Mapping[str, str]) -> PairOrder:
    minutes, until = form.get("minutes", "").strip(), form.get("until", "").strip()
    day = read_day(until) if until else None
    if until and day is None:
        raise Invalid("apart-until", "until")
    return PairOrder(
        form.get("one", ""),
        form.get("other", ""),
        _word(Scope, form.get("scope", "")) or Scope.BUILDING_DAY,
        _word(Reason, form.get("reason", "")) or Reason.OTHER,
        int(minutes) if minutes.isdecimal() and len(minutes) < 5 else 0,
        day,
    )


def _word(words: type[W], text: str) -> W | None:
    return words(text) if text in set(words) else None


def _options(here: StaffAtBranch, words: type[W], family: str) -> list[tuple[str, str]]:
    return [(one.value, here.words.text(f"{family}.{one.value}")) for one in words]


def _id(request: Request) -> UUID:
    return _uuid(request.path_params["pair"])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Missing("pair") from None


def _address(here: StaffAtBranch) -> str:
    return f"{address(here.branch)}/apart"


routes: list[BaseRoute] = [
    Route(PAGE, show, methods=["GET", "POST"]),
    Route(f"{PAGE}/search", search, methods=["POST"]),
    Route(f"{PAGE}/{{pair}}/end", end, methods=["POST"]),
    Route(f"{PAGE}/{{pair}}/accept", accept, methods=["POST"]),
]
