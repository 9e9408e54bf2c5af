"""Which weekly rules decide a day, and the windows that breaks and closures leave of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from .calendars import DAY_MINUTES, Calendar, Closure, Layer, OpeningRule, Season, Window, minutes_of
from .recurrence import in_dates, recurs

#: A window may run over midnight, so a closure until the end of a day reaches as far.
LATEST: Final = 2 * DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Deciding:
    """The rules that decide a day: of one layer, and of one season if it is seasonal.

    Without a layer nothing decides. With a layer but without rules, that layer leaves the day closed.
    """

    layer: Layer | None
    rules: Sequence[OpeningRule] = ()
    season: Season | None = None


def deciding(day: date, calendar: Calendar, service_id: UUID | None) -> Deciding:
    """The rules of the highest layer that applies to `day`.

    An exception applies to the days that it names only, so that "Saturdays in March" leaves other days open. Rules of
    seasons and services apply to the whole week: a weekday that they do not name, or on which they do not recur, is
    closed.
    """
    rules = _rules_on(day, calendar, service_id)
    exceptions = [rule for rule in rules if rule.layer == Layer.EXCEPTION and _holds(rule, day, calendar)]
    if exceptions:
        own = [rule for rule in exceptions if rule.service_id is not None]
        return Deciding(Layer.EXCEPTION, own or exceptions)
    for layer, season, week in _weeks(rules, seasons_on(day, calendar.seasons)):
        if week:
            return Deciding(layer, [rule for rule in week if _holds(rule, day, calendar)], season)
    return Deciding(None)


def has_own_hours(day: date, calendar: Calendar, service_id: UUID) -> bool:
    """Whether a line of a service or member itself says when it is there on `day`, or that it is not.

    The week of its own rules speaks of every day, an exception of the days that it names.
    """
    seasons = {None, *(season.slug for season in seasons_on(day, calendar.seasons))}
    return any(
        rule.season in seasons
        if rule.layer is Layer.SERVICE
        else rule.layer is Layer.EXCEPTION and _holds(rule, day, calendar)
        for rule in _rules_on(day, calendar, service_id)
        if rule.service_id == service_id
    )


def at_home(day: date, calendar: Calendar, service_id: UUID | None, closures: Collection[Closure]) -> list[Window]:
    """The windows of the weekly rules and their exceptions; `closures` are those that concern the day and service."""
    opening = merged(
        window
        for rule in deciding(day, calendar, service_id).rules
        for window in closed_out([_window_of(rule)], [one for one in closures if _binds(one, rule)])
    )
    return _without(opening, [_window_of(pause) for pause in breaks_on(day, calendar, service_id)])


def breaks_on(day: date, calendar: Calendar, service_id: UUID | None) -> list[OpeningRule]:
    """The breaks of a day."""
    seasons = {season.slug for season in seasons_on(day, calendar.seasons)}
    return [
        rule
        for rule in _rules_on(day, calendar, service_id)
        if rule.layer == Layer.BREAK and (rule.season is None or rule.season in seasons) and _holds(rule, day, calendar)
    ]


def seasons_on(day: date, seasons: Iterable[Season]) -> list[Season]:
    """The seasons that include `day`; where they overlap, the one that began last comes first."""
    current = [season for season in seasons if season.first <= day <= season.last]
    current.sort(key=lambda season: (season.first, season.slug), reverse=True)
    return current


def closed_out(windows: Iterable[Window], closures: Iterable[Closure]) -> list[Window]:
    """What closures leave of some windows."""
    pieces = list(windows)
    for closure in closures:
        start = 0 if closure.closes is None else minutes_of(closure.closes)
        end = LATEST if closure.opens is None else minutes_of(closure.opens)
        pieces = [part for piece in pieces for part in _cut(piece, start, end)]
    return pieces


def merged(found: Iterable[Window]) -> list[Window]:
    """Joins windows that overlap or touch, because capacity is counted by tick instead of by rule."""
    joined: list[Window] = []
    for window in sorted(found):
        if joined and window.start <= joined[-1].end:
            before = joined.pop()
            window = Window(before.start, max(before.end, window.end), max(before.last, window.last))
        joined.append(window)
    return joined


def _rules_on(day: date, calendar: Calendar, service_id: UUID | None) -> list[OpeningRule]:
    return [rule for rule in calendar.rules if rule.service_id in (None, service_id) and in_dates(rule, day)]


def _holds(rule: OpeningRule, day: date, calendar: Calendar) -> bool:
    return day.weekday() in rule.days and recurs(rule, day, calendar.week_starts)


def _weeks(
    rules: Sequence[OpeningRule], seasons: Sequence[Season]
) -> Iterator[tuple[Layer, Season | None, list[OpeningRule]]]:
    """The weeks that could decide, the highest first. Without a service, there are no rules of services among `rules`."""
    of_services = [rule for rule in rules if rule.layer == Layer.SERVICE]
    for season in seasons:
        yield Layer.SERVICE, season, [rule for rule in of_services if rule.season == season.slug]
    yield Layer.SERVICE, None, [rule for rule in of_services if rule.season is None]
    for season in seasons:
        week = [rule for rule in rules if rule.layer == Layer.SEASON and rule.season == season.slug]
        yield Layer.SEASON, season, week
    yield Layer.REGULAR, None, [rule for rule in rules if rule.layer == Layer.REGULAR]


def _binds(closure: Closure, rule: OpeningRule) -> bool:
    """Whether a closure closes the hours of a rule.

    An exception that opens anyway is above closures. But one of the whole branch does not open a service that is
    closed by itself, because it does not speak of it.
    """
    return not rule.opens_anyway or (closure.service_ids is not None and rule.service_id is None)


def _window_of(rule: OpeningRule) -> Window:
    start, end = minutes_of(rule.opens), minutes_of(rule.closes)
    if end <= start:
        end += DAY_MINUTES
    last = end
    if rule.last_ticket is not None:
        last = minutes_of(rule.last_ticket)
        if last < start:
            last += DAY_MINUTES
    return Window(start, end, min(last, end))


def _without(opening: Iterable[Window], breaks: Iterable[Window]) -> list[Window]:
    """`opening` less `breaks`; a break named after midnight also counts for the window that runs over it."""
    pieces = list(opening)
    for pause in breaks:
        for shift in (0, DAY_MINUTES):
            start, end = pause.start + shift, pause.end + shift
            pieces = [part for piece in pieces for part in _cut(piece, start, end)]
    return pieces


def _cut(piece: Window, start: int, end: int) -> Iterator[Window]:
    if end <= piece.start or piece.end <= start:
        yield piece
        return
    if piece.start < start:
        yield Window(piece.start, start, min(piece.last, start))
    if end < piece.end:
        yield Window(end, piece.end, piece.last)
