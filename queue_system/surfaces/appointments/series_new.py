"""Repeating an appointment: how often, then every date, then all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.series import SeriesOrder, make_series
from ...core.bookings import BookingState
from ...core.errors import DomainError, Invalid
from ...core.messages import is_told
from ...core.series import Rhythm, SeriesRule, course_of
from ...i18n import repetition
from ...store.queries.bookings import BookingView
from ...store.queries.members import members_of, needs_of
from ...store.queries.messages import level_for
from ...store.queries.series import people_among, place_in_series, usual_members
from ...store.queries.series_chances import WantedDate, dates_shown, is_settled, planned
from ...store.queries.settings import BranchSettings, ServiceView
from ...web import kit
from ...web.here import StaffAtBranch
from . import apart, new, one
from .day import address
from .moments import read_day, start_key
from .series_rows import LEAVE_REST, Row, dates_after, errors_of, is_number, read, rows_of, times_of

#: The intervals that can be chosen, in weeks and in months.
WEEKS: Final = (1, 2, 3, 4, 6, 8, 12)
MONTHS: Final = (1, 2, 3)
#: How many dates a form begins with: enough to see the rule, few enough to read.
AT_FIRST: Final = 6
COUNT, UNTIL = "count", "until"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says about the rule, as it was typed: `how` is a rhythm with its interval, `end` is COUNT or UNTIL."""

    how: str
    end: str
    dates: str
    until: str
    with_: str

    def rule(self) -> SeriesRule:
        """The rule; raises Invalid where it cannot be one."""
        rhythm, _, every = self.how.partition("-")
        if rhythm not in set(Rhythm) or not is_number(every):
            raise Invalid("series-every", "how")
        if self.end == UNTIL:
            last = read_day(self.until)
            if last is None:
                raise Invalid("series-end", "until")
            return SeriesRule(Rhythm(rhythm), int(every), until=last)
        if not is_number(self.dates):
            raise Invalid("series-end", "dates")
        return SeriesRule(Rhythm(rhythm), int(every), dates=int(self.dates))


async def show(request: Request) -> Response:
    """`/appointments/{branch}/{booking}/series`: the rule and its dates; sending them makes the series."""
    here, booking = await one.enter(request)
    found = await here.read(place_in_series, here.branch.id, booking.id)
    if found is not None:
        return kit.see_other(f"{address(here.branch)}/series/{found.series_id}")
    if booking.state not in (BookingState.HELD, BookingState.CONFIRMED, BookingState.EXPIRED) or booking.erased_at:
        return kit.see_other(f"{address(here.branch)}/{booking.id}")
    if request.method == "GET":
        return await _page(here, booking, request.query_params)
    form = await read(request)
    if LEAVE_REST in form:
        return await _page(here, booking, form)
    return await _make(here, booking, form)


async def _make(here: StaffAtBranch, booking: BookingView, form: Mapping[str, str]) -> Response:
    service = here.branch.services[booking.service_id]
    try:
        asked = await _asked(here, booking, service, form)
        rule, members = asked.rule(), await asked_members(here, booking, service, asked.with_)
        rows = await _rows(here, booking, service, rule, members, form)
    except Invalid as mistake:
        return await _page(here, booking, form, mistake)
    if errors_of(rows, here):
        return await _page(here, booking, form, undecided=True)
    order = SeriesOrder(
        booking.id, rule, times_of(rows), form.get("shown", ""), members, apart.leave_of(here, form, second=False)
    )
    try:
        made = await here.do(make_series, order, here.actor)
    except DomainError as refusal:
        return await _page(here, booking, form, refusal)
    return kit.see_other(f"{address(here.branch)}/series/{made}")


