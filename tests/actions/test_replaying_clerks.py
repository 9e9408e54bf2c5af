"""Calls that skills, languages and profiles of clerks decide are computed again from the log. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, counters, transferring
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.replayed import Verdict
from queue_system.store.database import Tx
from tests.kit.hall import Hall
from tests.kit.morning import (
    AT,
    CHANGING,
    COUNTERS,
    ENTRY,
    SKILL,
    Morning,
    all_calls,
    alter,
    change_profile,
    change_rules,
    need_skill,
    not_reproduced,
    save,
)
from tests.kit.people import let_choose

NEW = ("skills", "languages", "profile")


@pytest.fixture
def morning(hall: Hall, clock: FrozenClock) -> Morning:
    clerks = [hall.person(f"clerk-{number}") for number in range(len(COUNTERS))]
    let_choose(hall, *(f"clerk-{number}" for number in range(len(COUNTERS))))
    morning = Morning(hall, clerks, clock)
    morning.sit(AT, 1)
    return morning


def services(hall: Hall) -> tuple[str, str]:
    """A service of the first queue of the counter, and one of the last."""
    own = hall.branch.counter(COUNTERS[AT]).queues
    first, last = (
        next(one.slug for one in hall.branch.services.values() if one.queue_id == queue) for queue in (own[0], own[-1])
    )
    return first, last


def told(hall: Hall, kind: str = "ticket.called") -> list[dict[str, Any]]:
    rows = hall.db.read_now(Tx.rows, sa.select(ENTRY).where(ENTRY.c.kind == kind).order_by(ENTRY.c.seq))
    return [row.data for row in rows]


def by_skill(morning: Morning, clock: FrozenClock) -> list[str]:
    """Whoever came first needs a skill that the clerk learns after the first call."""
    first, last = services(morning.hall)
    need_skill(morning.hall, first)
    codes = []
    for service in (first, last, first):
        codes.append(morning.hall.issue(service).ticket.code)
        clock.move(timedelta(minutes=4))
    morning.next(AT, 0)
    morning.change_clerk(AT, skills=[SKILL])
    morning.next(AT, 0)
    morning.next(AT, 0)
    return [codes[1], codes[0], codes[2]]


def by_language(match: str) -> Callable[[Morning, FrozenClock], list[str]]:
    def day(morning: Morning, clock: FrozenClock) -> list[str]:
        change_rules(morning.hall, language_match=match, language_first_min=15)
        morning.change_clerk(AT, languages=["en"])
        codes = []
        for language in ("ar", "en", "ar", "en"):
            codes.append(morning.hall.issue(language=language).ticket.code)
            clock.move(timedelta(minutes=2))
        for _ in range(3):
            morning.next(AT, 0)
            clock.move(timedelta(minutes=5))
        # The first has waited for long enough after the first call; if only English is called, nobody is left.
        return [codes[1], codes[3], codes[0]] if match == "prefer" else [codes[1], codes[3]]

    return day


def by_own_profile(morning: Morning, clock: FrozenClock) -> list[str]:
    """The clerk's own profile, which no counter has, prefers the last queue of the counter."""
    hall = morning.hall
    change_profile(hall, COUNTERS[AT], {})
    first, last = services(hall)
    take_profile_from_counter(hall)
    codes = []
    for service in (first, last, first, last):
        codes.append(hall.issue(service).ticket.code)
        clock.move(timedelta(minutes=3))
    morning.next(AT, 0)
    morning.change_clerk(AT, profile=CHANGING)
    for _ in range(3):
        morning.next(AT, 0)
    return [codes[0], codes[1], codes[3], codes[2]]


def take_profile_from_counter(hall: Hall) -> None:
    def after(before: Any) -> Any:
        here = before.counters[COUNTERS[AT]].changed(calling_profile=None)
        return before.changed(counters=before.counters | {COUNTERS[AT]: here})

    save(hall.db, hall.branch.id, after)


DAYS = {
    "skill": by_skill,
    "prefer": by_language("prefer"),
    "only": by_language("only"),
    "profile": by_own_profile,
}


@pytest.mark.parametrize("day", DAYS)
def test_what_a_clerk_decides_is_reproduced(morning: Morning, clock: FrozenClock, day: str) -> None:
    expected = DAYS[day](morning, clock)
    calls = all_calls(morning.hall, clock)
    assert [call.code for call in calls] == expected
    assert not_reproduced(calls) == []
    # Older entries, which do not say it: counted apart, neither reproduced nor different.
    alter(morning.hall, "ticket.called", lambda data: {name: data[name] for name in data if name not in NEW})
    assert {call.verdict for call in all_calls(morning.hall, clock)} == {Verdict.UNKNOWN}


