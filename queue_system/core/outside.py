"""Services that are open while their branch is closed, because hours of their own replace those of the branch."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from .calendars import Calendar, Layer, Window
from .hours import goes_out, windows


@dataclass(frozen=True, slots=True)
class OpenAlone:
    """Days on which a service is open in the same way at times when its branch is not; `branch` are its windows then."""

    service_id: UUID
    days: tuple[date, ...]
    own: tuple[Window, ...]
    branch: tuple[Window, ...]


def open_alone(
    services: Collection[UUID], days: Iterable[date], calendar: Calendar, before: Calendar | None = None
) -> list[OpenAlone]:
    """Which of the services keep open alone on some days, the nearest first; not what was so on the same day `before`."""
    # Only those with hours of their own, because others follow the branch.
    with_hours = {one.service_id for one in calendar.rules if one.layer is not Layer.BREAK}
    own_hours = [service_id for service_id in services if service_id in with_hours]
    found: dict[tuple[UUID, tuple[Window, ...], tuple[Window, ...]], list[date]] = {}
    for day in sorted(days):
        for service_id in sorted(own_hours):
            both = _both(day, calendar, service_id)
            if _is_alone(*both) and (before is None or _both(day, before, service_id) != both):
                found.setdefault((service_id, *both), []).append(day)
    return [OpenAlone(key, tuple(days), own, branch) for (key, own, branch), days in found.items()]


def _both(day: date, calendar: Calendar, service_id: UUID) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """The windows of a service, none where it goes out, and those of the branch."""
    own = () if goes_out(day, calendar, service_id) else windows(day, calendar, service_id)
    return own, windows(day, calendar)


def _is_alone(own: Iterable[Window], branch: Iterable[Window]) -> bool:
    return not all(any(of.start <= one.start and one.end <= of.end for of in branch) for one in own)
