"""When a branch or a service is open: layers of weekly rules, seasons, exceptions, breaks and closures.

Rules are in local wall time, facts are instants in UTC. Only `instant_at` converts between them, so it
alone handles daylight saving. A window that runs over midnight belongs to the day on which it opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

DAY_MINUTES: Final = 24 * 60
EVERY_DAY: Final = frozenset(range(7))


class Layer(StrEnum):
    """A layer replaces those before it; breaks are subtracted from the result."""

    REGULAR = "regular"
    SEASON = "season"
    SERVICE = "service"
    EXCEPTION = "exception"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class OpeningRule:
    """One line of the opening hours, in local wall time; `closes <= opens` runs over midnight.

    `days` are weekdays, Monday = 0. `season`, `service_id`, `first` and `last` (both included) narrow the
    rule; None does not. A `last_ticket` of None means that tickets are given until closing.
    """

    layer: Layer
    days: frozenset[int]
    opens: time
    closes: time
    last_ticket: time | None = None
    season: str | None = None
    service_id: UUID | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Season:
    """A stretch of days with hours of its own, both ends included; provisional until it is confirmed."""

    slug: str
    first: date
    last: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, both ends included, on which the branch or only some services are closed."""

    first: date
    last: date
    service_ids: frozenset[UUID] | None = None
    provisional: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outing:
    """A day on which a branch works elsewhere, all of it or some services; `capacity` visitors can come."""

    day: date
    opens: time
    closes: time
    place: Mapping[str, str]
    capacity: int
    service_ids: frozenset[UUID] | None = None

    def takes(self, service_id: UUID | None) -> bool:
        """Whether a service takes part."""
        return self.service_ids is None or service_id in self.service_ids


@dataclass(frozen=True, slots=True)
class Calendar:
    """Everything that decides when a branch is open, in the zone of the branch.

    A branch that `only_goes_out` has no doors of its own: it is open on the days of its outings alone.
    """

    zone: ZoneInfo
    rules: tuple[OpeningRule, ...]
    seasons: tuple[Season, ...] = ()
    closures: tuple[Closure, ...] = ()
    outings: tuple[Outing, ...] = ()
    only_goes_out: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """An open stretch of one day in minutes of wall time after that day's midnight; beyond 1440 is the next morning.

    Tickets are given in `[start, last)`, visits take place in `[start, end)`. `last <= start` gives none.
    """

    start: int
    end: int
    last: int

    @property
    def opens(self) -> time:
        return _time_of(self.start)

    @property
    def closes(self) -> time:
        return _time_of(self.end)

    @property
    def last_ticket(self) -> time:
        return _time_of(self.last)


def business_date(now: datetime, zone: ZoneInfo, day_starts: time) -> date:
    """The business day that `now` belongs to: it begins at `day_starts` local time instead of midnight.

    It never goes back while time passes, even when the clocks are set back over `day_starts`.
    """
    day = now.astimezone(zone).date()
    return day if now >= instant_at(day, _minutes(day_starts), zone) else day - timedelta(days=1)


def day_bounds(day: date, zone: ZoneInfo, day_starts: time) -> tuple[datetime, datetime]:
    """The instants, UTC, between which `business_date` gives `day`: first included, second not."""
    minutes = _minutes(day_starts)
    return instant_at(day, minutes, zone), instant_at(day + timedelta(days=1), minutes, zone)


def session_end(day: date, calendar: Calendar, day_starts: time) -> datetime:
    """When the session of business day `day` is over, UTC: all its visitors have left the hall.

    That is the end of the business day rather than closing time, because visitors inside are still served after
    closing. Where the branch or a service is open over the change of day, it is the closing of that window.
    """
    _, ends = day_bounds(day, calendar.zone, day_starts)
    closings = [
        closes
        for service_id in {None, *(rule.service_id for rule in calendar.rules)}
        for opens, closes, _ in _around(ends, calendar, service_id)
        if opens < ends < closes
    ]
    return max(closings, default=ends)


