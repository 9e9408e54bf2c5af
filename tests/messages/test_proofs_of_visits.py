"""The parts of a visit wait for one answer at their contact. On both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

from queue_system.actions.bookings import change_booking
from queue_system.actions.proving import release_due
from queue_system.clock import FrozenClock
from queue_system.core.bookings import spaced_code
from queue_system.core.contact_proof import LAST, LEAST
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from tests.kit.levels import give_rules
from tests.messages.proofs import (
    HOURS,
    OTHER,
    book,
    contact_forgotten,
    letter,
    look,
    prove,
    set_policies,
    visit,
)
from tests.messages.test_sending import MAIL, NAME, SERVICE, START, Sending, body

DISCREET = "verify-doc"


def test_one_answer_is_enough_for_a_visit_and_without_one_a_letter_tells_all(
    asking: Sending, clock: FrozenClock
) -> None:
    parts = visit(asking)
    letter(asking)
    prove(asking, parts[1])
    assert [look(asking, one).proven_at is not None for one in parts] == [True, True]
    contact_forgotten(asking)
    others = visit(asking, "ليلى الحموي", timedelta(hours=2))
    before = len(asking.server.taken)
    letter(asking)
    assert others[0].prove_until is not None
    clock.set(others[0].prove_until)
    here = asking.hall.branch.id
    asking.hall.db.write_in_now(here, release_due, here)
    told = letter(asking)
    assert [look(asking, one).is_unproven for one in others] == [True, True]
    assert len(asking.server.taken) == before + 2
    assert "مواعيد من الزيارة" in body(told.message, "plain")


def test_a_visit_waits_for_one_answer_as_long_in_all_its_parts(asking: Sending, clock: FrozenClock) -> None:
    clock.set(START - timedelta(hours=40))
    parts = visit(asking)
    assert {one.prove_until for one in parts} == {START - timedelta(hours=25)}
    # Too near for the first part, and so for none of them.
    clock.set(START + timedelta(hours=2) - timedelta(hours=26, minutes=50))
    assert {one.prove_until for one in visit(asking, "ليلى الحموي", timedelta(hours=2))} == {None}


def test_a_discreet_part_is_asked_for_although_the_contact_is_known_at_the_plain_one(asking: Sending) -> None:
    """Otherwise its page would tell anybody that somebody with this contact has been here."""
    one_is_discreet(asking)
    prove(asking, book(asking))
    plain, discreet = visit(asking, "ليلى الحموي", timedelta(hours=2), services=(SERVICE, DISCREET))
    assert (plain.prove_until, discreet.prove_until is None) == (None, False)
    # The control: two plain parts at a known contact.
    assert {one.prove_until for one in visit(asking, "هدى الحموي", timedelta(hours=4))} == {None}


def test_the_plain_and_the_discreet_parts_wait_apart(asking: Sending, clock: FrozenClock) -> None:
    one_is_discreet(asking)
    # Half an hour too near for the first part, and enough for the second.
    now = START + timedelta(minutes=15) - LAST - LEAST - timedelta(hours=1)
    clock.set(now)
    for services in ((SERVICE, DISCREET), (DISCREET, SERVICE)):
        first, second = visit(asking, f"{NAME} {services[0]}", services=services)
        assert (first.prove_until, second.prove_until is None) == (None, False)


def test_parts_with_a_contact_of_their_own_wait_each_for_itself(asking: Sending, clock: FrozenClock) -> None:
    clock.set(START - LAST - timedelta(hours=1 + HOURS) + timedelta(minutes=15))
    first, second = visit(asking, contacts=(MAIL, OTHER))
    # Only the first part is so near that its time to answer is shorter.
    assert None not in (first.prove_until, second.prove_until)
    assert second.prove_until == clock.now() + timedelta(hours=HOURS)
    assert first.prove_until == START - LAST - timedelta(hours=1)
    prove(asking, first)
    assert look(asking, second).proven_at is None


def test_a_part_that_moves_nearer_takes_the_end_of_all_along_and_they_go_with_one_letter(
    asking: Sending, clock: FrozenClock
) -> None:
    clock.set(START - timedelta(days=3))
    parts = visit(asking)
    letter(asking)
    before = len(asking.server.taken)
    move(asking, parts[0], START - timedelta(days=1))
    end = START - timedelta(days=1) - LAST - timedelta(hours=1)
    assert [look(asking, one).prove_until for one in parts] == [end, end]
    assert str(end.astimezone(asking.hall.branch.zone).hour) in body(letter(asking).message, "plain")
    clock.set(end)
    give_up(asking)
    told = letter(asking)
    assert [look(asking, one).is_unproven for one in parts] == [True, True]
    # One about the move, and one about the end.
    assert len(asking.server.taken) == before + 2
    assert "ما بقي وما أُلغي" in body(told.message, "plain")


def test_a_part_in_its_last_day_stays_and_the_letter_says_what_remains(asking: Sending, clock: FrozenClock) -> None:
    clock.set(START - timedelta(days=3))
    parts = visit(asking)
    until = parts[0].prove_until
    assert until is not None
    letter(asking)
    clock.set(until - timedelta(minutes=30))
    move(asking, parts[0], START - timedelta(days=1))
    assert look(asking, parts[1]).prove_until == until
    clock.set(until)
    give_up(asking)
    assert [look(asking, one).state.value for one in parts] == ["confirmed", "cancelled"]
    text = body(letter(asking).message, "plain")
    assert text.index(spaced_code(parts[0].code)) < text.index("مواعيد أُلغيت")
    taken = len(asking.server.taken)
    clock.set(until + timedelta(hours=12))
    give_up(asking)
    assert look(asking, parts[0]).state.value == "confirmed"
    assert asking.postman.send_due() == 0
    assert len(asking.server.taken) == taken


def test_a_visit_over_the_limit_is_told_once(discreet: Sending) -> None:
    set_policies(discreet, contact_proof_h=HOURS, max_active=1)
    prove(discreet, book(discreet))
    others = visit(discreet, later=timedelta(hours=2), names=(NAME, NAME))
    letter(discreet)
    before = len(discreet.server.taken)
    prove(discreet, others[0])
    assert [look(discreet, one).state.value for one in others] == ["cancelled"] * 2
    assert "فأُلغيت أحدثها" in body(letter(discreet).message, "plain")
    assert len(discreet.server.taken) == before + 1


def give_up(asking: Sending) -> None:
    asking.hall.db.write_in_now(asking.hall.branch.id, release_due, asking.hall.branch.id)


def move(asking: Sending, one: BookingView, starts_at: datetime) -> None:
    here = asking.hall.branch.id
    asking.hall.db.write_in_now(here, change_booking, here, one.id, starts_at, VISITOR)


def one_is_discreet(asking: Sending) -> None:
    asking.hall = give_rules(asking.hall, DISCREET, display="code_random", sms="neutral")
