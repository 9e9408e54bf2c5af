"""The share of a day that stays for people without an appointment, in both directions (docs/decisions/0050).

A day has so many places for a service as visits fit into its hours, one after the other, on all lanes. Of these the share
is kept, rounded up. Appointments may take the others. People without an appointment may take the kept ones and whatever
no appointment has taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .slots import EPOCH, MINUTE, ServicePlan, ticks_needed


@dataclass(frozen=True, slots=True)
class DayPlaces:
    """The places of one service on one day: all of them, and those `kept` for people without an appointment."""

    all: int
    kept: int

    def to_book(self, booked: int, numbers: int) -> int:
        """How many more appointments there can be, with so many `booked`, and so many `numbers` given already."""
        return max(0, min(self.all - self.kept - booked, self.all - booked - numbers))

    def to_take(self, booked: int, numbers: int) -> int:
        """How many more numbers there can be, with so many appointments that came or may still come."""
        return max(0, self.all - booked - numbers)


def places_of(
    plan: ServicePlan, spans: Iterable[tuple[datetime, datetime]], tick_minutes: int, share_pct: int
) -> DayPlaces:
    """The places of a day with these opening spans (UTC), of which `share_pct` of a hundred are kept."""
    length, side_by_side = ticks_needed(plan, tick_minutes), _side_by_side(plan)
    every = sum(_ticks(opens, closes, tick_minutes) // length * side_by_side for opens, closes in spans)
    return DayPlaces(every, -(-every * share_pct // 100))


def _side_by_side(plan: ServicePlan) -> int:
    """How many visits can run at one time: as many as the scarcest of what they need."""
    together = Counter(need.group for need in plan.members)
    members = (len(need.options) // together[need.group] for need in plan.members)
    return min([*(need.lanes for need in plan.resources), *members])


def _ticks(opens: datetime, closes: datetime, tick_minutes: int) -> int:
    first = -(-((opens - EPOCH) // MINUTE) // tick_minutes)
    return max(0, (closes - EPOCH) // MINUTE // tick_minutes - first)
