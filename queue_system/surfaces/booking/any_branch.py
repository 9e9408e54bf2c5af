"""The first free times for a service at any branch that gives it, for people who can go to several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.slots import Slot
from ...i18n import dates
from ...store.database import Tx
from ...store.queries.bookings import free_days
from ...store.queries.offering import needs_a_way_out
from ...store.queries.settings import BranchSettings, Names, ServiceView
from ...web.addresses import service_at
from ...web.here import AtBranch, at_branch
from ...web.kit import see_other
from ...web.limits import allow
from . import services
from .frame import base_of, frame
from .times import start_key

#: How many times are shown, over all branches.
FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A branch with a service that can be booked there."""

    branch: BranchSettings
    service: ServiceView


@dataclass(frozen=True, slots=True)
class Time:
    """A free time at a branch, and the `href` that chooses it."""

    start: datetime
    zone: ZoneInfo
    names: Names
    address: Names
    href: str


async def show(request: Request) -> Response:
    """`/book/{branch}/{service}/anywhere`: the first free times at this and the other branches."""
    here = await at_branch(request)
    service = service_at(here.branch, request.path_params["service"])
    places = await places_of(here, service)
    if not places:
        return see_other(base_of(here.branch, service))
    # It looks at four weeks of each branch where nothing is free, and anybody can ask for it.
    allow(request, "searches")
    found = await here.read(first_times, places)
    values = {
        "found": [(dates.day_time(one.start, one.zone, here.words), one) for one in found],
        "count": len({one.branch.id for one in places}),
        "back": base_of(here.branch, service),
    }
    return await frame(here, "booking/anywhere.html", service, values)


async def places_of(here: AtBranch, service: ServiceView) -> list[Place]:
    """The branches where a service can be booked, this one among them; none where it is at this one alone.

    The service of another branch is the same if all its names are: what branches call by one key is their own. What is nobody's business is left out, and
    so are branches that people leave quickly: nobody finds them by looking for something else.
    """
    if not _may_be_listed(here.branch, service):
        return []
    found = [
        Place(branch, one)
        for branch in await here.branches_in_service()
        for one in branch.services_on(branch.timetable.business_date(here.now)).values()
        if _same(one, service) and _may_be_listed(branch, one)
    ]
    return found if any(one.branch.id != here.branch.id for one in found) else []


def first_times(tx: Tx, places: Iterable[Place]) -> list[Time]:
    """The first free times over all places, in order; at one instant in the order of the branches."""
    found: list[Time] = []
    for one in places:
        # A later time than these would not be shown.
        latest = found[FIRST - 1].start if len(found) >= FIRST else None
        found += [
            Time(
                slot.start,
                one.branch.zone,
                one.branch.names,
                one.branch.address or {},
                f"{base_of(one.branch, one.service)}/{slot.start.astimezone(one.branch.zone):%Y-%m-%d}/{start_key(slot.start)}",
            )
            for slot in _first_at(tx, one, latest)
        ]
        found = sorted(found, key=lambda one: one.start)[:FIRST]
    return found


def _first_at(tx: Tx, place: Place, latest: datetime | None) -> tuple[Slot, ...]:
    """The first free times at one branch: those of its first days that have some, up to the day of `latest`."""
    last = None if latest is None else latest.astimezone(place.branch.zone).date()
    day = services.first_day(tx, place.branch, place.service, last)
    if day is None:
        return ()
    end = day + services.STRETCH
    found: tuple[Slot, ...] = ()
    for one in free_days(tx, place.branch, place.service, day, end if last is None else min(end, last)):
        found += one.slots
        if len(found) >= FIRST:
            break
    return found[:FIRST]


def _same(one: ServiceView, other: ServiceView) -> bool:
    return one.names == other.names


def _may_be_listed(branch: BranchSettings, service: ServiceView) -> bool:
    return service.bookable and not service.confidentiality.discreet and not needs_a_way_out(branch)


routes: list[BaseRoute] = [Route("/book/{branch}/{service}/anywhere", show)]
