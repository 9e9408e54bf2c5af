"""A visitor who was promised somebody moves the appointment: on the public page, and through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.core.bookings import Booker
from queue_system.store.log import SYSTEM
from queue_system.store.queries.appointments import members_had
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.members import members_of
from tests.kit.api_program import Program
from tests.kit.hall import Hall, enter
from tests.kit.repeating import officers

SERVICE = "civil-extract"
# 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
NEXT = START + timedelta(days=1)
ONLY_THEN = "هذه هي الأوقات التي يكون فيها من حُدّد موعدك معه متاحًا أيضًا."
REFUSED = "من أُعلن أن الموعد معه غير متاح في هذا الوقت"


@pytest.fixture
def house(here: tuple[TestClient, Hall]) -> Hall:
    """Somebody else has basel at NEXT, when amal is free."""
    officers(here[1], SERVICE, public_lanes=2)
    hall = enter(here[1].db, here[1].branch.slug)
    book(hall, NEXT, "basel", "rim@example.org")
    return hall


def test_the_page_offers_the_times_of_who_was_promised_says_so_and_refuses_others(
    here: tuple[TestClient, Hall], house: Hall
) -> None:
    client, one = here[0], book(house, START, "basel")
    page = f"/b/{one.token}/change"
    assert ONLY_THEN in client.get(page).text
    day = client.get(f"{page}/{NEXT:%Y-%m-%d}").text
    assert key(NEXT) not in day
    later = NEXT + timedelta(hours=1)
    assert key(later) in day
    refused = client.post(f"{page}/{NEXT:%Y-%m-%d}/{key(NEXT)}")
    assert REFUSED in refused.text
    assert now(house, one) == (START, "basel")
    moved = client.post(f"{page}/{later:%Y-%m-%d}/{key(later)}")
    assert moved.headers["location"] == f"/b/{one.token}?moved"
    assert now(house, one) == (later, "basel")


def test_whoever_was_promised_nobody_has_every_time(here: tuple[TestClient, Hall], house: Hall) -> None:
    client, one = here[0], book(house, START, "")
    page = f"/b/{one.token}/change"
    assert ONLY_THEN not in client.get(page).text
    assert key(NEXT) in client.get(f"{page}/{NEXT:%Y-%m-%d}").text
    client.post(f"{page}/{NEXT:%Y-%m-%d}/{key(NEXT)}")
    assert now(house, one) == (NEXT, "amal")


def test_the_api_moves_it_with_who_was_promised_or_says_why_not(here: tuple[TestClient, Hall], house: Hall) -> None:
    client, one = here[0], book(house, START, "basel")
    client.headers.pop("sec-fetch-site")
    program = Program(client)
    refused = program.send("PUT", f"bookings/{one.token}/start", {"starts_at": NEXT.isoformat()})
    assert (refused.status, refused.code) == (409, "member-promised")
    later = NEXT + timedelta(hours=1)
    assert program.send("PUT", f"bookings/{one.token}/start", {"starts_at": later.isoformat()}).status == 200
    assert now(house, one) == (later, "basel")


def book(hall: Hall, start: datetime, asked: str, contact: str = "salma@example.org") -> BookingView:
    """An appointment; `asked` is the slug of the officer who was promised."""
    ids = {one.slug: one.id for one in hall.branch.resources.values()}
    order = HoldOrder(
        hall.branch.id,
        hall.service(SERVICE),
        start,
        "سلمى الحسن",
        contact,
        "ar",
        SYSTEM,
        booker=Booker.STAFF,
        members={ids["officers"]: ids[asked]} if asked else {},
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM)


def now(hall: Hall, one: BookingView) -> tuple[datetime, str]:
    """When an appointment is, and with whom."""
    stored = hall.db.read_now(booking_by_id, hall.branch.id, one.id)
    (had,) = hall.db.read_now(members_had, hall.branch, [stored])[one.id]
    return stored.starts_at, members_of(hall.branch)[had.member].slug


def key(start: datetime) -> str:
    return f"{start:%Y%m%dT%H%MZ}"
