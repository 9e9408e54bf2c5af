"""Several appointments at once whose people must not meet somebody: staff with the right are told, and can accept it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.actions.bookings import HoldOrder
from queue_system.actions.together import hold_together
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import bookings_together
from tests.kit.apart_hall import CONTACT, HE, SEES, SHE, at, book, hold, met, pair, read
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, opened, sign_in

BOOK = "/appointments/wifaq"


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    """The family centre; `keeper` may keep people apart, `desk` books only."""

    def people(hall: Hall) -> None:
        for role, rights in (("keeper", ("book_for_visitor", "keep_apart")), ("desk", ("book_for_visitor",))):
            add_role(hall, role, *rights)
            hall.person(role, ((hall.branch.id, role),))

    with opened(sqlite_url, tmp_path, clock, "social-work", "wifaq", people) as found:
        yield found


def test_ones_own_hold_is_repeated_once_the_meeting_is_accepted(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    pair(hall)
    book(hall, SHE, at(24, 8, 15))
    held = hold(hall, at(24, 11, 30), CONTACT, HE, SEES)
    address = f"{BOOK}/{held}/series"
    desk = another(client)
    sign_in(desk, "desk", "en")
    unknown = send(desk, address)
    assert unknown.status_code == 409
    assert "no longer free" in unknown.text
    assert 'name="apart"' not in unknown.text
    sign_in(client, "keeper", "en")
    told = send(client, address)
    assert told.status_code == 409
    assert "no longer free" not in told.text
    assert 'name="apart"' in told.text
    assert read(hall, held).state is BookingState.HELD
    assert send(client, address, apart="escorted").status_code == 303
    assert read(hall, held).state is BookingState.CONFIRMED
    assert not met(hall)


def test_a_visit_is_confirmed_once_the_meeting_is_accepted(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    pair(hall)
    book(hall, SHE, at(24, 8, 15))
    starts = (at(24, 11, 30), at(25, 11, 30))
    orders = [
        HoldOrder(hall.branch.id, hall.service(CONTACT), one, "", "", "ar", SYSTEM, source="staff", booker=Booker.STAFF)
        for one in starts
    ]
    visit = hall.db.write_in_now(hall.branch.id, hold_together, hall.branch.id, orders)
    sign_in(client, "keeper", "en")
    address = f"{BOOK}/together/{visit}/confirmation"
    told = client.post(address, data={"name1": HE, "name2": HE, "contact": "", "language": "ar"})
    assert told.status_code == 409
    assert 'name="apart"' in told.text
    said = {"name1": HE, "name2": HE, "contact": "", "language": "ar", "apart": "escorted"}
    assert client.post(address, data=said).status_code == 303
    parts = hall.db.read_now(bookings_together, hall.branch.id, visit)
    assert {one.state for one in parts} == {BookingState.CONFIRMED}
    assert not met(hall)


def send(client: TestClient, address: str, **values: str) -> Any:
    """Send the form of a series of two dates, of which the second is left out."""
    page = Page(client.get(f"{address}?how=weekly-1&end=count&dates=2").text)
    form = next(one for one in page.forms if "shown" in one.values)
    sent = {name: value for name, value in form.values.items() if name != "leave-rest"}
    return client.post(address, data={**sent, "at-2": "leave", **values})
