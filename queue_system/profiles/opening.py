"""Opening hours: weekly rules in layers, breaks, exceptions, and outreach days."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, time

from ..core.hours import Layer
from ..settings.agenda import HoursRule, OutreachDay
from ..settings.catalogue import Dates
from .nodes import Section, Value
from .reading import Scope, read, read_fields
from .values import clock_time, flag, listed, names, one_of, table, weekdays

Reader = Callable[[Value], HoursRule]


def read_hours(
    value: Value, day_starts: time, seasons: Collection[str], services: Collection[str]
) -> tuple[HoursRule, ...]:
    """The section `hours`: regular, seasons, services, exceptions, breaks, in this order."""

    def weekly(layer: Layer, season: str | None = None, service: str | None = None) -> Reader:
        def read(entry: Value) -> HoursRule:
            with entry.section() as section:
                own = season
                if layer is Layer.SERVICE:
                    own = section.optional("season", one_of("season", seasons), None)
                days = section.required("days", weekdays)
                opens, closes, last = _opening(section, day_starts)
                return HoursRule(
                    layer=layer, days=days, opens=opens, closes=closes, last_ticket=last, season=own, service=service
                )

        return read

    def by_name(layer: Layer, entries: Value, known: Collection[str], kind: str) -> tuple[HoursRule, ...]:
        lists = table(lambda given: given, known, kind)(entries)
        return tuple(
            rule
            for slug, given in lists.items()
            for rule in _week(
                given, weekly(layer, **({"season": slug} if layer is Layer.SEASON else {"service": slug}))
            )
        )

    with value.section() as section:
        return (
            *section.required("regular", lambda given: _week(given, weekly(Layer.REGULAR))),
            *section.optional("seasons", lambda given: by_name(Layer.SEASON, given, seasons, "season"), ()),
            *section.optional("services", lambda given: by_name(Layer.SERVICE, given, services, "service"), ()),
            *section.optional("exceptions", listed(_exception_with(day_starts, services), unique=False), ()),
            *section.optional("breaks", listed(_break_with(seasons), unique=False), ()),
        )


def read_outreach_days(value: Value, scope: Scope) -> tuple[OutreachDay, ...]:
    """The section `outreach_days`: at most one place on each day, in any order."""
    known: dict[date, int] = {}

    def outreach_day(entry: Value) -> OutreachDay:
        found = read(OutreachDay, entry, scope)
        if found.day in known:
            raise entry.error(f"{found.day} is here twice (first in line {known[found.day]}): one place a day")
        known[found.day] = entry.at[0]
        return found

    return tuple(sorted(listed(outreach_day, unique=False)(value), key=lambda found: found.day))


def _week(value: Value, read: Reader) -> tuple[HoursRule, ...]:
    """The rules of one layer; no two of them may overlap."""
    entries = value.items()
    rules = listed(read, unique=False)(value)
    for index, rule in enumerate(rules):
        for earlier in rules[:index]:
            if earlier.season == rule.season and _overlap(earlier, rule):
                raise entries[index].error(f"overlaps the hours from {earlier.opens:%H:%M} on the same days")
    return rules


def _opening(section: Section, day_starts: time) -> tuple[time, time, time | None]:
    value = section.value
    opens, closes = section.required("open", clock_time), section.required("close", clock_time)
    last = section.optional("last_ticket", clock_time, None)
    overnight = section.optional("over_midnight", flag, False)
    if closes <= opens and not overnight:
        raise value.error(
            f"closes at {closes:%H:%M}, before it opens at {opens:%H:%M}"
            " (over_midnight: yes, if it closes the next morning)"
        )
    if closes > opens and overnight:
        raise value.error("does not run over midnight")
    if last is not None and not any(start <= last <= end for start, end in _stretches(opens, closes)):
        raise value.error(f"the last ticket at {last:%H:%M} is outside the opening hours")
    if any(start < day_starts < end for start, end in _stretches(opens, closes)):
        raise value.error(f"is open at {day_starts:%H:%M}, when the business day begins (day_starts)")
    return opens, closes, last


def _exception_with(day_starts: time, services: Collection[str]) -> Reader:
    def exception(value: Value) -> HoursRule:
        with value.section() as section:
            dates = Dates(**read_fields(Dates, section, {}))
            if (reason := dates.mistake()) is not None:
                raise value.error(reason)
            opens, closes, last_ticket = _opening(section, day_starts)
            return HoursRule(
                layer=Layer.EXCEPTION,
                days=section.optional("days", weekdays, tuple(range(7))),
                opens=opens,
                closes=closes,
                last_ticket=last_ticket,
                service=section.optional("service", one_of("service", services), None),
                first=dates.first,
                last=dates.last,
                names=section.optional("names", names, None),
            )

    return exception


def _break_with(seasons: Collection[str]) -> Reader:
    def pause(value: Value) -> HoursRule:
        with value.section() as section:
            begins, ends = section.required("from", clock_time), section.required("to", clock_time)
            if ends <= begins:
                raise value.error(f"ends at {ends:%H:%M}, before it begins at {begins:%H:%M}")
            return HoursRule(
                layer=Layer.BREAK,
                days=section.required("days", weekdays),
                opens=begins,
                closes=ends,
                season=section.optional("season", one_of("season", seasons), None),
                names=section.required("names", names),
            )

    return pause


def _overlap(one: HoursRule, other: HoursRule) -> bool:
    if not set(one.days) & set(other.days):
        return False
    return any(
        start < other_end and other_start < end
        for start, end in _stretches(one.opens, one.closes)
        for other_start, other_end in _stretches(other.opens, other.closes)
    )


def _stretches(opens: time, closes: time) -> Iterable[tuple[time, time]]:
    return [(opens, closes)] if opens < closes else [(opens, time.max), (time.min, closes)]
