"""Figures of a stretch of past days, and the tables that a reader may see of them.

A *part* is a way to divide the same visits: by queue, service, hour of arrival, weekday, day or month. Times are quantiles by
nearest rank on whole minutes (`core.digests`); the mean is of whole minutes as well. A time of fewer than `FEWEST_TIMES` people
is not shown to anybody, because it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from .digests import Tally, quantile
from .small_numbers import Sum, withheld
from .tables import FEW, Cell, Column, Row, Table, Withheld

Part = Literal["queue", "service", "hour", "weekday", "day", "month", "branch"]
Time = Literal["wait", "walk", "serve", "house"]

TIMES: Final[tuple[Time, ...]] = ("wait", "walk", "serve", "house")
FEWEST_TIMES: Final = 10
#: Of fewer people than this nothing is shown to readers of one branch, and to those of several, where no rule says otherwise.
FEWEST_WITHIN: Final = 5
FEWEST_ACROSS: Final = 10

#: What became of those who took a number, each with what it is counted from; together they are all.
VISITS: Final[Mapping[str, tuple[str, ...]]] = {
    "served": ("served",),
    "missed": ("missed",),
    "gone": ("left", "voided"),
}
#: What became of those who had an appointment; together they are those who were due.
BOOKINGS: Final[Mapping[str, tuple[str, ...]]] = {"arrived": ("arrived",), "absent": ("absent",)}

#: The part and its row ("" of all), and the count.
Place: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Grouped:
    """The tallies of a stretch, by part and row; `more` are the further parts of days (`core.day_parts`).

    `queue_of`: the queue of each service, where both are rows; `weekday_of`: the weekday of each day.
    """

    whole: Tally
    parts: Mapping[str, Mapping[str, Tally]]
    more: Mapping[str, Mapping[str, Tally]] = field(default_factory=dict)
    queue_of: Mapping[str, str] = field(default_factory=dict)
    weekday_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Times:
    """What so many people waited, walked or stayed, in minutes."""

    people: int
    p50: int
    p75: int
    p90: int
    mean: float


@dataclass(frozen=True, slots=True)
class Shown:
    """The figures of a stretch, and which of them the reader does not see: where fewer than `fewest` people are counted."""

    grouped: Grouped
    fewest: int
    hidden: frozenset[Place]

    def count(self, part: str, row: str, name: str) -> Cell:
        """A count of `VISITS` or `BOOKINGS`, or "issued" or "due"."""
        if (part, row, name) in self.hidden:
            return FEW
        return counted(self._tally(part, row), name)

    def times(self, part: str, row: str, time: Time) -> Times | None:
        """None of too few, and where not even the number of visits is shown."""
        found = times(self._tally(part, row).spreads.get(time, {}))
        unseen = (part, row, "issued") in self.hidden
        return None if unseen or found is None or found.people < max(self.fewest, FEWEST_TIMES) else found

    def share(self, part: str, row: str, name: str, of: str) -> float | Withheld | None:
        """A count as a share of another one; FEW where either is not shown, None of nobody."""
        some, all_of_them = self.count(part, row, name), self.count(part, row, of)
        if not isinstance(some, int) or not isinstance(all_of_them, int):
            return FEW
        return some / all_of_them if all_of_them else None

    def _tally(self, part: str, row: str) -> Tally:
        if part == "whole":
            return self.grouped.whole
        return self.grouped.parts[part].get(row, Tally())


def shown(grouped: Grouped, fewest: int) -> Shown:
    """Withhold what is about fewer than `fewest` people, and what would give it back (`core.small_numbers`)."""
    return Shown(grouped, fewest, withheld(dict(_counts(grouped)), list(_sums(grouped)), fewest))


def counted(tally: Tally, name: str) -> int:
    """A count of a tally: of several together for a name of `VISITS`."""
    return sum(tally.counts.get(one, 0) for one in VISITS.get(name, (name,)))


def times(spread: Mapping[int, int]) -> Times | None:
    """The quantiles and the mean of a spread; None of an empty one."""
    p50, p75, p90 = (quantile(spread, share) for share in (0.5, 0.75, 0.9))
    if p50 is None or p75 is None or p90 is None:
        return None
    people = sum(spread.values())
    return Times(people, p50, p75, p90, round(sum(at * n for at, n in spread.items()) / people, 1))


def visits_table(found: Shown, part: Part, time: Time, labels: Mapping[str, str], pages: Mapping[str, str]) -> Table:
    """The visits of a part: counts, then one of the times. `labels` names its rows in their order; `pages` leads behind them."""
    columns = (
        Column(f"figures.{part}", "text"),
        *(Column(f"figures.{name}", "whole") for name in ("issued", *VISITS)),
        *_columns_of_times(),
    )
    rows = tuple(
        Row((label, *_of_visits(found, part, row, time)), pages.get(row, ""))
        for row, label in labels.items()
        if row in found.grouped.parts[part]
    )
    total = Row(("", *_of_visits(found, "whole", "", time)))
    return Table(part, f"figures.by-{part}", columns, rows, total if len(rows) > 1 else None, found.fewest)


def times_table(found: Shown, labels: Mapping[Time, str]) -> Table:
    """What all visits together took, a row for each time."""
    rows = tuple(
        Row((label, *_of_times(found.times("whole", "", time)))) for time, label in labels.items() if time in TIMES
    )
    return Table(
        "times", "figures.times", (Column("figures.time", "text"), *_columns_of_times()), rows, fewest=found.fewest
    )


def bookings_table(found: Shown, labels: Mapping[str, str]) -> Table:
    """What became of the appointments of each service, and how long before they had been made."""
    names = ("due", *BOOKINGS, "cancelled")
    columns = (
        Column("figures.service", "text"),
        *(Column(f"figures.{name}", "whole") for name in names),
        Column("figures.no-show-share", "share"),
        Column("figures.lead", "whole"),
    )

    def cells(part: str, row: str) -> tuple[Cell, ...]:
        counts = tuple(found.count(part, row, name) for name in names)
        return (*counts, found.share(part, row, "absent", "due"), _lead(found, part, row))

    services = found.grouped.parts["service"]
    rows = tuple(
        Row((label, *cells("service", row)))
        for row, label in labels.items()
        if row in services and any(services[row].counts.get(name) for name in names)
    )
    total = Row(("", *cells("whole", ""))) if len(rows) > 1 else None
    return Table("bookings", "figures.bookings", columns, rows, total, found.fewest)


def _of_visits(found: Shown, part: str, row: str, time: Time) -> tuple[Cell, ...]:
    counts = tuple(found.count(part, row, name) for name in ("issued", *VISITS))
    return (*counts, *_of_times(found.times(part, row, time)))


def _columns_of_times() -> tuple[Column, ...]:
    return tuple(Column(f"figures.{name}", "minutes") for name in ("p50", "p75", "p90", "mean"))


def _of_times(found: Times | None) -> tuple[Cell, ...]:
    return (FEW,) * 4 if found is None else (found.p50, found.p75, found.p90, found.mean)


def _lead(found: Shown, part: str, row: str) -> Cell:
    """The median of the days from the booking to the appointment."""
    tally = found.grouped.whole if part == "whole" else found.grouped.parts["service"][row]
    spread = tally.spreads.get("lead_days", {})
    few = sum(spread.values()) < max(found.fewest, FEWEST_TIMES) or (part, row, "due") in found.hidden
    return FEW if few else quantile(spread, 0.5)


def _counts(grouped: Grouped) -> Iterator[tuple[Place, int]]:
    for part, row, tally in _rows(grouped):
        for name in ("issued", *VISITS, "due", *BOOKINGS, "cancelled"):
            yield (part, row, name), counted(tally, name)


def _sums(grouped: Grouped) -> Iterator[Sum[Place]]:
    """Which counts are sums of others: along a row, of a queue and its services, of a weekday and its days, down a part."""
    for part, row, _ in _rows(grouped):
        yield Sum((part, row, "issued"), tuple((part, row, name) for name in VISITS))
        yield Sum((part, row, "due"), tuple((part, row, name) for name in BOOKINGS))
    for name in ("issued", *VISITS, "due", *BOOKINGS, "cancelled"):
        for part, whole_part, whole_of in (
            ("service", "queue", grouped.queue_of),
            ("day", "weekday", grouped.weekday_of),
        ):
            for whole in grouped.parts.get(whole_part, {}):
                rows = [row for row in grouped.parts.get(part, {}) if whole_of.get(row) == whole]
                if rows:
                    parts = tuple((part, row, name) for row in rows)
                    yield from _true(grouped, Sum((whole_part, whole, name), parts))
        for part, tallies in grouped.parts.items():
            yield from _true(grouped, Sum(("whole", "", name), tuple((part, row, name) for row in tallies)))


def _true(grouped: Grouped, one: Sum[Place]) -> Iterator[Sum[Place]]:
    """The sum where it is one: visits that went on to another queue, or whose service is gone, belong to no such sum."""
    if _value(grouped, one.total) == sum(_value(grouped, place) for place in one.parts):
        yield one


def _value(grouped: Grouped, place: Place) -> int:
    part, row, name = place
    return counted(grouped.whole if part == "whole" else grouped.parts[part][row], name)


def _rows(grouped: Grouped) -> Iterator[tuple[str, str, Tally]]:
    yield "whole", "", grouped.whole
    for part, tallies in grouped.parts.items():
        for row, tally in tallies.items():
            yield part, row, tally
