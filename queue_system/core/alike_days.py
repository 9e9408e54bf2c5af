"""The hours of many days of one calendar: days on which the same things are in force are worked out once.

It gives the same answers as `core.hours` and `core.decisions`. Of the 400 days of a preview, most are like another one.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from uuid import UUID

from .calendars import Calendar, OpeningRule, Window
from .decisions import Decision, decided_by
from .hours import windows
from .recurrence import in_dates, recurs


class AlikeDays:
    """Belongs to one calendar and one piece of work, because it forgets nothing."""

    __slots__ = ("_calendar", "_decisions", "_in_force", "_varying", "_windows")

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._varying = [rule for rule in calendar.rules if _varies(rule)]
        self._in_force: dict[date, Hashable] = {}
        self._windows: dict[tuple[UUID | None, Hashable], tuple[Window, ...]] = {}
        self._decisions: dict[tuple[UUID | None, Hashable], Decision] = {}

    def windows(self, day: date, service_id: UUID | None = None) -> tuple[Window, ...]:
        """As `hours.windows`."""
        key = service_id, self._on(day)
        known = self._windows.get(key)
        if known is None:
            known = self._windows[key] = windows(day, self._calendar, service_id)
        return known

    def decided_by(self, day: date, service_id: UUID | None = None) -> Decision:
        """As `decisions.decided_by`."""
        key = service_id, self._on(day)
        known = self._decisions.get(key)
        if known is None:
            known = self._decisions[key] = decided_by(day, self._calendar, service_id)
        return known

    def _on(self, day: date) -> Hashable:
        """Everything that `hours.windows` and `decided_by` ask of a day: equal for days with the same answers."""
        known = self._in_force.get(day)
        if known is None:
            calendar = self._calendar
            known = self._in_force[day] = (
                day.weekday(),
                tuple(in_dates(rule, day) for rule in self._varying),
                tuple(recurs(rule, day, calendar.week_starts) for rule in self._varying),
                tuple(place for place, one in enumerate(calendar.seasons) if one.first <= day <= one.last),
                tuple(place for place, one in enumerate(calendar.closures) if one.first <= day <= one.last),
                tuple(place for place, one in enumerate(calendar.outings) if one.day == day),
                tuple(service_id for service_id, last in calendar.ends.items() if last < day),
            )
        return known


def _varies(rule: OpeningRule) -> bool:
    return rule.first is not None or rule.last is not None or rule.every_weeks > 1 or rule.in_month is not None
