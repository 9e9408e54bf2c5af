"""The people of a day as chance may have it another time: who comes, when, and how long each visit takes."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from ..waits.durations import Durations
from .hall import MINUTE, Day, Person, Stage

#: So many visits to a service tell how long they take on such a day; of fewer, the past of the branch tells it.
ENOUGH: Final = 5
#: Whoever comes without an appointment comes up to so much earlier or later.
JITTER: Final = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Source:
    """Days that are played; how long visits usually take, by service of the branch; which share of appointments comes."""

    days: tuple[Day, ...]
    durations: Mapping[UUID, Durations]
    come: float

    def lengths(self) -> Mapping[UUID, Sequence[float]]:
        """Equally likely lengths of visits, by service."""
        return {
            one: [float(round(length * MINUTE)) for length in known.lengths] for one, known in self.durations.items()
        }


def drawn(
    day: Day, lengths: Mapping[UUID, Sequence[float]], come: float, demand: float, seed: str
) -> tuple[list[Person], list[Person]]:
    """The people of a day, and those of the same day with `demand` times as many; the same people come in both.

    Whoever came without an appointment comes up to `JITTER` earlier or later; each appointment is kept with the probability `come`.
    Further people are those of the day once more, each a number of times that is Poisson distributed.
    """
    chance = random.Random(seed)  # noqa: S311 - a simulation is repeatable and no secret
    more = random.Random(f"{seed} more")  # noqa: S311 - another stream, so that it changes nothing of the first
    again = _Again(day, lengths)
    early = [one.there - one.anchor for one in day.people if one.appointment] or [0.0]
    usual: list[Person] = []
    demanded: list[Person] = []
    for one in day.people:
        kept = not one.appointment or chance.random() < come
        usual += (found := [again.come(one, chance)] if kept else [])
        demanded += [each for each in found if demand >= 1 or more.random() < demand]
        for _ in range(_poisson(more, demand - 1)) if demand > 1 else ():
            if not one.appointment or more.random() < come:
                demanded.append(again.come(one, more))
    for one in day.absent:
        if chance.random() < come:
            there = max(0.0, one.anchor + chance.choice(early))
            found = [again.come(replace(one, there=there, since=max(there, one.anchor)), chance)]
            usual += found
            demanded += [each for each in found if demand >= 1 or more.random() < demand]
    return usual, demanded


class _Again:
    """Lets people of a day come again."""

    def __init__(self, day: Day, lengths: Mapping[UUID, Sequence[float]]) -> None:
        self._gaps = day.gaps
        # With what the clerks took to call the next one.
        self._own: defaultdict[UUID, list[float]] = defaultdict(list)
        for one in day.people:
            for stage in one.stages:
                if stage.ends and stage.called:
                    self._own[stage.service_id].append(stage.hold)
        self._lengths = lengths
        self._first = min((one.there for one in day.people), default=0.0)
        self._last = max((one.there for one in day.people), default=0.0)

    def come(self, one: Person, chance: random.Random) -> Person:
        stages = tuple(self._stage(stage, chance) for stage in one.stages)
        if one.appointment:
            return replace(one, stages=stages)
        there = one.there + math.floor(chance.uniform(-JITTER, JITTER))
        there = min(max(there, self._first), self._last)
        return replace(one, there=there, since=there, anchor=there, stages=stages)

    def _stage(self, stage: Stage, chance: random.Random) -> Stage:
        if not stage.ends:
            return stage
        own = self._own[stage.service_id]
        if len(own) >= ENOUGH:
            return replace(stage, hold=chance.choice(own))
        return replace(stage, hold=chance.choice(self._lengths[stage.service_id]) + chance.choice(self._gaps))


def _poisson(chance: random.Random, mean: float) -> int:
    """A number of a Poisson distribution with a small mean (Knuth)."""
    limit, product, found = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        found += 1
    return found
