"""The days whose opening hours a change of settings changes: the strip of days in a preview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from operator import attrgetter
from typing import Final
from uuid import UUID

from .alike_days import AlikeDays
from .calendars import Calendar, OpeningRule, Window
from .decisions import Decision
from .offer import Offer

# How far ahead days are compared: a year and a bit, so that next year's seasons and holidays are seen.
AHEAD_DAYS: Final = 400
# All that a rule says, but not of which service, and not in which words.
_SAID: Final = attrgetter(*(one.name for one in fields(OpeningRule) if one.name not in ("service_id", "names")))


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
    groups = _alike(old, new)
    before, after = AlikeDays(old.calendar), AlikeDays(new.calendar)
    return tuple(
        changed
        for offset in range(days)
        for changed in _changed_on(first + timedelta(days=offset), before, after, groups)
    )


def _changed_on(
    day: date, old: AlikeDays, new: AlikeDays, groups: list[list[tuple[str, UUID]]]
) -> Iterator[ChangedDay]:
    branch = old.windows(day), new.windows(day)
    if branch[0] != branch[1]:
        yield ChangedDay(day, None, *branch, new.decided_by(day))
    for group in groups:
        _, any_of_them = group[0]
        service = old.windows(day, any_of_them), new.windows(day, any_of_them)
        if service[0] != service[1] and service != branch:
            yield from (ChangedDay(day, slug, *service, new.decided_by(day, key)) for slug, key in group)


def _alike(old: Offer, new: Offer) -> list[list[tuple[str, UUID]]]:
    """The services with hours of their own as (slug, id), those together that have the same hours before and after."""
    own = sorted(
        (old.services[service_id].slug, service_id)
        for service_id in _with_own_hours(old.calendar) | _with_own_hours(new.calendar)
        if service_id in old.services and service_id in new.services
    )
    found: dict[object, list[tuple[str, UUID]]] = {}
    for slug, service_id in own:
        same = _own_hours(old.calendar, service_id), _own_hours(new.calendar, service_id)
        found.setdefault(same, []).append((slug, service_id))
    return list(found.values())


def _own_hours(calendar: Calendar, service_id: UUID) -> tuple[object, ...]:
    """What of a calendar is about a service: equal for services that have the same windows on all days."""
    return (
        tuple(_SAID(rule) for rule in calendar.rules if rule.service_id == service_id),
        tuple(one.service_ids is None or service_id in one.service_ids for one in calendar.closures),
        tuple(outing.takes(service_id) for outing in calendar.outings),
        calendar.ends.get(service_id),
    )


def _with_own_hours(calendar: Calendar) -> set[UUID]:
    """The services that some rule, closure or outing names, or that end; all others have the hours of the branch."""
    named = set(calendar.ends) | {rule.service_id for rule in calendar.rules if rule.service_id is not None}
    for closure in calendar.closures:
        named |= closure.service_ids or set()
    for outing in calendar.outings:
        named |= outing.service_ids or set()
    return named
