"""The same again: a new appointment like another one, of which only the time is chosen."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.core.bookings import BookingState
from queue_system.store import log
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views
from queue_system.store.queries.participants import others_of
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall
from tests.kit.repeating import officers
from tests.kit.web_hall import Page

HERE = "/appointments/doha-main"
NAME = "سلمى الأتاسي"
# Only staff book it.
SERVICE = "travel-doc"
BOOKING = table(Booking)


def test_the_same_again_asks_for_nothing_but_the_time(client: TestClient, hall: Hall) -> None:
    officers(hall, SERVICE)
    first = book(client, hall, "&with=basel")
    one = look(client, f"{HERE}/{first.id}")
    assert "The same again" in one.text
    times = look(client, link(one, "again="))
    assert '<option value="basel" selected>' in times.html
    assert "Only the time is to be chosen" in times.text
    assert "the name comes after" not in times.text
    # The page of the times shows neither name nor contact.
    assert NAME not in times.html
    assert "555" not in times.html
    # Another first day keeps what is repeated.
    find = next(form for form in times.forms if form.values.get("again"))
    later = client.get(find.action, params={**find.values, "from": "2026-11-25"})
    again = hold(client, hall, Page(later.text), which=1)
    assert (again.state, again.name, again.contact, again.language, again.reference) == (
        BookingState.HELD,
        NAME,
        "+97455512345",
        "en",
        "2026/17",
    )
    assert again.service_id == first.service_id
    assert again.starts_at > first.starts_at
    others = hall.db.read_now(others_of, hall.branch.id, again.id)
    assert [(one.role, one.name) for one in others if one.n] == [("companion", "مترجم")]
    held = look(client, f"{HERE}/{again.id}")
    assert "basel: asked for by name." in re.sub(r"<[^>]+>", "", held.html)
    assert send(client, held, "confirmation").status_code == 303
    assert read(hall, again).state is BookingState.CONFIRMED
    # The first one stays as it is, and the log says that its contact was shown.
    assert read(hall, first) == first
    looked = [one for one in hall.db.read_now(log.after, hall.branch.id, 0) if one.kind == "booking.looked_up"]
    assert [(one.subject, one.data["by"]) for one in looked] == [(str(first.id), "call")]


def test_who_was_there_unasked_is_wanted_again_and_can_be_left_open(client: TestClient, hall: Hall) -> None:
    officers(hall, SERVICE)
    first = book(client, hall)
    address = link(look(client, f"{HERE}/{first.id}"), "again=")
    assert '<option value="amal" selected>' in look(client, address).html
    assert "selected" not in look(client, f"{address}&with=").html


def test_what_is_past_or_called_off_can_be_booked_again_but_nobody_who_was_erased(
    client: TestClient, hall: Hall
) -> None:
    first = book(client, hall)
    assert send(client, look(client, f"{HERE}/{first.id}?ask=call-off"), "cancellation").status_code == 303
    address = link(look(client, f"{HERE}/{first.id}"), "again=")
    erase(hall, first)
    assert "again=" not in look(client, f"{HERE}/{first.id}").html
    times = look(client, address)
    assert "Only the time" not in times.text
    assert hold(client, hall, times).name == ""


def test_a_contact_that_nobody_is_to_see_is_not_shown_again(client: TestClient, hall: Hall) -> None:
    first = book(client, hall)
    set_columns(hall, first, contact_way="none")
    again = hold(client, hall, look(client, link(look(client, f"{HERE}/{first.id}"), "again=")))
    assert (again.name, again.contact, again.contact_way) == (NAME, "", "none")


def book(client: TestClient, hall: Hall, more: str = "") -> BookingView:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}{more}"))
    said = {"name": NAME, "contact": "+97455512345", "language": "en", "reference": "2026/17"}
    person = {"others": "1", "other-1-role": "companion", "other-1-name": "مترجم"}
    assert send(client, look(client, f"{HERE}/{held.id}"), "confirmation", **said, **person).status_code == 303
    return read(hall, held)


def erase(hall: Hall, booking: BookingView) -> None:
    set_columns(hall, booking, name="", contact="", reference="", erased_at=booking.created_at)


def set_columns(hall: Hall, booking: BookingView, **values: Any) -> None:
    change = sa.update(BOOKING).where(BOOKING.c.id == booking.id).values(**values)
    hall.db.write_in_now(hall.branch.id, lambda tx: tx.execute(change))


def link(page: Page, part: str) -> str:
    found: list[str] = re.findall(r'href="([^"]+)"', page.html)
    return next(one.replace("&amp;", "&") for one in found if part in one)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def hold(client: TestClient, hall: Hall, page: Page, which: int = 0) -> BookingView:
    start = re.findall(r'name="start" value="([^"]+)"', page.html)[which]
    answer = send(client, page, "new", start=start)
    assert answer.status_code == 303, answer.text
    found = hall.db.read_now(booking_views, BOOKING.c.source == "staff")
    return next(one for one in found if answer.headers["location"] == f"{HERE}/{one.id}")


def send(client: TestClient, page: Page, action: str, **values: str) -> Any:
    """Send the last form of the page with this action."""
    form = [one for one in page.forms if one.action.endswith(f"/{action}")][-1]
    return client.post(form.action, data={**form.values, **values})


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
