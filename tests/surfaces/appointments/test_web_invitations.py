"""Inviting somebody on the pages of staff, and booking with the personal link."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.core.bookings import Booker, BookingState
from queue_system.store.log import SYSTEM
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.public_visitor import PHONE, Visitor, stored
from tests.kit.services import set_place, set_service
from tests.kit.web_hall import Page, another, sign_in

HERE = "/appointments/doha-main"
SERVICE = "passport-lost"
NAME, ADDRESS = "رنا السالم", "rana@example.org"


@pytest.fixture
def place(place: tuple[TestClient, Hall]) -> tuple[TestClient, Hall]:
    """Reception, and a service to which it invites."""
    client, hall = place
    return client, set_service(hall, SERVICE, policy="invite", mode="invite")


def test_a_guest_books_with_the_link_once(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    assert f"{HERE}/invitations" in client.get(HERE).text
    link, page = invite(client, persons="2")
    assert "Open: no appointment has been booked" in page.text
    guest = Visitor(another(client), "en")
    # Without the link the page says how it is got, and leads no further.
    assert not guest.open(f"/book/doha-main/{SERVICE}").hrefs("/days")
    assert guest.open(f"/book/doha-main/{SERVICE}/days").url.endswith(f"/{SERVICE}")
    first = guest.open(link)
    assert "You are invited to this service" in first.text
    guest.follow("/days")
    guest.follow(rf"/{SERVICE}/\d{{4}}-\d\d-\d\d\?via=", 1)
    form = guest.follow(r"/\d{8}T\d{4}Z\?via=")
    assert form.fields["name"]["value"] == NAME
    check = guest.send(name=NAME, contact=PHONE, persons="2")
    # Back to another time, which replaces the first.
    guest.follow(r"/\d{4}-\d\d-\d\d\?instead=")
    guest.follow(r"/\d{8}T\d{4}Z\?", 3)
    guest.send(name=NAME, contact=PHONE, persons="2")
    assert guest.page.url != check.url
    done = guest.send("/confirmation")
    booked = stored(hall, done)
    assert (booked.state, booked.persons, booked.source) == (BookingState.CONFIRMED, 2, "invitation")
    assert "An appointment was booked with this invitation" in guest.open(link).text
    assert not guest.page.hrefs("/days")
    assert f"{HERE}/{booked.id}" in client.get(page_of(client)).text


def test_a_withdrawn_invitation_says_so(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    link, page = invite(client)
    form = next(one for one in page.forms if one.action.endswith("/withdrawal"))
    assert client.post(form.action, data=form.values).status_code == 303
    guest = Visitor(another(client), "en")
    assert "This invitation was withdrawn" in guest.open(link).text
    assert guest.open(guest.page.url.replace(f"/{SERVICE}?", f"/{SERVICE}/days?")).url.endswith(guest.page.url)
    # Neither do a link that was cut short, and none at all.
    assert [guest.open(wrong).status for wrong in (link[:-1], "/invitation")] == [404, 404]
    assert "Withdrawn" in Page(client.get(f"{HERE}/invitations").text).text


def test_mistakes_are_told_by_their_fields_and_nothing_is_lost(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    answer = send(client, name=NAME, contact="12", answer_by="2020-01-01")
    assert answer.status_code == 422
    assert NAME in answer.text
    assert "2020-01-01" in answer.text
    assert send(client, service="no-such").status_code == 422
    assert "There are no open invitations" in Page(client.get(f"{HERE}/invitations").text).text


def test_a_form_that_is_sent_twice_invites_once(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    page = Page(client.get(f"{HERE}/invitations").text)
    form = next(one for one in page.forms if one.action.endswith("/invitations"))
    typed = {**form.values, "service": SERVICE, "language": "ar", "name": NAME}
    first, again = (client.post(form.action, data=typed) for _ in range(2))
    assert again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    # Whoever goes back and types another name is told, and the next press invites.
    other = client.post(form.action, data={**typed, "name": "هدى الأتاسي"})
    assert other.status_code == 409
    fresh = next(one for one in Page(other.text).forms if one.action.endswith("/invitations"))
    assert client.post(fresh.action, data={**fresh.values, "service": SERVICE}).status_code == 303


def test_a_letter_is_ready_in_the_guest_s_language(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    link, page = invite(client, contact=ADDRESS, language="ar")
    mail = re.search(r'href="(mailto:[^"]+)"', page.html)
    assert mail
    letter = unquote(mail[1])
    assert letter.startswith(f"mailto:{ADDRESS}?subject=دعوة")
    assert link in letter
    # A telephone number gets none.
    assert "mailto:" not in invite(client, contact="+97455512345")[1].html


def test_no_letter_is_ready_where_a_branch_writes_to_nobody_unasked(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    set_place(hall, safe_contact={"allowed": ["none", "sms_neutral"], "default": "none"})
    assert "mailto:" not in invite(client, contact=ADDRESS)[1].html


def test_no_letter_is_ready_for_a_guest_who_wants_none(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    said = Said(NAME, ADDRESS, "ar", way="none")
    start = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
    order = HoldOrder(hall.branch.id, hall.service("civil-extract"), start, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM, said)
    assert "mailto:" not in invite(client, contact=ADDRESS)[1].html
    assert "mailto:" in invite(client, contact=ADDRESS, name="هدى")[1].html


def test_a_level_that_hides_names_shows_none_and_writes_no_letter(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    set_service(hall, SERVICE, confidentiality="sensitive")
    _, page = invite(client, contact=ADDRESS)
    assert "mailto:" not in page.html
    assert NAME not in page.html + client.get(f"{HERE}/invitations").text


def test_who_may_not_book_sees_no_invitation(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    invite(client)
    hall.person("sami", ((hall.branch.id, add_role(hall, "onlooker", "see_bookings")),))
    other = another(client)
    sign_in(other, "sami", "en")
    assert other.get(f"{HERE}/invitations").status_code == 403
    assert other.get(page_of(client)).status_code == 403
    assert client.get(f"{HERE}/invitations/no-id").status_code == 404


def invite(client: TestClient, **typed: str) -> tuple[str, Page]:
    """Invite somebody; the link without the host, and the page that shows it."""
    answer = send(client, **{"name": NAME, **typed})
    assert answer.status_code == 303, answer.text
    page = Page(client.get(answer.headers["location"]).text)
    found = re.search(r'href="([^"]+/invitation\?i=[^"]+)"', page.html)
    assert found, page.text
    parts = urlsplit(found[1])
    return f"{parts.path}?{parts.query}", page


def send(client: TestClient, **typed: str) -> Any:
    page = Page(client.get(f"{HERE}/invitations").text)
    form = next(one for one in page.forms if one.action.endswith("/invitations"))
    return client.post(form.action, data={**form.values, "service": SERVICE, "language": "ar", **typed})


def page_of(client: TestClient) -> str:
    """The address of the first invitation in the list."""
    found = re.search(rf"{HERE}/invitations/[0-9a-f-]{{36}}", client.get(f"{HERE}/invitations").text)
    assert found
    return found[0]
