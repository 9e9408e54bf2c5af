"""A contact counts once somebody has answered at it: letters on loopback, pages, places given up. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.contact_proofs import forget_before
from queue_system.actions.erasure import erase_person
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState, spaced_code
from queue_system.core.contact_proof import LAST, is_asked, proof_code, prove_until, still_until
from queue_system.ops.doctor import look_at_proofs
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR, locked
from queue_system.store.queries.bookings import free_days
from queue_system.store.queries.contact_proofs import is_proven
from queue_system.store.queries.freed import kept_places
from queue_system.store.queries.standing import standing_of
from queue_system.store.tables import ContactProof
from tests.messages.proofs import (
    HALF,
    HOURS,
    NEAR,
    OTHER,
    book,
    letter,
    link_of,
    look,
    prove,
    release,
    rows,
    set_policies,
    spell,
)
from tests.messages.test_sending import ADDRESS, MAIL, NAME, SERVICE, START, Sending, body, found_in

# ---------------------------------------------------------------- who is asked


def test_the_letter_asks_and_the_button_proves_but_opening_the_link_does_not(asking: Sending) -> None:
    one = book(asking)
    assert one.prove_until == one.confirmed_at + timedelta(hours=HOURS) if one.confirmed_at else False
    link = link_of(letter(asking))
    client = TestClient(asking.app, base_url=ADDRESS)
    page = client.get(link.removeprefix(ADDRESS))
    assert page.status_code == 200
    assert not any(known in page.text for known in (one.code, spaced_code(one.code), one.token, NAME, MAIL))
    assert look(asking, one).proven_at is None
    assert client.post(link.removeprefix(ADDRESS)).status_code == 200
    proven = look(asking, one)
    assert (proven.proven_at is not None, proven.prove_until) == (True, None)
    # On every later booking with it.
    later = book(asking, START + HALF, name="سلمى الحموي")
    assert later.prove_until is None
    assert not found_in(letter(asking), ("/my-contact",))
    assert MAIL not in str(rows(asking, ContactProof))


def test_a_link_that_was_made_up_opens_nothing(asking: Sending) -> None:
    book(asking)
    link = link_of(letter(asking)).removeprefix(ADDRESS)
    client = TestClient(asking.app, base_url=ADDRESS)
    for wrong in (link[:-3] + "AAA", "/my-contact", "/my-contact?c=", link.replace("my-contact?c=", "invitation?i=")):
        assert client.get(wrong).status_code == 404


def test_who_is_not_asked(asking: Sending, clock: FrozenClock) -> None:
    assert book(asking, contact="+97455512345").prove_until is None
    assert book(asking, START + HALF, "rima@example.org", Booker.STAFF, "staff").prove_until is None
    clock.set(START - timedelta(hours=25, minutes=30))
    assert book(asking, START + 2 * HALF, name="سلمى الحموي").prove_until is None, "less than two hours would be left"
    set_policies(asking, contact_proof_h=None)
    clock.set(START - timedelta(days=3))
    assert book(asking, START + 3 * HALF, name="ليلى الحموي").prove_until is None


@pytest.mark.parametrize(
    ("ahead", "hours", "left"), [(96, 24, 24), (40, 24, 15), (27, 24, 2), (26, 24, None), (96, 2, 2), (96, None, None)]
)
def test_until_when_it_is_asked(ahead: int, hours: int | None, left: int | None) -> None:
    found = prove_until(hours, START, START - timedelta(hours=ahead))
    assert found == (None if left is None else START - timedelta(hours=ahead - left))


# ---------------------------------------------------------------- given up


def test_without_an_answer_the_place_goes_to_others_and_the_person_is_told(asking: Sending, clock: FrozenClock) -> None:
    one = book(asking)
    assert one.prove_until is not None
    letter(asking)
    client = TestClient(asking.app, base_url=ADDRESS)
    assert f"{one.token}/contact" in client.get(f"/b/{one.token}").text
    clock.set(one.prove_until - timedelta(seconds=1))
    assert release(asking) == BookingState.CONFIRMED.value
    clock.set(one.prove_until)
    assert release(asking) == BookingState.CANCELLED.value
    assert look(asking, one).is_unproven
    assert [place.booking_id for place in asking.hall.db.read_now(kept_places, asking.hall.branch.id)] == [one.id]
    told = letter(asking)
    assert told.recipient == MAIL
    assert "يسعدنا أن تحجز من جديد" in body(told.message, "plain")
    assert "لم تُؤكَّد وسيلة التواصل" in client.get(f"/b/{one.token}").text
    service = asking.hall.branch.service(SERVICE)
    standing = asking.hall.db.read_now(standing_of, asking.hall.branch, service, MAIL, NAME)
    assert (standing.active, standing.given_back) == (0, 0), "nobody gave it back"


def test_nobody_loses_it_who_could_not_answer_or_in_the_last_day(asking: Sending, clock: FrozenClock) -> None:
    one = book(asking)
    assert one.prove_until is not None
    clock.set(one.prove_until + timedelta(hours=3))
    assert release(asking) == BookingState.CONFIRMED.value, "no letter was sent"
    letter(asking)
    clock.set(START - LAST)
    assert release(asking) == BookingState.CONFIRMED.value


def test_a_refused_address_was_asked_as_well_as_could_be(asking: Sending, clock: FrozenClock) -> None:
    asking.server.behaviours = ["550 no such user"]
    one = book(asking)
    assert one.prove_until is not None
    asking.postman.send_due()
    clock.set(one.prove_until)
    assert release(asking) == BookingState.CANCELLED.value


def test_who_moves_it_into_the_next_day_need_not_answer_until_it_moves_away_again(
    asking: Sending, clock: FrozenClock
) -> None:
    one = book(asking)
    here = asking.hall.branch.id
    days = asking.hall.db.read_now(
        free_days, asking.hall.branch, asking.hall.branch.service(SERVICE), clock.now().date(), START.date()
    )
    near = clock.now() + timedelta(hours=26)
    soon = max(slot.start for day in days for slot in day.slots if slot.start < near)
    letter(asking)
    client = TestClient(asking.app, base_url=ADDRESS)
    asking.hall.db.write_in_now(here, actions.change_booking, here, one.id, soon, VISITOR)
    assert f"{one.token}/contact" not in client.get(f"/b/{one.token}").text
    assert not found_in(letter(asking), ("/my-contact",))
    back = asking.hall.db.write_in_now(here, actions.change_booking, here, one.id, START, VISITOR)
    assert back.prove_until == one.prove_until
    assert f"{one.token}/contact" in client.get(f"/b/{one.token}").text
    assert found_in(letter(asking), ("/my-contact",))
    assert back.prove_until is not None
    clock.set(back.prove_until)
    assert release(asking) == BookingState.CANCELLED.value


@pytest.mark.parametrize(
    ("until", "ahead", "left"), [(24, 96, 24), (24, 40, 15), (24, 26, 24), (1, 96, 1), (-5, 96, 2), (-5, 26, 2)]
)
def test_a_move_leaves_time_to_answer(until: int, ahead: int, left: int) -> None:
    now = START - timedelta(hours=ahead)
    found = still_until(now + timedelta(hours=until), START, now)
    assert found == now + timedelta(hours=left)
    assert is_asked(found, START, now) == (ahead != 26)


def test_letters_and_pages_ask_for_nothing_once_it_is_too_late(asking: Sending, clock: FrozenClock) -> None:
    one = book(asking)
    assert one.prove_until is not None
    clock.set(one.prove_until + timedelta(minutes=1))
    assert not found_in(letter(asking), ("/my-contact",))
    assert f"{one.token}/contact" not in TestClient(asking.app, base_url=ADDRESS).get(f"/b/{one.token}").text


# ---------------------------------------------------------------- typing errors


def test_a_corrected_address_is_neither_given_up_nor_proven_by_the_old_letter(
    asking: Sending, clock: FrozenClock
) -> None:
    one = book(asking)
    assert one.prove_until is not None
    link = link_of(letter(asking)).removeprefix(ADDRESS)
    spell(asking, one, contact=NEAR)
    client = TestClient(asking.app, base_url=ADDRESS)
    assert (client.get(link).status_code, client.post(link).status_code) == (404, 404)
    clock.set(one.prove_until)
    assert release(asking) == BookingState.CONFIRMED.value
    assert (look(asking, one).proven_at, rows(asking, ContactProof)) == (None, [])


def test_what_the_old_address_has_proven_says_nothing_about_the_corrected_one(discreet: Sending) -> None:
    one = book(discreet)
    secret = discreet.app.state.installation.secret
    assert proof_code(secret, one.id, MAIL) != proof_code(secret, one.id, NEAR)
    prove(discreet, one)
    spell(discreet, one, name=f"{NAME}ي")
    assert look(discreet, one).proven_at is not None
    spell(discreet, look(discreet, one), contact=NEAR)
    assert look(discreet, one).proven_at is None


def test_a_plain_service_asks_without_saying_what_somebody_chose_before(asking: Sending) -> None:
    """Who wants no messages is asked like everybody, but gets no letter, so nothing is given up."""
    set_policies(asking, contact_proof_h=HOURS, max_active=2)
    before = book(asking)
    here = asking.hall.branch.id
    asking.hall.db.write_in_now(here, set_contact_ways, here, before.id, SYSTEM, {0: ("none", "")})
    one = book(asking, START + HALF)
    assert one.contact_way == "none"
    assert one.prove_until is not None


# ---------------------------------------------------------------- who runs the installation


def test_the_doctor_says_where_nobody_can_be_asked(asking: Sending) -> None:
    found = asking.hall.db.read_now(look_at_proofs)
    assert {one.key for one in found} == {"doctor.proof-unsent"}
    set_policies(asking, contact_proof_h=None)
    assert asking.hall.db.read_now(look_at_proofs) == []


# ---------------------------------------------------------------- how long it is kept


def test_a_proof_goes_with_names_and_with_the_person(asking: Sending, clock: FrozenClock) -> None:
    one, here, db = book(asking), asking.hall.branch.id, asking.hall.db
    prove(asking, one)
    assert db.read_now(is_proven, here, MAIL)
    assert not db.read_now(is_proven, here, OTHER)

    def forget(tx: Tx, days: int) -> int:
        with locked(tx, here) as lock:
            return forget_before(lock, clock.now() + timedelta(days=days))

    assert db.write_in_now(here, forget, -1) == 0
    db.write_now(erase_person, here, one.id, SYSTEM)
    assert rows(asking, ContactProof) == []
    prove(asking, book(asking, START + HALF))
    assert db.write_in_now(here, forget, 1) == 1
