"""The calling rule played forward is the calling rule, on any hall; newcomers change nothing."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from queue_system.core.calling_profiles import Caller, may_call
from queue_system.core.dispatch import CallingRules, Waiting, choose
from queue_system.core.waits.forward import MINUTE, NEVER, Forward
from queue_system.core.waits.hall import Arrival, Away, Counter, Hall, InLine, Newcomer

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
QUEUES = tuple(UUID(int=100 + n) for n in range(3))
SERVICE = UUID(int=7)
SKILLS = ("notary", "seal")
LANGUAGES = ("ar", "en")
COUNTERS = tuple(UUID(int=200 + n) for n in range(5))
CLERKS = tuple(UUID(int=300 + n) for n in range(5))
WEIGHTS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
TICK = timedelta(microseconds=1)
SEEDS = st.integers(0, 2**32)


@dataclass(frozen=True)
class Played:
    """A hall with all that chance decides: when counters are free, how long visits last, which arrivals come."""

    hall: Hall
    free: Sequence[float]
    lengths: Sequence[float]
    come: Sequence[bool]


def hall_of(seed: int) -> Played:
    """A hall made by chance; in most of them many instants and values of V are equal.

    Drawn without hypothesis, which would take most of the time and prefer halls in which hardly anybody waits.
    """
    lot = random.Random(seed)
    step = lot.choice((1, 60_000_000, 600_000_000))
    queues = QUEUES[: lot.randint(1, len(QUEUES))]
    weights = lot.sample(WEIGHTS, lot.randint(1, 4))
    # In some halls everybody calls everybody.
    needs, reserves, speaks = (lot.choice((0.0, 0.3)) for _ in range(3))

    def skills(share: float) -> frozenset[str]:
        return frozenset(skill for skill in SKILLS if lot.random() < share)

    def reserved() -> dict[str, Any]:
        """For a counter or a person, who may be there or not, or for nobody."""
        if lot.random() >= reserves:
            return {}
        whom = (
            {"reserved_counter": lot.choice(COUNTERS)} if lot.random() < 0.5 else {"reserved_staff": lot.choice(CLERKS)}
        )
        return {**whom, "reserved_until": NOW + minutes(-5, 40)}

    def minutes(least: int, most: int) -> timedelta:
        ticks = lot.randint(least * 60_000_000, most * 60_000_000)
        return (ticks // step * step) * TICK

    def away() -> Away:
        since = NOW + minutes(-10, 60)
        return Away(since, lot.choice((None, since + minutes(1, 30))))

    waiting = [
        InLine(
            Waiting(
                UUID(int=number),
                lot.choice(queues),
                "class",
                lot.choice(weights),
                NOW + minutes(lot.choice((-90, -30, 0)), lot.choice((0, 0, 30))),
                lot.random() < 0.4,
                lot.choice((0, 0, 0, 0, 0, 1, 2, 5)),
                skills=skills(needs),
                language=lot.choice(LANGUAGES),
                **reserved(),
            ),
            SERVICE,
        )
        for number in lot.sample(range(1, 1_000), lot.randint(0, 14))
    ]
    arrivals = [
        Arrival(
            lot.choice(queues),
            SERVICE,
            lot.choice(weights),
            NOW + minutes(0, 60),
            0.5,
            lot.random() < 0.7,
            skills(needs),
            lot.choice(LANGUAGES),
        )
        for _ in range(lot.randint(0, 8))
    ]
    counters = [
        counter_of(
            Caller(
                COUNTERS[place],
                frozenset(lot.sample(queues, lot.randint(1, len(queues)))),
                CLERKS[place],
                skills(0.6),
                frozenset({lot.choice(LANGUAGES)} if lot.random() < speaks else ()),
            ),
            tuple(away() for _ in range(lot.choice((0, 0, 1, 2)))),
        )
        for place in range(lot.randint(1, 4))
    ]
    newcomers = [
        Newcomer(
            lot.choice(queues),
            lot.choice(weights),
            skills(needs),
            lot.choice(LANGUAGES),
            lot.choice((None, NOW + minutes(-15, 40))),
        )
        for _ in range(lot.randint(0, 3))
    ]
    rules = CallingRules.of(WEIGHTS, lot.choice((0, 5, 30)), lot.choice((None, 0, 15, 60)))
    return Played(
        Hall(NOW, rules, counters, waiting, arrivals, newcomers),
        [lot.choice((0.0, float(minutes(0, 20) // TICK))) for _ in counters],
        [float(minutes(0, 20) // TICK) for _ in (*waiting, *arrivals)],
        [lot.random() < 0.6 for _ in arrivals],
    )


def counter_of(caller: Caller, away: tuple[Away, ...] = ()) -> Counter:
    return Counter(caller.queues, away=away, caller=caller)


def fast(played: Played) -> tuple[dict[UUID, float], list[float]]:
    """The instants of the calls by the form that forecasts use: of everybody who waits, and of the newcomers."""
    forward = Forward(played.hall)
    length_of = dict(zip((one.ticket.ticket_id for one in played.hall.waiting), played.lengths, strict=False))
    apart = {forward.place_of(one) for one in played.hall.newcomers}
    lengths = [
        *(length_of[one.ticket.ticket_id] for one in forward.people),
        *(0.0 for _ in apart),
        *played.lengths[len(length_of) :],
    ]
    calls = forward.play(played.free, lengths, played.come)
    assert len(calls) == len(length_of) + len(apart)
    people = {one.ticket.ticket_id: calls[place] for place, one in enumerate(forward.people)}
    return people, [calls[forward.place_of(one)] for one in played.hall.newcomers]


def by_choosing(played: Played, newcomer: Newcomer | None = None) -> dict[UUID, float]:
    """The same by `dispatch.choose`, call after call, with everybody who is there; a newcomer is a ticket with the id 0."""
    hall = played.hall
    comers = [
        Waiting(
            UUID(int=10_000 + n),
            one.queue_id,
            "class",
            one.weight,
            one.at,
            one.appointment,
            skills=one.skills,
            language=one.language,
        )
        for n, one in enumerate(hall.arrivals)
    ]
    length_of = dict(zip([one.ticket.ticket_id for one in hall.waiting], played.lengths, strict=False))
    length_of |= dict(zip([one.ticket_id for one in comers], played.lengths[len(hall.waiting) :], strict=True))
    standing = [one.ticket for one in hall.waiting]
    if newcomer is not None:
        mine = Waiting(UUID(int=5_000), newcomer.queue_id, "class", newcomer.weight, newcomer.booked_at or NOW)
        about = replace(mine, skills=newcomer.skills, language=newcomer.language)
        standing.append(replace(about, appointment=newcomer.booked_at is not None))
        length_of[UUID(int=5_000)] = 0.0
    coming = [
        (one.anchor_at - (hall.rules.call_early if one.appointment else timedelta()), one)
        for one, comes in zip(comers, played.come, strict=True)
        if comes
    ]
    calls: dict[UUID, float] = {}
    ends = [(at, place) for place, at in enumerate(played.free)]
    heapq.heapify(ends)
    while ends:
        at, place = heapq.heappop(ends)
        now, counter = NOW + at * TICK, hall.counters[place]
        if absence := [away for away in counter.away if away.since <= now and (away.until is None or now < away.until)]:
            if absence[0].until is not None:
                heapq.heappush(ends, (float((absence[0].until - NOW) // TICK), place))
            continue
        there = [one for one in standing if one.ticket_id not in calls]
        there += [one for since, one in coming if since <= now and one.ticket_id not in calls]
        assert counter.caller is not None
        able = [one for one in there if may_call(one, counter.caller, now)]
        choice = choose(able, counter.queues, hall.rules, now)
        if choice is None:
            later = [since for since, one in coming if since > now and one.queue_id in counter.queues]
            later += [one.reserved_until for one in there if one.reserved_until and one.reserved_until > now]
            if later:
                heapq.heappush(ends, (float((min(later) - NOW) // TICK), place))
            continue
        calls[choice.ticket_id] = at
        standing = [
            replace(one, aside=one.aside - 1)
            if one.aside and one.queue_id in counter.queues and one.ticket_id != choice.ticket_id
            else one
            for one in standing
        ]
        heapq.heappush(ends, (at + length_of[choice.ticket_id], place))
    return calls


@settings(max_examples=400)
@given(SEEDS)
def test_it_calls_as_the_rule_does(seed: int) -> None:
    played = hall_of(seed)
    calls, _ = fast(played)
    chosen = by_choosing(played)
    assert calls == {ticket: chosen.get(ticket, NEVER) for ticket in calls}


@settings(max_examples=400)
@given(SEEDS)
def test_a_newcomer_is_called_when_a_ticket_taken_now_would_be(seed: int) -> None:
    played = hall_of(seed)
    _, newcomers = fast(played)
    for newcomer, called in zip(played.hall.newcomers, newcomers, strict=True):
        assert called == by_choosing(played, newcomer).get(UUID(int=5_000), NEVER)


@settings(max_examples=400)
@given(SEEDS)
def test_nobody_waits_longer_or_shorter_because_a_newcomer_is_asked_about(seed: int) -> None:
    played = hall_of(seed)
    alone = replace(played, hall=replace(played.hall, newcomers=()))
    assert fast(played)[0] == fast(alone)[0]


def test_nobody_is_called_from_a_queue_that_no_counter_serves() -> None:
    ticket = Waiting(UUID(int=1), QUEUES[0], "walkin", 1, NOW)
    rules = CallingRules.of(WEIGHTS, 5, 60)
    hall = Hall(NOW, rules, [Counter(frozenset(QUEUES[1:]))], [InLine(ticket, SERVICE)], (), [Newcomer(QUEUES[0], 1)])
    assert Forward(hall).play([0.0], [MINUTE, 0.0], []) == [NEVER, NEVER]


def test_a_reserved_visitor_waits_for_that_counter_until_the_others_may_call() -> None:
    queue = frozenset(QUEUES[:1])
    counters = [counter_of(Caller(COUNTERS[place], queue)) for place in range(2)]
    mine = Waiting(UUID(int=1), QUEUES[0], "walkin", 1, NOW, reserved_counter=COUNTERS[1])
    rules = CallingRules.of(WEIGHTS, 5, 60)

    def called(minutes: int, free: float) -> float:
        ticket = replace(mine, reserved_until=NOW + timedelta(minutes=minutes))
        return Forward(Hall(NOW, rules, counters, [InLine(ticket, SERVICE)])).play([0.0, free], [MINUTE], [])[0]

    assert called(20, free=5 * MINUTE) == 5 * MINUTE
    assert called(20, free=30 * MINUTE) == 20 * MINUTE


def test_nobody_is_called_who_needs_a_skill_that_no_clerk_has() -> None:
    ticket = Waiting(UUID(int=1), QUEUES[0], "walkin", 1, NOW, skills=frozenset({"seal"}))
    rules = CallingRules.of(WEIGHTS, 5, 60)
    for skills, called in ((frozenset[str](), NEVER), (frozenset({"seal"}), 0.0)):
        counters = [counter_of(Caller(COUNTERS[0], frozenset(QUEUES), skills=skills))]
        newcomer = Newcomer(QUEUES[0], 1, frozenset({"seal"}))
        hall = Hall(NOW, rules, counters, [InLine(ticket, SERVICE)], (), [newcomer])
        assert Forward(hall).play([0.0], [MINUTE, 0.0], [])[0] == called
