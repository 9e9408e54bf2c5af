"""How long a visit keeps its counter, by service, from what was seen and what is configured.

What is seen of a visit are the minutes from its call until the counter is free again, whatever became of it: a visitor who
does not come keeps the counter too, for a short time. The configured minutes count as `TRUST` visits seen, so that a new
service is forecast at once and a known one by what is known of it. They are taken to be lognormal, as measured times of
service usually are (Brown et al., Statistical Analysis of a Telephone Call Center, JASA 100, 2005).
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist
from typing import Final

#: The configured minutes count as so many visits seen.
TRUST: Final = 20
#: The standard deviation of the configured minutes, as a share of their mean.
SPREAD: Final = 0.6
#: A visit longer than so many times the 95th percentile was not ended when it was over, and is left out.
FORGOTTEN: Final = 4.0
#: So many equally likely lengths stand for all that is known of a service.
LENGTHS: Final = 400
#: No visit is taken to be shorter, in minutes: a press by mistake ends one at once.
SHORTEST: Final = 1 / 60

_PRIOR_POINTS: Final = 200
_STANDARD: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Durations:
    """The minutes for which a visit to a service keeps its counter: `lengths` are equally likely, the shortest first."""

    lengths: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The expected minutes."""
        return sum(self.lengths) / len(self.lengths)

    def draw(self, rounds: int, chance: random.Random) -> list[float]:
        """The minutes of so many visits."""
        return chance.choices(self.lengths, k=rounds)

    def draw_remaining(self, elapsed: float, rounds: int, chance: random.Random) -> list[float]:
        """So many times the minutes that are left of one visit, `elapsed` minutes after its call.

        A visit that is longer already than any known one is taken as the end of a lognormal distribution, where what is left
        is exponential, and more the longer it has taken: at z standard deviations the hazard nears z / (width · elapsed).
        """
        longer = self.lengths[bisect_right(self.lengths, elapsed) :]
        if longer:
            return [length - elapsed for length in chance.choices(longer, k=rounds)]
        middle, width = _lognormal(self.mean)
        hazard = max(1.0, (math.log(elapsed) - middle) / width) / (width * elapsed)
        return [chance.expovariate(hazard) for _ in range(rounds)]


def learnt(seen: Iterable[float], configured: float) -> Durations:
    """What visits of so many minutes say of a service for which `configured` minutes, more than none, are planned.

    Visits whose end was forgotten are left out, and the longest hundredth counts as no longer than the rest.
    """
    expected = [(length, TRUST / _PRIOR_POINTS) for length in _planned(configured)]
    known = sorted([*expected, *((max(SHORTEST, length), 1.0) for length in seen)])
    longest_believed = FORGOTTEN * _quantiles(known, [0.95])[0]
    believed = [one for one in known if one[0] <= longest_believed]
    # Quantiles of the middles of equal shares; a quantile beyond the 99th percentile is that one.
    shares = [min((place + 0.5) / LENGTHS, 0.99) for place in range(LENGTHS)]
    return Durations(tuple(_quantiles(believed, shares)))


def _planned(configured: float) -> list[float]:
    """Equally likely minutes of a lognormal distribution, whose mean is as configured."""
    middle, width = _lognormal(configured)
    points = [math.exp(middle + width * _STANDARD.inv_cdf((n + 0.5) / _PRIOR_POINTS)) for n in range(_PRIOR_POINTS)]
    # The points leave out the ends of the tails, so their mean is a little too small.
    scale = configured * len(points) / sum(points)
    return [scale * point for point in points]


def _lognormal(mean: float) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of minutes with this mean and `SPREAD`."""
    variance = math.log(1 + SPREAD**2)
    return math.log(mean) - variance / 2, math.sqrt(variance)


def _quantiles(weighted: Sequence[tuple[float, float]], shares: Iterable[float]) -> list[float]:
    """For each share, the smallest value that this share of the weight does not exceed; values are in order."""
    sums = list(accumulate(weight for _, weight in weighted))
    return [weighted[min(bisect_right(sums, share * sums[-1]), len(weighted) - 1)][0] for share in shares]
