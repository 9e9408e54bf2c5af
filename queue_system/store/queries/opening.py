"""The calendar of a branch, from its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...core.calendars import Calendar, Closure, Outing, Season
from .. import tables
from ..setting_rows import Unreadable
from .rows import Rows, of_branch, rows
from .rules import opening_rule

# The kind of branch that has no doors of its own and is open on outings only.
GOES_OUT = "outreach"


@dataclass(frozen=True, slots=True)
class Grouped:
    """The services of a branch: by slug, by tag, by the slugs of their queues and resources; and the last days.

    Members are among what a resource concerns and among what ends, beside the services.
    """

    by_slug: Mapping[str, UUID]
    by_tag: Mapping[str, Collection[UUID]]
    by_queue: Mapping[str, Collection[UUID]]
    by_resource: Mapping[str, Collection[UUID]]
    ends: Mapping[UUID, date]


def grouped_services(services: Collection[Any], queues: Collection[Any], resources: Collection[Any]) -> Grouped:
    """The services of a branch, from the views of `queries.settings`. One ends with its queue at the latest."""
    by_tag: dict[str, set[UUID]] = {}
    by_queue: dict[UUID, set[UUID]] = {queue.id: set() for queue in queues}
    # A member that is away is closed itself, because a group goes on without it.
    by_resource: dict[UUID, set[UUID]] = {one.id: {one.id} if one.is_member else set() for one in resources}
    last = {queue.id: queue.until for queue in queues}
    ends: dict[UUID, date] = {one.id: one.until for one in resources if one.until is not None}
    for service in services:
        by_queue[service.queue_id].add(service.id)
        for tag in service.tags:
            by_tag.setdefault(tag, set()).add(service.id)
        for resource_id in service.resources:
            by_resource[resource_id].add(service.id)
        if days := [day for day in (service.until, last[service.queue_id]) if day is not None]:
            ends[service.id] = min(days)
    return Grouped(
        by_slug={service.slug: service.id for service in services},
        by_tag=by_tag,
        by_queue={queue.slug: by_queue[queue.id] for queue in queues},
        by_resource={resource.slug: by_resource[resource.id] for resource in resources},
        ends=ends,
    )


def calendar_of(source: Rows, branch: Any, services: Grouped, week_starts: int) -> Calendar:
    """The calendar of a branch. Raises Unreadable."""
    own = of_branch(source, tables.BranchSeason, branch.id)
    instead = {row.slug for row in own}
    seasons = [*own, *(row for row in rows(source, tables.SeasonRow) if row.slug not in instead)]
    closures = [
        closure
        for owner in (tables.ORGANISATION, branch.id)
        for closure in of_branch(source, tables.ClosureRow, owner, "first")
    ]
    return Calendar(
        zone=_zone(branch),
        rules=tuple(opening_rule(row) for row in of_branch(source, tables.OpeningHours, branch.id, "position")),
        seasons=tuple(Season(row.slug, row.first, row.last, row.provisional) for row in seasons),
        closures=tuple(_closure(row, services) for row in closures),
        outings=tuple(
            _outing(row, services.by_slug) for row in of_branch(source, tables.OutreachDay, branch.id, "day")
        ),
        only_goes_out=branch.kind == GOES_OUT,
        week_starts=week_starts,
        ends=services.ends,
    )


def _zone(branch: Any) -> ZoneInfo:
    try:
        return ZoneInfo(branch.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        # Zones come from the machine, so another machine may know one that this one does not.
        raise Unreadable(
            f"branch {branch.slug}: timezone is {branch.timezone!r}, which this machine does not know"
        ) from None


def _closure(row: Any, services: Grouped) -> Closure:
    return Closure(
        first=row.first,
        last=row.last,
        service_ids=_closed(row, services),
        provisional=row.provisional,
        names=row.names,
        closes=row.closes,
        opens=row.opens,
    )


def _closed(row: Any, services: Grouped) -> frozenset[UUID] | None:
    """The services that a closure closes; None for the whole branch. A tag, queue or resource may have none."""
    if row.service_tag is None and row.services is None and row.queues is None and row.resources is None:
        return None
    return frozenset(services.by_slug[slug] for slug in row.services or ()).union(
        services.by_tag.get(row.service_tag, set()),
        *(services.by_queue[slug] for slug in row.queues or ()),
        *(services.by_resource[slug] for slug in row.resources or ()),
    )


def _outing(row: Any, services: Mapping[str, UUID]) -> Outing:
    going = None if row.services is None else frozenset(services[slug] for slug in row.services)
    return Outing(row.day, row.opens, row.closes, row.place, row.capacity, going)
