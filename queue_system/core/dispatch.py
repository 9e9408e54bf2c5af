"""Who is called next, and why: the published calling rule.

Accumulating priority (Kleinrock 1964; Stanford, Taylor and Ziedins, Queueing Systems 77, 2014) with two
slopes. A ticket of weight b whose waiting counts from its anchor a has at time t waited w = t − a, and

    V(w) = b·w                                for w ≤ guard
    V(w) = b·w + (b_top − b)·(w − guard)      beyond, for ordinary tickets

where b_top is the largest ordinary weight. The largest V is called; of equal ones the smaller anchor, then
the smaller id. Weights from 6 up are emergencies: they stand before all others from the moment they come,
among themselves by V (docs/decisions/0013).

The promise that follows, and that can be printed on the wall: nobody whose anchor lies more than
guard·(1 − b/b_top) after yours is called before you, except emergencies. With a guard of 60 minutes and
weights 1 and 4 that is 45 minutes for a walk-in. It holds among tickets that may be called by the same
counters. To keep it for anchors in the future, V is 0 before the anchor; a negative V would put an early
appointment of a heavy class behind a later one of a light class.

V is computed in whole numbers (thousandths of a weight times microseconds), so that replaying a recorded
day gives the same order on any machine.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from .tickets import APPOINTMENT

EMERGENCY_WEIGHT: Final = 6.0
_TICK: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)
_NOW: Final = timedelta(0)
_EMERGENCY, _ORDINARY, _EARLY, _ASIDE = range(4)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that waits: `weight` is b of its priority class, and its waiting counts from `anchor_at` (UTC).

    `appointment` is true for tickets of a booking, also of a late one, whose anchor is the check-in. `aside` is how
    many others are called first, because the visitor was called and was not here.

    Until `reserved_until` only the counter `reserved_counter`, or the person `reserved_staff` at any counter, calls it
    (`calling_profiles.is_for_others`). `skills` are those that the clerk needs, `language` is the visitor's.
    """

    ticket_id: UUID
    queue_id: UUID
    priority: str
    weight: float
    anchor_at: datetime
    appointment: bool = False
    aside: int = 0
    reserved_counter: UUID | None = None
    reserved_staff: UUID | None = None
    reserved_until: datetime | None = None
    skills: frozenset[str] = frozenset()
    language: str = ""


