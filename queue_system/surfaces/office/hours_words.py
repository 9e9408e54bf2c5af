"""Opening hours in words: the lines of each layer, and the six weeks that follow from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from ...core.calendars import Layer, Window
from ...core.decisions import Decision, decided_by, may_change
from ...core.hours import windows
from ...core.recurrence import in_dates, recurs
from ...i18n import dates, isolates
from ...i18n.numerals import to_digits
from ...i18n.words import Words
from ...settings.agenda import HoursRule
from ...settings.branch import Branch
from ...store.queries.settings import BranchSettings
from ...web.setting_words import Things, weekday

STRIP_DAYS: Final = 42
_WEEK: Final = 7
# Of a rule that does not hold every week, so many of the next days are shown; they are looked for a year ahead.
_NEXT: Final = 3
_SEARCHED_DAYS: Final = 370


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in words; `place` is its number in the branch's hours, `next_days` are the next days of a rare one."""

    place: int
    days: str
    hours: str
    last_ticket: str
    recurs: str
    dates: str
    concerns: tuple[str, ...]
    next_days: tuple[str, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class StripDay:
    """A day of the result: its hours in words, empty when closed, and what decides it.

    `names_month`: it is the first of its month that is shown.
    """

    day: date
    names_month: bool
    hours: tuple[str, ...]
    decided: Decision
    season: str
    may_change: bool


def lines_by_layer(branch: Branch, things: Things, today: date, words: Words) -> dict[Layer, list[Line]]:
    """The lines of each layer that has some, in the order of the layers."""
    found: dict[Layer, list[Line]] = {}
    for layer in Layer:
        for place, rule in enumerate(branch.hours):
            if rule.layer is layer:
                found.setdefault(layer, []).append(line_of(place, rule, branch.week_starts, things, today, words))
    return found


def there_otherwise(branch: Branch, things: Things) -> list[str]:
    """The members who have hours for some days only, and so are there on others whenever a service needs them."""
    own = [rule for rule in branch.hours if rule.resource is not None and rule.layer is not Layer.BREAK]
    weekly = {rule.resource for rule in own if rule.layer is Layer.SERVICE and rule.season is None}
    named = dict.fromkeys(rule.resource for rule in own if rule.resource is not None and rule.resource not in weekly)
    return [things["resource"].get(slug, slug) for slug in named]


def strip(branch: BranchSettings, things: Things, first: date, words: Words) -> list[StripDay]:
    """The six weeks from `first` on, as `core.hours` has them."""
    return [strip_day(branch, things, day, words, day == first) for day in shown_days(first)]


def shown_days(first: date) -> list[date]:
    """The days of the six weeks."""
    return [first + timedelta(days=ahead) for ahead in range(STRIP_DAYS)]


def strip_day(branch: BranchSettings, things: Things, day: date, words: Words, names_month: bool = False) -> StripDay:
    """One day of the branch."""
    decided = decided_by(day, branch.calendar)
    return StripDay(
        day=day,
        names_month=names_month or day.day == 1,
        hours=tuple(window_words(window, words) for window in windows(day, branch.calendar)),
        decided=decided,
        season=things["season"].get(decided.season, decided.season) if decided.season else "",
        may_change=may_change(day, branch.calendar),
    )


def column_of(day: date, week_starts: int) -> int:
    """The place of a day in its week, from 1."""
    return (day.weekday() - week_starts) % _WEEK + 1


def window_words(window: Window, words: Words) -> str:
    """A window in wall time."""
    return hours_words(window.opens, window.closes, words)


def hours_words(opens: time, closes: time, words: Words) -> str:
    """From one wall time to another."""
    return words.text("common.time-range", start=clock(opens, words), end=clock(closes, words))


def part_words(closes: time | None, opens: time | None, words: Words) -> str:
    """The part of each day that a closure takes, from `closes` and until `opens`; "" for whole days."""
    if closes and opens:
        return hours_words(closes, opens, words)
    if closes:
        return words.text("hours.closed-from", time=clock(closes, words))
    return words.text("hours.closed-until", time=clock(opens, words)) if opens else ""


def clock(wall: time, words: Words) -> str:
    """A wall time as one left-to-right run."""
    return isolates.ltr(to_digits(f"{wall:%H:%M}", words.digits))


def weekdays_words(days: Collection[int], week_starts: int, words: Words) -> str:
    """Weekdays in words, three or more in a row as "from … to"; a row may run over the end of the week."""
    if len(set(days)) == _WEEK:
        return words.text("hours.every-day")
    comma = words.text("desk.list-comma") + " "
    return comma.join(_stretch_words(stretch, words) for stretch in _stretches(days, week_starts))


def dates_words(first: date | None, last: date | None, words: Words) -> str:
    """The days between which something holds; "" for all days."""
    if first is not None and first == last:
        return dates.day(first, words)
    if first is not None and last is not None:
        return words.text("hours.from-until", first=dates.day(first, words), last=dates.day(last, words))
    if first is not None:
        return words.text("hours.from", first=dates.day(first, words))
    return words.text("hours.until", last=dates.day(last, words)) if last is not None else ""


def next_days(rule: HoursRule, week_starts: int, today: date) -> Iterator[date]:
    """The days from `today` on, within a year, on which a rule holds."""
    for ahead in range(_SEARCHED_DAYS):
        day = today + timedelta(days=ahead)
        if day.weekday() in rule.days and in_dates(rule, day) and recurs(rule, day, week_starts):
            yield day


def line_of(place: int, rule: HoursRule, week_starts: int, things: Things, today: date, words: Words) -> Line:
    """A rule in words."""
    rare = rule.every_weeks > 1 or rule.in_month is not None
    coming = [day for _, day in zip(range(_NEXT), next_days(rule, week_starts, today), strict=False)] if rare else []
    return Line(
        place=place,
        days="" if _is_one_day(rule) else weekdays_words(rule.days, week_starts, words),
        hours=hours_words(rule.opens, rule.closes, words),
        last_ticket=clock(rule.last_ticket, words) if rule.last_ticket else "",
        recurs=_recurs_words(rule, words),
        dates=dates_words(rule.first, rule.last, words),
        concerns=tuple(concerns(rule, things, words)),
        next_days=tuple(dates.day(day, words) for day in coming),
        over=rule.last is not None and rule.last < today,
    )


def concerns(rule: HoursRule, things: Things, words: Words) -> Iterator[str]:
    """For whom or when else a line holds, and why."""
    if rule.season is not None:
        yield things["season"].get(rule.season, rule.season)
    if rule.service is not None:
        yield things["service"].get(rule.service, rule.service)
    if rule.resource is not None:
        yield things["resource"].get(rule.resource, rule.resource)
    if rule.opens_anyway:
        yield words.text("hours.opens-anyway")
    if rule.names:
        yield rule.names.get(words.language) or next(iter(rule.names.values()))


def _is_one_day(rule: HoursRule) -> bool:
    return rule.first is not None and rule.first == rule.last


def _recurs_words(rule: HoursRule, words: Words) -> str:
    if rule.in_month is not None:
        return words.text(f"state.in-month.{rule.in_month}")
    return words.plural("hours.every-weeks", rule.every_weeks) if rule.every_weeks > 1 else ""


def _stretches(days: Collection[int], week_starts: int) -> list[list[int]]:
    """Weekdays in a row, in the order of the week; those over the end of the week belong together."""
    found: list[list[int]] = []
    for day in sorted(set(days), key=lambda one: (one - week_starts) % _WEEK):
        if found and (found[-1][-1] + 1) % _WEEK == day:
            found[-1].append(day)
        else:
            found.append([day])
    if len(found) > 1 and (found[-1][-1] + 1) % _WEEK == found[0][0]:
        found[0] = found.pop() + found[0]
    return found


def _stretch_words(stretch: Sequence[int], words: Words) -> str:
    named = [weekday(day, words) for day in stretch]
    if len(named) > 2:
        return words.text("hours.days-range", first=named[0], last=named[-1])
    return (words.text("desk.list-comma") + " ").join(named)
