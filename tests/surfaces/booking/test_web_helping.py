"""An organisation books for somebody by its link, on the pages of the public."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, PHONE, Answer, Visitor, stored
from tests.kit.services import set_place, set_service
from tests.kit.web_hall import Page, another, sign_in

SERVICE = "travel-doc"
BAR = {"slug": "bar", "names": {"ar": "نقابة المحامين", "en": "Bar association"}, "services": [SERVICE], "places": 1}


def test_an_organisation_books_for_a_client_who_can_cancel(visitor: Visitor, hall: Hall) -> None:
    hall = set_place(hall, helpers={"bar": BAR})
    staff = another(visitor.client)
    sign_in(staff, "rana", "en")
    assert "/appointments/doha-main/helpers" in staff.get("/appointments/doha-main").text
    found = re.search(r'href="([^"]+/helper\?h=[^"]+)"', staff.get("/appointments/doha-main/helpers").text)
    assert found
    parts = urlsplit(found[1])
    link = f"{parts.path}?{parts.query}"
    page = visitor.open(link)
    assert "حُجز 0 من 1" in page.text
    visitor.follow(rf"/{SERVICE}\?via=")
    assert "حجز مواعيد عبر نقابة المحامين" in visitor.page.text
    visitor.follow("/days")
    visitor.follow(rf"/{SERVICE}/\d{{4}}-\d\d-\d\d\?via=", 1)
    visitor.follow(r"/\d{8}T\d{4}Z\?via=")
    visitor.send(name=NAME, contact=PHONE)
    # Another time takes no further place.
    visitor.follow(r"/\d{4}-\d\d-\d\d\?instead=")
    visitor.follow(r"/\d{8}T\d{4}Z\?", 3)
    visitor.send(name=NAME, contact=PHONE)
    done = visitor.send("/confirmation")
    booked = stored(hall, done)
    assert (booked.helper, booked.source, booked.name) == ("bar", "helper", NAME)
    assert "حُجز عبر نقابة المحامين" in done.text
    assert "Booked through Bar association" in Page(staff.get(f"/appointments/doha-main/{booked.id}").text).text
    assert "حُجز 1 من 1" in visitor.open(link).text
    client = Visitor(another(visitor.client))
    client.open(f"{done.url}/cancellation")
    client.send()
    assert "حُجز 0 من 1" in visitor.open(link).text
    # Everybody can read how many places it has.
    assert "نقابة المحامين: موعد واحد على الأكثر كل أسبوع" in visitor.open("/rules/doha-main").text


def test_a_full_organisation_is_told_and_nothing_typed_is_lost(visitor: Visitor, hall: Hall) -> None:
    hall = set_place(hall, helpers={"bar": BAR})
    staff = another(visitor.client)
    sign_in(staff, "rana", "en")
    found = re.search(r"\?h=([\w-]+)", staff.get("/appointments/doha-main/helpers").text)
    assert found
    assert "/b/" in _ask(visitor, found[1], "first@example.org").url
    last = _ask(visitor, found[1], "second@example.org")
    assert last.status == 409
    assert "حُجزت كل مواعيد الجهة" in last.text
    assert last.fields["contact"]["value"] == "second@example.org"


def test_its_link_lets_everybody_book_what_everybody_can_book(visitor: Visitor, hall: Hall) -> None:
    hall = set_place(hall, helpers={"bar": BAR})
    staff = another(visitor.client)
    sign_in(staff, "rana", "en")
    found = re.search(r"\?h=([\w-]+)", staff.get("/appointments/doha-main/helpers").text)
    assert found
    visitor.open(f"/helper?h={found[1]}")
    visitor.follow(rf"/{SERVICE}\?via=")
    via = urlsplit(visitor.page.url).query
    # The same link goes along to another service, which is not the organisation's.
    visitor.open(f"/book/doha-main/civil-extract/days?{via}")
    visitor.follow(r"/civil-extract/\d{4}-\d\d-\d\d\?via=", 1)
    visitor.follow(r"/\d{8}T\d{4}Z\?via=")
    assert visitor.send(name=NAME, contact=PHONE).status == 200
    booked = stored(hall, visitor.send("/confirmation"))
    assert (booked.helper, booked.source) == ("", "web")


def test_the_link_of_a_discreet_appointment_does_not_name_the_organisation(visitor: Visitor, hall: Hall) -> None:
    """Whoever finds it on somebody else's telephone would know why they come."""
    hall = set_service(set_place(hall, helpers={"bar": BAR}), SERVICE, confidentiality="sensitive")
    staff = another(visitor.client)
    sign_in(staff, "rana", "en")
    found = re.search(r"\?h=([\w-]+)", staff.get("/appointments/doha-main/helpers").text)
    assert found
    _ask(visitor, found[1], PHONE)
    done = visitor.send("/confirmation")
    assert "نقابة المحامين" in done.text, "whoever has just booked may read it"
    link = Visitor(another(visitor.client)).open(done.url)
    assert link.status == 200
    assert "نقابة المحامين" not in link.html


def test_a_link_of_nobody_and_one_that_was_replaced_open_nothing(visitor: Visitor, hall: Hall) -> None:
    hall = set_place(hall, helpers={"bar": BAR})
    assert visitor.open("/helper").status == 404
    assert visitor.open(f"/helper?h={hall.branch.key}AAAA").status == 404
    assert not visitor.open(f"/book/doha-main/{SERVICE}?via=AAAA").hrefs("/days")


def _ask(visitor: Visitor, token: str, contact: str) -> Answer:
    """From the organisation's link to the first time of the second day, for a client with this contact."""
    visitor.open(f"/helper?h={token}")
    visitor.follow(rf"/{SERVICE}\?via=")
    visitor.follow("/days")
    visitor.follow(rf"/{SERVICE}/\d{{4}}-\d\d-\d\d\?via=", 1)
    visitor.follow(r"/\d{8}T\d{4}Z\?via=")
    return visitor.send(name=NAME, contact=contact)