@dataclass(frozen=True, slots=True)
class CallingRules:
    """Rules of a branch: how early an appointment may be called, the guard (None: no guard), and b_top."""

    call_early: timedelta
    guard: timedelta | None
    top_weight: float

    @classmethod
    def of(cls, weights: Iterable[float], call_early_min: int, guard_min: int | None) -> CallingRules:
        """The rules of a branch with priority classes of these weights; times in minutes."""
        ordinary = [weight for weight in weights if not is_emergency(weight)]
        return cls(
            call_early=timedelta(minutes=call_early_min),
            guard=None if guard_min is None else timedelta(minutes=guard_min),
            top_weight=max(ordinary, default=1.0),
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a ticket is called before the others: the sentence `audit.reason.<code>` with these values.

    Where `values` has an `n` (whole minutes), the sentence is a counted one. `priority` is the slug of a class.
    """

    code: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """A ticket and why it is its turn."""

    ticket_id: UUID
    reason: Reason


def choose(
    waiting: Sequence[Waiting], counter_queues: Collection[UUID], rules: CallingRules, now: datetime
) -> Choice | None:
    """The ticket that a counter serving `counter_queues` calls at `now`; None when nobody waits there."""
    candidates = [ticket for ticket in waiting if ticket.queue_id in counter_queues]
    if not candidates:
        return None
    first = min(candidates, key=lambda ticket: _rank(ticket, rules, now))
    unguarded = min(candidates, key=lambda ticket: _plain_rank(ticket, rules, now))
    return Choice(first.ticket_id, _reason(first, unguarded, min(candidates, key=_anchor_rank), rules, now))


def order(
    waiting: Sequence[Waiting], counter_queues: Collection[UUID], rules: CallingRules, now: datetime
) -> list[Choice]:
    """All tickets in the order in which this counter would call them if it called all of them at `now`.

    Each reason is computed as if the tickets before it had been called already, so the first equals `choose`.
    """
    candidates = in_order((ticket for ticket in waiting if ticket.queue_id in counter_queues), rules, now)
    # Tickets that were passed over: (place, ticket, number of calls after which it competes with the others again).
    aside = [(place, replace(ticket, aside=0), ticket.aside) for place, ticket in enumerate(candidates) if ticket.aside]
    line: list[Choice] = []
    unguarded: Waiting | None = None
    oldest: Waiting | None = None
    for place in reversed(range(len(candidates))):
        ticket = candidates[place]
        if not ticket.aside:
            unguarded = min(ticket, unguarded or ticket, key=lambda other: _plain_rank(other, rules, now))
            oldest = min(ticket, oldest or ticket, key=_anchor_rank)
        back = [other for where, other, until in aside if where >= place >= until]
        first = replace(ticket, aside=max(0, ticket.aside - place)) if ticket.aside else ticket
        rivals = [first, *back]
        line.append(
            Choice(
                ticket.ticket_id,
                _reason(
                    first,
                    min(
                        [*rivals, *([unguarded] if unguarded else [])], key=lambda other: _plain_rank(other, rules, now)
                    ),
                    min([*rivals, *([oldest] if oldest else [])], key=_anchor_rank),
                    rules,
                    now,
                ),
            )
        )
    line.reverse()
    return line


def in_order(waiting: Iterable[Waiting], rules: CallingRules, now: datetime) -> list[Waiting]:
    """The tickets of one line as `order` would put them, without its reasons."""
    return let_pass(by_right(waiting, rules, now))


def by_right(waiting: Iterable[Waiting], rules: CallingRules, now: datetime) -> list[Waiting]:
    """The tickets in the order of V, as if none had been passed over. The order does not depend on the counter."""
    return sorted(
        waiting, key=lambda ticket: _rank(ticket if not ticket.aside else replace(ticket, aside=0), rules, now)
    )


def let_pass(line: Sequence[Waiting]) -> list[Waiting]:
    """The order of calls for one line, from the order of `by_right`: a ticket with `aside` waits for so many calls.

    After these it has its place again. Where only such tickets are left, they are called in the order of anchors.
    """
    back = [place for place, ticket in enumerate(line) if not ticket.aside]
    if len(back) == len(line):
        return list(line)
    aside = deque(sorted((ticket.aside, place) for place, ticket in enumerate(line) if ticket.aside))
    found: list[Waiting] = []
    while back or aside:
        while aside and aside[0][0] <= len(found):
            heapq.heappush(back, aside.popleft()[1])
        if back:
            found.append(line[heapq.heappop(back)])
        else:
            earliest = min(aside, key=lambda one: _anchor_rank(line[one[1]]))
            aside.remove(earliest)
            found.append(line[earliest[1]])
    return found


def is_callable(ticket: Waiting, rules: CallingRules, now: datetime) -> bool:
    """Whether a ticket may be called while others wait: an appointment from `call_early` before its time on.

    An emergency may always be called, a ticket that was passed over may not.
    """
    if ticket.aside:
        return False
    return not ticket.appointment or is_emergency(ticket.weight) or ticket.anchor_at - rules.call_early <= now


def is_emergency(weight: float) -> bool:
    """Whether tickets of this weight stand before all others."""
    return weight >= EMERGENCY_WEIGHT


def in_thousandths(weight: float) -> int:
    """The weight as V is computed with it."""
    return round(weight * 1000)


def priority_at(waited: timedelta, weight: float, rules: CallingRules) -> int:
    """V of the module's formula, in thousandths of a weight times microseconds; 0 before the anchor."""
    value = _plain(waited, weight)
    if not is_emergency(weight) and rules.guard is not None and waited > rules.guard:
        value += max(0, in_thousandths(rules.top_weight) - in_thousandths(weight)) * ((waited - rules.guard) // _TICK)
    return value


def longest_bypass(weight: float, rules: CallingRules) -> timedelta | None:
    """The promise that the module describes: how much later an ordinary ticket can come and still be called first.

    None without a guard; zero for tickets of the largest weight and for emergencies.
    """
    if rules.guard is None:
        return None
    return max(_NOW, rules.guard * (1 - weight / rules.top_weight))


def _rank(ticket: Waiting, rules: CallingRules, now: datetime) -> tuple[int, int, datetime, UUID]:
    """The sort key, smallest first: by band, within a band by V."""
    band = _band(ticket, rules, now)
    value = 0 if band >= _EARLY else priority_at(now - ticket.anchor_at, ticket.weight, rules)
    return band, -value, ticket.anchor_at, ticket.ticket_id


def _plain_rank(ticket: Waiting, rules: CallingRules, now: datetime) -> tuple[int, int, datetime, UUID]:
    """The order as it would be without the guard."""
    band = _band(ticket, rules, now)
    value = 0 if band >= _EARLY else _plain(now - ticket.anchor_at, ticket.weight)
    return band, -value, ticket.anchor_at, ticket.ticket_id


def _band(ticket: Waiting, rules: CallingRules, now: datetime) -> int:
    """Emergencies come first; last, by their anchors, come early appointments and then tickets passed over."""
    if ticket.aside:
        return _ASIDE
    if is_emergency(ticket.weight):
        return _EMERGENCY
    return _ORDINARY if is_callable(ticket, rules, now) else _EARLY


def _anchor_rank(ticket: Waiting) -> tuple[bool, datetime, UUID]:
    """Tickets that were passed over come last, however early their anchors are."""
    return ticket.aside > 0, ticket.anchor_at, ticket.ticket_id


def _reason(first: Waiting, unguarded: Waiting, oldest: Waiting, rules: CallingRules, now: datetime) -> Reason:
    """Why `first` is called; `unguarded` would be first without the guard, `oldest` has the smallest anchor."""
    waited = now - first.anchor_at
    if first.aside:
        return Reason("skipped")
    if is_emergency(first.weight):
        return Reason("emergency", {"priority": first.priority})
    if not is_callable(first, rules, now):
        return Reason("only-callable", {"n": -(waited // _MINUTE)})
    if unguarded is not first:
        return Reason("guard", {"n": waited // _MINUTE})
    if first.appointment and waited < _NOW:
        return Reason("appointment-soon", {"n": -(waited // _MINUTE)})
    if first.priority == APPOINTMENT:
        return Reason("appointment-time", {"n": waited // _MINUTE})
    if first is oldest:
        return Reason("waited-longest", {"n": max(_NOW, waited) // _MINUTE})
    return Reason("priority-class", {"priority": first.priority})


def _plain(waited: timedelta, weight: float) -> int:
    return in_thousandths(weight) * max(0, waited // _TICK)
