"""Calling profiles: which step applies, what the reason says, and that no profile breaks the promise on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.calling_profiles import (
    FORETOLD,
    LOOKED_BACK,
    Caller,
    Profile,
    RecentCall,
    Step,
    When,
    decide,
    line_up,
    may_call,
    passes_too_far,
)
from queue_system.core.dispatch import (
    CallingRules,
    Choice,
    Reason,
    Waiting,
    choose,
    is_callable,
    is_emergency,
    order,
)
from tests.kit.foremost import foremost

NOON = datetime(2026, 11, 22, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ATTEST, PASSPORTS, CONSULAR = UUID(int=100), UUID(int=200), UUID(int=300)
HERE, THERE = UUID(int=1000), UUID(int=1001)
COUNTER = Caller(HERE, frozenset({ATTEST, PASSPORTS}))
RULES = CallingRules.of([1.0, 4.0], 5, 60)


def waiting(number: int, minutes: float, queue: UUID = ATTEST, weight: float = 1.0) -> Waiting:
    return Waiting(UUID(int=number), queue, f"class-{weight}", weight, NOON - minutes * MINUTE)


def called(minutes: float, queue: UUID, counter: UUID = HERE) -> RecentCall:
    return RecentCall(counter, queue, NOON - minutes * MINUTE)


def next_of(line: Sequence[Waiting], *steps: Step, calls: Sequence[RecentCall] = ()) -> tuple[int, Reason]:
    choice = decide(line, COUNTER, Profile("mornings", steps), calls, RULES, NOON)
    assert choice is not None
    return choice.ticket_id.int, choice.reason


FIRST_PASSPORTS = Step(frozenset({PASSPORTS}))


def test_the_first_step_with_somebody_to_call_narrows_the_line_and_the_rule_chooses_there() -> None:
    line = [waiting(1, 30), waiting(2, 5, PASSPORTS), waiting(3, 9, PASSPORTS)]
    reason = Reason("profile-always", {"profile": "mornings", "step": 2})
    assert next_of(line, Step(frozenset({CONSULAR})), FIRST_PASSPORTS) == (3, reason)


def test_a_step_whose_queues_are_empty_is_passed_over() -> None:
    assert next_of([waiting(1, 3), waiting(2, 8)], FIRST_PASSPORTS) == (2, Reason("waited-longest", {"n": 8}))


def test_a_step_that_leaves_nobody_out_says_nothing() -> None:
    line = [waiting(1, 3), waiting(2, 8)]
    assert next_of(line, Step(frozenset({ATTEST, PASSPORTS}))) == (2, Reason("waited-longest", {"n": 8}))


def test_a_profile_gives_a_counter_no_queue_that_it_does_not_serve() -> None:
    line = [waiting(1, 3), waiting(2, 8, CONSULAR)]
    assert next_of(line, Step(frozenset({CONSULAR})))[0] == 1
    assert decide(line[1:], COUNTER, Profile("p", (Step(frozenset({CONSULAR})),)), (), RULES, NOON) is None


def test_an_appointment_that_may_not_be_called_yet_makes_no_step_apply() -> None:
    early = Waiting(UUID(int=2), PASSPORTS, "appointment", 4.0, NOON + 20 * MINUTE, appointment=True)
    assert next_of([waiting(1, 3), early], FIRST_PASSPORTS)[0] == 1


@pytest.mark.parametrize(("minutes", "chosen"), [(10, 1), (11, 2)])
def test_a_long_wait_in_a_queue_brings_its_step(minutes: int, chosen: int) -> None:
    line = [waiting(1, 15), waiting(2, minutes, PASSPORTS)]
    step = Step(frozenset({PASSPORTS}), "waiting", PASSPORTS, minutes=10)
    number, reason = next_of(line, step)
    assert number == chosen
    if chosen == 2:
        assert reason == Reason("profile-waiting", {"profile": "mornings", "step": 1, "n": 11, "limit": 10})


def test_a_condition_can_watch_a_queue_of_other_counters() -> None:
    line = [waiting(1, 15), waiting(2, 3, PASSPORTS), waiting(3, 40, CONSULAR)]
    assert next_of(line, Step(frozenset({PASSPORTS}), "waiting", CONSULAR, minutes=30))[0] == 2


@pytest.mark.parametrize(
    ("calls", "whose", "chosen"),
    [
        ([], "counter", 2),
        ([called(5, PASSPORTS)], "counter", 2),
        ([called(9, PASSPORTS), called(5, PASSPORTS)], "counter", 1),
        ([called(30, PASSPORTS), called(5, PASSPORTS)], "counter", 2),
        ([called(9, PASSPORTS, THERE), called(5, PASSPORTS)], "counter", 2),
        ([called(9, PASSPORTS, THERE), called(5, PASSPORTS)], "branch", 1),
    ],
)
def test_few_calls_from_a_queue_bring_its_step(calls: list[RecentCall], whose: str, chosen: int) -> None:
    step = Step(frozenset({PASSPORTS}), "fewer", PASSPORTS, minutes=30, calls=2, whose=whose)  # type: ignore[arg-type]
    assert next_of([waiting(1, 15), waiting(2, 3, PASSPORTS)], step, calls=calls)[0] == chosen


@pytest.mark.parametrize(("ours", "others", "row"), [(2, 1, "PPAPPAPPA"), (1, 1, "PAPAPAPAP"), (1, 3, "PAAAPAAAP")])
def test_a_share_is_that_many_of_each_row_of_calls(ours: int, others: int, row: str) -> None:
    line = [waiting(n, 30 - n, ATTEST if n % 2 else PASSPORTS) for n in range(1, 25)]
    step = Step(frozenset({PASSPORTS}), "share", ATTEST, calls=ours, others=others)
    by_id = {one.ticket_id: one.queue_id for one in line}
    order_of_calls = line_up(line, COUNTER, Profile("p", (step,)), (), RULES, NOON)
    found = "".join("P" if by_id[choice.ticket_id] == PASSPORTS else "A" for choice in order_of_calls[: len(row)])
    assert found == row


def test_a_share_counts_no_calls_of_yesterday_and_none_of_other_queues() -> None:
    line = [waiting(1, 15), waiting(2, 3, PASSPORTS)]
    step = Step(frozenset({PASSPORTS}), "share", ATTEST, calls=1, others=1)
    before = [called(LOOKED_BACK / MINUTE + 1, PASSPORTS), called(2, CONSULAR)]
    assert next_of(line, step, calls=before)[0] == 2
    assert next_of(line, step, calls=[called(1, PASSPORTS)])[0] == 1


def test_an_emergency_goes_before_every_step() -> None:
    line = [waiting(1, 1, weight=10.0), waiting(2, 30, PASSPORTS)]
    assert next_of(line, FIRST_PASSPORTS) == (1, Reason("emergency", {"priority": "class-10.0"}))


@pytest.mark.parametrize(("minutes", "chosen"), [(50, 2), (51, 1)])
def test_the_promise_on_the_wall_stands_above_the_profile(minutes: int, chosen: int) -> None:
    """With a guard of 60 minutes and weights 1 and 4, nobody who came more than 45 minutes later goes first."""
    number, reason = next_of([waiting(1, minutes), waiting(2, 5, PASSPORTS)], FIRST_PASSPORTS)
    assert number == chosen
    if chosen == 1:
        assert reason == Reason("profile-promise", {"n": 51, "profile": "mornings"})


def test_without_a_profile_it_is_the_rule() -> None:
    line = [waiting(1, 3), waiting(2, 8, PASSPORTS)]
    assert decide(line, COUNTER, None, (), RULES, NOON) == choose(line, COUNTER.queues, RULES, NOON)
    assert line_up(line, COUNTER, None, (), RULES, NOON) == order(line, COUNTER.queues, RULES, NOON)


# ---------------------------------------------------------------- any hall and any profile

QUEUES = (ATTEST, PASSPORTS, CONSULAR)
WEIGHTS = (1.0, 1.5, 3.7, 4.0, 10.0)
WHENS: tuple[When, ...] = ("always", "waiting", "fewer", "share")
STEPS = st.builds(
    Step,
    st.frozensets(st.sampled_from(QUEUES), min_size=1),
    st.sampled_from(WHENS),
    st.sampled_from(QUEUES),
    st.integers(1, 90),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["counter", "branch"]),
)
PROFILES = st.builds(Profile, st.just("p"), st.lists(STEPS, min_size=1, max_size=4).map(tuple))
TICKETS = st.lists(
    st.builds(
        Waiting,
        st.integers(1, 999).map(lambda n: UUID(int=n)),
        st.sampled_from(QUEUES),
        st.just("class"),
        st.sampled_from(WEIGHTS),
        st.integers(-10, 180).map(lambda minutes: NOON - minutes * MINUTE),
        st.booleans(),
        st.sampled_from((0, 0, 0, 1, 3)),
    ),
    max_size=14,
    unique_by=lambda one: one.ticket_id,
)
CALLS = st.lists(
    st.builds(
        RecentCall,
        st.sampled_from((HERE, THERE)),
        st.sampled_from(QUEUES),
        st.integers(0, 300).map(lambda minutes: NOON - minutes * MINUTE),
    ),
    max_size=8,
).map(lambda calls: sorted(calls, key=lambda call: call.at))
RULE_SETS = st.builds(CallingRules.of, st.just(WEIGHTS), st.sampled_from([0, 5]), st.sampled_from([None, 15, 45, 60]))


@given(line=TICKETS, profile=PROFILES, calls=CALLS, rules=RULE_SETS)
def test_no_profile_breaks_the_promise(
    line: list[Waiting], profile: Profile, calls: list[RecentCall], rules: CallingRules
) -> None:
    choice = decide(line, COUNTER, profile, calls, rules, NOON)
    candidates = [one for one in line if one.queue_id in COUNTER.queues]
    assert (choice is None) == (not candidates)
    if choice is None:
        return
    chosen = next(one for one in candidates if one.ticket_id == choice.ticket_id)
    able = [one for one in candidates if is_callable(one, rules, NOON)]
    if not is_emergency(chosen.weight):
        assert not passes_too_far(chosen, able, rules)
        assert not any(is_emergency(one.weight) for one in able)
    assert not able or is_callable(chosen, rules, NOON)


@given(line=TICKETS, profile=PROFILES, calls=CALLS, rules=RULE_SETS)
def test_the_line_has_everybody_once_and_begins_with_the_choice(
    line: list[Waiting], profile: Profile, calls: list[RecentCall], rules: CallingRules
) -> None:
    foretold = line_up(line, COUNTER, profile, calls, rules, NOON)
    first = decide(line, COUNTER, profile, calls, rules, NOON)
    assert foretold[:1] == ([first] if first else [])
    assert sorted(choice.ticket_id for choice in foretold) == sorted(
        one.ticket_id for one in line if one.queue_id in COUNTER.queues
    )


def test_beyond_the_calls_that_are_foretold_stands_the_order_of_the_rule() -> None:
    line = [waiting(n, 40 - n / 2, ATTEST if n % 2 else PASSPORTS) for n in range(1, 61)]
    foretold: list[Choice] = line_up(line, COUNTER, Profile("p", (FIRST_PASSPORTS,)), (), RULES, NOON)
    ids = [choice.ticket_id.int for choice in foretold]
    assert ids[:FORETOLD] == list(range(2, 2 * FORETOLD + 1, 2))
    assert ids[FORETOLD : FORETOLD + 3] == [1, 3, 5]


@given(line=TICKETS, profile=PROFILES, calls=CALLS, rules=RULE_SETS)
def test_a_profile_decides_among_the_foremost_as_among_all(
    line: list[Waiting], profile: Profile, calls: list[RecentCall], rules: CallingRules
) -> None:
    whole = decide(line, COUNTER, profile, calls, rules, NOON)
    assert decide(foremost(line), COUNTER, profile, calls, rules, NOON) == whole


CLERKS = st.builds(
    Caller,
    st.just(HERE),
    st.just(COUNTER.queues),
    st.none(),
    st.sampled_from([frozenset[str](), frozenset({"notary"})]),
    st.frozensets(st.sampled_from(["ar", "en"])),
    st.sampled_from([None, 10 * MINUTE, 45 * MINUTE]),
)
#: Of so few kinds that there are several tickets of each.
TICKETS_FOR_CLERKS = st.lists(
    st.builds(
        Waiting,
        st.integers(1, 999).map(lambda n: UUID(int=n)),
        st.sampled_from((ATTEST, PASSPORTS)),
        st.just("class"),
        st.sampled_from((1.0, 1.0, 1.0, 4.0)),
        st.integers(-10, 180).map(lambda minutes: NOON - minutes * MINUTE),
        st.sampled_from((False, False, True)),
        st.sampled_from((0, 0, 0, 0, 1)),
        skills=st.sampled_from([frozenset[str](), frozenset({"notary"})]),
        language=st.sampled_from(["ar", "en"]),
    ),
    min_size=4,
    max_size=14,
    unique_by=lambda one: one.ticket_id,
)


@given(line=TICKETS_FOR_CLERKS, clerk=CLERKS, profile=st.none() | PROFILES, calls=CALLS, rules=RULE_SETS)
def test_a_clerk_decides_among_the_foremost_as_among_all_and_breaks_no_promise(
    line: list[Waiting], clerk: Caller, profile: Profile | None, calls: list[RecentCall], rules: CallingRules
) -> None:
    choice = decide(line, clerk, profile, calls, rules, NOON)
    assert decide(foremost(line), clerk, profile, calls, rules, NOON) == choice
    foretold = line_up(line, clerk, profile, calls, rules, NOON)
    assert foretold[:1] == ([choice] if choice else [])
    for_clerk = [one for one in line if one.queue_id in clerk.queues and may_call(one, clerk, NOON)]
    assert (choice is None) == (not for_clerk)
    chosen = next((one for one in for_clerk if choice and one.ticket_id == choice.ticket_id), None)
    if chosen is not None and not is_emergency(chosen.weight):
        assert not passes_too_far(chosen, [one for one in for_clerk if is_callable(one, rules, NOON)], rules)


# ---------------------------------------------------------------- skills and languages


def able(first: timedelta | None = None, *, skills: Sequence[str] = (), languages: Sequence[str] = ()) -> Caller:
    return Caller(HERE, COUNTER.queues, None, frozenset(skills), frozenset(languages), first)


def test_a_clerk_without_the_skill_does_not_get_the_ticket() -> None:
    line = [replace(waiting(1, 30), skills=frozenset({"notary"})), waiting(2, 5)]
    for skills, chosen in (([], [2]), (["notary"], [1, 2])):
        choices = line_up(line, able(skills=skills), None, (), RULES, NOON)
        assert [choice.ticket_id.int for choice in choices] == chosen
    assert decide(line[:1], able(), None, (), RULES, NOON) is None


@pytest.mark.parametrize(
    ("waited", "first", "chosen"),
    [(9, 10 * MINUTE, 2), (10, 10 * MINUTE, 1), (46, 60 * MINUTE, 2), (51, 60 * MINUTE, 1)],
)
def test_a_language_of_the_clerk_comes_first_for_a_while_and_within_the_promise(
    waited: int, first: timedelta, chosen: int
) -> None:
    line = [replace(waiting(1, waited), language="en"), replace(waiting(2, 5), language="ar")]
    choice = decide(line, able(first, languages=["ar"]), None, (), RULES, NOON)
    assert choice is not None
    assert choice.ticket_id.int == chosen
    assert (choice.reason == Reason("language")) == (chosen == 2)


def test_where_only_their_languages_are_called_others_wait_for_a_colleague_but_not_emergencies() -> None:
    line = [replace(waiting(1, 30), language="en"), replace(waiting(2, 1, weight=10.0), language="en")]
    choices = line_up(line, able(languages=["ar"]), None, (), RULES, NOON)
    assert [choice.ticket_id.int for choice in choices] == [2]
    assert len(line_up(line, able(), None, (), RULES, NOON)) == 2
