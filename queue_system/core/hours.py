"""When a branch or a service is open, from its calendar.

Rules are in local wall time, facts are instants in UTC. Only `instant_at` converts between them, so it
alone handles daylight saving. A window that runs over midnight belongs to the day on which it opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from .calendars import DAY_MINUTES, Calendar, Closure, Layer, Outing, Window, minutes_of
from .layers import at_home, breaks_on, closed_out, has_own_hours, merged


def business_date(now: datetime, zone: ZoneInfo, day_starts: time) -> date:
    """The business day that `now` belongs to: it begins at `day_starts` local time instead of midnight.

    It never goes back while time passes, even when the clocks are set back over `day_starts`.
    """
    day = now.astimezone(zone).date()
    return day if now >= instant_at(day, minutes_of(day_starts), zone) else day - timedelta(days=1)


def day_bounds(day: date, zone: ZoneInfo, day_starts: time) -> tuple[datetime, datetime]:
    """The instants, UTC, between which `business_date` gives `day`: first included, second not."""
    minutes = minutes_of(day_starts)
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


def turn_of_day(day: date, calendar: Calendar, day_starts: time) -> time:
    """The time of the clock from which times belong to `day` itself; earlier ones are those of the next morning.

    Midnight where nothing is open until then. Else the start of the business day or, where something is open longer than that, the
    middle of the time in which nothing is open.
    """
    services = {None, *(rule.service_id for rule in calendar.rules)}
    found = [window for service_id in services for window in windows(day, calendar, service_id)]
    over = max((window.end for window in found), default=0) - DAY_MINUTES
    if over < 0:
        return time()
    if over <= minutes_of(day_starts):
        return day_starts
    first = min(window.start for window in found)
    return (datetime.combine(day, time()) + timedelta(minutes=max(over, (over + first) // 2))).time()


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
    if is_over(day, calendar, service_id):
        return ()
    closures = closures_on(day, calendar, service_id)
    if any(closure.whole_day for closure in closures) and not any(rule.opens_anyway for rule in calendar.rules):
        return ()
    away = closed_out(_away(day, calendar, service_id), closures)
    if goes_out(day, calendar, service_id):
        return tuple(merged(away))
    return tuple(merged([*away, *at_home(day, calendar, service_id, closures)]))


def working_hours(day: date, calendar: Calendar, member_id: UUID) -> tuple[Window, ...]:
    """When a member works on `day`: its own hours, or, where it has none then, all day; without its breaks and closures.

    All day, because it is needed only when a service is open, and on the way there before that. A line of its own says
    something about its own days: an exception for those that it names, hours of a season while that lasts.
    """
    if any(rule.service_id == member_id and rule.layer is not Layer.BREAK for rule in calendar.rules) and has_own_hours(
        day, calendar, member_id
    ):
        return windows(day, calendar, member_id)
    if is_over(day, calendar, member_id):
        return ()
    away = [one for one in calendar.closures if one.service_ids is not None and one.concerns(day, member_id)]
    pauses = [one for one in breaks_on(day, calendar, member_id) if one.service_id == member_id]
    away += [Closure(day, day, closes=one.opens, opens=one.closes) for one in pauses]
    return tuple(closed_out([Window(0, DAY_MINUTES, DAY_MINUTES)], away))


def opening_day(instant: datetime, calendar: Calendar, service_id: UUID | None = None) -> date:
    """The day whose window contains `instant`, which may be the day before over midnight; its own day where none does."""
    days = days_of(instant, calendar.zone)
    for day in days:
        for window in windows(day, calendar, service_id):
            opens, closes = to_instants(day, window, calendar.zone)
            if opens <= instant < closes:
                return day
    return days[0]


def closures_on(day: date, calendar: Calendar, service_id: UUID | None) -> list[Closure]:
    """The closures of a service, or of the branch, on the whole of `day` or a part of it."""
    return [closure for closure in calendar.closures if closure.concerns(day, service_id)]


def is_over(day: date, calendar: Calendar, service_id: UUID | None) -> bool:
    """Whether a service was retired before `day`."""
    return service_id is not None and (last := calendar.ends.get(service_id)) is not None and last < day


def goes_out(day: date, calendar: Calendar, service_id: UUID | None) -> bool:
    """Whether an outing takes the place of the weekly rules on `day`, for a service or the whole branch."""
    out = _outings(day, calendar, service_id)
    return calendar.only_goes_out or any(outing.service_ids is None or service_id is not None for outing in out)


def outing_on(day: date, calendar: Calendar, service_id: UUID | None = None) -> Outing | None:
    """The outing of a service on `day`; without a service, an outing that leaves the branch itself closed."""
    for outing in calendar.outings:
        if outing.day == day and windows(day, calendar, service_id):
            if service_id is not None:
                if outing.takes(service_id):
                    return outing
            elif outing.service_ids is None or calendar.only_goes_out or not _home_is_open(day, calendar):
                return outing
    return None


def instants_of(outing: Outing, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Opening and closing of an outing, UTC."""
    return instant_at(outing.day, minutes_of(outing.opens), zone), instant_at(
        outing.day, minutes_of(outing.closes), zone
    )


def _outings(day: date, calendar: Calendar, service_id: UUID | None) -> list[Outing]:
    return [
        outing for outing in calendar.outings if outing.day == day and (service_id is None or outing.takes(service_id))
    ]


def _away(day: date, calendar: Calendar, service_id: UUID | None) -> list[Window]:
    doors = [(minutes_of(out.opens), minutes_of(out.closes)) for out in _outings(day, calendar, service_id)]
    return [Window(start, end, end) for start, end in doors]


def _home_is_open(day: date, calendar: Calendar) -> bool:
    return bool(at_home(day, calendar, None, closures_on(day, calendar, None)))


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