async def _page(
    here: StaffAtBranch,
    booking: BookingView,
    form: Mapping[str, str],
    failure: DomainError | None = None,
    *,
    undecided: bool = False,
) -> Response:
    branch, service = here.branch, here.branch.services[booking.service_id]
    asked = await _asked(here, booking, service, form)
    rows: list[Row] = []
    shown = sentence = ""
    try:
        rule, members = asked.rule(), await asked_members(here, booking, service, asked.with_)
        dates = planned(branch, booking, rule)
        rows, shown = await _rows(here, booking, service, rule, members, form), dates_shown(booking, dates)
        sentence = repetition.rule(course_of(booking.starts_at, rule, branch.zone), len(dates), here.words)
    except Invalid as mistake:
        failure = failure or mistake
    dates_sent, status = dates_after(rows, here, failure, undecided=undecided)
    values = {
        "base": address(branch),
        "booking": booking,
        "service": service,
        "asked": asked,
        "choices": new.choices(branch, service),
        "with_": asked.with_,
        "rhythms": _rhythms(booking.starts_at, branch, here),
        "shown": shown,
        "sentence": sentence,
        "key": start_key,
        "is_told": is_told(level_for(branch, booking), booking.contact, here.installation.database.sends),
        "accepted_for": apart.asked_why(here, failure),
        **dates_sent,
    }
    return await here.page("appointments/series_new.html", values, status=status)


async def _rows(
    here: StaffAtBranch,
    booking: BookingView,
    service: ServiceView,
    rule: SeriesRule,
    members: Mapping[UUID, UUID],
    form: Mapping[str, str],
) -> list[Row]:
    wishes = [
        WantedDate(n, at, booking.id if n == 1 else None, {} if n == 1 else members)
        for n, at in planned(here.branch, booking, rule)
    ]
    settled = [1] if is_settled(booking, here.now) else []
    return await rows_of(here, service, wishes, form, booking, settled, sees_apart=apart.may_see(here))


async def _asked(here: StaffAtBranch, booking: BookingView, service: ServiceView, form: Mapping[str, str]) -> Asked:
    """What the form says; at first the rhythm of the service, and whoever the appointment is with."""
    return Asked(
        form.get("how", f"{service.recurring or Rhythm.WEEKLY}-1"),
        form.get("end", COUNT),
        form.get("dates", str(AT_FIRST)).strip(),
        form.get("until", ""),
        form["with"] if "with" in form else await usual(here, booking, service),
    )


async def usual(here: StaffAtBranch, booking: BookingView, service: ServiceView) -> str:
    """The slug of the person whom an appointment is with, where there is a choice; else ""."""
    had = await here.read(usual_members, here.branch, booking)
    mine = people_among(here.branch, service.id, had).values()
    return next((member.slug for member in new.choices(here.branch, service) if member.id in mine), "")


async def asked_members(
    here: StaffAtBranch, booking: BookingView, service: ServiceView, with_: str
) -> dict[UUID, UUID]:
    """The members that are wanted on all dates, by need: who was chosen, and for other needs the people of the appointment."""
    chosen = new.asked_for(here.branch, service, with_)
    had = people_among(here.branch, service.id, await here.read(usual_members, here.branch, booking))
    known = members_of(here.branch)
    one_only = {need.key for need in needs_of(here.branch, service.id) if len(need.options) == 1}
    kept = {need: one for need, one in had.items() if one in known and (chosen or need in one_only)}
    return {**kept, **chosen}


def _rhythms(starts_at: datetime, branch: BranchSettings, here: StaffAtBranch) -> list[tuple[str, str]]:
    """The rhythms that can be chosen, with their words, which say the weekday or the day of the month."""
    day = starts_at.astimezone(branch.zone).date()
    kinds = [(Rhythm.WEEKLY, WEEKS), (Rhythm.MONTHLY, MONTHS), (Rhythm.NTH_WEEKDAY, MONTHS)]
    return [
        (f"{how}-{every}", repetition.rhythm(how, every, day, here.words))
        for how, intervals in kinds
        for every in intervals
    ]


routes: list[BaseRoute] = [Route(f"{one.ONE}/series", show, methods=["GET", "POST"])]
