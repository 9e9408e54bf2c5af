"""Places that confirmed appointments gave back: staff see the kept ones, and release them to everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.freed_places import release_places
from ...core.rights import PLACES_RIGHTS
from ...i18n import dates
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.freed import KeptPlace, kept_places
from ...store.queries.settings import BranchSettings
from ...web import kit
from ...web.departments import services_for
from ...web.security import LARGEST_BODY
from .frame import enter, moment, office_page

PAGE: Final = "/office/given-back"


@dataclass(frozen=True, slots=True)
class KeptDay:
    """The kept places of one day and service, with their times in words."""

    branch: BranchSettings
    day: str
    service_id: UUID
    places: tuple[tuple[KeptPlace, str, Markup | None], ...]

    @property
    def ids(self) -> str:
        """The ids that the button for all of them sends."""
        return ",".join(str(place.id) for place, _, _ in self.places)


async def show(request: Request) -> Response:
    """The kept places by day and service; never the instant of release that was drawn by lot."""
    here = await enter(request, PLACES_RIGHTS)
    released = request.query_params.get("released", "")
    hours = {branch.id: f"{branch.freed_places_at:%H:%M}" for branch in here.branches}
    return await office_page(
        here,
        "office/given-back.html",
        {
            "days": await here.read(_kept, here.person, here.branches, here.words),
            "hours": hours,
            "released": int(released) if released.isdecimal() and len(released) < 5 else None,
        },
    )


async def release(request: Request) -> Response:
    """Release some of a branch's places to everybody now."""
    here = await enter(request, PLACES_RIGHTS)
    branch = here.named(request.path_params["branch"])
    # The one field holds all places of a day, so it may be as long as the body of a request.
    ids = _ids((await kit.form(request, LARGEST_BODY)).get("places", ""))
    allowed = {place.id for place in await here.read(_places, here.person, branch)}
    count = await here.at(branch).do(release_places, ids & allowed, here.actor)
    return kit.see_other(f"{PAGE}?{urlencode({'released': count})}")


def _kept(tx: Tx, person: StaffView, branches: Sequence[BranchSettings], words: Words) -> list[KeptDay]:
    return [day for branch in branches for day in _by_day(branch, _places(tx, person, branch), words, tx.now)]


def _places(tx: Tx, person: StaffView, branch: BranchSettings) -> list[KeptPlace]:
    """The kept places of the departments in which the person may release them."""
    allowed = services_for(person, branch, PLACES_RIGHTS)
    return [place for place in kept_places(tx, branch.id) if place.service_id in allowed]


def _by_day(branch: BranchSettings, places: Iterable[KeptPlace], words: Words, now: datetime) -> Iterable[KeptDay]:
    order = list(branch.services)

    def key(place: KeptPlace) -> tuple[str, int]:
        return place.starts_at.astimezone(branch.zone).date().isoformat(), order.index(place.service_id)

    for _, group in groupby(sorted(places, key=key), key):
        kept = tuple(group)
        day = dates.day(kept[0].starts_at.astimezone(branch.zone).date(), words)
        told = (
            (place, dates.time(place.starts_at, branch.zone, words), moment(place.freed_at, branch, words, now))
            for place in kept
        )
        yield KeptDay(branch, day, kept[0].service_id, tuple(told))


def _ids(sent: str) -> set[UUID]:
    """The ids that a button sends; invalid ones are left out."""
    found = set()
    for part in sent.split(","):
        try:
            found.add(UUID(part))
        except ValueError:
            continue
    return found


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/{{branch}}/release", release, methods=["POST"]),
]
