"""At discreet services a contact counts once somebody has answered, and pages tell nothing before. On both databases."""

from __future__ import annotations

from datetime import timedelta

from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.freed_places import release_places
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.contact_proof import LAST, is_proof_code, proof_code
from queue_system.store.log import SYSTEM
from queue_system.store.queries.freed import kept_places
from queue_system.store.tables import ContactProof
from tests.messages.proofs import (
    HALF,
    HOURS,
    OTHER,
    book,
    letter,
    look,
    pages,
    prove,
    rows,
    set_policies,
    visit,
)
from tests.messages.test_sending import ADDRESS, MAIL, NAME, START, Sending, body, found_in


def test_a_neutral_letter_has_a_code_and_no_link(discreet: Sending) -> None:
    one = book(discreet)
    secret = discreet.app.state.installation.secret
    digits = proof_code(secret, one.id, MAIL)
    taken = letter(discreet)
    assert found_in(taken, (f"{digits[:4]} {digits[4:]}",)) != []
    assert found_in(taken, (ADDRESS, "my-contact", "house.example")) == []
    client = TestClient(discreet.app, base_url=ADDRESS)
    page = f"/b/{one.token}/contact"
    for _ in range(10):
        assert client.post(page, data={"code": "1"}).status_code == 422
    assert client.post(page, data={"code": digits}).status_code == 429
    assert look(discreet, one).proven_at is None
    assert is_proof_code(
        secret, one.id, MAIL, f" {digits[:4]} {digits[4:]} ".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    )


def test_the_code_proves_it(discreet: Sending) -> None:
    one = book(discreet)
    digits = proof_code(discreet.app.state.installation.secret, one.id, MAIL)
    client = TestClient(discreet.app, base_url=ADDRESS)
    assert client.get(f"/b/{one.token}/contact").status_code == 200
    assert look(discreet, one).proven_at is None
    client.post(f"/b/{one.token}/contact", data={"code": f"{digits[:4]} {digits[4:]}"})
    assert look(discreet, one).proven_at is not None
    assert rows(discreet, ContactProof) == [], "it says nothing at other services"


def test_the_limit_counts_proven_appointments_and_the_newest_goes(discreet: Sending) -> None:
    set_policies(discreet, contact_proof_h=HOURS, max_active=1)
    first, second, third = (book(discreet, START + number * HALF) for number in range(3))
    letter(discreet)
    prove(discreet, third)
    assert [look(discreet, one).state.value for one in (first, second, third)] == ["confirmed"] * 3
    prove(discreet, first)
    assert [look(discreet, one).state.value for one in (first, second, third)] == [
        "confirmed",
        "confirmed",
        "cancelled",
    ]
    told = letter(discreet)
    assert "فأُلغي أحدثها" in body(told.message, "plain")
    assert found_in(told, (ADDRESS, "house.example")) == []


def test_a_contact_used_for_one_person_too_many_is_told_so(discreet: Sending) -> None:
    set_policies(discreet, contact_proof_h=HOURS, max_persons_per_contact=1)
    first, second = book(discreet), book(discreet, START + HALF, name="سلمى الحموي")
    prove(discreet, first)
    prove(discreet, second)
    assert [look(discreet, one).state.value for one in (first, second)] == ["confirmed", "cancelled"]
    text = body(letter(discreet).message, "plain")
    assert "لعدد من الأشخاص أكبر" in text
    assert "فأُلغي أحدثها" not in text


def test_the_limit_ends_nothing_in_its_last_day(discreet: Sending, clock: FrozenClock) -> None:
    set_policies(discreet, contact_proof_h=HOURS, max_active=1)
    far = book(discreet, START + timedelta(days=3))
    clock.set(START - timedelta(hours=28))
    near = book(discreet)
    prove(discreet, far)
    clock.set(START - LAST)
    prove(discreet, near)
    assert [look(discreet, one).state.value for one in (near, far)] == ["confirmed", "cancelled"]


def test_the_limit_counts_a_visit_once(discreet: Sending) -> None:
    set_policies(discreet, contact_proof_h=HOURS, max_active=1)
    parts = visit(discreet, names=(NAME, NAME))
    prove(discreet, parts[0])
    assert [look(discreet, one).state.value for one in parts] == ["confirmed"] * 2
    others = visit(discreet, later=timedelta(hours=2), names=(NAME, NAME))
    prove(discreet, others[0])
    assert [look(discreet, one).state.value for one in (*parts, *others)] == ["confirmed"] * 2 + ["cancelled"] * 2


def test_before_a_proof_pages_do_not_tell_whether_a_contact_was_here(discreet: Sending) -> None:
    """Byte for byte, apart from what is drawn for each appointment."""
    set_policies(discreet, contact_proof_h=HOURS, max_active=1)
    prove(discreet, book(discreet, START + HALF))
    here, db = discreet.hall.branch.id, discreet.hall.db
    stranger = book(discreet, contact=OTHER)
    shown = pages(discreet, stranger)
    # The place returns, so that the other one is at the same time.
    db.write_in_now(here, actions.cancel_booking, here, stranger.id, SYSTEM, Booker.STAFF)
    (place,) = db.read_now(kept_places, here)
    db.write_in_now(here, release_places, here, [place.id], SYSTEM)
    known = book(discreet, contact=MAIL)
    assert pages(discreet, known) == shown
    # The control: a proof of the appointment itself is seen on its page.
    prove(discreet, known)
    assert pages(discreet, known) != shown