def last_closing(instant: datetime, calendar: Calendar, day_starts: time, service_id: UUID | None = None) -> datetime:
    """The last closing, UTC, of the day whose opening window contains `instant`.

    Where no window contains it, because the hours have changed since the booking, the end of its session.
    """
    for day in days_of(instant, calendar.zone):
        found = [to_instants(day, window, calendar.zone) for window in windows(day, calendar, service_id)]
        if any(opens <= instant < closes for opens, closes in found):
            return max(closes for _, closes in found)
    return session_end(business_date(instant, calendar.zone, day_starts), calendar, day_starts)


def windows(day: date, calendar: Calendar, service_id: UUID | None = None) -> tuple[Window, ...]:
    """The open windows that begin on `day`, in order, apart from one another; empty when closed.

    With a `service_id`, the hours of that service; without, those of the branch. On the day of an outing the services
    that take part have the hours of the outing, and the branch has these in addition to its own.
    """
    if any(_closes(closure, day, service_id) for closure in calendar.closures):
        return ()
    out = [
        outing for outing in calendar.outings if outing.day == day and (service_id is None or outing.takes(service_id))
    ]
    away = [Window(start, end, end) for start, end in ((_minutes(one.opens), _minutes(one.closes)) for one in out)]
    all_away = any(outing.service_ids is None for outing in out)
    if calendar.only_goes_out or all_away or (away and service_id is not None):
        return tuple(_merged(away))
    return tuple(_merged([*away, *_at_home(day, calendar, service_id)]))


def outing_on(day: date, calendar: Calendar, service_id: UUID | None = None) -> Outing | None:
    """The outing of a service on `day`; without a service, an outing that leaves the branch itself closed."""
    for outing in calendar.outings:
        if outing.day == day and windows(day, calendar, service_id):
            if service_id is not None:
                if outing.takes(service_id):
                    return outing
            elif outing.service_ids is None or calendar.only_goes_out or not _at_home(day, calendar, None):
                return outing
    return None


