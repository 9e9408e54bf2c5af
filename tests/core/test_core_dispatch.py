"""The published calling rule in cases that a person can follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from babel.messages.pofile import read_po

from queue_system.core.dispatch import (
    CallingRules,
    Choice,
    Reason,
    Waiting,
    choose,
    is_callable,
    longest_bypass,
    order,
    priority_at,
)

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CONSULAR, LEGAL = UUID(int=100), UUID(int=200)
WEIGHTS = {
    "walkin": 1.0,
    "late_appointment": 1.5,
    "student_exam": 2.0,
    "appointment": 3.0,
    "elderly": 3.0,
    "disability": 4.0,
    "bereavement": 6.0,
    "legal_urgent": 10.0,
}
RULES = CallingRules.of(WEIGHTS.values(), call_early_min=5, guard_min=60)
CATALOGUES = Path(__file__).parents[2] / "queue_system/i18n/catalogues"


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def waiting(
    number: int, waited: float, priority: str = "walkin", queue: UUID = CONSULAR, appointment: bool | None = None
) -> Waiting:
    """A ticket whose waiting began `waited` minutes ago; negative for an appointment in the future."""
    booked = "appointment" in priority if appointment is None else appointment
    return Waiting(UUID(int=number), queue, priority, WEIGHTS[priority], NOW - minutes(waited), booked)


def called(*line: Waiting, rules: CallingRules = RULES) -> tuple[int, Reason]:
    choice = choose(line, {CONSULAR}, rules, NOW)
    assert choice is not None
    return choice.ticket_id.int, choice.reason


@pytest.mark.parametrize(
    ("weight", "waited", "value"),
    [
        (1.0, 0, 0),
        (1.0, 60, 60),
        # Beyond the guard everybody gathers priority at the top rate: 60 + 4 · 30.
        (1.0, 90, 180),
        (3.0, 20, 60),
        (3.0, 70, 220),
        (4.0, 90, 360),
        (1.5, 60, 90),
        (10.0, 90, 900),
        (6.0, 61, 366),
        (3.0, -4, 0),
    ],
)
def test_the_formula(weight: float, waited: int, value: int) -> None:
    assert priority_at(minutes(waited), weight, RULES) == value * 60 * 1_000_000 * 1000


def test_without_a_guard_there_is_one_slope() -> None:
    plain = CallingRules.of(WEIGHTS.values(), 5, None)
    assert priority_at(minutes(90), 1.0, plain) == priority_at(minutes(30), 3.0, plain)
    assert longest_bypass(1.0, plain) is None


def test_the_top_weight_is_the_largest_that_is_no_emergency() -> None:
    assert RULES.top_weight == 4.0
    assert CallingRules.of([1.0, 3.0, 6.0, 10.0], 5, 60).top_weight == 3.0
    assert CallingRules.of([], 5, 60).top_weight == 1.0


def test_the_promise_on_the_wall() -> None:
    assert longest_bypass(1.0, RULES) == minutes(45)
    assert longest_bypass(3.0, RULES) == minutes(15)
    assert longest_bypass(4.0, RULES) == minutes(0)
    assert longest_bypass(10.0, RULES) == minutes(0)


def test_nobody_waits_nobody_is_called() -> None:
    assert choose([], {CONSULAR}, RULES, NOW) is None
    assert choose([waiting(1, 5, queue=LEGAL)], {CONSULAR}, RULES, NOW) is None
    assert choose([waiting(1, 5)], frozenset(), RULES, NOW) is None
    assert order([], {CONSULAR}, RULES, NOW) == []


def test_a_counter_calls_from_all_its_queues_and_no_other() -> None:
    line = [waiting(1, 30, queue=LEGAL), waiting(2, 20), waiting(3, 25)]
    assert called(*line)[0] == 3
    both = choose(line, {CONSULAR, LEGAL}, RULES, NOW)
    assert both == Choice(UUID(int=1), Reason("waited-longest", {"n": 30}))


def test_among_equals_the_one_who_waited_longest() -> None:
    assert called(waiting(1, 3), waiting(2, 9.9), waiting(3, 6)) == (2, Reason("waited-longest", {"n": 9}))


def test_three_minutes_of_a_walk_in_weigh_one_minute_of_an_appointment() -> None:
    appointment = waiting(1, 10, "appointment")
    assert called(appointment, waiting(2, 29)) == (1, Reason("appointment-time", {"n": 10}))
    assert called(appointment, waiting(2, 31)) == (2, Reason("waited-longest", {"n": 31}))


def test_at_equal_priority_the_earlier_anchor_then_the_smaller_id() -> None:
    assert called(waiting(1, 10, "appointment"), waiting(2, 30))[0] == 2
    assert called(waiting(2, 10), waiting(1, 10))[0] == 1
    assert [choice.ticket_id.int for choice in order([waiting(n, 7) for n in (3, 1, 2)], {CONSULAR}, RULES, NOW)] == [
        1,
        2,
        3,
    ]


def test_a_class_goes_before_and_the_reason_names_it() -> None:
    assert called(waiting(1, 30), waiting(2, 10, "disability")) == (
        2,
        Reason("priority-class", {"priority": "disability"}),
    )
    assert called(waiting(1, 12), waiting(2, 10, "late_appointment")) == (
        2,
        Reason("priority-class", {"priority": "late_appointment"}),
    )
    assert called(waiting(1, 5), waiting(2, 10, "elderly")) == (2, Reason("waited-longest", {"n": 10}))


def test_an_emergency_stands_before_everybody_from_its_first_moment() -> None:
    line = [waiting(1, 55), waiting(2, 0, "legal_urgent"), waiting(3, 14, "disability")]
    assert called(*line) == (2, Reason("emergency", {"priority": "legal_urgent"}))
    assert called(waiting(1, 600), waiting(2, 0, "bereavement"))[0] == 2


def test_of_emergencies_the_formula_decides() -> None:
    line = [waiting(1, 4, "bereavement"), waiting(2, 3, "legal_urgent")]
    assert called(*line)[0] == 2
    assert called(waiting(1, 6, "bereavement"), waiting(2, 3, "legal_urgent"))[0] == 1


def test_an_emergency_with_an_appointment_does_not_wait_for_it() -> None:
    early = waiting(1, -25, "bereavement", appointment=True)
    assert is_callable(early, RULES, NOW)
    assert called(early, waiting(2, 40)) == (1, Reason("emergency", {"priority": "bereavement"}))


def test_the_guard_gives_way_to_who_waited_too_long_and_says_so() -> None:
    line = [waiting(1, 80), waiting(2, 30, "disability")]
    assert called(*line) == (1, Reason("guard", {"n": 80}))
    assert called(*line, rules=CallingRules.of(WEIGHTS.values(), 5, None))[0] == 2
    # It is beyond the guard, but would be first without the guard too, so the guard is not the reason.
    assert called(waiting(1, 80), waiting(2, 10, "disability")) == (1, Reason("waited-longest", {"n": 80}))


def test_the_guard_lifts_nobody_over_an_emergency() -> None:
    assert called(waiting(1, 90), waiting(2, 1, "legal_urgent"))[0] == 2


def aside(ticket: Waiting, others: int) -> Waiting:
    return replace(ticket, aside=others)


def test_who_was_called_and_was_not_here_stands_behind_everybody_else() -> None:
    gone = aside(waiting(1, 55, "bereavement"), 2)
    line = [gone, waiting(2, 1), waiting(3, -25, "appointment")]
    assert [choice.ticket_id.int for choice in order(line, {CONSULAR}, RULES, NOW)] == [2, 3, 1]
    # Tickets that are aside do not influence the reason for calling others.
    assert called(*line) == (2, Reason("waited-longest", {"n": 1}))
    assert called(gone) == (1, Reason("skipped"))


@pytest.mark.parametrize(("ahead", "callable_now"), [(0, True), (5, True), (5.1, False), (30, False)])
def test_an_appointment_is_called_from_five_minutes_before(ahead: float, callable_now: bool) -> None:
    ticket = waiting(1, -ahead, "appointment")
    assert is_callable(ticket, RULES, NOW) is callable_now
    # Its waiting has not begun, so waiting visitors go first.
    assert called(ticket, waiting(2, 0.5))[0] == 2


def test_a_walk_in_is_called_whenever_a_clock_went_back() -> None:
    assert is_callable(waiting(1, -60), RULES, NOW)
    assert called(waiting(1, -60)) == (1, Reason("waited-longest", {"n": 0}))


def test_alone_an_appointment_is_called_before_its_time() -> None:
    early = waiting(1, -20.5, "appointment")
    assert called(early) == (1, Reason("only-callable", {"n": 21}))
    assert called(early, waiting(2, -12, "appointment")) == (2, Reason("only-callable", {"n": 12}))
    assert called(waiting(3, -4, "appointment"), early) == (3, Reason("appointment-soon", {"n": 4}))


def test_of_appointments_to_come_the_earlier_goes_first_whatever_their_class() -> None:
    heavy, light = waiting(1, -2, "disability", appointment=True), waiting(2, -2.5, "appointment")
    assert called(heavy, light)[0] == 1
    assert called(waiting(1, -22, "disability", appointment=True), waiting(2, -20, "appointment"))[0] == 2


def test_the_whole_line_with_the_reason_of_each() -> None:
    line = [
        waiting(1, -30, "appointment"),
        waiting(2, 20),
        waiting(3, 12, "appointment"),
        waiting(4, 80),
        waiting(5, 30, "disability"),
        waiting(6, 9, "legal_urgent"),
        waiting(7, -2, "appointment"),
        waiting(8, 5),
    ]
    assert [(choice.ticket_id.int, choice.reason.code) for choice in order(line, {CONSULAR}, RULES, NOW)] == [
        (6, "emergency"),
        (4, "guard"),
        (5, "waited-longest"),
        (3, "appointment-time"),
        (2, "waited-longest"),
        (8, "waited-longest"),
        (7, "appointment-soon"),
        (1, "only-callable"),
    ]


def test_a_transferred_ticket_keeps_its_place_by_its_anchor() -> None:
    assert called(waiting(1, 25, queue=CONSULAR), waiting(9, 40, queue=CONSULAR), waiting(2, 35))[0] == 9


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_reason_has_its_sentence(language: str) -> None:
    with (CATALOGUES / language / "reasons.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    forms = {"ar": 6, "en": 2}[language]
    assert catalogue.num_plurals == forms
    sentences: dict[str, list[str]] = {}
    for message in catalogue:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            sentences[key] = [message.string] if isinstance(message.string, str) else list(message.string or ())
    by_rule = ("waited-longest", "guard", "appointment-time", "appointment-soon", "only-callable")
    counted = (*by_rule, "profile-waiting", "profile-promise")
    # The last three do not come from the rule: a clerk called the visitor by hand.
    by_hand = ("priority-class", "emergency", "skipped", "parked-back", "skipped-back", "chosen-by-staff")
    plain = (*by_hand, "profile-always", "profile-fewer", "profile-share", "language")
    assert {key.removesuffix(".zero") for key in sentences} == {f"audit.reason.{code}" for code in (*counted, *plain)}
    for code in counted:
        found = sentences[f"audit.reason.{code}"]
        assert len(found) == forms
        assert all(found)
        assert "{n}" in found[-1]
    for code in (code for code in (*counted, *plain) if code.startswith("profile-")):
        assert all("{profile}" in text for text in sentences[f"audit.reason.{code}"])
    for code in ("priority-class", "emergency"):
        assert all("{priority}" in text for text in sentences[f"audit.reason.{code}"])
