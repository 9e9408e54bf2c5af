"""Changes of settings that one person alone may not make: they wait for a second one. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from queue_system.actions import approvals, four_eyes, guarded_decisions, guarded_settings, settings, staff_roles
from queue_system.actions.decisions import decide_listed
from queue_system.actions.second_person import HIDES, RETAINED, SecondPersonNeeded
from queue_system.clock import FrozenClock
from queue_system.core.approvals import DELAY, MANY_BOOKINGS
from queue_system.core.bookings import BookingState
from queue_system.core.errors import Denied, Stale
from queue_system.core.promises import Choice, Choices, Decided
from queue_system.core.support import Why
from queue_system.settings.branch import Retention
from queue_system.settings.catalogue import Confidentiality
from queue_system.settings.edits import Edit
from queue_system.store.log import Actor
from queue_system.store.queries import audit
from queue_system.store.queries.access import staff_by_id
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.stored import stored_branch
from queue_system.store.tables import ORGANISATION
from tests.kit.deciding import BECAUSE, as_stored, booked
from tests.kit.hall import Hall
from tests.kit.people import add_role

# Tuesday 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
CLOSED = {"first": "2026-11-24", "last": "2026-11-24", "names": {"ar": "إغلاق", "en": "Closed"}}
CLOSING = Edit("branch", "doha-main", {"closures": []}, {"closures": [CLOSED]})
CANCEL = Choices({Why.CLOSED: Choice.CANCEL})


def attempt(hall: Hall, person: UUID, *edits: Edit, place: UUID | None = None, choices: Choices | None = None) -> Any:
    """Preview and save as this person; the ids of the changes, or the reasons for which a second person is needed."""
    at = hall.branch.id if place is None else place
    told = hall.db.read_now(settings.preview, at, edits)
    assert told.may_be_saved, (told.conflicts, told.faults)
    how: dict[str, Any] = {
        "actor": by(person),
        "person": hall.db.read_now(staff_by_id, person),
        "choices": choices or Choices(),
    }
    try:
        return hall.db.write_now(settings.save, at, edits, told.sha256, **how)
    except SecondPersonNeeded as needed:
        return set(needed.reasons)


def ask(hall: Hall, person: UUID, *edits: Edit, choices: Choices) -> UUID:
    sha256 = hall.db.read_now(settings.preview, hall.branch.id, edits).sha256
    how: dict[str, Any] = {"actor": by(person), "choices": choices, "reasons": ["many-bookings"]}
    return hall.db.write_now(guarded_settings.ask_for_change, hall.branch.id, edits, sha256, **how)


def by(person: UUID) -> Actor:
    return Actor("staff", str(person))


def bookings(hall: Hall, count: int) -> list[BookingView]:
    return [booked(hall, START + timedelta(minutes=30 * at), contact=f"v{at}@example.org") for at in range(count)]


def test_one_person_calls_off_a_few_appointments_and_two_people_many(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 3)
    lost = bookings(hall, 4)
    assert attempt(hall, first, CLOSING, choices=CANCEL) == {"many-bookings"}
    assert as_stored(hall, lost[0]).state is BookingState.CONFIRMED

    asked = ask(hall, first, CLOSING, choices=CANCEL)
    assert ask(hall, first, CLOSING, choices=CANCEL) == asked
    hall.db.write_now(approvals.approve, asked, by(second))
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert {as_stored(hall, one).state for one in lost} == {BookingState.CANCELLED}
    assert stored_closures(hall) == 1


def test_a_change_that_was_taken_back_is_asked_again_with_its_choices(
    hall: Hall, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 3)
    lost = bookings(hall, 4)
    asked = ask(hall, first, CLOSING, choices=CANCEL)
    hall.db.write_now(approvals.withdraw, asked, by(first))
    clock.move(timedelta(hours=20))
    again = hall.db.write_now(four_eyes.ask_again, asked, by(first))
    hall.db.write_now(approvals.approve, again, by(second))
    hall.db.write_now(four_eyes.carry_out, again, by(first))
    assert {as_stored(hall, one).state for one in lost} == {BookingState.CANCELLED}


def test_twenty_appointments_need_one_person_and_twenty_one_two(hall: Hall) -> None:
    first = hall.administrator("first")
    lost = [
        booked(hall, START + timedelta(minutes=10 * at), contact=f"v{at}@example.org")
        for at in range(MANY_BOOKINGS + 1)
    ]
    assert len(lost) == 21
    assert attempt(hall, first, CLOSING, choices=CANCEL) == {"many-bookings"}
    kept = Choices({Why.CLOSED: Choice.CANCEL}, {lost[0].id: Choice.KEEP})
    assert len(attempt(hall, first, CLOSING, choices=kept)) == 1
    assert [as_stored(hall, one).state for one in lost] == [BookingState.CONFIRMED, *[BookingState.CANCELLED] * 20]


def test_many_in_small_parts_need_a_second_person_within_a_day_and_not_after_it(
    hall: Hall, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = hall.administrator("first"), hall.administrator("second")
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 3)
    lost = bookings(hall, 6)
    assert len(attempt(hall, first, CLOSING)) == 1

    def take(person: UUID, *of: int) -> Any:
        clock.move(timedelta(minutes=1))
        choices = {lost[one].id: Choice.CANCEL for one in of}
        return hall.db.write_now(decide_listed, hall.branch.id, choices, BECAUSE, by(person))

    assert len(take(first, 0, 1)) == 2
    with pytest.raises(SecondPersonNeeded):
        take(first, 2, 3)
    assert len(take(other, 2)) == 1, "another person has taken nothing yet"
    clock.move(timedelta(hours=24))
    assert len(take(first, 3, 4, 5)) == 3


def test_what_a_second_person_has_approved_does_not_count_again(
    hall: Hall, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 2)
    lost = bookings(hall, 4)
    assert len(attempt(hall, first, CLOSING)) == 1
    choices = {one.id: Choice.CANCEL for one in lost[:3]}
    asked = hall.db.write_now(guarded_decisions.ask_to_decide, hall.branch.id, choices, BECAUSE, by(first))
    hall.db.write_now(approvals.approve, asked, by(second))
    clock.move(timedelta(minutes=1))
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    clock.move(timedelta(minutes=1))
    assert len(hall.db.write_now(decide_listed, hall.branch.id, {lost[3].id: Choice.CANCEL}, BECAUSE, by(first))) == 1


def test_a_change_of_settings_counts_with_what_was_decided_before_it(
    hall: Hall, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hall.administrator("first")
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 3)
    bookings(hall, 2)
    assert len(attempt(hall, first, CLOSING, choices=CANCEL)) == 1
    for at in (24, 25):
        booked(hall, START + timedelta(hours=at), contact=f"next{at}@example.org")
    clock.move(timedelta(minutes=1))
    next_day = CLOSED | {"first": "2026-11-25", "last": "2026-11-25"}
    again = Edit("branch", "doha-main", {"closures": [CLOSED]}, {"closures": [CLOSED, next_day]})
    assert attempt(hall, first, again, choices=CANCEL) == {"many-bookings"}


def test_appointments_that_are_kept_or_decided_later_do_not_count(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 1)
    bookings(hall, 2)
    assert len(attempt(hall, hall.administrator("first"), CLOSING, choices=Choices({Why.CLOSED: Choice.KEEP}))) == 1


def test_many_that_were_left_for_later_need_a_second_person_too(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """To close a day with everything undecided, and to call all off afterwards, is the same."""
    first, second = hall.administrator("first"), hall.administrator("second")
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 1)
    lost = bookings(hall, 2)
    assert len(attempt(hall, first, CLOSING)) == 1
    choices = {one.id: Choice.CANCEL for one in lost}
    with pytest.raises(SecondPersonNeeded):
        hall.db.write_now(decide_listed, hall.branch.id, choices, BECAUSE, by(first))
    asked = hall.db.write_now(guarded_decisions.ask_to_decide, hall.branch.id, choices, BECAUSE, by(first))
    hall.db.write_now(approvals.approve, asked, by(second))
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert {as_stored(hall, one).state for one in lost} == {BookingState.CANCELLED}
    found = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="booking.called_off"), 10)
    assert [one.data["because"] for one in found] == ["not-needed"] * 2


def test_who_may_not_call_off_does_not_by_a_change_of_settings(hall: Hall) -> None:
    """Also when the right went after a second person had approved."""
    hall.administrator("second")
    closer = hall.person("closer", ((hall.branch.id, add_role(hall, "closer", "close_day", "move_bookings")),))
    [one] = bookings(hall, 1)
    with pytest.raises(Denied, match="not-allowed"):
        attempt(hall, closer, CLOSING, choices=CANCEL)
    asked = ask(hall, closer, CLOSING, choices=CANCEL)
    hall.db.write_now(approvals.approve, asked, by(hall.administrator("third")))
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(four_eyes.carry_out, asked, by(closer))
    assert as_stored(hall, one).state is BookingState.CONFIRMED
    assert len(attempt(hall, closer, CLOSING, choices=Choices({Why.CLOSED: Choice.KEEP}))) == 1


def test_whoever_books_after_the_request_is_decided_on_later(hall: Hall) -> None:
    """In a busy hall somebody always books meanwhile, and nobody has seen what becomes of them."""
    first, second = hall.administrator("first"), hall.administrator("second")
    (seen,) = bookings(hall, 1)
    asked = ask(hall, first, CLOSING, choices=CANCEL)
    hall.db.write_now(approvals.approve, asked, by(second))
    late = booked(hall, START + timedelta(hours=1), contact="late@example.org")
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert stored_closures(hall) == 1
    assert as_stored(hall, seen).state is BookingState.CANCELLED
    assert (as_stored(hall, late).state, as_stored(hall, late).decision) == (BookingState.CONFIRMED, Decided.LATER)


def test_what_takes_other_hours_than_its_author_saw_is_asked_for_again(hall: Hall) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    asked = ask(hall, first, CLOSING, choices=CANCEL)
    hall.db.write_now(approvals.approve, asked, by(second))
    early = {**CLOSED, "closes": "11:00"}
    assert len(attempt(hall, second, Edit("branch", "doha-main", {"closures": []}, {"closures": [early]}))) == 1
    with pytest.raises(Stale, match="effect-changed"):
        hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert stored_closures(hall) == 1


def test_what_its_author_has_not_seen_is_not_asked_for(hall: Hall) -> None:
    first = hall.administrator("first")
    sha256 = hall.db.read_now(settings.preview, hall.branch.id, [CLOSING]).sha256
    bookings(hall, 1)
    how: dict[str, Any] = {"actor": by(first), "choices": CANCEL, "reasons": ["many-bookings"]}
    with pytest.raises(Stale, match="effect-changed"):
        hall.db.write_now(guarded_settings.ask_for_change, hall.branch.id, [CLOSING], sha256, **how)


def test_what_was_approved_is_done_with_the_rights_of_now(hall: Hall) -> None:
    first = hall.person("first", ((ORGANISATION, "administrator"), (hall.branch.id, "officer")))
    second = hall.administrator("second")
    asked = ask(hall, first, CLOSING, choices=CANCEL)
    hall.db.write_now(approvals.approve, asked, by(second))
    # An officer is left, whose requests stay open.
    hall.db.write_now(staff_roles.take_role, "first", ORGANISATION, "administrator", "", by(second))
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert stored_closures(hall) == 0


def test_where_nobody_else_could_approve_the_change_waits_a_day(hall: Hall, clock: FrozenClock) -> None:
    first = hall.administrator("first")
    asked = ask(hall, first, CLOSING, choices=CANCEL)
    clock.set(clock.now() + DELAY)
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert stored_closures(hall) == 1


def test_a_lower_level_needs_a_second_person_and_a_higher_one_does_not(hall: Hall) -> None:
    first = hall.administrator("first")
    lower = Edit("service", "legal-advice", {"confidentiality": "sensitive"}, {"confidentiality": "normal"})
    assert attempt(hall, first, lower) == {"lower-level"}
    higher = Edit("service", "civil-extract", {"confidentiality": "normal"}, {"confidentiality": "sensitive"})
    assert len(attempt(hall, first, higher)) == 1
    shown = Edit("confidentiality", "sensitive", {"staff_note": "restricted"}, {"staff_note": "allowed"})
    assert attempt(hall, first, shown, place=ORGANISATION) == {"lower-level"}
    hidden = Edit("confidentiality", "sensitive", {"staff_note": "restricted"}, {"staff_note": "restricted_encrypted"})
    assert len(attempt(hall, first, hidden, place=ORGANISATION)) == 1


def test_longer_retention_needs_a_second_person_and_shorter_does_not(hall: Hall) -> None:
    first = hall.administrator("first")
    now = stored_branch_value(hall).retention_days.model_dump(mode="json", exclude_unset=True)
    for name in RETAINED:
        longer = Edit("branch", "doha-main", {"retention_days": now}, {"retention_days": now | {name: now[name] + 1}})
        assert attempt(hall, first, longer) == {"longer-retention"}
    shorter = Edit(
        "branch", "doha-main", {"retention_days": now}, {"retention_days": now | {"ticket": now["ticket"] - 1}}
    )
    assert len(attempt(hall, first, shorter)) == 1


def test_every_word_of_a_level_has_its_rank() -> None:
    for name, words in HIDES.items():
        declared = Confidentiality.model_fields[name].annotation
        assert set(get_args(declared)) == set(words), name


def test_every_time_that_is_kept_is_watched() -> None:
    needed = {name for name, field in Retention.model_fields.items() if field.is_required()}
    assert needed == set(RETAINED)


def stored_branch_value(hall: Hall) -> Any:
    return hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id))


def stored_closures(hall: Hall) -> int:
    return len(stored_branch_value(hall).closures)
