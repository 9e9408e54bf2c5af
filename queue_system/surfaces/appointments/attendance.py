"""Who came: today, and the days before of which nothing is recorded, many at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.attendance import record_attendance
from ...core.attendance import Attendance, LateReason, needs_reason
from ...core.errors import DomainError
from ...core.rights import APPOINTMENT_RIGHTS, ATTENDANCE_RIGHTS
from ...store.queries.attendance import Attended, due_attendance
from ...store.queries.settings import Names
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address

#: Appointments on a page. Each may have `core.participants.MOST_OTHERS` more people, and each of them is a field.
SHOWN: Final = 100
MOST_FIELDS: Final = 3_000


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment on the page. `shows` is whether names are on it, which a discreet service keeps off screens.

    `opens`: whether the person may open its page.
    """

    attended: Attended
    names: Names
    shows: bool
    opens: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The appointments of a day; `late`: a record needs a reason."""

    day: date
    rows: tuple[Row, ...]
    late: bool

    @property
    def key(self) -> str:
        """The field with which everybody is answered for who has no answer yet."""
        return f"rest-{self.day.isoformat()}"


async def show(request: Request) -> Response:
    """`/appointments/{branch}/attendance`: the list; sending it records the answers. `?page=` is the page, from 1."""
    here = await staff_at_branch(request, ATTENDANCE_RIGHTS)
    today = here.branch.timetable.business_date(here.now)
    due = await here.read(due_attendance, here.branch, here.services(ATTENDANCE_RIGHTS), today)
    if request.method == "GET":
        return await _page(here, due, {})
    form = dict(await kit.form_items(request, most=MOST_FIELDS))
    said = {
        (one.booking.id, person.n): Attendance(answer)
        for one in due
        for person in one.people
        if (answer := _answer(form, one, person.n, recorded=person.attendance is not None)) and not person.by_ticket
    }
    reason = form.get("reason", "")
    try:
        why = LateReason(reason) if reason in set(LateReason) else None
        count = await here.do(record_attendance, here.actor, said, why)
    except DomainError as failure:
        return await _page(here, due, form, failure)
    page = f"&page={number}" if (number := _number(request)) > 1 else ""
    return kit.see_other(f"{address(here.branch)}/attendance?recorded={count}{page}")


def _number(request: Request) -> int:
    """The page that is asked for, from 1."""
    asked = request.query_params.get("page", "")
    return int(asked) if re.fullmatch("[1-9][0-9]{0,3}", asked) else 1


def _answer(form: Mapping[str, str], one: Attended, n: int, *, recorded: bool) -> str:
    """What was chosen for a person, else for the rest of the day: those whose field was sent, and no record changes."""
    field = f"at-{one.booking.id}-{n}"
    rest = form.get(f"rest-{one.day.isoformat()}", "") if field in form and not recorded else ""
    chosen = form.get(field, "") or rest
    return chosen if chosen in set(Attendance) else ""


async def _page(
    here: StaffAtBranch, due: list[Attended], typed: Mapping[str, str], failure: DomainError | None = None
) -> Response:
    branch, today = here.branch, here.branch.timetable.business_date(here.now)
    pages = max(ceil(len(due) / SHOWN), 1)
    number = min(_number(here.request), pages)
    shown = due[(number - 1) * SHOWN : number * SHOWN]
    opened = here.services(APPOINTMENT_RIGHTS)
    days = [
        Day(
            day,
            tuple(
                Row(
                    one,
                    branch.services[one.booking.service_id].listed_names,
                    not branch.services[one.booking.service_id].confidentiality.discreet,
                    one.booking.service_id in opened,
                )
                for one in found
            ),
            needs_reason(day, today),
        )
        for day, found in groupby(shown, key=lambda one: one.day)
    ]
    recorded = here.request.query_params.get("recorded", "")
    values = {
        "base": address(branch),
        "today": today,
        "days": days,
        "number": number,
        "pages": pages,
        "typed": typed,
        "answers": [(one.value, here.words.text(f"state.attendance.{one.value}")) for one in Attendance],
        "reasons": [(one.value, here.words.text(f"audit.attendance-reason.{one.value}")) for one in LateReason],
        "recorded": int(recorded) if recorded.isdecimal() and len(recorded) < 5 else None,
        "refusal": message(failure, here.words) if failure else "",
    }
    return await here.page("appointments/attendance.html", values, status=failure.status if failure else 200)


routes: list[BaseRoute] = [Route("/appointments/{branch}/attendance", show, methods=["GET", "POST"])]
