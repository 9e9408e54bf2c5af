"""Whoever runs a branch moves an appointment and calls it off, and is not told whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.support import Why
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, opened, sign_in

NAME, CONTACT, CASE = "سلمى الأتاسي", "salma@example.org", "CASE-77"
PLACES = {"embassy": ("doha-main", "supervisor", "complaint"), "social-work": ("wifaq", "centre_manager", "premarital")}


@pytest.fixture(params=PLACES)
def place(
    request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> Iterator[tuple[TestClient, Hall, BookingView]]:
    """Whoever runs a branch of the samples, and an appointment there."""
    branch, role, service = PLACES[request.param]

    def people(hall: Hall) -> None:
        hall.person("head", ((hall.branch.id, role),))
        hall.person("mover", ((hall.branch.id, add_role(hall, "moves", "move_bookings")),))

    with opened(sqlite_url, tmp_path, clock, request.param, branch, people) as (client, hall):
        sign_in(client, "head", "en")
        yield client, hall, book(hall, service)


def test_who_runs_a_branch_moves_an_appointment_from_its_day(place: tuple[TestClient, Hall, BookingView]) -> None:
    client, hall, booked = place
    day = client.get(f"/appointments/{hall.branch.slug}?day={booked.starts_at:%Y-%m-%d}")
    assert f'href="{one(hall, booked)}"' in day.text
    page = client.get(one(hall, booked))
    assert booked.code[:4] in page.text
    times = client.get(f"{one(hall, booked)}/time")
    start = re.findall(r'name="start" value="([^"]+)"', times.text)[0]
    asked = client.get(f"{one(hall, booked)}/time?start={start}")
    (form,) = [form for form in Page(asked.text).forms if form.action.endswith("/time")]
    moved = client.post(form.action, data=form.values)
    assert moved.status_code == 303
    after = client.get(moved.headers["location"])
    assert read(hall, booked).starts_at != booked.starts_at
    for shown in (day, page, times, asked, after):
        assert_nobody(shown.text, booked)


def test_who_runs_a_branch_calls_off_for_a_reason_of_the_house(place: tuple[TestClient, Hall, BookingView]) -> None:
    client, hall, booked = place
    asked = client.get(f"{one(hall, booked)}?ask=call-off")
    assert_nobody(asked.text, booked)
    (form,) = [form for form in Page(asked.text).forms if form.action.endswith("/cancellation")]
    # Nobody has told them what the visitor wishes.
    assert 'value=""' not in asked.text[asked.text.index('id="why"') :]
    assert client.post(form.action, data={"why": ""}).status_code == 403
    assert read(hall, booked).state is BookingState.CONFIRMED
    done = client.post(form.action, data={"why": Why.OTHER.value})
    assert done.status_code == 303
    assert read(hall, booked).state is BookingState.CANCELLED
    assert read(hall, booked).lost_why is Why.OTHER


def test_each_right_does_what_it_says(place: tuple[TestClient, Hall, BookingView]) -> None:
    client, hall, booked = place
    mover = another(client)
    sign_in(mover, "mover", "en")
    page = mover.get(one(hall, booked))
    assert "/time" in page.text
    assert "ask=call-off" not in page.text
    assert mover.post(f"{one(hall, booked)}/cancellation", data={"why": Why.OTHER.value}).status_code == 403
    for part in ("people", "series", "notes"):
        assert client.get(f"{one(hall, booked)}/{part}").status_code in (403, 404)


def test_a_time_that_is_only_held_is_no_appointment(place: tuple[TestClient, Hall, BookingView]) -> None:
    client, hall, booked = place
    held = hold(hall, hall.branch.services[booked.service_id].slug, 1)
    day = client.get(f"/appointments/{hall.branch.slug}?day={held.starts_at:%Y-%m-%d}")
    assert str(held.id) not in day.text
    assert client.get(one(hall, held)).status_code == 404
    assert client.post(f"{one(hall, held)}/cancellation", data={"why": Why.OTHER.value}).status_code == 404


def assert_nobody(text: str, booking: BookingView) -> None:
    for word in (NAME, CONTACT, CASE, booking.token):
        assert word not in text


def one(hall: Hall, booking: BookingView) -> str:
    return f"/appointments/{hall.branch.slug}/{booking.id}"


def hold(hall: Hall, slug: str, at: int) -> BookingView:
    service, today = hall.branch.service(slug), hall.branch.timetable.business_date(hall.db.clock.now())
    (day,) = hall.db.read_now(free_days, hall.branch, service, today, today, public=False)
    order = HoldOrder(hall.branch.id, service.id, day.slots[at].start, NAME, CONTACT, "ar", SYSTEM, booker=Booker.STAFF)
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def book(hall: Hall, slug: str) -> BookingView:
    held, there = hold(hall, slug, 0), hall.branch.id
    said = Said(NAME, CONTACT, "ar", reference=CASE, later=True)
    return hall.db.write_in_now(there, bookings.confirm_booking, there, held.id, SYSTEM, said)


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
