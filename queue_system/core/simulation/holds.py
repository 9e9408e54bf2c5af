"""How a visit kept counters, one after the other, from its facts; and what counters that were free tell.

A clerk who does not call at once although somebody waits makes everybody wait longer. Up to `BREAK` such a time is added to the
visit before it; longer ones are breaks that nobody has entered, in which the counter calls nobody. A free counter that does not call
somebody who missed a call tells that nobody is there yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from ..digests import Happening, Visit, state_after
from ..facts import tickets
from ..tickets import AT_COUNTER, TicketState
from .hall import MINUTE, ticks

BREAK: Final = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Place:
    """A counter: its number and its queues."""

    number: int
    queues: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class InLine:
    """From when somebody is in line, behind how many other calls, and whether the waiting counts anew."""

    at: datetime
    others_first: int = 0
    afresh: bool = False


@dataclass(slots=True)
class Hold:
    """A time in which a visit kept a counter, and since when its person had been in line for it."""

    counter: str
    queue: str
    service: str
    in_line: InLine
    begun: datetime
    until: datetime | None = None
    ends: bool = False
    missed: bool = False
    #: How long somebody who missed a call was not there, as far as free counters show that called nobody.
    away: timedelta = timedelta()
    #: What the clerk took to call the next one, who waited already.
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class _Free:
    """A time in which a counter of these queues was free and called nobody, until somebody came, who was called next."""

    queues: frozenset[UUID]
    since: datetime
    until: datetime
    following: Hold | None = None


def holds_of(visit: Visit) -> Iterator[Hold]:
    """Follow a visit from counter to counter."""
    found: list[Hold] = []
    at_counter, in_line = False, InLine(visit.issued_at)
    queue, service = visit.queue, visit.service
    for fact in visit.facts:
        after = state_after(fact)
        if fact.kind == tickets.TicketIssued.kind:
            queue, service = str(fact.data.get("queue", queue)), str(fact.data.get("service", service))
        elif fact.kind == tickets.TicketTransferred.kind:
            queue, service = str(fact.data["to_queue"]), str(fact.data["to_service"])
        if after is None:
            continue
        taken_back = fact.kind == tickets.TicketTakenBack.kind
        if after in AT_COUNTER and not at_counter:
            if taken_back and found:
                found[-1].until, found[-1].ends, found[-1].missed = None, False, False
            else:
                counter = str(fact.data.get("counter") or "")
                found.append(Hold(counter, queue, service, in_line, fact.at))
        elif after not in AT_COUNTER and at_counter and found:
            if taken_back:
                found.pop()
            else:
                found[-1].until, found[-1].ends = fact.at, after is TicketState.SERVED
                found[-1].missed = after is TicketState.NO_SHOW
                in_line = _again(fact)
        elif after is TicketState.WAITING and found:
            in_line = _again(fact)
        at_counter = after in AT_COUNTER
    for hold in found:
        hold.until = hold.until or max(hold.begun, visit.facts[-1].at)
    if found and found[-1].ends:
        # A visit may have begun with one service and ended with another.
        found[-1].service = visit.service or found[-1].service
    yield from found


def gaps_of(
    holds: Sequence[Hold], counters: Mapping[str, Place]
) -> tuple[list[float], Mapping[str, list[tuple[datetime, datetime]]]]:
    """How long free counters took to call somebody who waited already, which is written to the holds; and breaks, by counter."""
    gaps: list[float] = []
    breaks: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for counter, mine in _by_counter(holds, counters).items():
        for hold, following in pairwise(mine):
            free = hold.until or hold.begun
            gap = ticks(following.begun - free)
            if following.in_line.at > free or gap < 0:
                continue
            if gap > BREAK:
                breaks[counter].append((free, following.begun))
            else:
                hold.gap = gap
                gaps.append(gap)
    return gaps, breaks


def note_absences(
    visits: Iterable[Sequence[Hold]],
    counters: Mapping[str, Place],
    closes: Mapping[str, datetime],
    queues: Mapping[str, UUID],
) -> None:
    """Write to the hold after each missed call how long nobody was there. `closes` is the end of each counter, by its id."""
    visits = list(visits)
    free = list(_free_times([hold for found in visits for hold in found], counters, closes))
    for found in visits:
        for hold in found[1:]:
            since, queue = hold.in_line.at, queues.get(hold.queue)
            if not hold.in_line.others_first or queue is None:
                continue
            ends = [
                hold.begun if one.following is hold else min(one.until, hold.begun)
                for one in free
                if queue in one.queues and one.since < hold.begun and (one.until > since or one.following is hold)
            ]
            hold.away = max(ends, default=since) - since


def _free_times(
    holds: Iterable[Hold], counters: Mapping[str, Place], closes: Mapping[str, datetime]
) -> Iterator[_Free]:
    for counter, mine in _by_counter(holds, counters).items():
        queues = counters[counter].queues
        for hold, following in pairwise(mine):
            free = hold.until or hold.begun
            if following.in_line.at > free:
                yield _Free(queues, free, following.in_line.at, following)
        last = mine[-1].until or mine[-1].begun
        if counter in closes and closes[counter] > last:
            yield _Free(queues, last, closes[counter])


def _by_counter(holds: Iterable[Hold], counters: Mapping[str, Place]) -> Mapping[str, list[Hold]]:
    found: defaultdict[str, list[Hold]] = defaultdict(list)
    for hold in sorted(holds, key=lambda one: one.begun):
        if hold.counter in counters:
            found[hold.counter].append(hold)
    return found


def _again(fact: Happening) -> InLine:
    """Where somebody stands in line again after a fact."""
    others = int(fact.data.get("others_first") or 0)
    # Whoever comes back after all keeps the old place behind others, or has none.
    return InLine(fact.at, others, afresh=fact.kind == tickets.TicketReturned.kind and not others)
