"""Several appointments of a day get other times: which ones and where to, then each with its new time, then all or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.moves import NewTime, offer_seen
from ...core.approvals import MANY_BOOKINGS
from ...core.bookings import BookingState
from ...core.errors import Count, DomainError, Invalid, Stale
from ...core.moves import Aim, To
from ...core.rights import MOVE_RIGHTS
from ...store.queries.appointments import DayOfBookings, appointments_on
from ...store.queries.bookings import BookingView
from ...store.queries.members import members_of
from ...store.queries.moves import against_offer
from ...store.queries.phone_calls import phone_calls
from ...store.queries.proposals import Proposal, proposals_now
from ...store.queries.settings import Names
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address, day_asked
from .members_away import members_for, named_among
from .moments import read_day, read_start, start_key
from .telling import Telling, telling_of

#: One person may move fewer in a day, and each takes a line with its new time and what was shown of it.
MOST: Final = 100
MOST_FIELDS: Final = 1000
FIELDS: Final = ("day", "member", "to", "to_day", "minutes", "way")
BOOKING, LISTED, AT, SEEN = "booking", "listed", "at-", "seen-"
EARLIER: Final = "earlier"
LONGEST: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment of the day; `chosen`: it is ticked. `open`: another time is offered for it already, or a decision missing."""

    booking: BookingView
    names: Names
    members: tuple[Names, ...]
    chosen: bool
    open: bool


@dataclass(frozen=True, slots=True)
class NewRow:
    """An appointment with what is proposed, and how its visitor is asked. `elsewhen`: at another time of day than now.

    `parts_stay`: its visit has other parts that get no new time here.
    """

    proposal: Proposal
    names: Names
    telling: Telling
    chosen: bool
    elsewhen: bool
    parts_stay: bool


async def show(request: Request) -> Response:
    """`/appointments/{branch}/moves`: the appointments of a day, of one member or of all, and where they are to go."""
    here = await staff_at_branch(request, MOVE_RIGHTS)
    query = request.query_params
    return await _choice(here, query, query.getlist(BOOKING) or None)


async def move(request: Request) -> Response:
    """The appointments ticked on a day, or with `step=propose` their new times, or with `step=do` the offers."""
    here = await staff_at_branch(request, MOVE_RIGHTS)
    fields = await kit.form_items(request, most=MOST_FIELDS)
    form, ticked = dict(fields), [value for name, value in fields if name == BOOKING]
    step = form.get("step")
    if step not in ("propose", "do"):
        return await _choice(here, form, ticked)
    try:
        aim = _aim(here, form)
        if step == "propose" and not 0 < len(ticked) <= MOST:
            raise Invalid("move-ticked", BOOKING, limit=Count(MOST))
    except Invalid as mistake:
        return await _choice(here, form, ticked, mistake)
    if step == "propose":
        return await _proposal(here, form, aim, ticked, None)
    listed = [value for name, value in fields if name == LISTED]
    found = {str(one.id): one.id for one in (await _day(here, day_asked(here, form))).bookings if _is_mine(here, one)}
    wanted = [one for one in ticked if one in listed]
    try:
        if not wanted:
            raise Invalid("move-ticked", BOOKING, limit=Count(MOST))
        # All or none: what has gone meanwhile must not be left out without a word.
        if not found.keys() >= set(wanted):
            raise Stale("moves-changed")
        times = {found[one]: _new_time(form, one) for one in wanted}
        done = await here.do(offer_seen, times, here.actor)
    except DomainError as refusal:
        return await _proposal(here, form, aim, listed, ticked, refusal)
    calls = [one for one in await here.read(phone_calls, here.branch) if one.reached_at is None]
    said = {"done": done, "call": sum(one.booking.id in times for one in calls)}
    asked = {name: form.get(name, "") for name in ("day", "member")}
    return kit.see_other(f"{_here(here)}?{urlencode(asked | said)}")


async def _choice(
    here: StaffAtBranch, asked: Mapping[str, str], ticked: Collection[str] | None, mistake: Invalid | None = None
) -> Response:
    """`ticked` are the ids of appointments; None ticks all of one member, and none of a whole day."""
    day, members = day_asked(here, asked), members_for(here, MOVE_RIGHTS)
    member = named_among(members, asked.get("member", ""))
    known = members_of(here.branch)
    found = await _day(here, day)
    rows = []
    for one in found.bookings:
        had = [each.member for each in found.had(one)]
        if _is_mine(here, one) and (member is None or member.id in had):
            is_open = against_offer(one, here.now) is not None
            chosen = not is_open and (member is not None if ticked is None else str(one.id) in ticked)
            names = tuple(known[each].names for each in had if each in known)
            rows.append(Row(one, here.branch.services[one.service_id].listed_names, names, chosen, is_open))
    values = {
        "base": address(here.branch),
        "day": day,
        "members": list(members.values()),
        "member": member.slug if member else "",
        "rows": rows,
        "typed": {name: asked.get(name, "") for name in FIELDS} | {"to": asked.get("to") or To.DAY.value},
        "errors": {mistake.field: message(mistake, here.words)} if mistake and mistake.field else {},
        "done": _number(asked.get("done", "")),
        "to_call": _number(asked.get("call", "")) or 0,
    }
    return await here.page("appointments/moves.html", values, status=mistake.status if mistake else 200)


