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
    found = await here.read(first_times, places)
    values = {
        "found": [(dates.day_time(one.start, one.zone, here.words), one) for one in found],
        "count": len(places),
        "back": base_of(here.branch, service),
    }
    return await frame(here, "booking/anywhere.html", service, values)


async def places_of(here: AtBranch, service: ServiceView) -> list[Place]:
    """The branches where a service can be booked, this one among them; none where it is at this one alone.

    The service of another branch is the same if its key or all its names are. What is nobody's business is left out, and
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
    found = [
        Time(
            slot.start,
            one.branch.zone,
            one.branch.names,
            one.branch.address or {},
            f"{base_of(one.branch, one.service)}/{slot.start.astimezone(one.branch.zone):%Y-%m-%d}/{start_key(slot.start)}",
        )
        for one in places
        for slot in _first_at(tx, one)
    ]
    return sorted(found, key=lambda one: one.start)[:FIRST]


def _first_at(tx: Tx, place: Place) -> tuple[Slot, ...]:
    """The first free times at one branch: those of its first days that have some."""
    day = services.first_day(tx, place.branch, place.service)
    if day is None:
        return ()
    found: tuple[Slot, ...] = ()
    for one in free_days(tx, place.branch, place.service, day, day + services.STRETCH):
        found += one.slots
        if len(found) >= FIRST:
            break
    return found[:FIRST]


def _same(one: ServiceView, other: ServiceView) -> bool:
    return one.slug == other.slug or one.names == other.names


def _may_be_listed(branch: BranchSettings, service: ServiceView) -> bool:
    return service.bookable and not service.confidentiality.discreet and not needs_a_way_out(branch)


routes: list[BaseRoute] = [Route("/book/{branch}/{service}/anywhere", show)]
