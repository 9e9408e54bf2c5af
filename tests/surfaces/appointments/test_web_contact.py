"""How people may be contacted, on the pages of staff: asked, asked again at the visit, and obeyed by whoever calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.participants import name_participants
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.participants import Person, Role
from queue_system.store import log
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views, free_days
from queue_system.store.queries.participants import others_of
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, opened, sign_in

HERE = "/appointments/aman"
QUESTION = "Is there a safe time or way to contact you?"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    def people(hall: Hall) -> None:
        hall.person("salma", ((hall.branch.id, "intake_protection"),))
        hall.person("sami", ((hall.branch.id, add_role(hall, "books", "book_for_visitor", "create_protected_case")),))
        hall.person("asma", ((hall.branch.id, add_role(hall, "asks", "set_safe_contact")),))

    with opened(sqlite_url, tmp_path, clock, "social-work", "aman", people) as found:
        sign_in(found[0], "salma", "en")
        yield found


def test_who_takes_protected_cases_books_them_and_asks_how_to_reach_people(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    page = hold(client)
    assert QUESTION in page.text
    assert re.search(r"Not asked yet \(until then: .?No contact at all.?\)", page.text)
    # Where the service is protected, a case number stands in place of the name.
    assert 'name="reference"' not in page.html
    wrong = send(client, page, "confirmation", name="ياسمين", way="call_at_time")
    assert wrong.status_code == 422
    assert 'href="#note"' in wrong.text
    assert send(client, Page(wrong.text), "confirmation", way="call_at_time", note="صباحًا").status_code == 303
    booked = only(hall)
    assert (booked.name, booked.contact_way, booked.contact_note) == ("ياسمين", "call_at_time", "صباحًا")
    assert "Calls at a certain time only: صباحًا" in look(client, f"{HERE}/{booked.id}").text


def test_who_may_not_ask_sees_what_holds_and_changes_nothing(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    other = another(client)
    sign_in(other, "sami", "en")
    page = hold(other)
    assert 'name="way"' not in page.html
    answer = send(
        other,
        page,
        "confirmation",
        name="ياسمين",
        way="sms_neutral",
        others="1",
        **{"other-1-name": "هدى", "other-1-way": "sms_neutral"},
    )
    assert answer.status_code == 303
    booked = only(hall)
    assert booked.contact_way is None
    assert [one.contact_way for one in hall.db.read_now(others_of, hall.branch.id, booked.id)] == [None]
    assert "No contact at all" in look(other, f"{HERE}/{booked.id}").text
    assert other.get(f"{HERE}/{booked.id}/contact").status_code == 403


def test_who_only_asks_opens_that_page_alone(place: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = place
    booked = book(hall)
    other = another(client)
    sign_in(other, "asma", "en")
    assert other.get(f"{HERE}/{booked.id}").status_code == 403
    page = look(other, f"{HERE}/{booked.id}/contact")
    # Names of a discreet service are for those who book it; and whoever sees a note has looked somebody up.
    assert page.html.count("<legend>") == 2
    assert not [name for name in ("ياسمين", "هدى") if name in page.html]
    rows = hall.db.read_now(log.after, hall.branch.id, 0)
    assert [row.data["by"] for row in rows if row.kind == "booking.looked_up"] == ["call"]
    answer = send(other, page, "contact", **{"way-0": "via_referrer", "note-0": "الشرطة", "way-1": "none"})
    assert "The way to contact was saved." in look(other, answer.headers["location"]).text
    assert read(hall, booked).contact_way == "via_referrer"
    assert [one.contact_way for one in hall.db.read_now(others_of, hall.branch.id, booked.id)] == ["none"]


def test_on_the_day_of_the_visit_it_is_asked_again(place: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = place
    booked = book(hall)
    again = "please ask again how this person may be contacted safely"
    assert again not in look(client, f"{HERE}/{booked.id}").text
    clock.set(booked.starts_at - timedelta(minutes=10))
    sign_in(client, "salma", "en")
    assert again in look(client, f"{HERE}/{booked.id}").text
    send(client, look(client, f"{HERE}/{booked.id}/contact"), "contact", **{"way-0": "none"})
    assert again not in look(client, f"{HERE}/{booked.id}").text


def test_a_page_that_was_open_longer_takes_nothing_back(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booked = book(hall)
    first, second = (look(client, f"{HERE}/{booked.id}/contact") for _ in range(2))
    answers = {"way-0": "none", "way-1": "none"}
    assert send(client, second, "contact", **answers).status_code == 303
    assert send(client, second, "contact", **answers).status_code == 303, "the same once more"
    late = send(client, first, "contact", **{"way-0": "via_referrer"})
    assert late.status_code == 409
    assert "so nothing was stored" in late.text
    assert read(hall, booked).contact_way == "none"
    assert send(client, Page(late.text), "contact", **{"way-0": "via_referrer", "note-0": "الشرطة"}).status_code == 303
    assert read(hall, booked).contact_way == "via_referrer"


def hold(client: TestClient) -> Page:
    times = look(client, f"{HERE}/new?service=psych")
    form = [one for one in times.forms if one.action.endswith("/new")][-1]
    start = re.findall(r'name="start" value="([^"]+)"', times.html)[0]
    return look(client, client.post(form.action, data={**form.values, "start": start}).headers["location"])


def book(hall: Hall) -> BookingView:
    """An appointment of a woman and whoever brings her."""
    service = hall.branch.service("psych")
    day = hall.branch.timetable.business_date(hall.db.clock.now())
    days = hall.db.read_now(
        free_days, hall.branch, service, day + timedelta(days=2), day + timedelta(days=9), public=False
    )
    start = next(slot.start for one in days for slot in one.slots)
    order = HoldOrder(hall.branch.id, service.id, start, "ياسمين", "+97455512345", "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    hall.db.write_in_now(
        hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM, Said("ياسمين", "+97455512345", "ar")
    )
    others = [Person(Role.COMPANION, "هدى")]
    hall.db.write_in_now(hall.branch.id, name_participants, hall.branch.id, held.id, SYSTEM, others)
    return read(hall, held)


def send(client: TestClient, page: Page, action: str, **values: str) -> Any:
    form = [one for one in page.forms if one.action.endswith(f"/{action}")][-1]
    typed = {name: value for name, value in form.values.items() if name != "later"}
    return client.post(form.action, data={**typed, **values})


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def only(hall: Hall) -> BookingView:
    (found,) = hall.db.read_now(booking_views, table(Booking).c.branch_id == hall.branch.id)
    return found


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
