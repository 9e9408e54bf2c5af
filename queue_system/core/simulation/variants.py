"""What is changed in a day: counters, the rule, who has an appointment. Changes combine."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from statistics import fmean
from typing import Final
from uuid import UUID

from ..dispatch import CallingRules, is_emergency
from .hall import MINUTE, NEVER, Day, Desk, Person

#: Whoever has got an appointment comes so long before it where nobody of the day came for one.
EARLIER: Final = 10 * MINUTE
#: Of fewer waits the mean says little about a queue.
ENOUGH: Final = 5


@dataclass(frozen=True, slots=True)
class Variant:
    """What is other than it was; the defaults change nothing.

    `counters` more or fewer are as the counter number `like`, else as the one of `chosen`. `opens` and `closes` are for the
    added ones; with 0 more they are for that counter itself. `in_order`: people are called as they came, whatever their class.
    `guard_min` are minutes of the longest wait, `unguarded` takes the guard away. `walkin_share` is how many of all come without
    an appointment, from 0 to 1: others get times that are spread evenly over the day, or come without. `demand` multiplies
    the people.
    """

    counters: int = 0
    like: int | None = None
    opens: time | None = None
    closes: time | None = None
    in_order: bool = False
    guard_min: int | None = None
    unguarded: bool = False
    call_early_min: int | None = None
    top_weight: float | None = None
    walkin_share: float | None = None
    demand: float = 1.0

    @property
    def changes(self) -> bool:
        """Whether anything is other than it was."""
        return self != Variant(like=self.like)

    @property
    def changes_counters(self) -> bool:
        """Whether a counter is added, closed, or open at other times."""
        return self.counters != 0 or self.opens is not None or self.closes is not None


def chosen(days: Sequence[Day], variant: Variant, queues: Collection[UUID] | None = None) -> Desk:
    """The counter of these days that a variant adds again, closes, or opens at other times, as it was on the first day that has it.

    Where it names none, or one that was never open: the one that called most. Of those that may be added these are the counters
    of the queue with the longest mean wait, of `queues` if given, because one counter more is asked for the sake of that line.
    """
    desks = [desk for day in days for desk in day.desks]
    able = [desk for desk in desks if desk.number == variant.like]
    if not able and variant.counters > 0:
        longest = _longest_waits(days, queues)
        able = [desk for desk in desks if longest in desk.queues]
    able = able or desks
    calls: Counter[int] = Counter()
    for desk in able:
        calls[desk.number] += desk.calls
    number = min(calls, key=lambda one: (-calls[one], one))
    return next(desk for desk in able if desk.number == number)


def desks_of(day: Day, variant: Variant, model: Desk | None = None) -> tuple[Desk, ...]:
    """The counters of a day with what a variant changes of them. `model` is the counter that is `chosen`, of this day alone if None.

    A day on which that counter was closed can have it added; it has nothing to close or to open at other times, and no other
    counter takes its place.
    """
    number = (chosen((day,), variant) if model is None else model).number
    own = next((desk for desk in day.desks if desk.number == number), None)
    model = own or model or chosen((day,), variant)
    opens = None if variant.opens is None else day.at(variant.opens)
    closes = None if variant.closes is None else day.at(variant.closes)
    if variant.counters < 0:
        ranked = sorted(day.desks, key=lambda desk: (desk is not own, -desk.calls, desk.number))
        closed = ranked[: -variant.counters - (own is None)]
        return tuple(desk for desk in day.desks if desk not in closed)
    if variant.counters == 0 and own is None:
        return day.desks
    if variant.counters == 0:
        changed = _open_at(model, model.opens if opens is None else opens, model.closes if closes is None else closes)
        return tuple(changed if desk is model else desk for desk in day.desks)
    opens = min(desk.opens for desk in day.desks) if opens is None else opens
    added = _open_at(replace(model, number=0), opens, model.closes if closes is None else closes)
    return (*day.desks, *[added] * variant.counters)


def is_never_open(days: Sequence[Day], variant: Variant, model: Desk) -> bool:
    """Whether the counter that is added, or open at other times, would be open on none of the days."""
    if variant.counters < 0 or (variant.opens is None and variant.closes is None):
        return False
    number = 0 if variant.counters else model.number
    desks = [desk for day in days for desk in desks_of(day, variant, model) if desk.number == number]
    return all(desk.closes <= desk.opens for desk in desks)


def rules_of(day: Day, variant: Variant) -> CallingRules:
    """The rule of a day with what a variant changes of it."""
    rules = day.rules
    if variant.guard_min is not None:
        rules = replace(rules, guard=timedelta(minutes=variant.guard_min))
    if variant.unguarded or variant.in_order:
        rules = replace(rules, guard=None)
    if variant.call_early_min is not None:
        rules = replace(rules, call_early=timedelta(minutes=variant.call_early_min))
    if variant.top_weight is not None:
        rules = replace(rules, top_weight=variant.top_weight)
    return rules


def people_of(people: Sequence[Person], day: Day, variant: Variant, chance: random.Random) -> list[Person]:
    """People with what a variant changes of their appointments and classes; chance says whose."""
    found = list(people)
    if variant.walkin_share is not None:
        found = _split(found, day, variant.walkin_share, chance)
    if variant.in_order:
        found = [replace(one, weight=1.0, anchor=one.there, appointment=False) for one in found]
    return found


def _longest_waits(days: Sequence[Day], queues: Collection[UUID] | None) -> UUID | None:
    """The queue with the longest mean wait; one with few people only where all have few, because one wait may be long by chance."""
    waits: defaultdict[UUID, list[float]] = defaultdict(list)
    for day in days:
        for one in day.waited:
            if queues is None or one.queue_id in queues:
                waits[one.queue_id].append(one.minutes)
    many = {queue: found for queue, found in waits.items() if len(found) >= ENOUGH} or waits
    return max(many, key=lambda queue: (fmean(many[queue]), str(queue)), default=None)


def _open_at(desk: Desk, opens: float, closes: float) -> Desk:
    return replace(desk, opens=opens, closes=max(opens, closes))


def _split(people: list[Person], day: Day, share: float, chance: random.Random) -> list[Person]:
    """So that the share of people comes without an appointment; emergencies stay as they are."""
    walkins = [place for place, one in enumerate(people) if not one.appointment]
    more = len(walkins) - round(share * len(people))
    found = list(people)
    # A key for each person, so that a larger share moves the same people and others.
    keys = [chance.random() for _ in people]
    if more > 0:
        able = [place for place in walkins if not is_emergency(people[place].weight)]
        chosen = sorted(able, key=lambda place: keys[place])[:more]
        for place, one in _with_times(chosen, people, day, chance):
            found[place] = one
    else:
        booked = [place for place, one in enumerate(people) if one.appointment]
        for place in sorted(booked, key=lambda place: keys[place])[:-more] if more else ():
            found[place] = _without_time(people[place], [people[one] for one in walkins], day, chance)
    return found


def _with_times(
    chosen: Sequence[int], people: Sequence[Person], day: Day, chance: random.Random
) -> list[tuple[int, Person]]:
    """These people with appointments at even distances, in each queue from its opening until the last number of the day."""
    earlier = [one.anchor - one.there for one in people if one.appointment and one.anchor >= one.there] or [EARLIER]
    last = max(one.there for one in people)
    by_queue = defaultdict(list)
    for place in chosen:
        by_queue[people[place].stages[0].queue_id].append(place)
    found = []
    for queue, places in by_queue.items():
        first = min((desk.opens for desk in day.desks if queue in desk.queues), default=people[places[0]].there)
        places.sort(key=lambda place: people[place].there)
        for n, place in enumerate(places):
            at = float(round(first + (n + 0.5) / len(places) * max(0.0, last - first)))
            there = max(0.0, at - chance.choice(earlier))
            weight = max(people[place].weight, day.booked_weight)
            found.append(
                (
                    place,
                    replace(
                        people[place], there=there, since=at, anchor=at, weight=weight, appointment=True, patience=NEVER
                    ),
                )
            )
    return found


def _without_time(one: Person, walkins: Sequence[Person], day: Day, chance: random.Random) -> Person:
    """Somebody with an appointment as a person who comes when others come without one."""
    queue = one.stages[0].queue_id
    alike = [other for other in walkins if other.stages[0].queue_id == queue] or walkins or [one]
    there = chance.choice(alike).there
    weight = day.ordinary_weight if one.weight <= day.booked_weight else one.weight
    return replace(one, there=there, since=there, anchor=there, weight=weight, appointment=False)
