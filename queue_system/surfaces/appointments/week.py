"""Seven days as a table: a row for each member and each queue, a column for each day; and the same as lists by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...core.errors import DomainError
from ...core.free_time import FreeTime
from ...core.rights import APPOINTMENT_RIGHTS, ATTENDANCE_RIGHTS, BOOK_RIGHTS, DAY_RIGHTS, MOVE_RIGHTS
from ...core.slots import tick_of
from ...store.database import Tx
from ...store.queries.appointments import DayOfBookings, appointments_on
from ...store.queries.bookings import BookingView
from ...store.queries.members import member_day
from ...store.queries.settings import BranchSettings, Names
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address, to_book
from .grid import members_seen, serves_alone, services_seen, with_members
from .line import Line, lines_of
from .moments import read_day
from .selecting import selecting, selection_asked
from .selection import ALL, Selection

DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class DayOf:
    """What a member or queue has on one day: appointments by time, and how many more of other departments.

    `here`: the branch is open and the member works that day. `left_out` appointments are not selected. `beside`: so many
    appointments of the queue are in the rows of members.
    """

    lines: tuple[Line, ...]
    others: int
    here: bool
    left_out: int = 0
    beside: int = 0


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A member or a queue, and its days."""

    slug: str
    names: Names
    days: tuple[DayOf, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """`rows` are those who work or have an appointment on one of the `days`; `lists` are all appointments of each day."""

    days: tuple[date, ...]
    rows: tuple[WeekRow, ...]
    lists: tuple[tuple[Line, ...], ...]


async def show(request: Request) -> Response:
    """`/appointments/{branch}/week`: seven days from today, or from another day, on; POST looks for a text in them."""
    here = await staff_at_branch(request, DAY_RIGHTS)
    return await page(here, await selection_asked(here))


async def page(
    here: StaffAtBranch, selection: Selection, sent: Mapping[str, str] | None = None, failure: DomainError | None = None
) -> Response:
    """The week; `sent` and `failure` are of a view that could not be saved."""
    branch = here.branch
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    first = read_day(here.request.query_params.get("day", (sent or {}).get("day", ""))) or today
    days = tuple(first + timedelta(days=n) for n in range(DAYS))
    seen, named, opened = (here.services(rights) for rights in (DAY_RIGHTS, BOOK_RIGHTS, APPOINTMENT_RIGHTS))
    week = await here.read(week_of, branch, days, seen, named, opened, selection)
    values = {
        **await selecting(here, first, selection, sent, failure),
        "base": address(branch),
        "today": today,
        "first": first,
        "earlier": first - timedelta(days=DAYS),
        "later": first + timedelta(days=DAYS),
        "week": week,
        "may_book": here.may_any(BOOK_RIGHTS),
        "may_attend": here.may_any(ATTENDANCE_RIGHTS),
        "may_move": here.may_any(BOOK_RIGHTS | MOVE_RIGHTS),
        "book": to_book(branch, first, today),
    }
    return await here.page("appointments/week.html", values, status=failure.status if failure else 200)


def week_of(
    tx: Tx,
    branch: BranchSettings,
    days: tuple[date, ...],
    seen: frozenset[UUID],
    named: frozenset[UUID],
    opened: frozenset[UUID],
    selection: Selection = ALL,
) -> Week:
    """Successive days for the services `seen`, as far as they are selected; `named` and `opened` as for `lines_of`."""
    found = appointments_on(tx, branch, days[0], len(days))
    lines = lines_of(branch, found, seen, named, opened)
    shown = {line.booking.id: line for line in lines if selection.takes(branch, line)}
    left_out = {line.booking.id for line in lines} - shown.keys()
    on = {one.id: hours.business_date(one.starts_at, branch.zone, branch.day_starts) for one in found.bookings}
    of_day: dict[date, list[Line]] = {day: [] for day in days}
    for key, line in shown.items():
        of_day[on[key]].append(line)
    lists = tuple(map(tuple, of_day.values()))
    rows = tuple(_rows(tx, branch, days, found, shown, left_out, on, seen, selection))
    return Week(days, rows, lists)


def _rows(
    tx: Tx,
    branch: BranchSettings,
    days: tuple[date, ...],
    found: DayOfBookings,
    shown: dict[UUID, Line],
    left_out: set[UUID],
    on: dict[UUID, date],
    seen: frozenset[UUID],
    selection: Selection,
) -> Iterator[WeekRow]:
    services = list({one.id: one for day in days for one in services_seen(branch, day, seen)}.values())
    open_on = {day: bool(hours.windows(day, branch.calendar)) for day in days}

    def of(having: Iterable[BookingView], here: dict[date, bool]) -> tuple[DayOf, ...]:
        lines: dict[date, list[Line]] = {day: [] for day in days}
        others, hidden = dict.fromkeys(days, 0), dict.fromkeys(days, 0)
        for one in having:
            if one.id in shown:
                lines[on[one.id]].append(shown[one.id])
            elif one.id in left_out:
                hidden[on[one.id]] += 1
            else:
                others[on[one.id]] += 1
        return tuple(DayOf(tuple(lines[day]), others[day], here[day], hidden[day]) for day in days)

    members = {key: one for key, one in members_seen(branch, services).items() if selection.shows(one.slug)}
    works = _works(tx, branch, days, list(members))
    had_by = found.by_member()
    for key, member in members.items():
        having = list({one.id: one for one, _ in had_by.get(key, ())}.values())
        here = {day: open_on[day] and works[key, day] for day in days}
        if having or any(here.values()):
            yield WeekRow(member.slug, member.names, of(having, here))
    alone = [one for one in found.bookings if (one.id in shown or one.id in left_out) and not found.had(one)]
    for key, queue in branch.queues.items():
        if not selection.shows(queue.slug):
            continue
        having = [one for one in alone if branch.services[one.service_id].queue_id == key]
        if having or (serves_alone(branch, key, services) and any(open_on.values())):
            beside = Counter(
                on[one.id]
                for one in found.bookings
                if one.id in shown
                and branch.services[one.service_id].queue_id == key
                and with_members(found, one, members)
            )
            days_of = zip(of(having, open_on), days, strict=True)
            yield WeekRow(queue.slug, queue.names, tuple(replace(one, beside=beside[day]) for one, day in days_of))


def _works(tx: Tx, branch: BranchSettings, days: tuple[date, ...], ids: list[UUID]) -> dict[tuple[UUID, date], bool]:
    """Whether a member works on a day at all, its absences taken off."""
    spans = {}
    for day in days:
        start, end = hours.day_bounds(day, branch.zone, branch.day_starts)
        spans[day] = range(tick_of(start, branch.tick_minutes), tick_of(end, branch.tick_minutes))
    ticks = range(spans[days[0]].start, spans[days[-1]].stop)
    found = member_day(tx, branch, ids, ticks)
    free = {key: FreeTime(ticks, one.working.bits & ~one.away.bits) for key, one in found.items()}
    return {(key, day): free[key].has_any(span) for key in ids for day, span in spans.items()}


routes: list[BaseRoute] = [Route("/appointments/{branch}/week", show, methods=["GET", "POST"])]
