"""The calling rule played forward: who is called when, if visits last so long and these visitors come.

It calls as `core.dispatch.choose` does, ticket by ticket; a test compares them on halls made by chance. It is a form of its
own because a forecast makes tens of thousands of calls, and `choose` looks at everybody for each of them. Here

* tickets that the same counters may call are one cell, and in a cell the people of one weight stand in one line by their
  anchors. V grows with the wait, so only the first of each line can be next, and a call compares these few;
* a ticket that is reserved for a counter or a person has a cell of its own until everybody may call it;
* instants are microseconds since the beginning, as whole floats: sums and products stay below 2⁵³, so they are exact;
* a newcomer, who is only supposed, keeps no counter. Until a newcomer's own call nothing is different from a hall
  without that person, so one round tells the waits of all newcomers and changes nobody else's.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heapreplace
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from ..calling_profiles import callers_key
from ..dispatch import Waiting, in_thousandths, is_emergency
from .hall import Arrival, Hall, Newcomer

MINUTE: Final = 60_000_000.0
NEVER: Final = float("inf")

_TICK: Final = timedelta(microseconds=1)
#: The counters that may call a ticket, by their places in the hall.
_Cell: TypeAlias = frozenset[int]
#: Somebody in a line: anchor, weight, the wait beyond which the top weight counts, what to take off V then, and the place:
#: first come people who wait, by their anchors, then newcomers, then arrivals.
_Person: TypeAlias = tuple[float, float, float, float, int]
_NOBODY: Final[_Person] = (NEVER, 1.0, NEVER, 0.0, -1)
_NO_TICKET: Final = UUID(int=0)


class _Line(NamedTuple):
    """The people of a cell who have one weight."""

    cell: _Cell
    weight: float


@dataclass(slots=True)
class _Aside:
    """Somebody who was passed over, and how many others are still called first."""

    person: _Person
    line: _Line
    others: int
    queue_id: UUID


class _Release(NamedTuple):
    """When somebody who is reserved may be called by all others: out of `before`, into `after`."""

    at: float
    person: _Person
    before: _Line
    after: _Line


@dataclass(slots=True)
class _Reach:
    """Whom counters may call that have the same queues and cells: lines with their first people at the end, and `_NOBODY`
    at the start.
    """

    queues: Collection[UUID]
    cells: Collection[_Cell]
    ordinary: list[list[_Person]] = field(default_factory=list)
    urgent: list[list[_Person]] = field(default_factory=list)


class Forward:
    """A hall made ready to be played forward many times.

    `people` are those who wait, in the order of places: by their anchors.
    """

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._top = float(in_thousandths(hall.rules.top_weight))
        self._cells: dict[Hashable, _Cell] = {}
        self._away = [
            sorted((self._ticks(away.since), self._ticks(away.until)) for away in counter.away)
            for counter in hall.counters
        ]
        self._leaves = [min((since for since, _ in away), default=NEVER) for away in self._away]
        # By place: from when somebody is there, and from when the rule calls them while others wait.
        self._there: list[float] = []
        self._ready: list[float] = []
        self._lines: dict[_Line, list[_Person]] = defaultdict(list)
        self._aside: list[_Aside] = []
        self._releases: list[_Release] = []
        self._place_of_newcomer: dict[tuple[_Line, datetime | None], int] = {}
        self.people = sorted(hall.waiting, key=lambda one: (one.ticket.anchor_at, one.ticket.ticket_id))
        self._place_people()
        self._place_newcomers()
        self._counted = len(self._there)
        self._place_arrivals()
        self._lines = {line: sorted(people) for line, people in self._lines.items() if line.cell}
        self._releases.sort()
        placed = [person for people in self._lines.values() for person in people]
        placed += [one.person for one in self._aside if one.line.cell]
        placed += [one.person for one in self._releases if not one.before.cell]
        self._to_call = sum(person[-1] < self._counted for person in placed)
        self._shared = self._share()

    def place_of(self, newcomer: Newcomer) -> int:
        """Where in the answer of `play` a newcomer of the hall is.

        Those share a place whom the same counters call, in one weight and for the same booked time.
        """
        return self._place_of_newcomer[self._line(_ticket_of(newcomer, self._hall.now)), newcomer.booked_at]

    def play(self, free: Sequence[float], lengths: Sequence[float], come: Sequence[bool]) -> list[float]:
        """When everybody is called: `people`, then newcomers; NEVER for whom the counters leave uncalled.

        `free` says when each counter is, `lengths` how long each person's visit lasts (people, newcomers, for whom it
        is of no account, arrivals), `come` which of the arrivals come. All times are whole microseconds from now.
        """
        lines = {line: self._stack(people, come) for line, people in self._lines.items()}
        reaches = self._reaches(lines)
        aside = [replace(one) for one in self._aside]
        calls = [NEVER] * self._counted
        to_call, waiting = self._to_call, len(self.people)
        ends = [(at, counter) for counter, at in enumerate(free)]
        heapify(ends)
        released, release_at = 0, self._releases[0].at if self._releases else NEVER
        while to_call and ends:
            at, counter = ends[0]
            while at >= release_at:
                self._release(self._releases[released], calls, lines, aside)
                released += 1
                release_at = self._releases[released].at if released < len(self._releases) else NEVER
            reach = reaches[counter]
            if at >= self._leaves[counter] and (back := self._back(counter, at)) > at:
                _put_off(ends, back)
                continue
            place = self._take_next(reach, at)
            if place < 0 and aside:
                place = _take_aside(aside, reach)
            if place < 0:
                freed = (one.at for one in self._releases[released:] if one.after.cell in reach.cells)
                _put_off(ends, min(self._next_arrival(reach, at), next(freed, NEVER)))
                continue
            if place < self._counted:
                calls[place] = at
                to_call -= 1
                if place >= waiting:
                    continue
            heapreplace(ends, (at + lengths[place], counter))
            if aside:
                _one_less(aside, reach, lines)
        return calls

    def _take_next(self, reach: _Reach, at: float) -> int:
        """Take whoever is called at this instant out of the line; the place, or -1 where nobody may be called."""
        if reach.urgent:
            place = self._take_first(reach.urgent, at, lambda one: (-one[1] * max(0.0, at - one[0]), one[0], one[-1]))
            if place >= 0:
                return place
        top, highest, place = self._top, 0.0, -1
        chosen: list[_Person] | None = None
        for line in reach.ordinary:
            anchor, weight, guard, taken_off, first = line[-1]
            waited = at - anchor
            value = weight * waited if waited <= guard else top * waited - taken_off
            if value > highest or (value == highest and chosen and (anchor, first) < (chosen[-1][0], place)):
                highest, chosen, place = value, line, first
        if chosen is not None:
            chosen.pop()
            return place
        # Nobody has waited since the anchor: whoever may be called, or else came too early, by anchors.
        return self._take_first(reach.ordinary, at, lambda one: (self._ready[one[-1]] > at, one[0], one[-1]))

    def _take_first(
        self, lines: Iterable[list[_Person]], at: float, rank: Callable[[_Person], tuple[float, float, int]]
    ) -> int:
        """Take the smallest by `rank` of those who are there; those of a line who may be called stand in that order."""
        found = []
        for line in lines:
            for where in range(len(line) - 1, 0, -1):
                place = line[where][-1]
                if self._there[place] <= at:
                    found.append((rank(line[where]), line, where))
                    if self._ready[place] <= at:
                        break
        if not found:
            return -1
        _, line, where = min(found, key=itemgetter(0))
        return line.pop(where)[-1]

    def _next_arrival(self, reach: _Reach, at: float) -> float:
        """When the next person comes whom these counters may call."""
        there = (self._there[one[-1]] for line in (*reach.ordinary, *reach.urgent) for one in line[1:])
        return min((instant for instant in there if instant > at), default=NEVER)

    def _back(self, counter: int, at: float) -> float:
        """When a counter that is free at this instant calls again."""
        for since, until in self._away[counter]:
            if since <= at < until:
                at = until
        return at

    def _stack(self, people: Sequence[_Person], come: Sequence[bool]) -> list[_Person]:
        """The line with its first person at the end, without those who do not come."""
        counted = self._counted
        return [_NOBODY, *(one for one in reversed(people) if one[-1] < counted or come[one[-1] - counted])]

    def _release(
        self, one: _Release, calls: Sequence[float], lines: dict[_Line, list[_Person]], aside: Iterable[_Aside]
    ) -> None:
        """Let everybody call somebody who was reserved, and who has not been called."""
        if calls[one.person[-1]] < NEVER:
            return
        for passed in aside:
            if passed.person is one.person:
                passed.line = one.after
                return
        if one.before.cell:
            lines[one.before].remove(one.person)
        _stand(lines[one.after], one.person)

    def _share(self) -> list[tuple[frozenset[UUID], tuple[_Line, ...]]]:
        """For each counter its queues and the lines that it may call from."""
        return [
            (counter.queues, tuple(line for line in self._lines if place in line.cell))
            for place, counter in enumerate(self._hall.counters)
        ]

    def _reaches(self, lines: dict[_Line, list[_Person]]) -> list[_Reach]:
        """For each counter the lines that it may call from; counters with the same queues and lines share them."""
        shared = {
            (queues, mine): _Reach(
                queues,
                {line.cell for line in mine},
                [lines[line] for line in mine if not is_emergency(line.weight)],
                [lines[line] for line in mine if is_emergency(line.weight)],
            )
            for queues, mine in set(self._shared)
        }
        return [shared[one] for one in self._shared]

    def _place_people(self) -> None:
        for one in self.people:
            ticket = one.ticket
            line = self._line(ticket)
            person = self._placed(line, ticket.anchor_at, by_time=ticket.appointment)
            if ticket.aside:
                self._aside.append(_Aside(person, line, ticket.aside, ticket.queue_id))
            # Also where the line is empty, because people who were passed over come back to it.
            self._lines[line].extend([] if ticket.aside else [person])
            after = line if ticket.reserved_until is None else self._line(replace(ticket, reserved_until=None))
            if after != line:
                self._lines[after].extend(())
                self._releases.append(_Release(self._ticks(ticket.reserved_until), person, line, after))

    def _place_newcomers(self) -> None:
        for newcomer in self._hall.newcomers:
            line = self._line(_ticket_of(newcomer, self._hall.now))
            booked_at = newcomer.booked_at
            if (line, booked_at) not in self._place_of_newcomer:
                self._place_of_newcomer[line, booked_at] = len(self._there)
                person = self._placed(line, booked_at or self._hall.now, by_time=booked_at is not None)
                self._lines[line].append(person)

    def _place_arrivals(self) -> None:
        early = self._hall.rules.call_early
        for arrival in self._hall.arrivals:
            line = self._line(_ticket_of(arrival, arrival.at))
            there = self._ticks(arrival.at - early if arrival.appointment else arrival.at)
            self._lines[line].append(self._placed(line, arrival.at, there, by_time=arrival.appointment))

    def _line(self, ticket: Waiting) -> _Line:
        kind = callers_key(ticket, self._hall.now)
        if kind not in self._cells:
            self._cells[kind] = frozenset(
                place for place, counter in enumerate(self._hall.counters) if counter.may_call(ticket, self._hall.now)
            )
        return _Line(self._cells[kind], ticket.weight)

    def _placed(self, line: _Line, anchor_at: datetime, there: float = -NEVER, *, by_time: bool = False) -> _Person:
        """Somebody of this line, with the next place; `by_time`: who is not called long before the booked time."""
        rules, urgent = self._hall.rules, is_emergency(line.weight)
        anchor, weight, place = self._ticks(anchor_at), float(in_thousandths(line.weight)), len(self._there)
        self._there.append(there)
        self._ready.append(anchor - rules.call_early / _TICK if by_time and not urgent else there)
        if rules.guard is None or urgent or weight >= self._top:
            return anchor, weight, NEVER, 0.0, place
        guard = rules.guard / _TICK
        return anchor, weight, guard, (self._top - weight) * guard, place

    def _ticks(self, at: datetime | None) -> float:
        return NEVER if at is None else float((at - self._hall.now) // _TICK)


def _ticket_of(one: Newcomer | Arrival, at: datetime) -> Waiting:
    """Somebody who has no ticket yet, as counters may call them."""
    return Waiting(_NO_TICKET, one.queue_id, "", one.weight, at, skills=one.skills, language=one.language)


def _stand(line: list[_Person], person: _Person) -> None:
    """Put somebody back into a line, by the anchor."""
    insort(line, person, lo=1, key=lambda one: (-one[0], -one[-1]))


def _put_off(ends: list[tuple[float, int]], until: float) -> None:
    """The counter that is free first calls again at this instant, or not any more."""
    if until < NEVER:
        heapreplace(ends, (until, ends[0][1]))
    else:
        heappop(ends)


def _take_aside(aside: list[_Aside], reach: _Reach) -> int:
    """Take whoever was passed over and has the earliest anchor, because nobody else is there; the place, or -1."""
    mine = [one for one in aside if one.line.cell in reach.cells]
    if not mine:
        return -1
    # Places of people who wait are in the order of anchors.
    first = min(mine, key=lambda one: one.person[-1])
    aside.remove(first)
    return first.person[-1]


def _one_less(aside: list[_Aside], reach: _Reach, lines: dict[_Line, list[_Person]]) -> None:
    """Somebody was called before those who were passed over; whoever has let enough people pass is in line again."""
    for one in [one for one in aside if one.queue_id in reach.queues]:
        one.others -= 1
        if one.others == 0:
            aside.remove(one)
            if one.line.cell:
                _stand(lines[one.line], one.person)
