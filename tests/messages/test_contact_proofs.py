"""A contact counts once somebody has answered at it: letters on loopback, pages, places given up. On both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.contact_proofs import forget_before
from queue_system.actions.erasure import erase_person
from queue_system.actions.freed_places import release_places
from queue_system.actions.proving import prove_contact, release_due
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.actions.together import confirm_together, hold_together
from queue_system.actions.typos import correct_typo
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState, spaced_code
from queue_system.core.contact_proof import LAST, is_asked, is_proof_code, proof_code, prove_until, still_until
from queue_system.ops.doctor import look_at_proofs
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR, locked
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from queue_system.store.queries.contact_proofs import is_proven
from queue_system.store.queries.freed import kept_places
from queue_system.store.queries.standing import standing_of
from queue_system.store.tables import ContactProof, PolicyRow, table
from tests.kit.hall import change_settings, enter, furnish
from tests.kit.mail_server import Taken, mail_server
from tests.messages.test_sending import ADDRESS, MAIL, NAME, SERVICE, START, Sending, body, found_in, made, set_level

HOURS = 24
OTHER = "huda@example.org"
NEAR = "samir@example.org"
HALF = timedelta(minutes=30)


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        found = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")
        set_policies(found, contact_proof_h=HOURS)
        set_level(found.hall, sms="full")
        yield found


@pytest.fixture
def discreet(sending: Sending) -> Sending:
    set_level(sending.hall, sms="neutral", display="code_random")
    sending.hall = enter(sending.hall.db)
    return sending


# ---------------------------------------------------------------- who is asked


def test_the_letter_asks_and_the_button_proves_but_opening_the_link_does_not(sending: Sending) -> None:
    one = book(sending)
    assert one.prove_until == one.confirmed_at + timedelta(hours=HOURS) if one.confirmed_at else False
    link = link_of(letter(sending))
    client = TestClient(sending.app, base_url=ADDRESS)
    page = client.get(link.removeprefix(ADDRESS))
    assert page.status_code == 200
    assert not any(known in page.text for known in (one.code, spaced_code(one.code), one.token, NAME, MAIL))
    assert look(sending, one).proven_at is None
    assert client.post(link.removeprefix(ADDRESS)).status_code == 200
    proven = look(sending, one)
    assert (proven.proven_at is not None, proven.prove_until) == (True, None)
    # On every later booking with it.
    later = book(sending, START + HALF, name="سلمى الحموي")
    assert later.prove_until is None
    assert not found_in(letter(sending), ("/my-contact",))
    assert MAIL not in str(rows(sending, ContactProof))


def test_a_link_that_was_made_up_opens_nothing(sending: Sending) -> None:
    book(sending)
    link = link_of(letter(sending)).removeprefix(ADDRESS)
    client = TestClient(sending.app, base_url=ADDRESS)
    for wrong in (link[:-3] + "AAA", "/my-contact", "/my-contact?c=", link.replace("my-contact?c=", "invitation?i=")):
        assert client.get(wrong).status_code == 404


def test_who_is_not_asked(sending: Sending, clock: FrozenClock) -> None:
    assert book(sending, contact="+97455512345").prove_until is None
    assert book(sending, START + HALF, "rima@example.org", Booker.STAFF, "staff").prove_until is None
    clock.set(START - timedelta(hours=25, minutes=30))
    assert book(sending, START + 2 * HALF, name="سلمى الحموي").prove_until is None, "less than two hours would be left"
    set_policies(sending, contact_proof_h=None)
    clock.set(START - timedelta(days=3))
    assert book(sending, START + 3 * HALF, name="ليلى الحموي").prove_until is None


@pytest.mark.parametrize(
    ("ahead", "hours", "left"), [(96, 24, 24), (40, 24, 15), (27, 24, 2), (26, 24, None), (96, 2, 2), (96, None, None)]
)
def test_until_when_it_is_asked(ahead: int, hours: int | None, left: int | None) -> None:
    found = prove_until(hours, START, START - timedelta(hours=ahead))
    assert found == (None if left is None else START - timedelta(hours=ahead - left))


# ---------------------------------------------------------------- given up


def test_without_an_answer_the_place_goes_to_others_and_the_person_is_told(
    sending: Sending, clock: FrozenClock
) -> None:
    one = book(sending)
    assert one.prove_until is not None
    letter(sending)
    client = TestClient(sending.app, base_url=ADDRESS)
    assert f"{one.token}/contact" in client.get(f"/b/{one.token}").text
    clock.set(one.prove_until - timedelta(seconds=1))
    assert release(sending) == BookingState.CONFIRMED.value
    clock.set(one.prove_until)
    assert release(sending) == BookingState.CANCELLED.value
    assert look(sending, one).is_unproven
    assert [place.booking_id for place in sending.hall.db.read_now(kept_places, sending.hall.branch.id)] == [one.id]
    told = letter(sending)
    assert told.recipient == MAIL
    assert "يسعدنا أن تحجز من جديد" in body(told.message, "plain")
    assert "لم يُؤكَّد البريد" in client.get(f"/b/{one.token}").text
    service = sending.hall.branch.service(SERVICE)
    standing = sending.hall.db.read_now(standing_of, sending.hall.branch, service, MAIL, NAME)
    assert (standing.active, standing.given_back) == (0, 0), "nobody gave it back"


def test_nobody_loses_it_who_could_not_answer_or_in_the_last_day(sending: Sending, clock: FrozenClock) -> None:
    one = book(sending)
    assert one.prove_until is not None
    clock.set(one.prove_until + timedelta(hours=3))
    assert release(sending) == BookingState.CONFIRMED.value, "no letter was sent"
    letter(sending)
    clock.set(START - LAST)
    assert release(sending) == BookingState.CONFIRMED.value


def test_a_refused_address_was_asked_as_well_as_could_be(sending: Sending, clock: FrozenClock) -> None:
    sending.server.behaviours = ["550 no such user"]
    one = book(sending)
    assert one.prove_until is not None
    sending.postman.send_due()
    clock.set(one.prove_until)
    assert release(sending) == BookingState.CANCELLED.value


def test_who_moves_it_into_the_next_day_need_not_answer_until_it_moves_away_again(
    sending: Sending, clock: FrozenClock
) -> None:
    one = book(sending)
    here = sending.hall.branch.id
    days = sending.hall.db.read_now(
        free_days, sending.hall.branch, sending.hall.branch.service(SERVICE), clock.now().date(), START.date()
    )
    near = clock.now() + timedelta(hours=26)
    soon = max(slot.start for day in days for slot in day.slots if slot.start < near)
    letter(sending)
    client = TestClient(sending.app, base_url=ADDRESS)
    sending.hall.db.write_in_now(here, actions.change_booking, here, one.id, soon, VISITOR)
    assert f"{one.token}/contact" not in client.get(f"/b/{one.token}").text
    assert not found_in(letter(sending), ("/my-contact",))
    back = sending.hall.db.write_in_now(here, actions.change_booking, here, one.id, START, VISITOR)
    assert back.prove_until == one.prove_until
    assert f"{one.token}/contact" in client.get(f"/b/{one.token}").text
    assert found_in(letter(sending), ("/my-contact",))
    assert back.prove_until is not None
    clock.set(back.prove_until)
    assert release(sending) == BookingState.CANCELLED.value


@pytest.mark.parametrize(
    ("until", "ahead", "left"), [(24, 96, 24), (24, 40, 15), (24, 26, 24), (1, 96, 1), (-5, 96, 2), (-5, 26, 2)]
)
def test_a_move_leaves_time_to_answer(until: int, ahead: int, left: int) -> None:
    now = START - timedelta(hours=ahead)
    found = still_until(now + timedelta(hours=until), START, now)
    assert found == now + timedelta(hours=left)
    assert is_asked(found, START, now) == (ahead != 26)


def test_letters_and_pages_ask_for_nothing_once_it_is_too_late(sending: Sending, clock: FrozenClock) -> None:
    one = book(sending)
    assert one.prove_until is not None
    clock.set(one.prove_until + timedelta(minutes=1))
    assert not found_in(letter(sending), ("/my-contact",))
    assert f"{one.token}/contact" not in TestClient(sending.app, base_url=ADDRESS).get(f"/b/{one.token}").text


# ---------------------------------------------------------------- typing errors


def test_a_corrected_address_is_neither_given_up_nor_proven_by_the_old_letter(
    sending: Sending, clock: FrozenClock
) -> None:
    one = book(sending)
    assert one.prove_until is not None
    link = link_of(letter(sending)).removeprefix(ADDRESS)
    spell(sending, one, contact=NEAR)
    client = TestClient(sending.app, base_url=ADDRESS)
    assert (client.get(link).status_code, client.post(link).status_code) == (404, 404)
    clock.set(one.prove_until)
    assert release(sending) == BookingState.CONFIRMED.value
    assert (look(sending, one).proven_at, rows(sending, ContactProof)) == (None, [])


def test_what_the_old_address_has_proven_says_nothing_about_the_corrected_one(discreet: Sending) -> None:
    one = book(discreet)
    secret = discreet.app.state.installation.secret
    assert proof_code(secret, one.id, MAIL) != proof_code(secret, one.id, NEAR)
    prove(discreet, one)
    spell(discreet, one, name=f"{NAME}ي")
    assert look(discreet, one).proven_at is not None
    spell(discreet, look(discreet, one), contact=NEAR)
    assert look(discreet, one).proven_at is None


def test_a_plain_service_asks_without_saying_what_somebody_chose_before(sending: Sending) -> None:
    """Who wants no messages is asked like everybody, but gets no letter, so nothing is given up."""
    set_policies(sending, contact_proof_h=HOURS, max_active=2)
    before = book(sending)
    here = sending.hall.branch.id
    sending.hall.db.write_in_now(here, set_contact_ways, here, before.id, SYSTEM, {0: ("none", "")})
    one = book(sending, START + HALF)
    assert one.contact_way == "none"
    assert one.prove_until is not None


# ---------------------------------------------------------------- discreet services


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


# ---------------------------------------------------------------- visits, and who runs the installation


def test_one_answer_is_enough_for_a_visit_and_without_one_a_letter_tells_all(
    sending: Sending, clock: FrozenClock
) -> None:
    parts = visit(sending)
    letter(sending)
    prove(sending, parts[1])
    assert [look(sending, one).proven_at is not None for one in parts] == [True, True]
    contact_forgotten(sending)
    others = visit(sending, "ليلى الحموي", timedelta(hours=2))
    before = len(sending.server.taken)
    letter(sending)
    assert others[0].prove_until is not None
    clock.set(others[0].prove_until)
    here = sending.hall.branch.id
    sending.hall.db.write_in_now(here, release_due, here)
    told = letter(sending)
    assert [look(sending, one).is_unproven for one in others] == [True, True]
    assert len(sending.server.taken) == before + 2
    assert "مواعيد الزيارة" in body(told.message, "plain")


def test_a_visit_waits_for_one_answer_as_long_in_all_its_parts(sending: Sending, clock: FrozenClock) -> None:
    clock.set(START - timedelta(hours=40))
    parts = visit(sending)
    assert {one.prove_until for one in parts} == {START - timedelta(hours=25)}
    # Too near for the first part, and so for none of them.
    clock.set(START + timedelta(hours=2) - timedelta(hours=26, minutes=50))
    assert {one.prove_until for one in visit(sending, "ليلى الحموي", timedelta(hours=2))} == {None}


def test_the_doctor_says_where_nobody_can_be_asked(sending: Sending) -> None:
    found = sending.hall.db.read_now(look_at_proofs)
    assert {one.key for one in found} == {"doctor.proof-unsent"}
    set_policies(sending, contact_proof_h=None)
    assert sending.hall.db.read_now(look_at_proofs) == []


# ---------------------------------------------------------------- how long it is kept


def test_a_proof_goes_with_names_and_with_the_person(sending: Sending, clock: FrozenClock) -> None:
    one, here, db = book(sending), sending.hall.branch.id, sending.hall.db
    prove(sending, one)
    assert db.read_now(is_proven, here, MAIL)
    assert not db.read_now(is_proven, here, OTHER)

    def forget(tx: Tx, days: int) -> int:
        with locked(tx, here) as lock:
            return forget_before(lock, clock.now() + timedelta(days=days))

    assert db.write_in_now(here, forget, -1) == 0
    db.write_now(erase_person, here, one.id, SYSTEM)
    assert rows(sending, ContactProof) == []
    prove(sending, book(sending, START + HALF))
    assert db.write_in_now(here, forget, 1) == 1


def book(
    sending: Sending,
    starts_at: datetime = START,
    contact: str = MAIL,
    booker: Booker = Booker.PUBLIC,
    source: str = "web",
    name: str = NAME,
) -> BookingView:
    hall = sending.hall
    order = HoldOrder(
        hall.branch.id,
        hall.service(SERVICE),
        starts_at,
        name,
        contact,
        "ar",
        VISITOR,
        source=source,
        booker=booker,
    )
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)


def visit(
    sending: Sending, name: str = NAME, later: timedelta = timedelta(0), names: tuple[str, ...] = ()
) -> list[BookingView]:
    hall = sending.hall
    orders = [
        HoldOrder(hall.branch.id, hall.service(SERVICE), START + later + number * HALF, who, MAIL, "ar", VISITOR)
        for number, who in enumerate(names or (name, f"{name} الصغير"))
    ]
    held = hall.db.write_in_now(hall.branch.id, hold_together, hall.branch.id, orders)
    return hall.db.write_in_now(hall.branch.id, confirm_together, hall.branch.id, held, VISITOR, {})


def spell(sending: Sending, one: BookingView, name: str = "", contact: str = "") -> None:
    here = sending.hall.branch.id
    said = name or one.name, one.reference, contact or one.contact
    sending.hall.db.write_in_now(here, correct_typo, here, one.id, *said, set(), SYSTEM)


def contact_forgotten(sending: Sending) -> None:
    here = sending.hall.branch.id

    def forget(tx: Tx) -> None:
        with locked(tx, here) as lock:
            forget_before(lock, tx.now + timedelta(days=1))

    sending.hall.db.write_in_now(here, forget)


def prove(sending: Sending, one: BookingView) -> None:
    here = sending.hall.branch.id
    sending.hall.db.write_in_now(here, prove_contact, here, one.id, one.contact, VISITOR)


def release(sending: Sending) -> str:
    """Let the background work pass, and say how the only booking is then."""
    here = sending.hall.branch.id
    sending.hall.db.write_in_now(here, release_due, here)
    ((state,),) = sending.hall.db.read_now(lambda tx: tx.rows(sa.text("SELECT state FROM booking")))
    return str(state)


def look(sending: Sending, one: BookingView) -> BookingView:
    return sending.hall.db.read_now(booking_by_id, sending.hall.branch.id, one.id)


def letter(sending: Sending) -> Taken:
    """The last letter, once all are sent."""
    sending.postman.send_due()
    return sending.server.taken[-1]


def link_of(taken: Taken) -> str:
    found = re.search(rf"{re.escape(ADDRESS)}/my-contact\?c=\S+", body(taken.message, "plain"))
    assert found is not None
    return found.group()


def pages(sending: Sending, one: BookingView) -> list[str]:
    """What the link of an appointment shows, without what is drawn for each: token, code, its picture, the request's id."""
    client = TestClient(sending.app, base_url=ADDRESS)
    found = []
    for path in ("", "/contact", "/cancellation", "/change"):
        answer = client.get(f"/b/{one.token}{path}")
        text = answer.text.replace(one.token, "TOKEN").replace(one.code, "CODE").replace(spaced_code(one.code), "CODE")
        text = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
        found.append(f"{answer.status_code} {len(answer.headers)} {text}")
    return found


def rows(sending: Sending, model: Any) -> list[Any]:
    return sending.hall.db.read_now(lambda tx: tx.rows(sa.select(table(model))))


def set_policies(sending: Sending, **values: Any) -> None:
    policies = table(PolicyRow)

    def change(tx: Tx) -> None:
        for row in tx.rows(sa.select(policies)):
            columns = {name: value for name, value in values.items() if name in policies.c}
            data = row.data | {name: value for name, value in values.items() if name not in policies.c}
            tx.execute(sa.update(policies).where(policies.c.slug == row.slug).values(data=data, **columns))

    change_settings(sending.hall.db, change)
    sending.hall = enter(sending.hall.db)
