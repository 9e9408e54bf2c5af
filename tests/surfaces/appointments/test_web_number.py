"""The number to call on the page of an appointment by telephone: for whoever receives people, and logged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from uuid_utils.compat import uuid7

from queue_system.actions import bookings, safe_contact
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.tables import Resource, ServiceResource, table
from tests.kit.hall import Hall, edit, enter
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, opened, sign_in

HERE = "/appointments/wifaq"
NUMBER, SHOWN = "+97455512345", "+974 5551 2345"
CALLED, HERE_ITSELF = "phone-counsel", "family-counsel"
SHOW = "Show the number"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    def people(hall: Hall) -> None:
        hall.person("layla", ((hall.branch.id, "case_worker"),))
        hall.person("books", ((hall.branch.id, add_role(hall, "books", "book_for_visitor")),))
        reaches = add_role(hall, "reaches", "book_for_visitor", "see_contacts")
        hall.person("reaches", ((hall.branch.id, reaches),))

    with opened(sqlite_url, tmp_path, clock, "social-work", "wifaq", people) as (client, hall):
        gives = hall.person("gives", ((hall.branch.id, "books"),))
        edit(hall, lambda tx: give_calls_to(tx, hall, gives))
        sign_in(client, "layla", "en")
        yield client, enter(hall.db, "wifaq")


def test_whoever_calls_sees_the_number_and_the_log_says_so(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booked = book(hall, CALLED)
    page = client.get(f"{HERE}/{booked.id}")
    assert SHOW in page.text
    assert SHOWN not in page.text
    assert not looked_up(hall)
    shown = press(client, booked)
    assert f'href="tel:{NUMBER}"' in shown.text
    assert SHOWN in Page(shown.text).text
    assert looked_up(hall) == [(booked.code, "call")]
    # The other language cannot be had from the address of the form.
    assert f'href="{HERE}/{booked.id}?lang=ar"' in shown.text


def test_an_appointment_at_the_branch_shows_no_number(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booked = book(hall, HERE_ITSELF)
    assert SHOW not in client.get(f"{HERE}/{booked.id}").text
    assert client.post(f"{HERE}/{booked.id}/number").status_code == 404


def test_whoever_is_not_to_be_called_has_no_number(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booked, there = book(hall, CALLED), hall.branch.id
    hall.db.write_in_now(there, safe_contact.set_contact_ways, there, booked.id, SYSTEM, {0: ("none", "")})
    assert SHOW not in client.get(f"{HERE}/{booked.id}").text
    refused = press(client, booked)
    assert refused.status_code == 404
    assert SHOWN not in refused.text
    assert not looked_up(hall)


def test_who_only_books_sees_it_as_a_member_or_with_the_right(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booked = book(hall, CALLED)
    for login, answer in (("books", 404), ("reaches", 200), ("gives", 200)):
        other = another(client)
        sign_in(other, login, "en")
        assert (SHOW in other.get(f"{HERE}/{booked.id}").text) is (answer == 200)
        shown = press(other, booked)
        assert shown.status_code == answer
        assert (SHOWN in Page(shown.text).text) is (answer == 200)


def test_nobody_is_called_after_it_was_cancelled(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booked = book(hall, CALLED)
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, booked.id, SYSTEM, Booker.STAFF)
    assert SHOW not in client.get(f"{HERE}/{booked.id}").text
    assert press(client, booked).status_code == 404


def give_calls_to(tx: Tx, hall: Hall, staff_id: UUID) -> None:
    """Let the appointments by telephone need the person who has this account."""
    row = {"branch_id": hall.branch.id, "id": uuid7(), "slug": "gives", "position": 9, "names": {"en": "Gives"}}
    tx.execute(sa.insert(table(Resource)), row | {"kind": "person", "pool": 1, "any_of": [], "staff_id": staff_id})
    needs = {"branch_id": hall.branch.id, "service_id": hall.service(CALLED), "resource_id": row["id"]}
    tx.execute(sa.insert(table(ServiceResource)), needs | {"position": 0})


def book(hall: Hall, slug: str) -> BookingView:
    service, there = hall.branch.service(slug), hall.branch.id
    day = hall.branch.timetable.business_date(hall.db.clock.now()) + timedelta(days=1)
    days = hall.db.read_now(free_days, hall.branch, service, day, day + timedelta(days=7), public=False)
    start = next(slot.start for one in days for slot in one.slots)
    order = HoldOrder(there, service.id, start, "ياسمين", NUMBER, "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(there, bookings.hold_slot, order)
    return hall.db.write_in_now(
        there, bookings.confirm_booking, there, held.id, SYSTEM, Said("ياسمين", NUMBER, "ar", later=True)
    )


def press(client: TestClient, booking: BookingView) -> Any:
    return client.post(f"{HERE}/{booking.id}/number")


def looked_up(hall: Hall) -> list[tuple[object, object]]:
    entries = hall.db.read_now(log.after, hall.branch.id, 0, 10_000)
    return [(one.data["code"], one.data["by"]) for one in entries if one.kind == "booking.looked_up"]