async def _proposal(
    here: StaffAtBranch,
    form: Mapping[str, str],
    aim: Aim,
    listed: Collection[str],
    ticked: Collection[str] | None,
    refusal: DomainError | None = None,
) -> Response:
    """New times for the appointments `listed`; None ticks as many as one person may move."""
    branch = here.branch
    found = [one for one in (await _day(here, day_asked(here, form))).bookings if _is_mine(here, one)]
    wanted = [one for one in found if str(one.id) in listed]
    made = await here.read_apart(proposals_now, branch.id, wanted, aim)
    rows: list[NewRow] = []
    moved = {one.moving.booking.id for one in made if one.at is not None}
    for one in made:
        booking = one.moving.booking
        usual = sum(row.chosen for row in rows) < MANY_BOOKINGS
        chosen = one.at is not None and (usual if ticked is None else str(booking.id) in ticked)
        elsewhen = one.at is not None and aim.to is To.DAY and not _same_time_of_day(here, booking, one)
        parts_stay = any(part.id not in moved for part in one.moving.beside)
        names, telling = branch.services[booking.service_id].listed_names, telling_of(one.moving)
        rows.append(NewRow(one, names, telling, chosen, elsewhen, parts_stay))
    values = {
        "base": address(branch),
        "day": day_asked(here, form),
        "first_from": aim.day if aim.to is To.FIRST else None,
        "rows": rows,
        "found": sum(one.proposal.at is not None for one in rows),
        "many": MANY_BOOKINGS if sum(one.proposal.at is not None for one in rows) > MANY_BOOKINGS else None,
        "typed": {name: form.get(name, "") for name in FIELDS},
        "back": f"{_here(here)}?{urlencode({name: form.get(name, '') for name in FIELDS})}",
        "key": start_key,
        "refusal": message(refusal, here.words) if refusal else "",
    }
    return await here.page("appointments/moves_list.html", values, status=refusal.status if refusal else 200)


def _aim(here: StaffAtBranch, form: Mapping[str, str]) -> Aim:
    """Where the form wants the appointments; raises Invalid with the field that is wrong."""
    to = next((one for one in To if one == form.get("to")), To.DAY)
    today = here.branch.timetable.business_date(here.now)
    day = day_asked(here, form)
    if to is To.MINUTES:
        minutes = _number(form.get("minutes", ""))
        by = timedelta(minutes=minutes or 0)
        if not timedelta() < by < LONGEST:
            raise Invalid("move-minutes", "minutes")
        return Aim(to, day, -by if form.get("way") == EARLIER else by)
    typed = form.get("to_day", "").strip()
    # Without a day, from their own on: nobody who comes next week expects to be asked for this afternoon.
    target = read_day(typed) if typed or to is To.DAY else max(day, today)
    if target is None or target < today:
        raise Invalid("move-day", "to_day")
    return Aim(to, target)


def _new_time(form: Mapping[str, str], booking: str) -> NewTime:
    """The time that was shown for an appointment; raises Invalid("slot-unknown")."""
    return NewTime(read_start(form.get(f"{AT}{booking}", "")), form.get(f"{SEEN}{booking}", ""))


def _is_mine(here: StaffAtBranch, booking: BookingView) -> bool:
    """Whether this person may move an appointment, as far as it can still be moved."""
    to_come = booking.state is BookingState.CONFIRMED and booking.starts_at > here.now
    return to_come and booking.service_id in here.services(MOVE_RIGHTS)


def _same_time_of_day(here: StaffAtBranch, booking: BookingView, proposal: Proposal) -> bool:
    zone = here.branch.zone
    return proposal.at is not None and proposal.at.astimezone(zone).time() == booking.starts_at.astimezone(zone).time()


async def _day(here: StaffAtBranch, day: date) -> DayOfBookings:
    return await here.read(appointments_on, here.branch, day)


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() and len(text) < 6 else None


def _here(here: StaffAtBranch) -> str:
    return f"{address(here.branch)}/moves"


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/moves", show),
    Route("/appointments/{branch}/moves", move, methods=["POST"]),
]
