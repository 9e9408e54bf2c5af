"""How long everybody in a hall will wait: the calling rule played forward many times, each time with other lengths of visits.

Chance decides in each round how long the visits at the counters go on, how long every other visit lasts, and which of
those who may come do come. The same seed gives the same forecast, and each visit has chances of its own: whatever changes for
others, it lasts as long in each round as it did in the forecast before, so that nobody is told another wait by chance alone.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import repeat
from typing import Final, TypeVar
from uuid import UUID

from .durations import Durations
from .forward import MINUTE, Forward
from .hall import Arrival, Counter, Hall, Newcomer

T = TypeVar("T")

#: Enough for quantiles that are off by less than a minute when people wait for twenty.
ROUNDS: Final = 200
#: One for all forecasts of a hall, because another seed alone would move what people are told.
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Wait:
    """How long somebody will wait from now, in minutes: quantiles, and the mean for comparing with other forecasts.

    A quantile is infinite if in more of the rounds the counters close before the call.
    """

    p20: float
    p50: float
    p80: float
    p90: float
    mean: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """The waits of the tickets of a hall, by their ids, and of its newcomers."""

    tickets: Mapping[UUID, Wait]
    newcomers: Mapping[Newcomer, Wait]


def forecast(hall: Hall, durations: Mapping[UUID, Durations], seed: int, rounds: int = ROUNDS) -> Forecast:
    """Play the hall forward; `durations` has every service of its tickets, visits and arrivals."""
    forward = Forward(hall)
    arrivals = [_chance(seed, *of) for of in _numbered(hall.arrivals)]
    ticks = {service: _in_ticks(known.lengths) for service, known in durations.items()}
    newcomers = len({forward.place_of(newcomer) for newcomer in hall.newcomers})
    free = [
        _until_free(hall, counter, durations, rounds, _chance(seed, place, counter.visit))
        for place, counter in enumerate(hall.counters)
    ]
    lengths = [
        *(_chance(seed, one.ticket.ticket_id).choices(ticks[one.service_id], k=rounds) for one in forward.people),
        *repeat([0.0] * rounds, newcomers),
        *(own.choices(ticks[one.service_id], k=rounds) for one, own in zip(hall.arrivals, arrivals, strict=True)),
    ]
    come = [
        [own.random() < one.chance for _ in range(rounds)] for one, own in zip(hall.arrivals, arrivals, strict=True)
    ]
    played = map(forward.play, _by_round(free, rounds), _by_round(lengths, rounds), _by_round(come, rounds))
    waits = [_wait(calls) for calls in zip(*played, strict=True)]
    return Forecast(
        {one.ticket.ticket_id: wait for one, wait in zip(forward.people, waits, strict=False)},
        {newcomer: waits[forward.place_of(newcomer)] for newcomer in hall.newcomers},
    )


def _chance(seed: int, *of: object) -> random.Random:
    """What decides about one visit."""
    return random.Random(f"{seed} {of}")  # noqa: S311 - a forecast is repeatable and no secret


def _numbered(arrivals: Iterable[Arrival]) -> Iterator[tuple[Arrival, int]]:
    """Each arrival with how many of its kind come before it."""
    before: defaultdict[Arrival, int] = defaultdict(int)
    for one in arrivals:
        yield one, before[one]
        before[one] += 1


def _until_free(
    hall: Hall, counter: Counter, durations: Mapping[UUID, Durations], rounds: int, chance: random.Random
) -> list[float]:
    """For each round, when the counter is free."""
    visit = counter.visit
    if visit is None:
        return [0.0] * rounds
    elapsed = max(0.0, (hall.now - visit.called_at) / timedelta(minutes=1))
    return _in_ticks(durations[visit.service_id].draw_remaining(elapsed, rounds, chance))


def _in_ticks(minutes: Sequence[float]) -> list[float]:
    return [float(round(one * MINUTE)) for one in minutes]


def _by_round(columns: Sequence[Sequence[T]], rounds: int) -> Iterable[tuple[T, ...]]:
    """What chance decided for each place, turned into what it decided in each round."""
    return zip(*columns, strict=True) if columns else repeat((), rounds)


def _wait(calls: Sequence[float]) -> Wait:
    """The wait of somebody who is called at these instants in the rounds."""
    minutes = sorted(call / MINUTE for call in calls)

    def quantile(share: float) -> float:
        return minutes[math.ceil(share * len(minutes)) - 1]

    return Wait(quantile(0.2), quantile(0.5), quantile(0.8), quantile(0.9), sum(minutes) / len(minutes))
