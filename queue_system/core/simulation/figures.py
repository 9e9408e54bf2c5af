"""The figures of days that were played many times: the waits by hour and of the whole day, each with its range over the runs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from .hall import MINUTE, NEVER, Day, Person
from .play import Played

#: A wait of more minutes than this is long.
LONG_MIN: Final = 45
#: The range of a figure leaves out so much of the runs at each end.
TAIL: Final = 0.1


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the runs: the median, and the range in which it was in eight of ten."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Raises ValueError of none."""
        found = sorted(values)
        if not found:
            raise ValueError("no values")
        return cls(quantile(found, TAIL), quantile(found, 0.5), quantile(found, 1 - TAIL))


@dataclass(frozen=True, slots=True)
class HourFigures:
    """Those who come in a local hour: how many on average, and the minutes within which half and nine of ten are called."""

    people: float
    p50: Spread
    p90: Spread


@dataclass(frozen=True, slots=True)
class WholeFigures:
    """A day: `people` came; `uncalled` had no counter, `at_closing` still waited at its planned end, `left` gave up.

    `long` is the share of waits of more than `LONG_MIN` minutes, `overtime` the minutes from the planned end to the last visit's.
    """

    people: Spread
    p50: Spread
    p90: Spread
    longest: Spread
    long: Spread
    uncalled: Spread
    at_closing: Spread
    left: Spread
    overtime: Spread


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """What all runs of a case say; `whole` is None where nobody was called."""

    hours: Mapping[int, HourFigures]
    whole: WholeFigures | None


@dataclass(slots=True)
class Runs:
    """Gathers the runs of a case; only people of `queues` count, None for all."""

    queues: Collection[UUID] | None = None
    count: int = 0
    _hours: defaultdict[int, list[tuple[int, float, float]]] = field(default_factory=lambda: defaultdict(list))
    _whole: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, day: Day, people: Sequence[Person], played: Played) -> None:
        """A run of a day."""
        self.count += 1
        by_hour: defaultdict[int, list[float]] = defaultdict(list)
        seen = uncalled = at_closing = left = 0
        for one, wait, called_at in zip(people, played.waits, played.first_calls, strict=True):
            if self.queues is not None and one.stages[0].queue_id not in self.queues:
                continue
            seen += 1
            if wait < NEVER:
                by_hour[day.hour_of(one.there)].append(wait / MINUTE)
                at_closing += one.there <= day.closes < called_at
            elif one.patience < NEVER:
                left += 1
            else:
                uncalled += 1
        overtime = max(0.0, (played.ended - day.closes) / MINUTE)
        self._take(by_hour, (seen, uncalled, at_closing, left, overtime))

    def add_recorded(self, day: Day) -> None:
        """A day as it was recorded, of which only the waits count."""
        self.count += 1
        by_hour: defaultdict[int, list[float]] = defaultdict(list)
        for one in day.waited:
            if self.queues is None or one.queue_id in self.queues:
                by_hour[one.hour].append(one.minutes)
        self._take(by_hour, (sum(map(len, by_hour.values())), 0, 0, 0, 0.0))

    def figures(self) -> CaseFigures:
        """What the runs so far say."""
        hours = {
            hour: HourFigures(
                sum(people for people, _, _ in found) / self.count,
                Spread.of(p50 for _, p50, _ in found),
                Spread.of(p90 for _, _, p90 in found),
            )
            for hour, found in self._hours.items()
        }
        columns = [Spread.of(column) for column in zip(*self._whole, strict=True)]
        return CaseFigures(hours, WholeFigures(*columns) if columns else None)

    def _take(self, by_hour: Mapping[int, list[float]], others: tuple[float, ...]) -> None:
        for hour, waits in by_hour.items():
            waits.sort()
            self._hours[hour].append((len(waits), quantile(waits, 0.5), quantile(waits, 0.9)))
        waits = sorted(wait for found in by_hour.values() for wait in found)
        if not waits:
            return
        seen, *rest = others
        long = sum(wait > LONG_MIN for wait in waits) / len(waits)
        self._whole.append((seen, quantile(waits, 0.5), quantile(waits, 0.9), waits[-1], long, *rest))


def quantile(ordered: Sequence[float], share: float) -> float:
    """By nearest rank, of values in order."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