def instants_of(outing: Outing, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Opening and closing of an outing, UTC."""
    return instant_at(outing.day, _minutes(outing.opens), zone), instant_at(outing.day, _minutes(outing.closes), zone)


def _at_home(day: date, calendar: Calendar, service_id: UUID | None) -> list[Window]:
    """The windows of the weekly rules and their exceptions."""
    rules = [rule for rule in calendar.rules if _in_dates(rule, day) and _for_service(rule, service_id)]
    seasons = _seasons_on(day, calendar.seasons)
    opening = _merged(_window_of(rule) for rule in _deciding(rules, seasons, day, service_id))
    breaks = [
        _window_of(rule)
        for rule in rules
        if rule.layer == Layer.BREAK and day.weekday() in rule.days and (rule.season is None or rule.season in seasons)
    ]
    return _without(opening, breaks)


def to_instants(day: date, window: Window, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Opening and closing as instants in UTC.

    A time that the clock skips becomes the moment of the skip; of a time that occurs twice the first one
    counts. So a window over the change is an hour shorter or longer.
    """
    return instant_at(day, window.start, zone), instant_at(day, window.end, zone)


def instant_at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first instant, UTC, at which the wall clock of `zone` shows `minutes` after midnight of `day`, or more."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(wall, zone)


def is_open(now: datetime, calendar: Calendar, service_id: UUID | None = None) -> bool:
    """Whether visitors are served at `now`."""
    return any(opens <= now < closes for opens, closes, _ in _around(now, calendar, service_id))


def takes_tickets(now: datetime, calendar: Calendar, service_id: UUID | None = None) -> bool:
    """Whether a ticket can be taken at `now`: a window is open, and the time of its last ticket is still to come."""
    return any(opens <= now < last for opens, _, last in _around(now, calendar, service_id))


def open_until(now: datetime, calendar: Calendar, service_id: UUID | None = None) -> datetime | None:
    """When the window that is open at `now` closes, UTC; None when closed."""
    return max(
        (closes for opens, closes, _ in _around(now, calendar, service_id) if opens <= now < closes), default=None
    )


def next_opening(
    now: datetime, calendar: Calendar, service_id: UUID | None = None, search_days: int = 60
) -> datetime | None:
    """The next instant after `now`, UTC, at which a window opens; None within the days searched."""
    today = now.astimezone(calendar.zone).date()
    for ahead in range(-1, search_days + 1):
        day = today + timedelta(days=ahead)
        for window in windows(day, calendar, service_id):
            opens, closes = to_instants(day, window, calendar.zone)
            if now < opens < closes:
                return opens
    return None


def days_of(instant: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The days whose windows can hold `instant`: its local date, and the day before, which may run over midnight."""
    day = instant.astimezone(zone).date()
    return day, day - timedelta(days=1)


def _around(
    now: datetime, calendar: Calendar, service_id: UUID | None
) -> Iterator[tuple[datetime, datetime, datetime]]:
    for day in days_of(now, calendar.zone):
        for window in windows(day, calendar, service_id):
            opens, closes = to_instants(day, window, calendar.zone)
            yield opens, closes, instant_at(day, window.last, calendar.zone)


def _deciding(
    rules: Sequence[OpeningRule], seasons: Sequence[str], day: date, service_id: UUID | None
) -> list[OpeningRule]:
    """The rules of the highest layer that applies to `day`.

    An exception applies to its own weekdays only, so that "Saturdays in March" leaves other days open. Rules of
    seasons and services apply to the whole week: a weekday that they do not name is closed.
    """
    weekday = day.weekday()
    exceptions = [rule for rule in rules if rule.layer == Layer.EXCEPTION and weekday in rule.days]
    own = [rule for rule in exceptions if rule.service_id is not None]
    if exceptions:
        return own or exceptions
    service_rules = [rule for rule in rules if rule.layer == Layer.SERVICE] if service_id is not None else []
    candidates = [
        *([rule for rule in service_rules if rule.season == season] for season in seasons),
        [rule for rule in service_rules if rule.season is None],
        *([rule for rule in rules if rule.layer == Layer.SEASON and rule.season == season] for season in seasons),
        [rule for rule in rules if rule.layer == Layer.REGULAR],
    ]
    week = next((layer for layer in candidates if layer), [])
    return [rule for rule in week if weekday in rule.days]


def _seasons_on(day: date, seasons: Iterable[Season]) -> tuple[str, ...]:
    """Slugs of the seasons that include `day`; where they overlap, the one that began last comes first."""
    current = [season for season in seasons if season.first <= day <= season.last]
    current.sort(key=lambda season: (season.first, season.slug), reverse=True)
    return tuple(season.slug for season in current)


def _closes(closure: Closure, day: date, service_id: UUID | None) -> bool:
    if not closure.first <= day <= closure.last:
        return False
    return closure.service_ids is None or service_id in closure.service_ids


def _in_dates(rule: OpeningRule, day: date) -> bool:
    return (rule.first is None or rule.first <= day) and (rule.last is None or day <= rule.last)


def _for_service(rule: OpeningRule, service_id: UUID | None) -> bool:
    return rule.service_id is None or rule.service_id == service_id


def _window_of(rule: OpeningRule) -> Window:
    start, end = _minutes(rule.opens), _minutes(rule.closes)
    if end <= start:
        end += DAY_MINUTES
    last = end
    if rule.last_ticket is not None:
        last = _minutes(rule.last_ticket)
        if last < start:
            last += DAY_MINUTES
    return Window(start, end, min(last, end))


def _merged(found: Iterable[Window]) -> list[Window]:
    """Joins windows that overlap or touch, because capacity is counted by tick instead of by rule."""
    merged: list[Window] = []
    for window in sorted(found):
        if merged and window.start <= merged[-1].end:
            before = merged.pop()
            window = Window(before.start, max(before.end, window.end), max(before.last, window.last))
        merged.append(window)
    return merged


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


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clock jumped over `wall`, found by bisection, because ZoneInfo does not expose it."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _time_of(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
