"""The number that another office gave a request: asked for where a service needs it, seen by its booker alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from queue_system.actions.retention import erase
from queue_system.store.database import Tx
from queue_system.store.log import locked
from queue_system.store.queries.bookings import BookingView, booking_by_id
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, PHONE, Visitor, fill_up, stored
from tests.kit.services import set_service
from tests.kit.web_hall import another

SERVICE, OTHER = "passport-lost", "civil-extract"
NAMES = {"ar": "رقم الطلب على المنصة", "en": "Application number on the platform"}
ASKED: dict[str, Any] = {"names": NAMES, "digits_only": True, "length": 8}


@pytest.fixture
def asking(hall: Hall) -> Hall:
    return set_service(hall, SERVICE, issued_number=ASKED)


def test_the_number_is_asked_for_corrected_and_shown_to_its_booker_alone(visitor: Visitor, asking: Hall) -> None:
    # Whoever reads what to bring knows it before a time is chosen.
    assert f"يُطلب عند الحجز: {NAMES['ar']}." in visitor.open(f"/book/doha-main/{SERVICE}").text
    form = visitor.choose_time(SERVICE)
    assert NAMES["ar"] in form.text
    missing = visitor.send(name=NAME, contact=PHONE)
    assert missing.status == 422
    assert 'id="issued_number-error"' in missing.html
    wrong = visitor.send(name=NAME, contact=PHONE, issued_number="12-A")
    assert wrong.status == 422
    assert "يُرجى كتابة أرقام فقط" in wrong.text
    assert [wrong.fields[one]["value"] for one in ("name", "issued_number")] == [NAME, "12-A"]
    short = visitor.send(name=NAME, contact=PHONE, issued_number="123")
    assert "عدد حروفه وأرقامه معًا: 8" in short.text.replace("٨", "8")
    check = visitor.send(name=NAME, contact=PHONE, issued_number="٢٠٢٦ ٠١١٤")
    assert "20260114" in check.text
    assert visitor.follow(r"Z\?instead=").fields["issued_number"]["value"] == "20260114"
    visitor.send(name=NAME, contact=PHONE, issued_number="20260115")
    done = visitor.send("/confirmation")
    assert NAMES["ar"] in done.text
    assert "20260115" in done.text
    assert stored(asking, done).issued_number == "20260115"
    # Neither a link alone nor the entry for a calendar says it.
    assert "20260115" not in Visitor(another(visitor.client)).open(done.url).text
    assert "20260115" not in visitor.client.get(f"{done.url}.ics").text


def test_the_number_is_kept_when_the_time_has_gone(visitor: Visitor, asking: Hall) -> None:
    form = visitor.choose_time(SERVICE)
    fill_up(set_service(asking, SERVICE, issued_number=None), SERVICE, at(form.url))
    set_service(asking, SERVICE, issued_number=ASKED)
    refused = visitor.send(name=NAME, contact=PHONE, issued_number="20260114")
    assert refused.status == 409
    hidden = next(values for _, values, _ in refused.forms if "issued_number" in values)
    assert hidden["issued_number"] == "20260114"


def test_where_it_may_be_left_out_the_form_says_so_and_elsewhere_it_asks_nothing(visitor: Visitor, hall: Hall) -> None:
    assert 'name="issued_number"' not in visitor.choose_time(SERVICE).html
    asking = set_service(hall, SERVICE, issued_number={"names": NAMES, "required": False})
    visitor.choose_time(SERVICE)
    check = visitor.send(name=NAME, contact=PHONE)
    assert check.status == 200
    assert stored(asking, check).issued_number == ""


def test_each_part_of_a_visit_asks_for_its_own_number(visitor: Visitor, asking: Hall) -> None:
    times = visitor.open(f"/together/doha-main?s1={OTHER}&n1=1&s2={SERVICE}&n2=1")
    action, hidden, buttons = next(one for one in times.forms if one[0].endswith("/details"))
    form = visitor.open(f"{action}?{urlencode(hidden | {'start': buttons[0]['value']})}")
    assert 'name="issued1"' not in form.html
    assert f"{NAMES['ar']} –" in form.text
    wrong = visitor.send("/details", name1=NAME, contact=PHONE, issued2="12")
    assert wrong.status == 422
    assert 'id="issued2-error"' in wrong.html
    assert wrong.fields["name1"]["value"] == NAME
    held = visitor.send("/details", name1=NAME, contact=PHONE, issued2="20260114")
    assert "/together" in held.url
    done = visitor.send("/together/confirmation")
    booked = [stored(asking, visitor.open(one)) for one in done.hrefs(r"^/b/[^/]+$")]
    assert {one.service_id: one.issued_number for one in booked} == {
        asking.service(OTHER): "",
        asking.service(SERVICE): "20260114",
    }


def test_the_number_goes_with_the_name(visitor: Visitor, asking: Hall) -> None:
    visitor.choose_time(SERVICE)
    visitor.send(name=NAME, contact=PHONE, issued_number="20260114")
    booked = stored(asking, visitor.send("/confirmation"))
    assert booked.issued_number == "20260114"
    asking.db.write_in_now(asking.branch.id, _erase, booked)
    assert asking.db.read_now(booking_by_id, asking.branch.id, booked.id).issued_number == ""


def at(url: str) -> datetime:
    """The time of a form, from its address."""
    return datetime.strptime(url.rsplit("/", 1)[1], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)


def _erase(tx: Tx, booking: BookingView) -> None:
    with locked(tx, booking.branch_id) as lock:
        erase(lock, [booking.id])
