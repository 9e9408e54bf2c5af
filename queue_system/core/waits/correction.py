"""Forecasts corrected by their own errors, so that a bound announced for 90 of 100 people holds for 90 of 100.

The error of a forecast is the logarithm of the true wait over the forecast, so that a correction is a factor. A
`Quantile` follows one quantile of these errors: after an error above it, it moves up by step · share, after one below it
down by step · (1 − share). Whatever the errors are, if they stay within a range of width b, then after T of them the share
below the announced bound differs from `share` by at most (b + step) / (step · T): Angelopoulos, Candès and Tibshirani,
Conformal PID Control for Time Series Prediction, NeurIPS 2023, after Gibbs and Candès, NeurIPS 2021.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

#: Added to both waits before they are compared, in minutes: two waits of nearly nothing are alike.
OFFSET_MIN: Final = 2.0


@dataclass(slots=True)
class Quantile:
    """A quantile of the errors of many lines: one value for all, and how each line differs from it.

    `step` moves the common value and `own_step` that of a line; `pull` is the share by which a line's own difference
    shrinks with each of its errors, so that a line that was strange once is not taken as strange for ever.
    """

    share: float
    value: float
    step: float
    own_step: float
    pull: float
    _own: defaultdict[Hashable, float] = field(default_factory=lambda: defaultdict(float))

    def of(self, line: Hashable) -> float:
        """The quantile of the errors of a line, as far as it is known."""
        return self.value + self._own[line]

    def learn(self, line: Hashable, error: float) -> None:
        """Move by one error of a line."""
        self.count(line, above=error > self.of(line))

    def count(self, line: Hashable, *, above: bool) -> None:
        """Move by one outcome of a line, of which is known only whether it was above what was announced."""
        towards = self.share if above else self.share - 1
        self.value += self.step * towards
        self._own[line] += self.own_step * towards - self.pull * self._own[line]


def error_of(wait: float, forecast: float) -> float:
    """How far a forecast was off, as a logarithm; both in minutes."""
    return math.log((wait + OFFSET_MIN) / (forecast + OFFSET_MIN))


def corrected(forecast: float, error: float) -> float:
    """The wait, in minutes and not below zero, from which this forecast would be off by this error."""
    return max(0.0, (forecast + OFFSET_MIN) * math.exp(error) - OFFSET_MIN)
