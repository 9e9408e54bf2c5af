"""The promise on the wall, with arrivals made to break it; and what the rule costs those who have no appointment.

The bound: 1,000,000 tickets (`--tickets`) on days whose arrivals try to pass somebody: whole classes that come exactly at the end
of the promise, a microsecond before and after it, floods of heavy tickets, returns, appointments called early. At each call
whoever waits and may be called is compared with whoever is called, by the inequality of the promise in whole numbers and without
the code of the rule. A run in which the guard is left out must find violations; otherwise the check would prove nothing.

The days: 4 counters at nine tenths of their capacity, visits of ten minutes, six hours, 150 days; half of the people walk in, a
third have an appointment, some have a heavier class, two of a hundred are emergencies. The same arrivals and the same visits are
also called first come, first served.
"""

from __future__ import annotations

import argparse
import heapq
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from benchmarks.report import Figure, conclude, percentile
from queue_system.core.dispatch import CallingRules, Waiting, choose

TICKETS: Final = 1_000_000
DAYS: Final = 150
LOAD: Final = 0.9
COUNTERS: Final = 4
VISIT_MIN: Final = 10.0
HOURS: Final = 6
#: Class → share of the people, and weight.
CLASSES: Final = {"walkin": (0.50, 1.0), "appointment": (0.35, 3.0), "priority": (0.13, 4.0), "emergency": (0.02, 10.0)}
QUEUE: Final = UUID(int=1)
NOON: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
MINUTE: Final = timedelta(minutes=1)
EMERGENCY: Final = 6_000
#: The guard with which a field experiment was made that the aims are taken from.
GUARD_MIN: Final = 45


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tickets", type=int, default=TICKETS)
    wanted = parser.parse_args().tickets
    begun = time.process_time()
    tickets, overtakes, violations = attacked(wanted, seed=1)
    of_the_check = attacked(wanted // 50, seed=2, guarded=False)[2]
    fair, plain = days(seed=3)
    walked, late = max(fair["walkin"]), percentile(fair["appointment"], 90)
    walked_fifo, late_fifo = max(plain["walkin"]), percentile(plain["appointment"], 90)
    figures = [
        Figure("violations of the promise", violations, "", aim="0", met=violations == 0),
        Figure(
            "violations found without the guard (control)", of_the_check, "", aim="more than 0", met=of_the_check > 0
        ),
        Figure(
            "longest wait without appointment",
            walked,
            "min",
            walked_fifo,
            "first come, first served",
            "≤ 1.25",
            walked <= 1.25 * walked_fifo,
        ),
        Figure(
            "wait with appointment, p90",
            late,
            "min",
            late_fifo,
            "first come, first served",
            "≤ 0.65",
            late <= 0.65 * late_fifo,
        ),
    ]
    details = {
        "tickets": tickets,
        "calls that passed somebody": overtakes,
        "days": DAYS,
        "people of these days": sum(map(len, fair.values())),
        "wait without appointment, p90": [percentile(found["walkin"], 90) for found in (fair, plain)],
        "processor time, s": round(time.process_time() - begun),
    }
    conclude("bypass", figures, **details)


# ---------------------------------------------------------------- the bound


def attacked(wanted: int, seed: int, *, guarded: bool = True) -> tuple[int, int, int]:
    """Tickets of hostile days: how many, how many calls passed somebody, and how many broke the promise."""
    chance = random.Random(seed)
    tickets = overtakes = violations = 0
    while tickets < wanted:
        guard, weights = chance.choice((15, 30, 45, 60, 90)), chance.choice(((1, 4), (1, 1.3, 3, 4), (1, 2, 3.7, 5)))
        published = CallingRules.of(weights, chance.choice((0, 5, 30)), guard)
        rules = published if guarded else replace(published, guard=None)
        for called, passed in called_on(hostile_day(chance, published, weights), rules, chance):
            tickets += 1
            overtakes += any(one.anchor_at < called.anchor_at for one in passed)
            violations += breaks(called, passed, guard, max(weights))
    return tickets, overtakes, violations


def breaks(called: Waiting, passed: Sequence[Waiting], guard_min: int, top: float) -> int:
    """Whether somebody among `passed` was promised not to be passed: (a_j − a_i) · b_top > guard · (b_top − b_i)."""
    if called.weight * 1_000 >= EMERGENCY:
        return 0
    for one in passed:
        if one.weight * 1_000 < EMERGENCY:
            later = (called.anchor_at - one.anchor_at) // TICK
            if later * round(top * 1_000) > guard_min * 60_000_000 * (round(top * 1_000) - round(one.weight * 1_000)):
                return 1
    return 0


def hostile_day(chance: random.Random, rules: CallingRules, weights: Sequence[float]) -> list[Waiting]:
    """Some hundred arrivals, in their order: victims, and those who come just then when they may hope to pass them."""
    assert rules.guard is not None
    found: list[Waiting] = []
    for _ in range(chance.randint(4, 10)):
        start = NOON + chance.randrange(240) * MINUTE + chance.randrange(60_000_000) * TICK
        victim = chance.choice(weights)
        bound = rules.guard * (1 - victim / rules.top_weight)
        found.append(_arrival(chance, victim, start))
        for _ in range(chance.randint(4, 14)):
            near = chance.choice((bound - TICK, bound, bound + TICK, bound + MINUTE, bound / 2, rules.guard))
            heavy = chance.choice(
                (rules.top_weight, rules.top_weight, chance.choice(weights), 8.0 if chance.random() < 0.1 else 1.0)
            )
            found.append(_arrival(chance, heavy, start + near))
    found.sort(key=lambda one: (one.anchor_at, one.ticket_id))
    return found


def _arrival(chance: random.Random, weight: float, anchor: datetime) -> Waiting:
    return Waiting(
        UUID(int=chance.getrandbits(120)), QUEUE, f"class-{weight}", weight, anchor, appointment=chance.random() < 0.3
    )


def called_on(
    arrivals: Sequence[Waiting], rules: CallingRules, chance: random.Random
) -> Iterator[tuple[Waiting, list[Waiting]]]:
    """Each call of one counter that is too slow for its hall: who is called, and who stays and may be called."""
    # An appointment comes some minutes before its time, and may be called from `call_early` before it on.
    coming = sorted(
        (
            (one.anchor_at - (chance.choice((0, 10, 25)) * MINUTE if one.appointment else timedelta(0))),
            one.ticket_id,
            one,
        )
        for one in arrivals
    )
    waiting: list[Waiting] = []
    now, place = coming[0][0], 0
    while waiting or place < len(coming):
        if not waiting:
            now = max(now, coming[place][0])
        while place < len(coming) and coming[place][0] <= now:
            waiting.append(coming[place][2])
            place += 1
        choice = choose(waiting, (QUEUE,), rules, now)
        assert choice is not None
        called = next(one for one in waiting if one.ticket_id == choice.ticket_id)
        waiting.remove(called)
        yield called, [one for one in waiting if not one.appointment or one.anchor_at - rules.call_early <= now]
        now += chance.choice((60, 120, 300, 600)) * timedelta(seconds=1)


# ---------------------------------------------------------------- the days


@dataclass(frozen=True)
class Person:
    """Who comes, and how long the visit takes, in minutes of the day."""

    ticket: Waiting
    at: float
    visit: float


def days(seed: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """The waits by class, in minutes: by the published rule, and first come, first served, of the same people."""
    chance = random.Random(seed)
    weights = [weight for _, weight in CLASSES.values()]
    rules = CallingRules.of(weights, 5, GUARD_MIN)
    fair: dict[str, list[float]] = {name: [] for name in CLASSES}
    plain: dict[str, list[float]] = {name: [] for name in CLASSES}
    for _ in range(DAYS):
        people = arrivals_of_a_day(chance)
        for person, wait in served(people, lambda waiting, now: _by_rule(waiting, rules, now)):
            fair[person.ticket.priority].append(wait)
        for person, wait in served(
            people, lambda waiting, _: min(waiting, key=lambda one: (one.at, one.ticket.ticket_id))
        ):
            plain[person.ticket.priority].append(wait)
    return fair, plain


def arrivals_of_a_day(chance: random.Random) -> list[Person]:
    rate = COUNTERS * LOAD / VISIT_MIN
    shares = [share for share, _ in CLASSES.values()]
    people, at = [], chance.expovariate(rate)
    while at < HOURS * 60:
        name = chance.choices(list(CLASSES), shares)[0]
        ticket = Waiting(
            UUID(int=chance.getrandbits(120)), QUEUE, name, CLASSES[name][1], NOON + at * MINUTE, name == "appointment"
        )
        people.append(Person(ticket, at, chance.expovariate(1 / VISIT_MIN)))
        at += chance.expovariate(rate)
    return people


def served(people: Sequence[Person], chosen: Callable[[list[Person], float], Person]) -> Iterator[tuple[Person, float]]:
    """Everybody with the wait, in the order of the calls; counters go on until the last one is served."""
    free = [0.0] * COUNTERS
    waiting: list[Person] = []
    place = 0
    while waiting or place < len(people):
        now = heapq.heappop(free)
        if not waiting and place < len(people):
            now = max(now, people[place].at)
        while place < len(people) and people[place].at <= now:
            waiting.append(people[place])
            place += 1
        person = chosen(waiting, now)
        waiting.remove(person)
        yield person, now - person.at
        heapq.heappush(free, now + person.visit)


def _by_rule(waiting: list[Person], rules: CallingRules, now: float) -> Person:
    choice = choose([one.ticket for one in waiting], (QUEUE,), rules, NOON + now * MINUTE)
    assert choice is not None
    return next(one for one in waiting if one.ticket.ticket_id == choice.ticket_id)


if __name__ == "__main__":
    main()
