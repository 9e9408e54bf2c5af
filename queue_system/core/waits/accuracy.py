"""Whether what people were told of their wait came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from .announce import Announced


@dataclass(frozen=True, slots=True)
class Outcome:
    """What somebody was told at an instant (UTC), and what became of it after so many minutes.

    The wait ended with the first call, or (not `called`) without one: its person left, or the number was taken away.
    """

    announced: Announced
    issued_at: datetime
    minutes: float
    called: bool

    @property
    def held(self) -> bool:
        """Whether the wait was no longer than the longest time that was told."""
        return self.minutes <= self.announced.range.most


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How it was for so many people: the share for whom the upper end held, and the median error of the median, in minutes."""

    people: int
    held: float
    median_error: float


def accuracy(outcomes: Sequence[Outcome]) -> Accuracy | None:
    """How true it was what people were told; None where nobody tells.

    Whoever was gone before the longest time was over says nothing. Of whoever was gone after it one knows that it did not
    hold, and not by how much, so the median error is of those who were called.
    """
    told = [one for one in outcomes if one.called or not one.held]
    errors = [abs(one.minutes - one.announced.p50) for one in told if one.called]
    if not errors:
        return None
    return Accuracy(len(told), sum(one.held for one in told) / len(told), median(errors))
