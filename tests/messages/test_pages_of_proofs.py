"""What pages say of contacts that must be confirmed: the published rule, the page about data, staff's page of an appointment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from tests.kit.hall import furnish
from tests.kit.mail_server import mail_server
from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, sign_in
from tests.messages.test_contact_proofs import HOURS, book, letter, link_of, set_policies
from tests.messages.test_sending import ADDRESS, Sending, made, set_level


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        found = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")
        set_policies(found, contact_proof_h=HOURS)
        set_level(found.hall, sms="full")
        yield found


def test_pages_say_that_a_contact_must_be_confirmed_where_it_must(sending: Sending) -> None:
    one = book(sending)
    visitor, staff = (
        TestClient(sending.app, base_url=ADDRESS, headers=SAME_ORIGIN, follow_redirects=False) for _ in range(2)
    )
    sending.hall.person("books", ((sending.hall.branch.id, add_role(sending.hall, "books", "book_for_visitor")),))
    sign_in(staff, "books", "en")
    pages = (
        (visitor, f"/rules/{sending.hall.branch.slug}", "لتأكيد وسيلة التواصل"),
        (visitor, "/privacy", "أُكِّدت"),
        (staff, f"/appointments/{sending.hall.branch.slug}/{one.id}", "It is awaited until"),
    )
    for client, address, sentence in pages:
        assert sentence in client.get(address).text, address
    assert visitor.post(link_of(letter(sending)).removeprefix(ADDRESS)).status_code == 303
    set_policies(sending, contact_proof_h=None)
    for client, address, sentence in pages:
        assert sentence not in client.get(address).text, address
