"""The days whose opening hours a change of settings changes: the strip of days in a preview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from .calendars import Calendar, Window
from .decisions import Decision, decided_by
from .hours import windows
from .offer import Offer

# How far ahead days are compared: a year and a bit, so that next year's seasons and holidays are seen.
AHEAD_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day with its windows before and after; `service` is the slug of a service with other hours than the branch.

    `decided` is what decides the day after the change.
    """

    day: date
    service: str | None
    before: tuple[Window, ...]
    after: tuple[Window, ...]
    decided: Decision


def changed_days(old: Offer, new: Offer, first: date, days: int) -> tuple[ChangedDay, ...]:
    """The days from `first` on whose windows differ: those of the branch, then those of services that change apart."""
    if old.calendar == new.calendar:
        return ()
    own = sorted(
        (old.services[service_id].slug, service_id)
        for service_id in _with_own_hours(old.calendar) | _with_own_hours(new.calendar)
        if service_id in old.services and service_id in new.services
    )
    return tuple(
        changed
        for offset in range(days)
        for changed in _changed_on(first + timedelta(days=offset), old.calendar, new.calendar, own)
    )


def _changed_on(day: date, old: Calendar, new: Calendar, own: list[tuple[str, UUID]]) -> Iterator[ChangedDay]:
    branch = windows(day, old), windows(day, new)
    if branch[0] != branch[1]:
        yield ChangedDay(day, None, *branch, decided_by(day, new))
    for slug, service_id in own:
        service = windows(day, old, service_id), windows(day, new, service_id)
        if service[0] != service[1] and service != branch:
            yield ChangedDay(day, slug, *service, decided_by(day, new, service_id))


def _with_own_hours(calendar: Calendar) -> set[UUID]:
    """The services that some rule, closure or outing names; all others have the hours of the branch."""
    named = {rule.service_id for rule in calendar.rules if rule.service_id is not None}
    for closure in calendar.closures:
        named |= closure.service_ids or set()
    for outing in calendar.outings:
        named |= outing.service_ids or set()
    return named
