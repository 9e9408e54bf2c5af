"""Opening hours: weekly rules in layers, breaks, exceptions, and outreach days."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, time
from typing import Final

from ..core.calendars import Layer
from ..settings.agenda import HoursRule, OutreachDay
from ..settings.catalogue import Season
from ..settings.faults import Fault
from ..settings.typed import Scope
from ..settings.week import overlap, rule_fault
from .catalogue import read_stretches
from .nodes import Section, Value
from .reading import Fields, read, read_field
from .values import clock_time, day, flag, listed, names, one_of, table, weekdays

_WHEN: Final = ("first", "last", "every_weeks", "anchor", "in_month")
NO_NAMES: Final[Scope] = {}
Reader = Callable[[Value], HoursRule]


def read_hours(
    value: Value,
    day_starts: time,
    week_starts: int,
    seasons: Collection[str],
    services: Collection[str],
    resources: Collection[str],
) -> tuple[HoursRule, ...]:
    """The section `hours`: regular, seasons, services, members, exceptions, breaks, in this order."""

    def weekly(
        layer: Layer, season: str | None = None, service: str | None = None, resource: str | None = None
    ) -> Reader:
        def read(entry: Value) -> HoursRule:
            with entry.section() as section:
                own = season
                if layer is Layer.SERVICE:
                    own = section.optional("season", one_of("season", seasons), None)
                days = section.required("days", weekdays)
                opens, closes, last = _opening(section)
                return HoursRule(
                    layer=layer,
                    days=days,
                    opens=opens,
                    closes=closes,
                    last_ticket=last,
                    season=own,
                    service=service,
                    resource=resource,
                    **_when(section),
                )

        return read

    def by_name(layer: Layer, entries: Value, known: Collection[str], kind: str) -> tuple[HoursRule, ...]:
        lists = table(lambda given: given, known, kind)(entries)
        return tuple(rule for slug, given in lists.items() for rule in week(given, weekly(layer, **{kind: slug})))

    def week(given: Value, read_one: Reader) -> tuple[HoursRule, ...]:
        return _apart(given, listed(_right(read_one, day_starts), unique=False)(given), week_starts)

    with value.section() as section:
        return (
            *section.required("regular", lambda given: week(given, weekly(Layer.REGULAR))),
            *section.optional("seasons", lambda given: by_name(Layer.SEASON, given, seasons, "season"), ()),
            *section.optional("services", lambda given: by_name(Layer.SERVICE, given, services, "service"), ()),
            *section.optional("members", lambda given: by_name(Layer.SERVICE, given, resources, "resource"), ()),
            *section.optional(
                "exceptions", listed(_right(_exception_with(services, resources), day_starts), unique=False), ()
            ),
            *section.optional(
                "breaks", listed(_right(_break_with(seasons, services, resources), day_starts), unique=False), ()
            ),
        )


def read_seasons(value: Value, seasons: Collection[str]) -> dict[str, tuple[Season, ...]]:
    """The section `seasons` of a branch."""
    return table(read_stretches, seasons, "season")(value)


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


def _right(read_one: Reader, day_starts: time) -> Reader:
    """A reader that refuses a rule which cannot be right in itself."""

    def read_right(entry: Value) -> HoursRule:
        rule = read_one(entry)
        if (fault := rule.mistake() or rule_fault(rule, day_starts)) is not None:
            raise entry.faulty(replace(fault, field=""))
        return rule

    return read_right


def _apart(value: Value, rules: tuple[HoursRule, ...], week_starts: int) -> tuple[HoursRule, ...]:
    """The rules of one layer; no two of them may overlap."""
    for index, entry in enumerate(value.items()):
        if (fault := overlap(rules[:index], rules[index], week_starts)) is not None:
            raise entry.faulty(replace(fault, field=""))
    return rules


def _opening(section: Section) -> tuple[time, time, time | None]:
    value = section.value
    opens, closes = section.required("open", clock_time), section.required("close", clock_time)
    last = section.optional("last_ticket", clock_time, None)
    overnight = section.optional("over_midnight", flag, False)
    if closes <= opens and not overnight:
        raise value.faulty(Fault("setting-hours-backwards", "", {"opens": opens, "closes": closes}))
    if closes > opens and overnight:
        raise value.error("does not run over midnight")
    return opens, closes, last


def _when(section: Section) -> Fields:
    """The dates of a rule, or its one `day`, and how it recurs."""
    found: Fields = {}
    if section.given("day"):
        found["first"] = found["last"] = section.required("day", day)
    for name in _WHEN:
        if name not in found:
            read_field(name, HoursRule.model_fields[name], section, NO_NAMES, found, needed=False)
    return found


def _exception_with(services: Collection[str], resources: Collection[str]) -> Reader:
    def exception(value: Value) -> HoursRule:
        with value.section() as section:
            when = _when(section)
            if "first" not in when and not when.keys() & {"every_weeks", "in_month"}:
                # Without dates it would be the weekly hours under another name.
                section.required("day", day)
            opens, closes, last_ticket = _opening(section)
            return HoursRule(
                layer=Layer.EXCEPTION,
                days=section.optional("days", weekdays, tuple(range(7))),
                opens=opens,
                closes=closes,
                last_ticket=last_ticket,
                service=section.optional("service", one_of("service", services), None),
                resource=section.optional("resource", one_of("resource", resources), None),
                opens_anyway=section.optional("opens_anyway", flag, False),
                names=section.optional("names", names, None),
                **when,
            )

    return exception


def _break_with(seasons: Collection[str], services: Collection[str], resources: Collection[str]) -> Reader:
    def pause(value: Value) -> HoursRule:
        with value.section() as section:
            begins, ends = section.required("from", clock_time), section.required("to", clock_time)
            return HoursRule(
                layer=Layer.BREAK,
                days=section.required("days", weekdays),
                opens=begins,
                closes=ends,
                season=section.optional("season", one_of("season", seasons), None),
                service=section.optional("service", one_of("service", services), None),
                resource=section.optional("resource", one_of("resource", resources), None),
                names=section.required("names", names),
                **_when(section),
            )

    return pause
