"""The number that another office gave a request, in the forms and on the pages of staff."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views, bookings_together
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.services import set_service
from tests.kit.web_hall import Page, another, clerk, sign_in

HERE = "/appointments/doha-main"
NAME, NUMBER = "سلمى الأتاسي", "20260114"
# Only staff book it; the other one has numbers of its own.
SERVICE, OTHER = "travel-doc", "passport-lost"
ASKED: dict[str, Any] = {"names": {"ar": "رقم الطلب", "en": "Platform number"}, "digits_only": True, "length": 8}


@pytest.fixture
def asking(hall: Hall) -> Hall:
    return set_service(hall, SERVICE, issued_number=ASKED)


def test_staff_type_the_number_or_leave_it_open(client: TestClient, asking: Hall) -> None:
    held = hold(client, asking)
    page = look(client, f"{HERE}/{held.id}")
    assert "Platform number" in page.text
    wrong = send(client, page, "confirmation", name=NAME, issued_number="12-A")
    assert wrong.status_code == 422
    assert 'id="issued_number-error"' in wrong.text
    assert all(f'value="{typed}"' in wrong.text for typed in (NAME, "12-A"))
    # One more person, another time: what was typed stays.
    more = send(client, page, "confirmation", name=NAME, issued_number=NUMBER, **{"one-more": "1"})
    assert f'value="{NUMBER}"' in more.text
    assert send(client, page, "confirmation", name=NAME, issued_number=NUMBER).status_code == 303
    assert read(asking, held).issued_number == NUMBER
    assert f"Platform number {NUMBER}" in plain(look(client, f"{HERE}/{held.id}"))
    # Sent again, it changes nothing; with another number it is not taken for the same.
    assert send(client, page, "confirmation", name=NAME, issued_number=NUMBER).status_code == 303
    assert send(client, page, "confirmation", name=NAME, issued_number="20260115").status_code == 409
    open_ = hold(client, asking)
    assert send(client, look(client, f"{HERE}/{open_.id}"), "confirmation", name=NAME).status_code == 303
    assert "Platform number not known yet" in plain(look(client, f"{HERE}/{open_.id}"))


def test_the_number_stays_when_the_time_has_gone(client: TestClient, asking: Hall, clock: FrozenClock) -> None:
    held = hold(client, asking)
    page = look(client, f"{HERE}/{held.id}")
    clock.move(timedelta(minutes=11))
    late = send(client, page, "confirmation", name=NAME, issued_number=NUMBER)
    assert late.status_code == 409
    again = hold(client, asking, Page(late.text))
    assert again.issued_number == NUMBER
    # Another time in place of the held one has it, too; the same appointment again is for another request.
    other = hold(client, asking, look(client, f"{HERE}/new?service={SERVICE}&instead={again.id}"), which=1)
    assert other.issued_number == NUMBER
    assert send(client, look(client, f"{HERE}/{other.id}"), "confirmation").status_code == 303
    assert read(asking, other).issued_number == NUMBER
    assert hold(client, asking, look(client, f"{HERE}/new?service={SERVICE}&again={other.id}")).issued_number == ""


def test_each_part_of_a_visit_has_its_own_number(client: TestClient, asking: Hall) -> None:
    page = hold_visit(client, look(client, f"{HERE}/common?s1={SERVICE}&n1=1&s2={OTHER}&n2=1"))
    assert "Platform number –" in page.text
    assert 'name="issued2"' not in page.html
    wrong = send(client, page, "confirmation", name1=NAME, issued1="1")
    assert wrong.status_code == 422
    assert 'id="issued1-error"' in wrong.text
    assert NAME in wrong.text
    assert send(client, page, "confirmation", name1=NAME, issued1=NUMBER).status_code == 303
    parts = booked(asking)
    assert sorted(one.issued_number for one in parts) == ["", NUMBER]


def test_the_numbers_of_a_visit_stay_when_its_time_has_gone(
    client: TestClient, asking: Hall, clock: FrozenClock
) -> None:
    page = hold_visit(client, look(client, f"{HERE}/common?s1={SERVICE}&n1=1&s2={OTHER}&n2=1"))
    clock.move(timedelta(minutes=11))
    # One that cannot be right is left out, and asked for again.
    for typed, kept in (("1", []), (NUMBER, [NUMBER])):
        late = send(client, page, "confirmation", name1=NAME, issued1=typed)
        assert late.status_code == 409
        again = hold_visit(client, Page(late.text))
        assert f'value="{NAME}"' in again.html
        assert 'name="issued1"' in again.html
        assert re.findall(r'name="issued1"[^>]* value="(\w*)"', again.html) == kept


def test_a_number_is_corrected_or_given_later_and_the_log_does_not_say_it(client: TestClient, asking: Hall) -> None:
    held = hold(client, asking)
    assert send(client, look(client, f"{HERE}/{held.id}"), "confirmation", name=NAME).status_code == 303
    page = look(client, f"{HERE}/{held.id}/typo")
    wrong = send(client, page, "typo", issued_number="7")
    assert wrong.status_code == 422
    assert 'id="issued_number-error"' in wrong.text
    assert send(client, page, "typo", issued_number=NUMBER).status_code == 303
    assert send(client, look(client, f"{HERE}/{held.id}/typo"), "typo", issued_number="20260115").status_code == 303
    assert read(asking, held).issued_number == "20260115"
    for other in ("99999999", ""):
        assert send(client, look(client, f"{HERE}/{held.id}/typo"), "typo", issued_number=other).status_code == 409
    assert read(asking, held).issued_number == "20260115"
    # A number of before another rule does not stand in the way of the name.
    set_service(asking, SERVICE, issued_number={**ASKED, "length": 9})
    page = look(client, f"{HERE}/{held.id}/typo")
    assert send(client, page, "typo", name="سلمى الاتاسيي").status_code == 303
    facts = [one for one in asking.db.read_now(log.after, asking.branch.id, 0) if one.kind == "booking.corrected"]
    assert [one.data["field"] for one in facts] == ["issued_number", "issued_number", "name"]
    assert not [one for one in asking.db.read_now(log.after, asking.branch.id, 0) if NUMBER in str(one.data)]


def test_who_sees_the_name_sees_the_number_at_reception_in_the_list_and_at_the_counter(
    client: TestClient, asking: Hall, clock: FrozenClock
) -> None:
    held = hold(client, asking)
    page = look(client, f"{HERE}/{held.id}")
    assert send(client, page, "confirmation", name=NAME, issued_number=NUMBER).status_code == 303
    clock.set(held.starts_at)
    asking.person("attends", ((asking.branch.id, add_role(asking, "attends", "attendance")),))
    found = client.post("/reception/doha-main/search", data={"text": held.code})
    assert NUMBER in found.text
    assert NUMBER not in client.get("/reception/doha-main").text
    assert client.post(f"/reception/doha-main/bookings/{held.id}/ticket").status_code == 303
    layla = clerk(another(client), asking, "layla", counter="c2", language="en")
    layla.sit()
    layla.press("calls")
    assert f"Platform number {NUMBER}" in plain(layla.look())
    attends = another(client)
    sign_in(attends, "attends", "en")
    assert NUMBER in attends.get(f"{HERE}/attendance").text


def booked(hall: Hall) -> list[BookingView]:
    (one, *_) = hall.db.read_now(booking_views, table(Booking).c.together_id.is_not(None))
    assert one.together_id is not None
    return hall.db.read_now(bookings_together, hall.branch.id, one.together_id)


def hold(client: TestClient, hall: Hall, page: Page | None = None, which: int = 0) -> BookingView:
    page = page or look(client, f"{HERE}/new?service={SERVICE}")
    answer = send(client, page, "new", start=re.findall(r'name="start" value="([^"]+)"', page.html)[which])
    assert answer.status_code == 303, answer.text
    found = hall.db.read_now(booking_views, table(Booking).c.source == "staff")
    return next(one for one in found if answer.headers["location"] == f"{HERE}/{one.id}")


def hold_visit(client: TestClient, times: Page) -> Page:
    """The page of a visit after its first time was chosen."""
    form = next(one for one in times.forms if "request_id" in one.values)
    start = re.findall(r'name="start" value="([^"]+)"', times.html)[0]
    answer = client.post(form.action, data={**form.values, "start": start})
    assert answer.status_code == 303, answer.text
    return look(client, answer.headers["location"])


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def plain(page: Page) -> str:
    return " ".join(re.sub("[\u2066-\u2069]", "", re.sub(r"<[^>]+>", " ", page.html)).split())


def send(client: TestClient, page: Page, action: str, **values: str) -> Any:
    """Send the last form of the page with this action."""
    form = [one for one in page.forms if one.action.endswith(f"/{action}")][-1]
    return client.post(form.action, data={**form.values, **values})


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
