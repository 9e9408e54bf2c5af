"""The people of a day as chance may have it another time: who comes, when, and how long each visit takes."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
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

    def returns(self) -> Returns:
        """What became of those who missed a call on any of the days."""
        away: list[float] = []
        back: list[Stage | None] = []
        for one in (one for day in self.days for one in day.people):
            for stage, following in zip_longest(one.stages, one.stages[1:]):
                if stage.missed:
                    back.append(following)
                elif following is not None and following.others_first:
                    away.append(following.away)
        return Returns(tuple(away), tuple(back))


@dataclass(frozen=True, slots=True)
class Returns:
    """Equally likely ways in which people go on who missed a call.

    `away` is how long those who kept their place were not there. `back` is how others stood in line again, None for never.
    """

    away: Sequence[float] = ()
    back: Sequence[Stage | None] = ()


def drawn(
    day: Day, lengths: Mapping[UUID, Sequence[float]], returns: Returns, come: float, demand: float, seed: str
) -> tuple[list[Person], list[Person]]:
    """The people of a day, and those of the same day with `demand` times as many; the same people come in both.

    Whoever came without an appointment comes up to `JITTER` earlier or later; each appointment is kept with the probability `come`.
    Whoever missed a call is there again after so long, or never, as somebody else who missed one. Further people are those of the
    day once more, each a number of times that is Poisson distributed.
    """
    chance = random.Random(seed)  # noqa: S311 - a simulation is repeatable and no secret
    more = random.Random(f"{seed} more")  # noqa: S311 - another stream, so that it changes nothing of the first
    again = _Again(day, lengths, returns)
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

    def __init__(self, day: Day, lengths: Mapping[UUID, Sequence[float]], returns: Returns) -> None:
        self._returns = returns
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
        stages = tuple(self._stages(one.stages, chance))
        if one.appointment:
            return replace(one, stages=stages)
        there = one.there + math.floor(chance.uniform(-JITTER, JITTER))
        there = min(max(there, self._first), self._last)
        return replace(one, there=there, since=there, anchor=there, stages=stages)

    def _stages(self, stages: Sequence[Stage], chance: random.Random) -> Iterator[Stage]:
        back: Stage | None = None
        for stage, following in zip_longest(stages, stages[1:]):
            found = self._stage(stage, chance)
            if back is not None:
                found = replace(found, after=back.after, others_first=back.others_first, afresh=back.afresh, away=0.0)
            elif found.others_first and self._returns.away:
                found = replace(found, away=chance.choice(self._returns.away))
            yield found
            back = chance.choice(self._returns.back) if stage.missed and self._returns.back else None
            if stage.missed and back is None:
                return
            if back is not None and following is None:
                # Somebody who did not come back that day has the visit of another one.
                yield self._stage(
                    replace(back, queue_id=stage.queue_id, service_id=stage.service_id, ends=True), chance
                )

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
