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
from ...core.freed import Freed
from ...core.rights import PLACES_RIGHTS
from ...i18n import dates
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.bookings import policy_of
from ...store.queries.earlier import Offer, running_offers, waiting_counts
from ...store.queries.freed import KeptPlace, kept_places
from ...store.queries.settings import BranchSettings
from ...web import kit
from ...web.departments import services_for
from ...web.security import LARGEST_BODY
from .frame import enter, moment, office_page

PAGE: Final = "/office/given-back"


@dataclass(frozen=True, slots=True)
class KeptDay:
    """The kept places of one day and service, with their times in words, why they are kept, and if staff may release them.

    `waiting`: how many wait for an earlier time of the service.
    """

    branch: BranchSettings
    day: str
    service_id: UUID
    places: tuple[tuple[KeptPlace, str, Markup | None, Markup, bool], ...]
    waiting: int

    @property
    def ids(self) -> str:
        """The ids that the button for all of them sends."""
        return ",".join(str(place.id) for place, *_, free in self.places if free)

    @property
    def releasable(self) -> int:
        """How many of them staff may release."""
        return sum(free for *_, free in self.places)


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
    return [day for branch in branches for day in _by_day(tx, branch, _places(tx, person, branch), words)]


def _places(tx: Tx, person: StaffView, branch: BranchSettings) -> list[KeptPlace]:
    """The kept places of the departments in which the person may release them."""
    allowed = services_for(person, branch, PLACES_RIGHTS)
    return [place for place in kept_places(tx, branch.id) if place.service_id in allowed]


def _by_day(tx: Tx, branch: BranchSettings, places: Iterable[KeptPlace], words: Words) -> Iterable[KeptDay]:
    order = list(branch.services)
    offers, waiting = running_offers(tx, branch.id), waiting_counts(tx, branch.id)

    def key(place: KeptPlace) -> tuple[str, int]:
        return place.starts_at.astimezone(branch.zone).date().isoformat(), order.index(place.service_id)

    for _, group in groupby(sorted(places, key=key), key):
        kept = tuple(group)
        day = dates.day(kept[0].starts_at.astimezone(branch.zone).date(), words)
        told = (
            (
                place,
                dates.time(place.starts_at, branch.zone, words),
                moment(place.freed_at, branch, words, tx.now),
                _why(branch, place, offers.get(place.id), words, tx.now),
                place.id not in offers,
            )
            for place in kept
        )
        yield KeptDay(branch, day, kept[0].service_id, tuple(told), waiting.get(kept[0].service_id, 0))


def _why(branch: BranchSettings, place: KeptPlace, offer: Offer | None, words: Words, now: datetime) -> Markup:
    """Why a place is kept."""
    if offer is not None:
        return words.html("office.given-back-offered", time=moment(offer.until, branch, words, now))
    if place.offers_at is not None:
        if place.offers_at > now:
            return words.html("office.given-back-draw", time=moment(place.offers_at, branch, words, now))
        return words.html("office.given-back-next")
    if place.returns_at is not None:
        return words.html("office.given-back-lot")
    by_staff = policy_of(branch, branch.services[place.service_id]).freed is Freed.STAFF
    return words.html("office.given-back-staff" if by_staff else "office.given-back-hall")


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
