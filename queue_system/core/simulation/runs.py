"""Days played many times, as they were and changed, with the same people and the same lengths of visits in both."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from .chance import Source, drawn
from .figures import CaseFigures, Runs
from .hall import Day, Desk, Person
from .play import Played, play
from .variants import Variant, chosen, desks_of, is_never_open, people_of, rules_of


@dataclass(frozen=True, slots=True)
class Fit:
    """Whole minutes within which half and nine of ten were called: as played without a change, and as recorded."""

    half: int
    half_recorded: int
    most: int
    most_recorded: int

    @property
    def half_off(self) -> int:
        """How far the minutes of half of the people are from the recorded ones."""
        return abs(self.half - self.half_recorded)

    @property
    def most_off(self) -> int:
        """How far those of nine of ten are."""
        return abs(self.most - self.most_recorded)


@dataclass(frozen=True, slots=True)
class Compared:
    """So many days, played in so many runs: as recorded, as it was according to the runs, and changed.

    `counters` are the numbers of those that were open on any of the days, `first_hour` is the local hour with which they begin.
    `chosen` is the one that was added, closed, or open at other times, None if the counters are as they were; on `lacking` of the
    days it was closed. With `never_open` the asked times leave it open on none of them.
    """

    days: int
    runs: int
    counters: frozenset[int]
    first_hour: int
    chosen: int | None
    lacking: int
    never_open: bool
    recorded: CaseFigures
    before: CaseFigures
    after: CaseFigures

    def fit(self) -> Fit | None:
        """How well the runs fit what was recorded; None where either has no waits."""
        recorded, before = self.recorded.whole, self.before.whole
        if recorded is None or before is None:
            return None
        waits = (before.p50, recorded.p50, before.p90, recorded.p90)
        return Fit(*(round(one.middle) for one in waits))

    def in_order(self, hours: Iterable[int]) -> list[int]:
        """Hours as a day has them; those after midnight are its last ones where it goes on until then."""
        return sorted(hours, key=lambda hour: (hour - self.first_hour) % 24)


class Comparison:
    """A comparison that grows run by run, and can be looked at after each. The same seed gives the same runs."""

    def __init__(self, source: Source, variant: Variant, seed: int, queues: Collection[UUID] | None = None) -> None:
        self._source, self._variant, self._seed = source, variant, seed
        self._lengths, self._returns = source.lengths(), source.returns()
        self._model = chosen(source.days, variant, queues)
        self._recorded, self._before, self._after = Runs(queues), Runs(queues), Runs(queues)
        for day in source.days:
            self._recorded.add_recorded(day)

    @property
    def never_open(self) -> bool:
        """Whether the asked times leave the counter that is added or changed open on none of the days."""
        return is_never_open(self._source.days, self._variant, self._model)

    def run(self, runs: int) -> Iterator[int]:
        """Play so many runs more; yields how many there are after each."""
        for _ in range(runs):
            number = self._before.count
            seed = f"{self._seed} {number}"
            # Each day in turn, so that all of them count alike.
            day = self._source.days[number % len(self._source.days)]
            usual, demanded = drawn(day, self._lengths, self._returns, self._source.come, self._variant.demand, seed)
            before = play(usual, day.desks, day.rules)
            changed, played = play_changed(day, demanded, self._variant, seed, self._model)
            # Both at the end, because an interrupted run counts for neither.
            self._before.add(day, usual, before)
            self._after.add(day, changed, played)
            yield number + 1

    def compared(self) -> Compared:
        """What the runs so far say."""
        days, number = self._source.days, self._model.number
        changes = self._variant.changes_counters
        return Compared(
            len(days),
            self._before.count,
            frozenset(desk.number for day in days for desk in day.desks),
            days[0].turn.hour,
            number if changes else None,
            sum(all(desk.number != number for desk in day.desks) for day in days) if changes else 0,
            self.never_open,
            self._recorded.figures(),
            self._before.figures(),
            self._after.figures(),
        )


def play_changed(
    day: Day, people: Sequence[Person], variant: Variant, seed: str, model: Desk
) -> tuple[list[Person], Played]:
    """A day with these people, changed, by the counter that is chosen for all days; with the people as they are then."""
    split = random.Random(f"{seed} split")  # noqa: S311 - a simulation is repeatable and no secret
    changed = people_of(people, day, variant, split)
    return changed, play(changed, desks_of(day, variant, model), rules_of(day, variant))


def runs_within(days: Sequence[Day], visits: int, most: int, least: int) -> int:
    """How many runs play about so many visits altogether, between the bounds; each run plays a day twice."""
    people = sum(len(day.people) for day in days) / len(days)
    return min(most, max(least, int(visits / max(1.0, 2 * people))))
