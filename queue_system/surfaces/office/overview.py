"""The overview of the office: the state of every branch. Devices, printers and the log have their own pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.rights import DEVICE_RIGHTS, EVERYTHING, OFFICE_RIGHTS, PLACES_RIGHTS
from ...core.tickets import TicketState
from ...i18n import dates
from ...i18n.words import available_languages
from ...store.database import Tx
from ...store.queries import line
from ...store.queries.access import DeviceView, devices, open_pairings
from ...store.queries.line import TicketView, UnservedView
from ...store.queries.settings import BranchSettings, Names
from ...store.tables import ORGANISATION
from ...web.departments import queues_for
from ...web.given_back import given_back_of
from .frame import InOffice, enter, moment, office_page

# Kinds of devices that are paired; the server connects to printers itself.
PAIRED_KINDS: Final = ("kiosk", "display")


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """A queue now: how many wait, since when the first of them, and how many of its counters are open."""

    names: Names
    waiting: int
    since: datetime | None
    open_counters: int
    counters: int


@dataclass(frozen=True, slots=True)
class BranchToday:
    """A branch now: how many wait, its open counters, its printers and devices."""

    branch: BranchSettings
    waiting: int
    open_counters: int
    queues: tuple[QueueLoad, ...]
    unserved: tuple[UnservedView, ...]
    printers: tuple[DeviceView, ...]
    devices: tuple[DeviceView, ...]

    @property
    def paired(self) -> int:
        return sum(device.paired for device in self.devices)


async def overview(request: Request) -> Response:
    """Every branch in one line."""
    here = await enter(request, OFFICE_RIGHTS)
    seen = {branch.id: queues_for(here.person, branch, OFFICE_RIGHTS) for branch in here.branches}
    today = await here.read(_today, here.branches, seen)
    pairs = here.may_at_one(DEVICE_RIGHTS)
    unreadable, not_in_force = await _settings_in_question(here)
    words, now = here.words, here.now
    zone = here.branches[0].zone if here.branches else ZoneInfo("UTC")
    given_back = [(branch, given_back_of(request).most(branch.id, now)) for branch in here.branches]
    return await office_page(
        here,
        "office/overview.html",
        {
            "today": today,
            "seen": {
                device.id: moment(device.seen_at, place.branch, words, now)
                for place in today
                for device in place.devices
            },
            "clock": lambda at, branch: dates.time(at, branch.zone, words),
            "at": dates.day_time(now, zone, words),
            "waiting_devices": len(await here.read(open_pairings)) if pairs else 0,
            "unreadable": unreadable,
            "not_in_force": not_in_force,
            "given_back": [(branch, count) for branch, count in given_back if count],
            "releases": here.may_at_one(PLACES_RIGHTS),
        },
    )


def _today(tx: Tx, branches: Sequence[BranchSettings], seen: Mapping[UUID, Collection[UUID]]) -> list[BranchToday]:
    """`seen`: by branch, the queues that the page shows."""
    found = []
    for branch in branches:
        equipment = devices(tx, branch.id)
        taken = line.open_counters(tx, branch)
        tickets = line.in_hall(tx, branch)
        queues = _queues(branch, tickets, taken, seen[branch.id])
        found.append(
            BranchToday(
                branch=branch,
                waiting=sum(queue.waiting for queue in queues),
                open_counters=len(taken),
                queues=queues,
                unserved=tuple(one for one in line.unserved(tickets, branch, taken) if one.queue.id in seen[branch.id]),
                printers=tuple(device for device in equipment if device.kind == "printer"),
                devices=tuple(device for device in equipment if device.kind in PAIRED_KINDS),
            )
        )
    return found


async def _settings_in_question(here: InOffice) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
    """The settings that cannot be read, and those that are not in force, for the administrator of the installation."""
    if not here.person.may(EVERYTHING, ORGANISATION):
        return [], []
    # Imported here, because the library that reads profiles takes long to load.
    from ...store.queries.pending import report

    return await here.read(report, available_languages())


def _queues(
    branch: BranchSettings, tickets: Sequence[TicketView], taken: Collection[UUID], seen: Collection[UUID]
) -> tuple[QueueLoad, ...]:
    since: dict[UUID, list[datetime]] = {}
    for ticket in tickets:
        if ticket.state is TicketState.WAITING:
            since.setdefault(ticket.queue_id, []).append(ticket.issued_at)
    return tuple(
        QueueLoad(
            names=queue.names,
            waiting=len(since.get(queue.id, ())),
            since=min(since.get(queue.id, ()), default=None),
            open_counters=sum(counter in taken for counter in queue.counters),
            counters=len(queue.counters),
        )
        for queue in branch.queues.values()
        if queue.id in seen
    )


routes: list[BaseRoute] = [Route("/office", overview)]
