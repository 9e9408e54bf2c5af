"""How many are ahead of each ticket, in the lines of the counters that may call it (docs/decisions/0014).

A counter has one line: the tickets that it may call, in the order of `dispatch.in_order`. `ahead` is the number of tickets
before this one in the shortest of the lines in which it stands. Lines of open counters count; for a ticket that no open
counter may call, the lines of all counters that serve its queue do, as if their clerks could serve everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from . import dispatch
from .calling_profiles import Caller, callers_key, may_call
from .dispatch import Waiting


@dataclass(frozen=True, slots=True)
class Counted:
    """How many are ahead, by ticket, and the tickets that an open counter may call."""

    people: Mapping[UUID, int]
    reachable: frozenset[UUID]


def ahead_of(
    waiting: Sequence[Waiting], sitting: Iterable[Caller], counters: Iterable[Caller], now: datetime
) -> Counted:
    """Of everybody who waits, in the order of `dispatch.by_right`.

    `sitting` are the open counters with their clerks, `counters` are all of the branch, of which only the queues count.
    """
    places: dict[Hashable, list[int]] = {}
    for place, ticket in enumerate(waiting):
        places.setdefault(callers_key(ticket, now), []).append(place)
    firsts = {kind: waiting[found[0]] for kind, found in places.items()}
    ahead: dict[UUID, int] = {}

    def count(lines: Collection[frozenset[Hashable]], left: frozenset[Hashable]) -> frozenset[Hashable]:
        """Count for the kinds that are `left`; those that stand in none of the lines."""
        for line in lines:
            if line.isdisjoint(left):
                continue
            # Places are in the order of `by_right`; merging is cheap, because kinds are few.
            merged = sorted(chain.from_iterable(places[kind] for kind in line))
            counted = {waiting[place].ticket_id for kind in line & left for place in places[kind]}
            for number, ticket in enumerate(dispatch.let_pass([waiting[place] for place in merged])):
                if ticket.ticket_id in counted:
                    ahead[ticket.ticket_id] = min(number, ahead.get(ticket.ticket_id, number))
        return left.difference(*lines)

    def of_counters(callers: Iterable[Caller]) -> Collection[frozenset[Hashable]]:
        return {frozenset(kind for kind, one in firsts.items() if _stands(one, caller, now)) for caller in callers}

    unserved = count(of_counters(sitting), frozenset(firsts))
    reachable = frozenset(waiting[place].ticket_id for kind in firsts.keys() - unserved for place in places[kind])
    if unserved:
        skills = frozenset[str]().union(*(one.skills for one in firsts.values()))
        unserved = count(of_counters(Caller(one.counter_id, one.queues, skills=skills) for one in counters), unserved)
    # Without any counter the queue is the line.
    queues = {firsts[kind].queue_id for kind in unserved}
    count(
        [frozenset(kind for kind, one in firsts.items() if one.queue_id == queue_id) for queue_id in queues], unserved
    )
    return Counted(ahead, reachable)


def may_be_called(waiting: Iterable[Waiting], sitting: Collection[Caller], now: datetime) -> frozenset[UUID]:
    """The tickets that one of these counters may call."""
    return frozenset(one.ticket_id for one in waiting if any(_stands(one, caller, now) for caller in sitting))


def _stands(ticket: Waiting, caller: Caller, now: datetime) -> bool:
    return ticket.queue_id in caller.queues and may_call(ticket, caller, now)
