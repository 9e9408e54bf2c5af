"""Open counters that call nobody for some time, and those where nothing happens. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from queue_system.actions import breaks, calling, counters
from queue_system.actions.counters import Desk
from queue_system.actions.sessions import SESSION_IDLE
from queue_system.clock import FrozenClock
from queue_system.core.errors import Invalid, Refused, Stale
from queue_system.core.waits.hall import Away
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.queries import line
from queue_system.store.queries.desk import HolderView, holders
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.today import CounterNow, hall_now
from queue_system.store.queries.waits import hall_of
from tests.kit.hall import Hall, set_rules


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def do(hall: Hall, action: Any, here: Desk, *args: Any) -> Any:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return hall.db.write_in_now(hall.branch.id, action, replace(here, expected=current.id if current else None), *args)


def holder(hall: Hall, here: Desk) -> HolderView:
    return hall.db.read_now(holders, hall.branch.id, SESSION_IDLE)[here.counter_id]


def told(hall: Hall) -> list[str]:
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    return [entry.kind for entry in entries if entry.kind.startswith("counter.")]


def today(hall: Hall, here: Desk) -> CounterNow:
    settings = hall.db.read_now(branch_settings, hall.branch.id)
    return hall.db.read_now(hall_now, settings, (), (), [here.counter_id], SESSION_IDLE).counters[0]


def away(hall: Hall) -> list[tuple[Away, ...]]:
    """When the open counters call nobody, as the forecast sees it; without the breaks of the branch's hours."""

    def read(tx: Tx) -> list[tuple[Away, ...]]:
        settings = branch_settings(tx, hall.branch.id)
        found = hall_of(tx, settings, line.in_hall(tx, settings), 1.0).counters
        return [tuple(one for one in counter.away if one.since <= tx.now) for counter in found]

    return hall.db.read_now(read)


def test_a_break_has_a_reason_and_an_end_that_the_forecast_knows(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    do(hall, breaks.begin_break, here, "prayer", 20)
    until = clock.now() + timedelta(minutes=20)
    assert (holder(hall, here).away, holder(hall, here).away_until) == ("prayer", until)
    assert (today(hall, here).away, today(hall, here).away_until) == ("prayer", until)
    assert away(hall) == [(Away(clock.now(), until),)]
    clock.move(timedelta(minutes=21))
    assert away(hall) == [()]
    do(hall, breaks.end_break, here)
    do(hall, breaks.end_break, here)
    assert holder(hall, here).away is None
    assert told(hall) == ["counter.opened", "counter.paused", "counter.resumed"]


def test_the_next_call_ends_a_break_and_so_do_leaving_and_opening(hall: Hall, here: Desk) -> None:
    hall.issue()
    do(hall, breaks.begin_break, here, "back_office", 60)
    do(hall, calling.call_next, here)
    assert holder(hall, here).away is None
    assert told(hall)[-1] == "counter.resumed"
    do(hall, calling.finish, here)
    do(hall, breaks.begin_break, here, "break", 5)
    do(hall, counters.close_counter, here)
    do(hall, counters.open_counter, here)
    assert holder(hall, here).away is None


def test_nobody_leaves_a_visitor_or_without_saying_why_and_how_long(hall: Hall, here: Desk) -> None:
    for reason, minutes, code in (("holiday", 5, "away-reason"), ("break", 0, "away-min"), ("break", 481, "away-min")):
        with pytest.raises((Refused, Invalid), match=code):
            do(hall, breaks.begin_break, here, reason, minutes)
    omar = hall.at(hall.person("omar"))
    with pytest.raises(Stale, match="not-your-counter"):
        hall.db.write_in_now(hall.branch.id, breaks.begin_break, omar, "break", 5)
    hall.issue()
    do(hall, calling.call_next, here)
    with pytest.raises(Refused, match="counter-busy"):
        do(hall, breaks.begin_break, here, "break", 5)
    assert holder(hall, here).away is None


def test_a_counter_where_nothing_happens_is_seen_after_so_many_minutes(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    set_rules(hall, idle_counter_min=None)
    clock.move(timedelta(minutes=30))
    assert today(hall, here).quiet_min is None
    set_rules(hall, idle_counter_min=20)
    assert today(hall, here).quiet_min == 30
    hall.issue()
    do(hall, calling.call_next, here)
    clock.move(timedelta(minutes=25))
    # Whoever serves for a long time is not idle.
    assert today(hall, here).quiet_min is None
    do(hall, calling.finish, here)
    clock.move(timedelta(minutes=19))
    assert today(hall, here).quiet_min is None
    clock.move(timedelta(minutes=1))
    assert today(hall, here).quiet_min == 20
    do(hall, breaks.begin_break, here, "meal", 30)
    clock.move(timedelta(minutes=49))
    assert today(hall, here).quiet_min is None
    clock.move(timedelta(minutes=1))
    assert today(hall, here).quiet_min == 20
