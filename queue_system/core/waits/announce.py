"""What a visitor is told of the wait: a range in steps of five minutes that holds for nine people of ten.

Its lower end is the p20 of the forecast. Its upper end is the p90, corrected by how far earlier ones were off. What was
said is remembered and compared with what happened: if fewer than nine of ten waits are within the bound that was said, the
bounds grow, and if more are they shrink (`correction`). So the promise holds also where the forecast knows something wrong, as
long as it is wrong today as it was lately; where it is not, nothing is promised, and only the place in line is told.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from uuid import UUID

from ..calling_profiles import callers_key
from ..dispatch import Waiting, is_emergency
from .correction import Quantile, corrected
from .forecast import Wait
from .hall import Hall

#: Ranges are told in steps of so many minutes.
STEP_MIN: Final = 5
#: The share of people for whom the upper end holds.
SHARE: Final = 0.9
#: With fewer visits seen, only the place in line is told.
ENOUGH_VISITS: Final = 30
#: A bound that was said grows only if it would grow by more than this.
NOTICEABLE_MIN: Final = 5.0

_MINUTE: Final = timedelta(minutes=1)
#: What one more outcome weighs in the share of broken bounds by which a drift is noticed: about the last twenty count.
_LATEST: Final = 0.05
#: The share at which ranges are no longer told, and the one at which they are told again.
_DRIFT, _CALM = 0.45, 0.25


@dataclass(frozen=True, slots=True)
class Range:
    """From so many minutes to so many, both whole steps."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Announced:
    """What somebody was told when the number was taken: the queue, the forecast's p50 and p90, and the range; in minutes."""

    queue_id: UUID
    p50: float
    p90: float
    range: Range


class Longer(StrEnum):
    """Why a wait becomes longer than was said."""

    COUNTER_CLOSED = "counter-closed"
    EMERGENCY = "emergency"
    APPOINTMENTS = "appointments"
    LONGER_VISITS = "longer-visits"


@dataclass(frozen=True, slots=True)
class Pressure:
    """What bears on somebody's wait at one moment: counters that call for the queue, and who can be called before."""

    counters: int
    emergencies: int
    appointments: int


@dataclass(slots=True)
class _Record:
    """How the bounds of a queue have held lately, and whether they are told."""

    broken: float = 1 - SHARE
    drifts: bool = False


class Announcements:
    """What is told in the queues of a branch, corrected by what happened."""

    def __init__(self) -> None:
        self._upper = Quantile(share=SHARE, value=0.0, step=0.01, own_step=0.03, pull=0.01)
        self._records: defaultdict[UUID, _Record] = defaultdict(_Record)

    def say(self, queue_id: UUID, wait: Wait) -> Announced | None:
        """The range for somebody who takes a number; None where the counters are expected to close before the call."""
        upper = self.upper(queue_id, wait)
        if not math.isfinite(upper):
            return None
        most = max(STEP_MIN, STEP_MIN * math.ceil(upper / STEP_MIN))
        least = STEP_MIN * math.floor(wait.p20 / STEP_MIN)
        return Announced(queue_id, wait.p50, wait.p90, Range(min(least, most - STEP_MIN), most))

    def upper(self, queue_id: UUID, wait: Wait) -> float:
        """The minutes within which nine people of ten are called; without an end where counters close before."""
        return corrected(wait.p90, self._upper.of(queue_id))

    def may_be_told(self, queue_id: UUID, visits: int) -> bool:
        """Whether a range may be told where so many visits are known; otherwise the place in line is."""
        return visits >= ENOUGH_VISITS and not self._records[queue_id].drifts

    def learn(self, said: Announced, minutes: float, *, came: bool) -> None:
        """Somebody was called after so many minutes and came, or was gone by then.

        Whoever was gone says something only if the bound was over: then it is broken, however long the wait would have
        been. To leave those out would make the waits that are learnt from too short. Where the forecast itself is below the
        smallest step there is nothing to correct, and nearly all of those bounds hold.
        """
        if said.p90 < STEP_MIN:
            return
        broken = minutes > said.range.most
        if not came and not broken:
            return
        self._upper.count(said.queue_id, above=broken)
        record = self._records[said.queue_id]
        record.broken += _LATEST * (broken - record.broken)
        record.drifts = record.broken > (_CALM if record.drifts else _DRIFT)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody in line is told: the `range`, which counts from `since`, and what bore on the wait then.

    `promised` is when the upper end of the first range is over. `longer` is why the wait will go beyond it; None where it
    is not told to. Instants in UTC.
    """

    range: Range
    since: datetime
    ahead: Pressure
    promised: datetime
    longer: Longer | None = None

    @classmethod
    def first(cls, told: Range, since: datetime, ahead: Pressure) -> Standing:
        """What somebody is told who had been told nothing."""
        return cls(told, since, ahead, since + told.most * _MINUTE)

    def at(self, now: datetime) -> Range:
        """What is left of the range, in whole steps."""
        most = max(STEP_MIN, STEP_MIN * math.ceil(self._left(now) / STEP_MIN))
        return Range(min(self.range.least, most - STEP_MIN), most)

    def after(self, found: Range, ahead: Pressure, now: datetime) -> Standing:
        """What is told once the forecast says `found`.

        A wait may become shorter at any time. It becomes longer only if the difference is noticeable, and then the reason
        is told: a number that goes down and up again is believed by nobody.
        """
        left = self._left(now)
        if left < found.most <= left + NOTICEABLE_MIN:
            return replace(self, range=Range(min(self.range.least, found.least), self.range.most))
        longer = why_longer(self.ahead, ahead) if found.most > left else self.longer
        beyond = now + found.most * _MINUTE > self.promised
        return Standing(found, now, ahead, self.promised, longer if beyond else None)

    def _left(self, now: datetime) -> float:
        return self.range.most - (now - self.since) / _MINUTE


def pressure_of(hall: Hall) -> dict[UUID, Pressure]:
    """What bears on the wait of everybody in line, by ticket."""
    calling = [counter for counter in hall.counters if not any(away.covers(hall.now) for away in counter.away)]
    kinds: dict[Hashable, list[Waiting]] = {}
    for one in hall.waiting:
        kinds.setdefault(callers_key(one.ticket, hall.now), []).append(one.ticket)
    able = {
        kind: frozenset(place for place, one in enumerate(calling) if one.may_call(same[0], hall.now))
        for kind, same in kinds.items()
    }

    @cache
    def ahead(counters: frozenset[int], weight: float) -> Pressure:
        heavier = [
            other
            for kind, same in kinds.items()
            if not counters.isdisjoint(able[kind])
            for other in same
            if other.weight > weight
        ]
        return Pressure(
            len(counters),
            sum(is_emergency(other.weight) for other in heavier),
            sum(other.appointment for other in heavier),
        )

    return {one.ticket_id: ahead(able[kind], one.weight) for kind, same in kinds.items() for one in same}


def why_longer(before: Pressure, now: Pressure) -> Longer:
    """The reason to tell for a wait that has become longer since `before`; that visits take longer where none is seen."""
    if now.counters < before.counters:
        return Longer.COUNTER_CLOSED
    if now.emergencies > before.emergencies:
        return Longer.EMERGENCY
    if now.appointments > before.appointments:
        return Longer.APPOINTMENTS
    return Longer.LONGER_VISITS
