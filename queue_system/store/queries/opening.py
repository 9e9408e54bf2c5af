"""The calendar of a branch, from its rows."""

from __future__ import annotations

from collections.abc import Mapping
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


def calendar_of(
    source: Rows, branch: Any, services: Mapping[str, UUID], tags: Mapping[UUID, tuple[str, ...]]
) -> Calendar:
    """The calendar of a branch. `services` are its services by slug, `tags` the tags of each. Raises Unreadable."""
    return Calendar(
        zone=_zone(branch),
        rules=tuple(opening_rule(row) for row in of_branch(source, tables.OpeningHours, branch.id, "position")),
        seasons=tuple(Season(row.slug, row.first, row.last, row.provisional) for row in rows(source, tables.SeasonRow)),
        closures=tuple(_closure(row, tags) for row in of_branch(source, tables.ClosureRow, branch.id, "first")),
        outings=tuple(_outing(row, services) for row in of_branch(source, tables.OutreachDay, branch.id, "day")),
        only_goes_out=branch.kind == GOES_OUT,
    )


def _zone(branch: Any) -> ZoneInfo:
    try:
        return ZoneInfo(branch.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        # Zones come from the machine, so another machine may know one that this one does not.
        raise Unreadable(
            f"branch {branch.slug}: timezone is {branch.timezone!r}, which this machine does not know"
        ) from None


def _closure(row: Any, tags: Mapping[UUID, tuple[str, ...]]) -> Closure:
    tagged = (
        None
        if row.service_tag is None
        else frozenset(service_id for service_id, marked in tags.items() if row.service_tag in marked)
    )
    return Closure(row.first, row.last, tagged, row.provisional, row.names)


def _outing(row: Any, services: Mapping[str, UUID]) -> Outing:
    going = None if row.services is None else frozenset(services[slug] for slug in row.services)
    return Outing(row.day, row.opens, row.closes, row.place, row.capacity, going)
