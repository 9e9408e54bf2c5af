"""The digest of a day equals a naive recount, and digests add up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.bookings import BookingState
from queue_system.core.digests import (
    Appointment,
    DayDigest,
    Happening,
    Tally,
    Visit,
    digest,
    minutes,
    quantile,
    times_of,
)
from queue_system.core.facts import tickets as facts
from queue_system.core.facts.families import TicketJoined, TicketSplit
from queue_system.core.tickets import TRANSITIONS, Step, TicketState

DAY = date(2026, 11, 22)
OPENS = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
KINDS = {
    Step.CALL: facts.TicketCalled.kind,
    Step.RECALL: facts.TicketRecalled.kind,
    Step.START: facts.TicketStarted.kind,
    Step.FINISH: facts.TicketServed.kind,
    Step.SKIP: facts.TicketSkipped.kind,
    Step.NO_SHOW: facts.TicketNoShow.kind,
    Step.PARK: facts.TicketParked.kind,
    Step.RESUME: facts.TicketResumed.kind,
    Step.RETURN: facts.TicketReturned.kind,
    Step.TRANSFER: facts.TicketTransferred.kind,
    Step.RAISE: facts.TicketRaised.kind,
    Step.LEAVE: facts.TicketLeft.kind,
    Step.VOID: facts.TicketVoided.kind,
    Step.JOIN: TicketJoined.kind,
    Step.SPLIT: TicketSplit.kind,
}


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    """A visit that walks through its states at random, with seconds between its facts."""
    issued = OPENS + timedelta(seconds=draw(st.integers(0, 20_000)))
    state, at = TicketState.WAITING, issued
    told = [Happening(facts.TicketIssued.kind, issued)]
    for _ in range(draw(st.integers(0, 12))):
        steps = [step for origin, step in TRANSITIONS if origin is state]
        if not steps:
            break
        step = draw(st.sampled_from(steps))
        at += timedelta(seconds=draw(st.integers(0, 900)))
        state = TRANSITIONS[state, step]
        told.append(Happening(KINDS[step], at))
    booked = draw(st.none() | st.integers(-1800, 1800))
    booked_at = None if booked is None else issued + timedelta(seconds=booked)
    return Visit(
        service=draw(st.sampled_from(["passport", "attest"])),
        queue=draw(st.sampled_from(["p", "a"])),
        channel="walk_in.kiosk" if booked is None else "appointment.kiosk",
        language=draw(st.sampled_from(["ar", "en"])),
        local_hour=(issued + timedelta(hours=3)).hour,
        state=state,
        issued_at=issued,
        anchor_at=issued if booked_at is None else max(issued, booked_at),
        booked_at=booked_at,
        outcome="done" if state is TicketState.SERVED else None,
        facts=tuple(told),
    )


def seconds_in(visit: Visit, wanted: TicketState) -> int:
    """How many seconds a visit is in a state, counted second by second."""
    changes = [
        (fact.at, after)
        for fact in visit.facts
        if fact.kind != facts.TicketRaised.kind
        for after in [_after(fact.kind)]
    ]
    first, last = changes[0][0], changes[-1][0]
    count = 0
    for second in range(int((last - first).total_seconds())):
        now = first + timedelta(seconds=second)
        state = [after for at, after in changes if at <= now][-1]
        counts = wanted is not TicketState.WAITING or now >= visit.anchor_at
        count += state is wanted and counts
    return count


def _after(kind: str) -> TicketState:
    if kind == facts.TicketIssued.kind:
        return TicketState.WAITING
    (after,) = {state for (_, step), state in TRANSITIONS.items() if KINDS[step] == kind}
    return after


def added(tallies: list[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total = total.plus(tally)
    return total


@given(st.lists(visits(), max_size=4))
def test_a_digest_equals_a_naive_recount(day: list[Visit]) -> None:
    total = added(list(digest(DAY, day, ()).services.values()))
    called = [visit for visit in day if any(fact.kind == facts.TicketCalled.kind for fact in visit.facts)]
    waits = Counter(seconds_in(visit, TicketState.WAITING) // 60 for visit in called)
    served = [visit for visit in day if any(fact.kind == facts.TicketStarted.kind for fact in visit.facts)]
    serves = Counter(seconds_in(visit, TicketState.SERVING) // 60 for visit in served)
    assert total.counts.get("issued", 0) == len(day)
    assert total.counts.get("called", 0) == len(called)
    assert Counter(total.spreads.get("wait", {})) == waits
    assert Counter(total.spreads.get("serve", {})) == serves
    ends = ("served", "missed", "left", "voided")
    over = [visit for visit in day if visit.state.value in ("served", "no_show", "left", "void")]
    assert sum(total.counts.get(name, 0) for name in ends) == len(over)
    starts = sum(fact.kind == facts.TicketStarted.kind for visit in day for fact in visit.facts)
    assert sum(total.spreads.get("walk", {}).values()) == starts


@given(st.lists(visits(), max_size=6), st.integers(0, 6))
def test_digests_add_up(day: list[Visit], at: int) -> None:
    parts = [digest(DAY, day[:at], ()), digest(DAY, day[at:], ())]
    whole = digest(DAY, day, ())
    assert merged(parts) == whole


def merged(parts: list[DayDigest]) -> DayDigest:
    services = {key for part in parts for key in part.services}
    hours = {key for part in parts for key in part.hours}
    return DayDigest(
        DAY,
        {key: added([part.services[key] for part in parts if key in part.services]) for key in services},
        {key: added([part.hours[key] for part in parts if key in part.hours]) for key in hours},
    )


def visit_with(*told: tuple[str, int], state: TicketState, anchor: int = 0, booked: int | None = None) -> Visit:
    """A visit that comes at OPENS; each fact with its minute."""
    return Visit(
        "passport", "p", "walk_in.kiosk", "ar", 8, state, OPENS, OPENS + timedelta(minutes=anchor),
        None if booked is None else OPENS + timedelta(minutes=booked), None,
        (Happening(facts.TicketIssued.kind, OPENS), *(
            Happening(kind, OPENS + timedelta(minutes=at), {"to_state": "waiting"}) for kind, at in told
        )),
    )  # fmt: skip


def test_a_parked_stretch_is_no_waiting_and_a_transfer_waits_on() -> None:
    times = times_of(
        visit_with(
            (facts.TicketCalled.kind, 10),
            (facts.TicketStarted.kind, 11),
            (facts.TicketParked.kind, 15),
            (facts.TicketResumed.kind, 45),
            (facts.TicketCalled.kind, 50),
            (facts.TicketStarted.kind, 52),
            (facts.TicketTransferred.kind, 60),
            (facts.TicketCalled.kind, 67),
            (facts.TicketStarted.kind, 68),
            (facts.TicketServed.kind, 70),
            state=TicketState.SERVED,
        )
    )
    assert minutes(times.waiting) == 10 + 5 + 7
    assert minutes(times.serving) == 4 + 8 + 2
    assert [minutes(walk) for walk in times.walks] == [1, 2, 1]


def test_who_comes_early_for_an_appointment_waits_from_its_time_on() -> None:
    visit = visit_with((facts.TicketCalled.kind, 40), state=TicketState.CALLED, anchor=30, booked=30)
    assert minutes(times_of(visit).waiting) == 10
    assert digest(DAY, [visit], ()).services["passport", "walk_in.kiosk"].spreads["late"] == {10: 1}


def test_a_call_that_was_taken_back_called_nobody() -> None:
    visit = visit_with(
        (facts.TicketCalled.kind, 5),
        (facts.TicketTakenBack.kind, 5),
        (facts.TicketVoided.kind, 60),
        state=TicketState.VOID,
    )
    (tally,) = digest(DAY, [visit], ()).services.values()
    assert "called" not in tally.counts
    assert tally.spreads == {"wait_uncalled": {60: 1}}


def test_the_time_of_an_absence_is_not_time_in_the_house() -> None:
    visit = visit_with(
        (facts.TicketCalled.kind, 5),
        (facts.TicketNoShow.kind, 10),
        (facts.TicketReturned.kind, 40),
        (facts.TicketCalled.kind, 42),
        (facts.TicketStarted.kind, 43),
        (facts.TicketServed.kind, 50),
        state=TicketState.SERVED,
    )
    (tally,) = digest(DAY, [visit], ()).services.values()
    assert tally.spreads["house"] == {20: 1}


@pytest.mark.parametrize(
    ("state", "in_hall", "came", "counts"),
    [
        (BookingState.FULFILLED, True, True, {"due": 1, "arrived": 1}),
        (BookingState.NO_SHOW, True, True, {"due": 1, "arrived": 1}),
        (BookingState.NO_SHOW, True, False, {"due": 1, "absent": 1}),
        (BookingState.CANCELLED, True, False, {"cancelled": 1}),
        (BookingState.CONFIRMED, False, False, {"agreed": 1}),
    ],
)
def test_a_booking_counts_by_what_became_of_it(
    state: BookingState, in_hall: bool, came: bool, counts: dict[str, int]
) -> None:
    (tally,) = digest(DAY, (), [Appointment("passport", "booking.web", state, in_hall, came, 3)]).services.values()
    assert tally == Tally(counts, {}, {"lead_days": {3: 1}})


@pytest.mark.parametrize(("by_hand", "by_number"), [(True, True), (True, False), (False, False)])
def test_whom_nobody_recorded_was_not_absent(by_hand: bool, by_number: bool) -> None:
    one = Appointment(
        "family", "booking.staff", BookingState.CONFIRMED, True, False, 3, by_hand=by_hand, by_number=by_number
    )
    (tally,) = digest(DAY, (), [one]).services.values()
    assert tally.counts == {"not_recorded": 1}


@given(st.dictionaries(st.integers(0, 50), st.integers(1, 5), min_size=1), st.sampled_from([0.5, 0.9, 1.0]))
def test_a_quantile_is_one_of_the_values(spread: dict[int, int], share: float) -> None:
    values = sorted(value for value, count in spread.items() for _ in range(count))
    found = quantile(spread, share)
    assert found is not None
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None
