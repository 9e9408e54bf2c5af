"""Today: what needs a hand, the hall now and until closing, its counters, what happens next; one branch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.sessions import SESSION_IDLE
from ...core.coming import Coming, What, next_days, rest_of
from ...core.decisions import decided_by
from ...core.hours import opening_day, to_instants, windows
from ...core.rights import COUNTER_RIGHTS, DATA_RIGHTS, OFFICE_RIGHTS, STOP_RIGHTS, SUPERVISION_RIGHTS, TODAY_RIGHTS
from ...i18n import dates
from ...i18n.filters import localised
from ...store.database import Tx
from ...store.queries import line
from ...store.queries.access import StaffView
from ...store.queries.settings import BranchSettings
from ...store.queries.today import HallNow, hall_now
from ...store.tables import ORGANISATION
from ...web.access import in_service
from ...web.alarms import alarm_values
from ...web.departments import counters_for, in_use, queues_for, services_for
from ...web.kit import see_other
from .counters import SAID, free_for
from .frame import InOffice, branch_asked, enter, enter_as_onlooker, entries_for, office_page
from .hours_words import part_words
from .todo import to_do

PAGE: Final = "/office"
PART: Final = f"{PAGE}/today"


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch in the list of all: how many wait, its open counters, and its queues that no open counter serves."""

    branch: BranchSettings
    waiting: int
    open_counters: int
    unserved: int


@dataclass(frozen=True, slots=True)
class Event:
    """A coming event in words: its time or day, its kind, the end of a break, the last of several days.

    Of a closure of a part: which part of the day, and what is closed then.
    """

    when: str
    what: What
    until: str
    last: str
    names: Mapping[str, str]
    provisional: bool
    hours: str
    concerns: tuple[str, ...]


async def show(request: Request) -> Response:
    """The day of one branch, and a line for each other one; whoever may not see it is led to the first page that they may."""
    here = await enter(request, OFFICE_RIGHTS)
    if not here.person.may_somewhere(TODAY_RIGHTS):
        return see_other(entries_for(here, PAGE)[0].address)
    here = await enter(request, TODAY_RIGHTS)
    branch = branch_asked(here)
    several = len(in_service(here.branches, here.now)) > 1
    values = (
        await _values(here, branch)
        | await alarm_values(here, branch)
        | {
            "lines": await here.read(_lines, here) if several else [],
            "asks_for_idle": here.person.may_any(DATA_RIGHTS, ORGANISATION),
            "at": dates.day_time(here.now, branch.zone if branch else ZoneInfo("UTC"), here.words),
        }
    )
    return await office_page(here, "office/today.html", values)


async def part(request: Request) -> Response:
    """What the page fetches again by itself."""
    here = await enter_as_onlooker(request, TODAY_RIGHTS)
    branch = branch_asked(here)
    return await here.part("office/_today.html", await _values(here, branch))


# ---------------------------------------------------------------- inside


async def _values(here: InOffice, branch: BranchSettings | None) -> dict[str, Any]:
    """The values of `office/_today.html`."""
    values = {"branch": branch, "todo": await to_do(here, branch)}
    return values | await _of_branch(here, branch) if branch else values


async def _of_branch(here: InOffice, branch: BranchSettings) -> dict[str, Any]:
    now = here.now
    own = {counter.id for counter in counters_for(here.person, branch, COUNTER_RIGHTS)}
    hall, free = await here.read(_hall, here, branch, asks_for_free=bool(own))
    day = opening_day(now, branch.calendar)
    return {
        "hall": hall,
        "waits": {one: here.installation.waits.for_queue(branch, one, now) for one in branch.queues},
        "own_counters": own,
        "own_queues": queues_for(here.person, branch, STOP_RIGHTS),
        "stopped": {one for one in branch.queues if branch.numbers_stopped_now(one, now)},
        "free": free,
        "said": SAID.get(here.request.query_params.get("said", ""), ""),
        "names_shown": here.person.may_any(SUPERVISION_RIGHTS, branch.id),
        "minutes_since": lambda since: max(int((now - since).total_seconds() // 60), 0),
        "clock": lambda at: dates.time(at, branch.zone, here.words),
        "hours": _hours(here, branch, day),
        "decided": decided_by(day, branch.calendar),
        "later_today": [_event(here, branch, one) for one in rest_of(day, branch.calendar, now)],
        "next_days": [_event(here, branch, one) for one in next_days(day, branch.calendar)],
    }


def _hall(
    tx: Tx, here: InOffice, branch: BranchSettings, *, asks_for_free: bool
) -> tuple[HallNow, dict[UUID, list[StaffView]]]:
    """The hall, and by counter the free clerks who may sit there."""
    shown = in_use(counters_for(here.person, branch, TODAY_RIGHTS), branch, line.open_counters(tx, branch), tx.now)
    hall = hall_now(
        tx,
        branch,
        queues_for(here.person, branch, TODAY_RIGHTS),
        services_for(here.person, branch, TODAY_RIGHTS),
        [counter.id for counter in shown],
        SESSION_IDLE,
    )
    return hall, free_for(tx, branch) if asks_for_free else {}


def _lines(tx: Tx, here: InOffice) -> list[BranchLine]:
    found = []
    for branch in in_service(here.branches, tx.now):
        seen = queues_for(here.person, branch, TODAY_RIGHTS)
        tickets, taken = line.in_hall(tx, branch), line.open_counters(tx, branch)
        waiting = [one for one in line.as_waiting(tickets, branch) if one.queue_id in seen]
        unserved = [one for one in line.unserved(tickets, branch, taken) if one.queue.id in seen]
        found.append(BranchLine(branch, len(waiting), len(taken), len(unserved)))
    return found


def _hours(here: InOffice, branch: BranchSettings, day: date) -> list[str]:
    """The open hours of a day in words."""
    spans: list[tuple[datetime, datetime]] = [
        to_instants(day, window, branch.zone) for window in windows(day, branch.calendar)
    ]
    return [dates.time_range(opens, closes, branch.zone, here.words) for opens, closes in spans]


def _event(here: InOffice, branch: BranchSettings, one: Coming) -> Event:
    words = here.words
    return Event(
        when=dates.time(one.at, branch.zone, words) if one.at else dates.day(one.day, words),
        what=one.what,
        until=dates.time(one.until, branch.zone, words) if one.until else "",
        last=dates.day(one.last, words) if one.last else "",
        names=one.names,
        provisional=one.provisional,
        hours=part_words(one.closes, one.opens, words),
        concerns=tuple(_closed_things(branch, one, here.language)),
    )


def _closed_things(branch: BranchSettings, one: Coming, language: str) -> Iterator[str]:
    """What a closure of a part closes: the queues of which it closes every service, then the services of others."""
    closed = one.service_ids
    if one.what is not What.PART_CLOSURE or closed is None:
        return
    whole = set()
    for queue in branch.queues.values():
        own = {service.id for service in branch.services.values() if service.queue_id == queue.id}
        if len(own) > 1 and own <= closed:
            whole |= own
            yield localised(queue.names, language)
    for service in branch.services.values():
        if service.id in closed - whole:
            yield localised(service.names, language)


routes: list[BaseRoute] = [Route(PAGE, show), Route(PART, part)]
