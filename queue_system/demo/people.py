"""Made-up people, rooms, groups and organisations of a demonstration, added to a sample before it is installed.

The samples describe real organisations, so their files name nobody. «مثال», "Example", says that there are no such people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from ..core.calendars import Layer
from ..core.rights import ABSENCE_RIGHTS, BOOK_RIGHTS, EVERYTHING, MOVE_RIGHTS, granted
from ..settings.agenda import HoursRule
from ..settings.branch import Branch
from ..settings.hall import Resource, ResourceKind
from ..settings.helping import Helper
from ..settings.organisation import Profile
from ..settings.roles import Role
from ..settings.services import Service


@dataclass(frozen=True, slots=True)
class Texts:
    """A name in Arabic and in English."""

    ar: str
    en: str

    @property
    def names(self) -> dict[str, str]:
        return {"ar": self.ar, "en": self.en}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody or something of its own; without `days` (0 is Monday) it is there whenever a service needs it, else from `opens` on."""

    kind: ResourceKind
    texts: Texts
    days: tuple[int, ...] = ()
    opens: time = time(8)
    closes: time = time(12)


@dataclass(frozen=True, slots=True)
class Group:
    """Any one of its members."""

    texts: Texts
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A service for which staff go to people; it is like the service `like`, and needs `needs`."""

    slug: str
    like: str
    texts: Texts
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """What a branch has in a demonstration besides its sample.

    `needs` are those of services, `lanes` how many appointments of a queue may run at one time. `day` are the services of the
    appointments of a full day, in their order; `series` is had by somebody every week. `away` is not there in the last hour of the
    first day. `helpers` book these services for people.
    """

    members: Mapping[str, Member]
    groups: Mapping[str, Group]
    needs: Mapping[str, tuple[str, ...]]
    lanes: Mapping[str, int]
    day: tuple[str, ...]
    series: str
    away: str
    visit: Visit | None = None
    helpers: Mapping[str, tuple[Texts, tuple[str, ...]]] = field(default_factory=dict)


def with_people(profile: Profile, casts: Mapping[str, Cast]) -> Profile:
    """The sample with its people, by branch, and heads who can play an illness through (`_played_through`)."""
    branches = {slug: _with(one, casts[slug]) if slug in casts else one for slug, one in profile.branches.items()}
    roles = {slug: _played_through(one) for slug, one in profile.roles.items()}
    catalogue = profile.catalogue.model_copy(update={"roles": roles})
    return profile.model_copy(update={"branches": branches, "catalogue": catalogue})


def _played_through(role: Role) -> Role:
    """The role; where it moves appointments, it records absences and books besides.

    The samples divide this among people, but a newcomer signs in once to see what becomes of the appointments of somebody who
    is ill.
    """
    may = granted(role.can)
    if EVERYTHING in may or not may & MOVE_RIGHTS:
        return role
    besides = [right for right in ("see_bookings", *sorted(BOOK_RIGHTS), *ABSENCE_RIGHTS) if right not in may]
    return role.model_copy(update={"can": (*role.can, *besides)})


def _with(branch: Branch, cast: Cast) -> Branch:
    services = {slug: _needing(one, cast) for slug, one in branch.services.items()}
    if cast.visit is not None:
        services[cast.visit.slug] = _visit(branch.services[cast.visit.like], cast.visit)
    queues = {
        slug: one.model_copy(update={"lanes": cast.lanes[slug]}) if slug in cast.lanes else one
        for slug, one in branch.queues.items()
    }
    changed: dict[str, Any] = {
        "resources": branch.resources | _resources(cast),
        "services": services,
        "queues": queues,
        "hours": (*branch.hours, *_windows(cast)),
    }
    if cast.helpers:
        changed["helpers"] = (branch.helpers or {}) | {
            slug: Helper(slug=slug, names=texts.names, services=services, places=5)
            for slug, (texts, services) in cast.helpers.items()
        }
    return branch.model_copy(update=changed)


def _resources(cast: Cast) -> dict[str, Resource]:
    members = {slug: Resource(slug=slug, names=one.texts.names, kind=one.kind) for slug, one in cast.members.items()}
    groups = {
        slug: Resource(slug=slug, names=one.texts.names, kind="group", any_of=one.any_of)
        for slug, one in cast.groups.items()
    }
    return members | groups


def _needing(service: Service, cast: Cast) -> Service:
    needs = cast.needs.get(service.slug)
    return service.model_copy(update={"needs": (*service.needs, *needs)}) if needs else service


def _visit(like: Service, visit: Visit) -> Service:
    own = {
        "slug": visit.slug,
        "names": visit.texts.names,
        "channel": "field",
        "travel_min": 30,
        "policy": "staff_only",
        "mode": "staff_only",
        "room": False,
        "needs": visit.needs,
    }
    return like.model_copy(update=own)


def _windows(cast: Cast) -> list[HoursRule]:
    return [
        HoursRule(layer=Layer.SERVICE, days=one.days, opens=one.opens, closes=one.closes, resource=slug)
        for slug, one in cast.members.items()
        if one.days
    ]
