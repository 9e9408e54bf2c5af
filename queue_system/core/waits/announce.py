"""What a visitor is told of the wait: a range in steps of five minutes that holds for nine people of ten.

Its lower end is the p20 of the forecast. Its upper end is the p90, corrected by how far earlier ones were off. What was
said is remembered and compared with what happened: if fewer than nine of ten waits are within the bound that was said, the
bounds grow, and if more are they shrink (`correction`). So the promise holds also where the forecast knows something wrong, as
long as it is wrong today as it was lately; where it is not, nothing is promised, and only the place in line is told.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from ..dispatch import is_emergency
from .correction import Quantile, corrected
from .forecast import Wait
from .hall import Hall, InLine

#: Ranges are told in steps of so many minutes.
STEP_MIN: Final = 5
#: The share of people for whom the upper end holds.
SHARE: Final = 0.9
#: With fewer visits seen, only the place in line is told.
ENOUGH_VISITS: Final = 30
#: A bound that was said grows only if it would grow by more than this.
NOTICEABLE_MIN: Final = 5.0

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
class Said:
    """What somebody was told when the number was taken: the queue, the forecast's p90, and the range; both in minutes."""

    queue_id: UUID
    p90: float
    range: Range


class Longer(StrEnum):
    """Why a wait becomes longer than was said."""

    COUNTER_CLOSED = "counter-closed"
    EMERGENCY = "emergency"
    APPOINTMENTS = "appointments"
    LONGER_VISITS = "longer-visits"


@dataclass(frozen=True, slots=True)
class Ahead:
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

    def say(self, queue_id: UUID, wait: Wait) -> Said | None:
        """The range for somebody who takes a number; None where the counters are expected to close before the call."""
        upper = corrected(wait.p90, self._upper.of(queue_id))
        if not math.isfinite(upper):
            return None
        most = max(STEP_MIN, STEP_MIN * math.ceil(upper / STEP_MIN))
        least = STEP_MIN * math.floor(wait.p20 / STEP_MIN)
        return Said(queue_id, wait.p90, Range(min(least, most - STEP_MIN), most))

    def may_be_told(self, queue_id: UUID, visits: int) -> bool:
        """Whether a range may be told where so many visits are known; otherwise the place in line is."""
        return visits >= ENOUGH_VISITS and not self._records[queue_id].drifts

    def learn(self, said: Said, minutes: float, *, came: bool) -> None:
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


def still(said: Range, minutes: float, now: Range) -> tuple[Range, bool]:
    """What is told so many minutes after `said`, where the forecast says `now`; and whether that is longer.

    A wait may become shorter at any time. It becomes longer only if the difference is noticeable, and then the reason is
    told: a number that goes down and up again is believed by nobody.
    """
    left = said.most - minutes
    if now.most <= left or now.most > left + NOTICEABLE_MIN:
        return now, now.most > left
    most = max(STEP_MIN, STEP_MIN * math.ceil(left / STEP_MIN))
    return Range(min(now.least, most - STEP_MIN), most), False


def ahead_of(hall: Hall, one: InLine) -> Ahead:
    """What bears on the wait of somebody in line."""
    ticket = one.ticket
    calling = [
        counter
        for counter in hall.counters
        if ticket.queue_id in counter.queues
        and not any(away.since <= hall.now and (away.until is None or hall.now < away.until) for away in counter.away)
    ]
    queues = frozenset[UUID]().union(*(counter.queues for counter in calling))
    heavier = [
        other.ticket
        for other in hall.waiting
        if other.ticket.queue_id in queues and other.ticket.weight > ticket.weight
    ]
    return Ahead(
        len(calling),
        sum(is_emergency(other.weight) for other in heavier),
        sum(other.appointment for other in heavier),
    )


def why_longer(before: Ahead, now: Ahead) -> Longer:
    """The reason to tell for a wait that has become longer since `before`; that visits take longer where none is seen."""
    if now.counters < before.counters:
        return Longer.COUNTER_CLOSED
    if now.emergencies > before.emergencies:
        return Longer.EMERGENCY
    if now.appointments > before.appointments:
        return Longer.APPOINTMENTS
    return Longer.LONGER_VISITS
