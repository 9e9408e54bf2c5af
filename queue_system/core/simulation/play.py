"""A day played: who is called when, by the calling rule of `core.dispatch`; a test compares every call with `choose`.

`core.waits.forward` plays those who wait now; here people come all day, some are sent on to other queues, some give up, and
counters open and close. A counter calls by the rule whenever it is free. After its closing time it goes on only for queues
that no counter serves much longer, until nobody waits there; so nobody stays uncalled whose queue has a counter at all, and
the figures say how long after the planned end of the day that took.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias
from uuid import UUID

from ..dispatch import EMERGENCY_WEIGHT, CallingRules, in_thousandths
from .hall import MINUTE, NEVER, Desk, Person, ticks

#: A counter that closes not longer than this before the last one of a queue stays with it until its line is empty.
LAST: Final = 15 * MINUTE

# Whoever is in line again stands there when the counter calls, because the same press does both.
_ARRIVES, _AGAIN, _FREE, _WAKES = range(4)
#: Somebody in a line: anchor, person, stage.
_InLine: TypeAlias = tuple[float, int, int]
_Event: TypeAlias = tuple[float, int, int, int]


@dataclass(slots=True)
class _Aside:
    """Somebody in line who missed a call: so many others are called first."""

    who: _InLine
    others_first: int


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it, by person: the wait, NEVER for whoever was not called, and the first call.

    `ended` is when the last visit was over.
    """

    waits: Sequence[float]
    first_calls: Sequence[float]
    left: int
    ended: float


def play(people: Sequence[Person], desks: Sequence[Desk], rules: CallingRules) -> Played:
    """Play a day to its end."""
    return _Play(people, desks, rules).run()


class _Play:
    def __init__(self, people: Sequence[Person], desks: Sequence[Desk], rules: CallingRules) -> None:
        self._people, self._desks = people, desks
        self._last = _last_queues(desks)
        self._top = float(in_thousandths(rules.top_weight))
        self._urgent = float(in_thousandths(EMERGENCY_WEIGHT))
        self._guard = NEVER if rules.guard is None else ticks(rules.guard)
        self._early = ticks(rules.call_early)
        # By queue and weight a heap; V grows with the wait, so only the first of each can be next.
        self._lines: defaultdict[UUID, dict[float, list[_InLine]]] = defaultdict(dict)
        self._aside: defaultdict[UUID, list[_Aside]] = defaultdict(list)
        self._anchors = [one.anchor for one in people]
        self._weights = [float(in_thousandths(one.weight)) for one in people]
        self._since = [one.since for one in people]
        self._idle: list[int] = []
        self._busy = [False] * len(desks)
        self._waits = [NEVER] * len(people)
        self._first_calls = [NEVER] * len(people)
        self._left = 0
        self._ended = 0.0
        self._events: list[_Event] = [(one.there, _ARRIVES, place, 0) for place, one in enumerate(people)]
        for place, desk in enumerate(desks):
            wakes = [desk.opens, *(until for _, until in desk.away if until > desk.opens)]
            self._events += [(at, _WAKES, place, 0) for at in wakes]
        heapify(self._events)

    def run(self) -> Played:
        while self._events:
            at, kind, place, stage = heappop(self._events)
            if kind in (_ARRIVES, _AGAIN):
                self._arrive(place, stage, at)
            elif kind == _FREE or not self._busy[place]:
                self._busy[place] = False
                self._call(place, at)
        return Played(self._waits, self._first_calls, self._left, self._ended)

    def _arrive(self, person: int, stage: int, at: float) -> None:
        one = self._people[person].stages[stage]
        queue = one.queue_id
        if stage:
            self._since[person] = at - one.away
        if one.afresh:
            self._anchors[person] = at
        who = (self._anchors[person], person, stage)
        if one.others_first:
            self._aside[queue].append(_Aside(who, one.others_first))
        else:
            self._join(queue, who)
        for desk in self._idle:
            if queue in self._reach(desk, at):
                self._call(desk, at)
                return

    def _call(self, desk: int, at: float) -> None:
        """Call whoever is next by the rule, if anybody is there."""
        if desk in self._idle:
            self._idle.remove(desk)
        queues = self._reach(desk, at)
        while (found := self._take(queues, at)) is not None:
            _, person, stage = found
            one = self._people[person]
            if one.there + one.patience < at and not stage:
                self._left += 1
                continue
            waited = max(0.0, at - self._since[person])
            if stage:
                self._waits[person] += waited
            else:
                self._waits[person], self._first_calls[person] = waited, at
            ends = at + one.stages[stage].hold
            self._busy[desk], self._ended = True, max(self._ended, ends)
            self._let_pass(desk)
            heappush(self._events, (ends, _FREE, desk, 0))
            if stage + 1 < len(one.stages):
                again = one.stages[stage + 1]
                heappush(self._events, (ends + again.after + again.away, _AGAIN, person, stage + 1))
            return
        self._idle.append(desk)

    def _join(self, queue: UUID, who: _InLine) -> None:
        heappush(self._lines[queue].setdefault(self._weights[who[1]], []), who)

    def _take(self, queues: Collection[UUID], at: float) -> _InLine | None:
        """Whoever is called at this instant, out of the line; those who missed a call where only these are left."""
        line = self._next(queues, at)
        if line is not None:
            return heappop(line)
        aside = [(one.who, queue) for queue in queues for one in self._aside[queue]]
        if not aside:
            return None
        who, queue = min(aside)
        self._aside[queue] = [one for one in self._aside[queue] if one.who is not who]
        return who

    def _let_pass(self, desk: int) -> None:
        """After a call of a counter those in its queues who missed one wait for one other less."""
        for queue in self._desks[desk].queues:
            for one in self._aside[queue]:
                one.others_first -= 1
                if not one.others_first:
                    self._join(queue, one.who)
            self._aside[queue] = [one for one in self._aside[queue] if one.others_first]

    def _next(self, queues: Collection[UUID], at: float) -> list[_InLine] | None:
        """The line whose first person is called at this instant; None where nobody stands in one."""
        best: tuple[int, float, float, int] | None = None
        chosen: list[_InLine] | None = None
        for queue in queues:
            for weight, line in self._lines[queue].items():
                if not line:
                    continue
                anchor, person, _ = line[0]
                waited = at - anchor
                if weight >= self._urgent:
                    rank = (0, -weight * max(0.0, waited), anchor, person)
                elif self._people[person].appointment and waited < -self._early:
                    rank = (2, 0.0, anchor, person)
                else:
                    value = weight * waited if waited > 0 else 0.0
                    if waited > self._guard and weight < self._top:
                        value += (self._top - weight) * (waited - self._guard)
                    rank = (1, -value, anchor, person)
                if best is None or rank < best:
                    best, chosen = rank, line
        return chosen

    def _reach(self, place: int, at: float) -> Collection[UUID]:
        """The queues from which a counter calls at an instant."""
        desk = self._desks[place]
        if at < desk.opens or any(since <= at < until for since, until in desk.away):
            return ()
        return desk.queues if at < desk.closes else self._last[place]


def _last_queues(desks: Sequence[Desk]) -> list[frozenset[UUID]]:
    """For each counter the queues with which it stays after its closing time."""
    ends: defaultdict[UUID, float] = defaultdict(float)
    for desk in desks:
        for queue in desk.queues:
            ends[queue] = max(ends[queue], desk.closes)
    return [frozenset(queue for queue in desk.queues if desk.closes >= ends[queue] - LAST) for desk in desks]
