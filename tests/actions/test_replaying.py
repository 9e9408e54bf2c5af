"""Every call is computed again from the log: on any day, with the settings of each moment. On both databases."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_system.actions import calling, transferring
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core import hours
from queue_system.core.errors import DomainError
from queue_system.core.replayed import Called, Verdict
from queue_system.store.database import Tx
from queue_system.store.queries.replays import replayed, replayed_days
from queue_system.store.tables import Change, table
from tests.kit.hall import Hall
from tests.kit.morning import (
    AT,
    CONDITIONS,
    COUNTERS,
    ENTRY,
    PRESSES,
    RARER,
    SERVICES,
    STEPS,
    Morning,
    all_calls,
    alter,
    change_log,
    change_profile,
    change_queues,
    change_rules,
    change_weight,
    need_skill,
    not_reproduced,
    spoil,
)
from tests.kit.people import let_choose

a_step = st.tuples(st.sampled_from(STEPS + RARER), st.integers(0, 2), st.integers(0, 999), st.integers(0, 20))


@pytest.fixture
def morning(hall: Hall, clock: FrozenClock) -> Morning:
    clerks = [hall.person(f"clerk-{number}") for number in range(len(COUNTERS))]
    let_choose(hall, *(f"clerk-{number}" for number in range(len(COUNTERS))))
    return Morning(hall, clerks, clock)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_call_of_any_day_is_reproduced(morning: Morning, clock: FrozenClock) -> None:
    hall, seen = morning.hall, []

    @settings(max_examples=12, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(a_step, min_size=25, max_size=70))
    def any_day(steps: list[tuple[str, int, int, int]]) -> None:
        opening = hours.next_opening(clock.now() + timedelta(hours=12), hall.branch.calendar)
        assert opening is not None
        clock.set(opening + timedelta(minutes=15))
        for counter in range(len(COUNTERS)):
            morning.do("sit", counter, 1, 0)
        for number in range(8):
            morning.do("issue", 0, number * 11, 0)
        # A visitor who goes to complete a form, and is called back.
        for step in (("next", AT, 0, 3), ("press", AT, PRESSES.index(calling.park), 0), ("by_hand", AT, 1, 0), *steps):
            morning.do(*step)
        today = hours.business_date(clock.now(), hall.branch.zone, hall.branch.day_starts)
        calls = hall.db.read_now(replayed_days, hall.branch, today - timedelta(days=1), today)
        assert not_reproduced(calls) == []
        seen.extend(calls)

    change_rules(hall, language_match="prefer", language_first_min=20)
    need_skill(hall, SERVICES[1])
    morning.change_clerk(AT, languages=["en"])
    any_day()
    assert not_reproduced(all_calls(hall, clock)) == []
    codes = {call.reason.code for call in seen}
    assert {"waited-longest", "chosen-by-staff", "parked-back"} <= codes
    assert codes & {"skipped-back", "skipped"}
    assert "language" in codes


def test_the_settings_of_the_moment_count(morning: Morning, clock: FrozenClock) -> None:
    """A call stays reproduced after the rule was changed, by the branch and by the organisation, and changed again."""
    hall = morning.hall
    morning.sit(AT, 1)
    for guard, weight in ((20, 2.0), (60, 5.0), (90, 1.5)):
        change_rules(hall, max_wait_guard_min=guard)
        change_weight(hall, "elderly", weight)
        for priority in ("walkin", "walkin", "elderly"):
            hall.issue("attest-single", priority=priority)
            clock.move(timedelta(minutes=13))
        morning.next(AT, 0)
        morning.next(AT, 0)
    change_queues(hall, COUNTERS[AT], 0)
    calls = all_calls(hall, clock)
    assert len(calls) == 6
    assert "priority-class" in {call.reason.code for call in calls}
    assert not_reproduced(calls) == []
    assert not any(call.breaks_promise for call in calls)
    # Without the history of settings, the rule of now would say something else.
    hall.db.write_now(Tx.execute, sa.delete(table(Change)))
    assert not_reproduced(all_calls(hall, clock))


def test_the_settings_of_the_moment_do_not_depend_on_how_the_log_is_stored(
    morning: Morning, clock: FrozenClock
) -> None:
    """A database gives rows in any order for which it is not asked, such as that of places that were free on its pages."""
    hall = morning.hall
    morning.sit(AT, 1)
    for weight in (5.0, 1.5):
        change_weight(hall, "elderly", weight)
        hall.issue("attest-single")
        clock.move(timedelta(minutes=2))
        hall.issue("attest-single", priority="elderly")
        clock.move(timedelta(minutes=3))
        morning.next(AT, 0)
        morning.next(AT, 0)
    first = all_calls(hall, clock)
    assert not_reproduced(first) == []
    entries = [row._asdict() for row in hall.db.read_now(Tx.rows, sa.select(ENTRY).order_by(ENTRY.c.seq.desc()))]
    change_log(hall, sa.delete(ENTRY), *(sa.insert(ENTRY).values(**entry) for entry in entries))
    embedded = hall.db.dialect.is_embedded

    def from_the_end(tx: Tx) -> list[Called]:
        """Rows come as they are stored, the last ones first."""
        plans = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
        reverse = ["PRAGMA reverse_unordered_selects = 1"] if embedded else [f"SET LOCAL {one} = off" for one in plans]
        for statement in reverse:
            tx.execute(sa.text(statement))
        try:
            return replayed(tx, hall.branch.id, None, clock.now() + timedelta(days=1))
        finally:
            if embedded:
                tx.execute(sa.text("PRAGMA reverse_unordered_selects = 0"))

    assert hall.db.read_now(from_the_end) == first


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.get("when", "always") + one.get("whose", ""))
def test_calls_by_a_profile_are_reproduced(morning: Morning, clock: FrozenClock, condition: dict[str, Any]) -> None:
    hall = morning.hall
    change_profile(hall, COUNTERS[AT], condition)
    morning.sit(AT, 1)
    own = hall.branch.counter(COUNTERS[AT]).queues
    services = [
        next(one.slug for one in hall.branch.services.values() if one.queue_id == queue) for queue in (own[0], own[-1])
    ]
    for service in services * 3:
        with contextlib.suppress(DomainError):
            hall.issue(service)
        clock.move(timedelta(minutes=4))
    for _ in range(5):
        morning.next(AT, 0)
        clock.move(timedelta(minutes=3))
    calls = all_calls(hall, clock)
    assert len(calls) == 5
    assert not_reproduced(calls) == []
    assert any(call.reason.code.startswith("profile-") for call in calls)


@pytest.mark.parametrize("closes", [True, False], ids=["closes", "stays"])
def test_calls_beside_a_reserved_ticket_are_reproduced(morning: Morning, clock: FrozenClock, closes: bool) -> None:
    """Whoever waits for one counter alone is passed by the others, until that counter closes."""
    hall = morning.hall
    other = next(place for place in (0, 2) if shares_queue(hall, place))
    for counter in (AT, other):
        morning.sit(counter, 1)
    first = hall.issue("attest-single").ticket
    for _ in range(3):
        hall.issue("attest-single")
        clock.move(timedelta(minutes=2))
    morning.next(AT, 0)
    goal = Goal(hall.service("attest-single"), counter_id=hall.counter(COUNTERS[other]))
    morning.tried(transferring.transfer, morning.here(AT), goal)
    morning.next(AT, 0)
    if closes:
        morning.sit(other, 0)
    else:
        morning.next(other, 0)
        morning.tried(calling.take_back, morning.here(other))
        morning.next(AT, 0)
    morning.next(AT if closes else other, 0)
    calls = all_calls(hall, clock)
    assert not_reproduced(calls) == []
    assert calls[-1].code == first.code
    assert len({call.code for call in calls[1:-1]} - {first.code}) >= 1


def shares_queue(hall: Hall, place: int) -> bool:
    queue = hall.branch.service("attest-single").queue_id
    return queue in hall.branch.counter(COUNTERS[place]).queues


def test_a_call_that_was_exchanged_is_reported(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    first, second = (hall.issue("attest-single").ticket for _ in range(2))
    clock.move(timedelta(minutes=5))
    morning.next(AT, 0)
    morning.next(AT, 0)
    assert not_reproduced(all_calls(hall, clock)) == []
    spoil(hall, {str(first.id): second, str(second.id): first})
    differing = not_reproduced(all_calls(hall, clock))
    assert [(call.verdict, call.code, call.expected) for call in differing] == [
        (Verdict.DIFFERS, second.code, first.code),
        (Verdict.DIFFERS, first.code, second.code),
    ][: len(differing)]
    assert differing


def test_a_reason_that_was_altered_is_reported(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    hall.issue("attest-single")
    clock.move(timedelta(minutes=5))
    morning.next(AT, 0)
    alter(hall, "ticket.called", lambda data: data | {"values": {"n": 7}})
    (call,) = not_reproduced(all_calls(hall, clock))
    assert call.verdict is Verdict.DIFFERS
    assert call.why is not None
    assert call.why.values == {"n": 5}


def test_a_call_by_hand_is_what_it_says(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    _, second = (hall.issue("attest-single").ticket for _ in range(2))
    morning.tried(calling.call_ticket, morning.here(AT), second.id, None, "unwell")
    (call,) = all_calls(hall, clock)
    assert (call.verdict, call.by_hand) == (Verdict.REPRODUCED, True)
    alter(hall, "ticket.called", lambda data: data | {"reason": "parked-back", "values": {}})
    (call,) = all_calls(hall, clock)
    assert call.verdict is Verdict.DIFFERS


def test_an_older_log_is_counted_apart(morning: Morning, clock: FrozenClock) -> None:
    """An entry about a press that was taken back, without the place of the ticket, as earlier versions wrote it."""
    hall = morning.hall
    morning.sit(AT, 1)
    hall.issue("attest-single")
    morning.next(AT, 0)
    morning.tried(calling.take_back, morning.here(AT))
    morning.next(AT, 0)
    assert not_reproduced(all_calls(hall, clock)) == []
    new = ("anchor_at", "skips", "others_first", "one_more")
    alter(hall, "ticket.taken_back", lambda data: {name: data[name] for name in data if name not in new})
    assert [call.verdict for call in all_calls(hall, clock)] == [Verdict.REPRODUCED, Verdict.UNKNOWN]


def test_calls_whose_line_is_no_longer_in_the_log_are_counted_apart(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.sit(AT, 1)
    first = hall.issue("attest-single").ticket
    clock.move(timedelta(minutes=5))
    second = hall.issue("attest-single").ticket
    clock.move(timedelta(minutes=5))
    morning.next(AT, 0)
    morning.next(AT, 0)
    # As if the beginning of the day had been deleted in time.
    change_log(hall, sa.delete(ENTRY).where(ENTRY.c.kind == "ticket.issued", ENTRY.c.subject == str(second.id)))
    found = {call.code: call.verdict for call in all_calls(hall, clock)}
    assert found == {first.code: Verdict.UNKNOWN, second.code: Verdict.UNKNOWN}
