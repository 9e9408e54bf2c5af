"""How fast a line moves while somebody waits in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Slower than this no line is taken to move, in people a minute: four hours for one of them.
SLOWEST: Final = 1 / 240


@dataclass(slots=True)
class Pace:
    """How many people a line has called in how many minutes in which somebody waited.

    Minutes in which nobody waited say nothing about how fast a line can move, so they are left out. Calls are taken as
    a Poisson process whose rate has a Gamma distribution, so that what was known before counts as `trust` minutes seen
    (conjugate prior; Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6).
    """

    called: float = 0.0
    minutes: float = 0.0

    def add(self, called: float, minutes: float) -> None:
        """Count so many people called in so many minutes."""
        self.called += called
        self.minutes += minutes

    def fade(self, share: float) -> None:
        """Let all that was counted so far weigh this share of what it weighs."""
        self.called *= share
        self.minutes *= share

    def rate(self, before: float, trust: float) -> float:
        """People a minute; `before` is the rate expected without this, worth `trust` minutes of what is counted here."""
        return max(SLOWEST, (self.called + trust * before) / (self.minutes + trust))
