"""Warnings about whoever is typed while a time is held: another appointment to come, another one at the same time."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.core.bookings import Booker, BookingState
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views
from queue_system.store.tables import Booking, Confidentiality, PolicyRow, Service, table
from tests.kit.hall import Hall, change_settings
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, sign_in

HERE = "/appointments/doha-main"
NAME, CONTACT, NUMBER = "سلمى الأتاسي", "+97455512345", "2026/17"
# Only staff book them.
SERVICE, OTHER = "travel-doc", "business"
BESIDES = "The same person has other appointments to come"
LIMIT = "already has as many appointments for this service as allowed"
SERVICES, LEVELS = table(Service), table(Confidentiality)
SAME_SERVICE, SAME_TIME = "At least one is for the same service", "another appointment at the same time"


def test_what_is_typed_is_warned_about_while_the_time_is_held(client: TestClient, hall: Hall) -> None:
    first = book(client, hall, name=NAME, contact=CONTACT, reference=NUMBER)
    held = hold(client, hall)
    asks = f"{HERE}/{held.id}/besides"
    page = look(client, f"{HERE}/{held.id}")
    assert f'hx-post="{asks}"' in page.html
    assert BESIDES not in page.text
    # Another spelling, the number as it is dialled, the case number without a contact or without a name.
    for typed in (
        {"name": "سلمي  الاتاسي", "contact": "5551 2345"},
        {"name": NAME, "reference": NUMBER},
        {"name": NUMBER},
        {"reference": NUMBER},
    ):
        said = client.post(asks, data=typed)
        assert said.status_code == 200
        assert BESIDES in said.text
        assert SAME_SERVICE in said.text
        assert f'href="{HERE}/{first.id}"' in said.text
        assert "<html" not in said.text
    # A family shares contact and case number; what is typed half is nobody.
    for typed in (
        {"name": NAME},
        {"contact": CONTACT},
        {"name": "هدى الأتاسي", "contact": CONTACT, "reference": NUMBER},
        {"name": NAME, "contact": "12"},
        {"name": "7 <b>", "contact": CONTACT},
        {},
    ):
        assert BESIDES not in client.post(asks, data=typed).text, typed
    assert read(hall, held).name == "", "nothing is stored by asking"


def test_nothing_warns_of_a_time_that_was_given_back_while_somebody_types(client: TestClient, hall: Hall) -> None:
    book(client, hall, name=NAME, contact=CONTACT)
    held = hold(client, hall)
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, held.id, SYSTEM, Booker.STAFF)
    said = client.post(f"{HERE}/{held.id}/besides", data={"name": NAME, "contact": CONTACT})
    assert said.status_code == 200
    assert BESIDES not in said.text


def test_without_a_script_the_next_press_warns_and_the_one_after_it_books(client: TestClient, hall: Hall) -> None:
    book(client, hall, name=NAME, contact=CONTACT)
    held = hold(client, hall)
    typed = {"name": NAME, "contact": CONTACT, "reference": NUMBER, "language": "en"}
    told = send(client, look(client, f"{HERE}/{held.id}"), "confirmation", **typed)
    assert told.status_code == 409
    assert read(hall, held).state is BookingState.HELD
    page = Page(told.text)
    assert all(words in page.text for words in (BESIDES, SAME_SERVICE, "Nothing is booked yet"))
    assert all(f'value="{text}"' in page.html for text in (NAME, NUMBER))
    # Somebody else books for the same person meanwhile: this has not been shown yet.
    book(client, hall, which=5, warned=warned(page), name=NAME, contact=CONTACT)
    again = send(client, page, "confirmation", **typed)
    assert again.status_code == 409
    assert send(client, Page(again.text), "confirmation", **typed).status_code == 303
    booked = read(hall, held)
    assert (booked.state, booked.name, booked.reference) == (BookingState.CONFIRMED, NAME, NUMBER)
    # The same form sent twice is no other appointment.
    assert send(client, page, "confirmation", **typed).status_code == 303


def test_another_appointment_at_the_same_time_is_warned_about(client: TestClient, hall: Hall) -> None:
    first = book(client, hall, name=NAME, contact=CONTACT)
    held = hold(client, hall, service=OTHER)
    assert first.starts_at < held.ends_at
    assert held.starts_at < first.ends_at
    said = client.post(f"{HERE}/{held.id}/besides", data={"name": NAME, "contact": CONTACT}).text
    assert SAME_TIME in said
    assert SAME_TIME not in client.post(f"{HERE}/{held.id}/besides", data={"name": "هدى", "contact": CONTACT}).text
    later = hold(client, hall, which=9, service=OTHER)
    said = client.post(f"{HERE}/{later.id}/besides", data={"name": NAME, "contact": CONTACT}).text
    assert BESIDES in said
    assert SAME_SERVICE not in said
    assert SAME_TIME not in said


def test_discreet_services_and_strangers_learn_nothing(client: TestClient, hall: Hall) -> None:
    book(client, hall, name=NAME, contact=CONTACT)
    held = hold(client, hall)
    asks, typed = f"{HERE}/{held.id}/besides", {"name": NAME, "contact": CONTACT}
    stranger = another(client)
    assert stranger.post(asks, data=typed).status_code in (303, 401)
    sign_in(stranger, "layla", "en")
    assert stranger.post(asks, data=typed).status_code == 403
    change_settings(hall.db, sa.update(table(Confidentiality)).values(display="code_random"))
    assert BESIDES not in client.post(asks, data=typed).text
    assert send(client, look(client, f"{HERE}/{held.id}"), "confirmation", **typed).status_code == 303


def test_at_discreet_services_whoever_books_them_is_told_only_what_is_at_the_same_time(
    client: TestClient, hall: Hall
) -> None:
    """Otherwise nobody would be told at a branch where each service is discreet."""
    change_settings(hall.db, sa.update(table(Confidentiality)).values(display="code_random"))
    first = book(client, hall, name=NAME, contact=CONTACT)
    held, later = hold(client, hall, service=OTHER), hold(client, hall, which=9, service=OTHER)
    typed = {"name": NAME, "contact": CONTACT}
    said = client.post(f"{HERE}/{held.id}/besides", data=typed).text
    assert SAME_TIME in said
    assert f'href="{HERE}/{first.id}"' in said
    assert BESIDES not in said
    assert "notice" not in client.post(f"{HERE}/{later.id}/besides", data=typed).text
    # Not to whoever may not book the other service, because only few see for whom its appointments are.
    change_settings(
        hall.db,
        sa.update(SERVICES).where(SERVICES.c.slug == SERVICE).values(confidentiality="protected"),
        sa.update(LEVELS).where(LEVELS.c.slug == "protected").values(display="none"),
    )
    hall.person("books", ((hall.branch.id, add_role(hall, "books", "book_for_visitor")),))
    other = another(client)
    sign_in(other, "books", "en")
    answer = other.post(f"{HERE}/{held.id}/besides", data=typed)
    assert answer.status_code == 200
    assert SAME_TIME not in answer.text


def test_the_limit_of_a_person_is_said_while_the_time_is_held(client: TestClient, hall: Hall) -> None:
    change_settings(hall.db, sa.update(table(PolicyRow)).values(max_active=1))
    book(client, hall, name=NAME, contact=CONTACT)
    held = hold(client, hall, which=9)
    asks, typed = f"{HERE}/{held.id}/besides", {"name": NAME, "contact": CONTACT}
    said = client.post(asks, data=typed)
    assert said.status_code == 200
    assert LIMIT in Page(said.text).text
    for others in ({"name": "هدى الأتاسي", "contact": CONTACT}, {"name": NAME}):
        assert LIMIT not in client.post(asks, data=others).text, others
    # Confirming says it once, and what was typed stays.
    shown = re.findall(r'name="warned" value="([^"]*)"', said.text)[0]
    refused = send(client, look(client, f"{HERE}/{held.id}"), "confirmation", warned=shown, **typed)
    assert refused.status_code == 409
    assert Page(refused.text).text.count(LIMIT) == 1
    assert f'value="{NAME}"' in refused.text


def book(client: TestClient, hall: Hall, which: int = 0, **typed: str) -> BookingView:
    held = hold(client, hall, which=which)
    assert send(client, look(client, f"{HERE}/{held.id}"), "confirmation", **typed).status_code == 303
    return read(hall, held)


def hold(client: TestClient, hall: Hall, which: int = 0, service: str = SERVICE) -> BookingView:
    page = look(client, f"{HERE}/new?service={service}")
    start = re.findall(r'name="start" value="([^"]+)"', page.html)[which]
    answer = send(client, page, "new", start=start)
    assert answer.status_code == 303, answer.text
    found = hall.db.read_now(booking_views, table(Booking).c.source == "staff")
    return next(one for one in found if answer.headers["location"] == f"{HERE}/{one.id}")


def warned(page: Page) -> str:
    return next(form.values["warned"] for form in page.forms if "warned" in form.values)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def send(client: TestClient, page: Page, action: str, **values: str) -> Any:
    """Send the last form of the page with this action."""
    form = [one for one in page.forms if one.action.endswith(f"/{action}")][-1]
    return client.post(form.action, data={**form.values, **values})


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