SPOILT: dict[str, dict[str, Any]] = {
    "skill": {"skills": []},
    "prefer": {"languages": ["ar"]},
    "only": {"languages": ["ar"]},
    "profile": {},
}


@pytest.mark.parametrize("day", DAYS)
def test_a_call_whose_entry_says_another_clerk_is_reported(morning: Morning, clock: FrozenClock, day: str) -> None:
    DAYS[day](morning, clock)
    alter(
        morning.hall,
        "ticket.called",
        lambda data: {name: data[name] for name in data if name != "profile"} | SPOILT[day],
    )
    assert Verdict.DIFFERS in {call.verdict for call in all_calls(morning.hall, clock)}


def test_a_number_of_an_older_entry_has_no_language(morning: Morning, clock: FrozenClock) -> None:
    by_language("prefer")(morning, clock)
    assert {data["language"] for data in told(morning.hall, "ticket.issued")} == {"ar", "en"}
    alter(morning.hall, "ticket.issued", lambda data: {name: data[name] for name in data if name != "language"})
    assert {call.verdict for call in all_calls(morning.hall, clock)} == {Verdict.UNKNOWN}


def test_a_call_says_nothing_of_the_clerk_where_nothing_looks_at_them(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    morning.change_clerk(AT, skills=[SKILL], languages=["ar"], profile=CHANGING)
    hall.issue()
    morning.next(AT, 0)
    assert not set(told(hall)[0]) & set(NEW)
    change_rules(hall, language_match="prefer")
    hall.issue()
    morning.next(AT, 0)
    assert {name: told(hall)[1].get(name) for name in NEW} == {
        "skills": [SKILL],
        "languages": ["ar"],
        "profile": None,
    }
    assert not_reproduced(all_calls(hall, clock)) == []


def test_a_call_by_hand_of_whom_the_clerk_cannot_serve_is_what_it_says(morning: Morning, clock: FrozenClock) -> None:
    hall = morning.hall
    need_skill(hall, "attest-single")
    ticket = hall.issue("attest-single").ticket
    morning.tried(calling.call_ticket, morning.here(AT), ticket.id, None, "unwell")
    (call,) = all_calls(hall, clock)
    assert (call.verdict, call.by_hand, call.expected) == (Verdict.REPRODUCED, True, None)
    # With the skill it would have been the next one, and nobody would have had to say why.
    alter(hall, "ticket.called", lambda data: data | {"skills": [SKILL]})
    (call,) = all_calls(hall, clock)
    assert call.verdict is Verdict.DIFFERS


@pytest.mark.parametrize("to_person", [True, False], ids=["person", "counter"])
@pytest.mark.parametrize("moves", [True, False], ids=["from-another-counter", "new"])
def test_who_waits_for_a_counter_that_is_taken_over_goes_on_waiting_for_it(
    morning: Morning, clock: FrozenClock, to_person: bool, moves: bool
) -> None:
    """Whoever waits for the person who has gone is called by everybody."""
    hall, left = morning.hall, 0
    morning.sit(left, 1)
    share_queue(hall, left)
    sent, other = hall.issue().ticket, hall.issue().ticket
    morning.next(AT, 0)
    service, place = hall.service("attest-single"), hall.counter(COUNTERS[left])
    goal = Goal(service, staff_id=morning.clerks[left]) if to_person else Goal(service, counter_id=place)
    morning.tried(transferring.transfer, morning.here(AT), goal)
    clock.move(timedelta(minutes=1))
    if moves:
        morning.sit(2, 1)
    desk = counters.Desk(hall.branch.id, hall.counter(COUNTERS[left]), morning.clerks[2])
    morning.tried(counters.take_over, desk)
    morning.next(AT, 0)
    clock.move(timedelta(minutes=1))
    if not to_person:
        called = hall.call_next(desk)
        assert called is not None
        assert called.id == sent.id
    calls = all_calls(hall, clock)
    assert [call.code for call in calls] == [sent.code, sent.code] if to_person else [sent.code, other.code, sent.code]
    assert not_reproduced(calls) == []


def share_queue(hall: Hall, place: int) -> None:
    """Let a counter serve the queue of `attest-single`, too."""

    def after(before: Any) -> Any:
        here, queue = before.counters[COUNTERS[place]], before.services["attest-single"].queue
        queues = here.queues if queue in here.queues else (*here.queues, queue)
        return before.changed(counters=before.counters | {COUNTERS[place]: here.changed(queues=queues)})

    save(hall.db, hall.branch.id, after)
