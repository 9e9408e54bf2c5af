"""What pages say of contacts that must be confirmed: the published rule, the page about data, staff's page of an appointment."""

from __future__ import annotations

from datetime import timedelta

from starlette.testclient import TestClient

from queue_system.actions.bookings import cancel_booking
from queue_system.actions.erasure import erase_person
from queue_system.actions.proving import release_due
from queue_system.clock import FrozenClock
from queue_system.store import pruning
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, sign_in
from tests.messages.proofs import HOURS, book, letter, link_of, prove, set_policies
from tests.messages.test_sending import ADDRESS, START, Sending


def test_pages_say_that_a_contact_must_be_confirmed_where_it_must(asking: Sending) -> None:
    one = book(asking)
    visitor, staff = (
        TestClient(asking.app, base_url=ADDRESS, headers=SAME_ORIGIN, follow_redirects=False) for _ in range(2)
    )
    asking.hall.person("books", ((asking.hall.branch.id, add_role(asking.hall, "books", "book_for_visitor")),))
    sign_in(staff, "books", "en")
    pages = (
        (visitor, f"/rules/{asking.hall.branch.slug}", "لتأكيد وسيلة التواصل"),
        (visitor, "/privacy", "أُكِّدت"),
        (staff, f"/appointments/{asking.hall.branch.slug}/{one.id}", "It is awaited until"),
    )
    for client, address, sentence in pages:
        assert sentence in client.get(address).text, address
    assert visitor.post(link_of(letter(asking)).removeprefix(ADDRESS)).status_code == 303
    set_policies(asking, contact_proof_h=None)
    for client, address, sentence in pages:
        assert sentence not in client.get(address).text, address


def test_staff_read_why_an_appointment_was_cancelled(discreet: Sending, clock: FrozenClock) -> None:
    hall, here = discreet.hall, discreet.hall.branch.id
    rights = add_role(hall, "books", "book_for_visitor", "create_protected_case")
    hall.person("books", ((here, rights),))
    set_policies(discreet, contact_proof_h=HOURS, max_active=1)
    # Both are proven, and the second is one too many.
    kept, ended = book(discreet), book(discreet, START + timedelta(hours=1))
    for one in (kept, ended):
        prove(discreet, one)
    silent = book(discreet, START + timedelta(hours=2), "silent@example.org", name="سعاد الأحمد")
    wished = book(discreet, START + timedelta(hours=3), "wished@example.org", name="منى الأحمد")
    hall.db.write_in_now(here, cancel_booking, here, wished.id, VISITOR)
    erased = book(discreet, START + timedelta(hours=4), "erased@example.org", name="رنا الأحمد")
    hall.db.write_now(erase_person, here, erased.id, SYSTEM)
    letter(discreet)
    assert silent.prove_until is not None
    clock.set(silent.prove_until)
    hall.db.write_in_now(here, release_due, here)
    staff = TestClient(discreet.app, base_url=ADDRESS, headers=SAME_ORIGIN, follow_redirects=False)
    sign_in(staff, "books", "en")
    for one, sentence in (
        (ended, "by a limit of the booking policy"),
        (silent, "because nobody confirmed the contact in time"),
        (wished, "as the visitor wished"),
        (erased, "because the personal data were erased"),
    ):
        page = staff.get(f"/appointments/{hall.branch.slug}/{one.id}").text
        assert sentence in page, sentence
        assert page.count("It was cancelled") == 1
    log_pruned(hall)
    assert "It was cancelled." in staff.get(f"/appointments/{hall.branch.slug}/{wished.id}").text


def log_pruned(hall: Hall) -> None:
    """All of the log but its newest entry goes."""
    here = hall.branch.id

    def prune(tx: Tx) -> None:
        through = pruning.reached_age(tx, here, tx.now + timedelta(days=1))
        assert through is not None
        chain = pruning.verified_link(tx, here, through)
        assert chain is not None
        pruning.set_checkpoint(tx, here, through, chain)
        while pruning.drop_entries(tx, here):
            pass

    hall.db.write_in_now(here, prune)
