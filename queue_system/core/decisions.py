"""What decided the hours of a day: for people who ask why a branch is open then, and not otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from .calendars import Calendar, Closure, OpeningRule, Season
from .hours import closures_on, goes_out, is_over, outing_on, windows
from .layers import breaks_on, deciding

S = TypeVar("S", Season, Closure)


class DecidedBy(StrEnum):
    """The kind of thing that decided."""

    REGULAR = "regular"
    SEASON = "season"
    SERVICE = "service"
    EXCEPTION = "exception"
    BREAK = "break"
    CLOSURE = "closure"
    OUTING = "outing"
    RETIRED = "retired"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Decision:
    """What decided a day: its kind, its names by language (empty if it has none), and the slug of the season.

    `provisional`: what decided is still to be confirmed, so the day may change.
    """

    by: DecidedBy
    names: Mapping[str, str] = field(default_factory=dict)
    season: str | None = None
    provisional: bool = False


def decided_by(day: date, calendar: Calendar, service_id: UUID | None = None) -> Decision:
    """What decided the hours of `day`, of a service or of the branch.

    A closure or a dated break of a part of the day has decided if the day would be open longer without it.
    """
    if is_over(day, calendar, service_id):
        return Decision(DecidedBy.RETIRED)
    if (closure := _closed_by(day, calendar, service_id)) is not None:
        return Decision(DecidedBy.CLOSURE, closure.names, provisional=closure.provisional)
    if goes_out(day, calendar, service_id):
        outing = outing_on(day, calendar, service_id)
        return Decision(DecidedBy.OUTING, outing.place) if outing else Decision(DecidedBy.NOTHING)
    if (pause := _dated_break(day, calendar, service_id)) is not None:
        return Decision(DecidedBy.BREAK, pause.names)
    week = deciding(day, calendar, service_id)
    if week.layer is None:
        return Decision(DecidedBy.NOTHING)
    provisional = week.season is not None and week.season.provisional
    return Decision(
        DecidedBy(week.layer), _names(week.rules), week.season.slug if week.season else None, provisional=provisional
    )


def may_change(day: date, calendar: Calendar, service_id: UUID | None = None) -> bool:
    """Whether the hours of `day` depend on a stretch that is still to be confirmed, such as Ramadan.

    The stretch may move by a day, so this is also asked of the day before it and the day after it.
    """
    for season in calendar.seasons:
        if season.provisional and _near(season, day):
            others = tuple(one for one in calendar.seasons if one is not season)
            with_it = replace(calendar, seasons=(*others, _around(season, day)))
            if windows(day, with_it, service_id) != windows(day, replace(calendar, seasons=others), service_id):
                return True
    for closure in calendar.closures:
        if closure.provisional and _near(closure, day):
            rest = tuple(one for one in calendar.closures if one is not closure)
            with_it = replace(calendar, closures=(*rest, _around(closure, day)))
            if windows(day, with_it, service_id) != windows(day, replace(calendar, closures=rest), service_id):
                return True
    return False


def _near(stretch: Season | Closure, day: date) -> bool:
    return stretch.first - timedelta(days=1) <= day <= stretch.last + timedelta(days=1)


def _around(stretch: S, day: date) -> S:
    """The stretch, longer by a day where `day` is beside it."""
    return replace(stretch, first=min(stretch.first, day), last=max(stretch.last, day))


def _closed_by(day: date, calendar: Calendar, service_id: UUID | None) -> Closure | None:
    """The closure that makes the day shorter; of several the first, but a closure of the whole day before others."""
    found = sorted(closures_on(day, calendar, service_id), key=lambda closure: not closure.whole_day)
    if not found:
        return None
    open_now = windows(day, calendar, service_id)
    if windows(day, _without(calendar, found), service_id) == open_now:
        # A day that is closed anyway is told by its holiday, because people look for that.
        return next((closure for closure in found if closure.whole_day), None) if not open_now else None
    return found[0]


def _without(calendar: Calendar, closures: Sequence[Closure]) -> Calendar:
    return replace(calendar, closures=tuple(closure for closure in calendar.closures if closure not in closures))


def _dated_break(day: date, calendar: Calendar, service_id: UUID | None) -> OpeningRule | None:
    """A break of certain dates that makes the day shorter; a weekly break is a part of the weekly hours."""
    for pause in breaks_on(day, calendar, service_id):
        if pause.first is None and pause.last is None:
            continue
        without = replace(calendar, rules=tuple(rule for rule in calendar.rules if rule is not pause))
        if windows(day, without, service_id) != windows(day, calendar, service_id):
            return pause
    return None


def _names(rules: Sequence[OpeningRule]) -> Mapping[str, str]:
    return next((rule.names for rule in rules if rule.names), {})
