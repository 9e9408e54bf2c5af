"""Places that confirmed appointments gave back: staff see what is kept, and let it return to everybody."""

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
from ...i18n import dates
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries.freed import KeptPlace, kept_places
from ...store.queries.settings import BranchSettings
from ...web import access, kit
from ...web.access import PLACES_RIGHTS
from ...web.installation import installation_of
from ...web.security import LARGEST_BODY
from .frame import enter, moment, named, office_page, words_for

PAGE: Final = "/office/given-back"


@dataclass(frozen=True, slots=True)
class KeptDay:
    """The places of one day and service that nobody can book, with their times in words."""

    branch: BranchSettings
    day: str
    service_id: UUID
    places: tuple[tuple[KeptPlace, str, Markup | None], ...]

    @property
    def ids(self) -> str:
        """What the button for all of them sends."""
        return ",".join(str(place.id) for place, _, _ in self.places)


async def show(request: Request) -> Response:
    """What is kept, by day and service. When a lot lets a place return is shown to nobody."""
    person, branches = await enter(request, PLACES_RIGHTS)
    words = words_for(request, person)
    released = request.query_params.get("released", "")
    hours = {branch.id: f"{branch.freed_places_at:%H:%M}" for branch in branches}
    return await office_page(
        request,
        person,
        "office/given-back.html",
        {
            "days": await installation_of(request).database.read(_kept, branches, words),
            "hours": hours,
            "released": int(released) if released.isdecimal() and len(released) < 5 else None,
        },
    )


async def release(request: Request) -> Response:
    """Let some of a branch's places return to everybody now."""
    person, branches = await enter(request, PLACES_RIGHTS)
    branch = named(branches, request.path_params["branch"])
    # All places of a day in one field: what is let in at all bounds it.
    ids = _ids((await kit.form(request, LARGEST_BODY)).get("places", ""))
    count = await installation_of(request).database.write_in(
        branch.id, release_places, branch.id, ids, access.actor(person)
    )
    return kit.see_other(f"{PAGE}?{urlencode({'released': count})}")


def _kept(tx: Tx, branches: Sequence[BranchSettings], words: Words) -> list[KeptDay]:
    return [day for branch in branches for day in _by_day(branch, kept_places(tx, branch.id), words, tx.now)]


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
    """The places a button stands for; what is no id stands for none."""
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
