"""A day of a hall, made by chance and lived through the real actions: people come, two clerks call, some have to wait."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from queue_system.actions import breaks, calling, counters
from queue_system.actions.counters import Desk
from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from tests.kit.hall import Hall

COUNTERS: Final = ("c4", "c5")
_MINUTE: Final = timedelta(minutes=1)


def live(
    hall: Hall,
    clock: FrozenClock,
    *,
    people: int = 40,
    seed: int = 1,
    slow: timedelta = timedelta(),
    pause: timedelta = timedelta(),
    missing: float = 0.0,
) -> date:
    """Live through a morning of the queue for attestations; afterwards it is the next day.

    `slow` is how long a clerk takes after a visit to call the next, `pause` how long the first clerk is away after ten visits.
    `missing` is the share of calls to which nobody comes; whoever misses so many that the number is out of the line stays away.
    """
    lot, begins = random.Random(seed), clock.now()
    day = hall.branch.timetable.business_date(begins)
    coming = sorted(begins + timedelta(seconds=lot.randrange(2 * 3_600)) for _ in range(people))
    desks = [hall.sit(hall.person(f"clerk-{slug}-{seed}"), slug) for slug in COUNTERS]
    free: dict[int, datetime] = dict.fromkeys(range(len(desks)), begins)
    away, served, waiting = False, 0, 0
    missed: set[int] = set()
    while coming or waiting or missed:
        ready = min(missed if missed and not waiting else free, key=lambda place: free[place])
        if coming and (not (waiting or missed) or coming[0] <= free[ready]):
            clock.set(at := coming.pop(0))
            hall.issue("attest-single", priority=lot.choice(("walkin", "walkin", "elderly")))
            waiting += 1
            free = {place: max(one, at) for place, one in free.items()}
            continue
        clock.set(free[ready])
        if ready in missed:
            missed.remove(ready)
            ticket = hall.db.write_in_now(hall.branch.id, calling.mark_absent, desks[ready])
            waiting += ticket.state is TicketState.WAITING
            desks[ready] = replace(desks[ready], expected=None)
            continue
        desks[ready], was_busy = _released(hall, desks[ready])
        if pause and ready == 0 and served >= 10 and not away:
            away = True
            hall.db.write_in_now(hall.branch.id, breaks.begin_break, desks[0], "break", int(pause / _MINUTE))
            free[0] = clock.now() + pause
            continue
        if slow and was_busy:
            free[ready] += slow
            continue
        called = hall.call_next(desks[ready], None)
        assert called is not None, was_busy
        desks[ready] = replace(desks[ready], expected=called.id)
        waiting, served = waiting - 1, served + 1
        if missing and lot.random() < missing:
            missed.add(ready)
            free[ready] = clock.now() + 2 * _MINUTE
            continue
        free[ready] = clock.now() + timedelta(seconds=round(lot.expovariate(1 / 300)) + 10)
    for place, desk in enumerate(desks):
        clock.set(max(clock.now(), free[place]))
        _close(hall, desk)
    clock.move(timedelta(days=1))
    return day


def _released(hall: Hall, desk: Desk) -> tuple[Desk, UUID | None]:
    """The desk after its visit, which is finished first."""
    if desk.expected is not None:
        hall.db.write_in_now(hall.branch.id, calling.finish, desk)
    return replace(desk, expected=None), desk.expected


def _close(hall: Hall, desk: Desk) -> None:
    desk, _ = _released(hall, desk)
    hall.db.write_in_now(hall.branch.id, counters.close_counter, desk)
