"""What pages say of contacts that must be confirmed: the published rule, the page about data, staff's page of an appointment."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, sign_in
from tests.messages.proofs import book, letter, link_of, set_policies
from tests.messages.test_sending import ADDRESS, Sending


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
