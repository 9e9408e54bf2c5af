"""From free time in the table of a day to booking it: with its member, at its time, and with the service that is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.store.database import Database
from queue_system.store.queries.bookings import booking_views
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall, enter
from tests.kit.legal_aid import HOUR, START, booked, legal_aid, who
from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, Page, sign_in
from tests.kit.whole_answers import whole_answers

HERE = "/appointments/istanbul"
DAY = f"{HERE}?day={START.date()}"
LAWYERS = ("amal", "basel")


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.person("huda", ((hall.branch.id, add_role(hall, "books", "book_for_visitor", "create_protected_case")),))
    hall.person("looks", ((hall.branch.id, add_role(hall, "looks", "rosters")),))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with whole_answers(TestClient(app, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        sign_in(client, "huda", "en")
        yield client, enter(app.state.installation.database, "istanbul")


@pytest.fixture
def client(place: tuple[TestClient, Hall]) -> TestClient:
    return place[0]


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def test_a_free_cell_leads_to_its_time_with_its_member(client: TestClient, hall: Hall) -> None:
    free = cells(look(client, DAY))
    (link,) = [one for one in free if one == f"{HERE}/new?at=20261124T0700Z&with=basel"]
    services = look(client, link)
    # Whoever is pointed at has two services; a third one has no lawyer.
    assert offered(services) == {"case-follow", "assoc-compliance"}
    times = look(client, next(one for one in links(services) if "service=assoc-compliance" in one))
    assert starts(times)[0] == "20261124T0700Z"
    form = next(one for one in times.forms if one.values.get("with") == "basel" and "request_id" in one.values)
    held = client.post(form.action, data=form.values | {"start": starts(times)[0]})
    (booking,) = hall.db.read_now(booking_views, table(Booking).c.source == "staff")
    assert held.headers["location"] == f"{HERE}/{booking.id}"
    assert (booking.starts_at, who(hall, booking)) == (datetime(2026, 11, 24, 7, tzinfo=UTC), ["basel"])


def test_the_service_that_is_looked_at_goes_along(client: TestClient) -> None:
    free = cells(look(client, f"{DAY}&service=case-follow"))
    assert free
    assert all(one.endswith("&service=case-follow") for one in free)
    assert {with_of(one) for one in free} == {*LAWYERS, "cemil"}
    # An association needs no interpreter, so none is offered for it.
    assert {with_of(one) for one in cells(look(client, f"{DAY}&service=assoc-compliance"))} == set(LAWYERS)
    # The interpreter is in one service alone, so nobody is asked which.
    only = look(client, f"{HERE}/new?at=20261124T0700Z&with=cemil")
    assert starts(only)[0] == "20261124T0700Z"


def test_a_time_that_is_too_short_says_so_and_shows_the_next_ones(client: TestClient, hall: Hall) -> None:
    booked(hall, START + HOUR / 2, asked="amal")
    times = look(client, f"{HERE}/new?at=20261124T0600Z&with=amal&service=assoc-compliance")
    assert "does not suit this service" in times.text
    assert min(starts(times)) > "20261124T0600Z"


def test_past_taken_and_short_times_and_those_who_only_look_get_no_link(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    first = booked(hall, START, asked="amal")
    clock.move(START + HOUR - clock.now() + timedelta(minutes=50))
    sign_in(client, "huda", "en")
    free = [one for one in cells(look(client, DAY)) if with_of(one) == "amal"]
    assert free
    assert min(free) >= f"{HERE}/new?at=20261124T0750Z"
    assert first.ends_at <= START + 2 * HOUR
    sign_in(client, "looks", "en")
    day = look(client, DAY)
    assert cells(day) == []
    # Nor is there anything for the key that moves an appointment.
    assert "keys-said" not in day.html


def test_what_an_address_says_wrongly_is_left_out(client: TestClient) -> None:
    for wrong in (
        "at=never&with=nobody&queue=none&from=today",
        "at=99991231T2359Z",
        "at=20200101T0700Z&service=case-follow",
    ):
        assert client.get(f"{HERE}/new?{wrong}").status_code == 200


def test_the_search_for_a_service_and_a_refusal_keep_the_time(client: TestClient) -> None:
    services = look(client, f"{HERE}/new?at=20261124T0700Z&with=basel")
    search = next(one for one in services.forms if "s" in one.values or one.action.endswith("/new"))
    assert {"at": "20261124T0700Z", "with": "basel"}.items() <= search.values.items()
    times = look(client, f"{HERE}/new?at=20261124T0700Z&with=basel&service=assoc-compliance")
    form = next(one for one in times.forms if "request_id" in one.values)
    refused = client.post(form.action, data=form.values | {"start": "20200101T0900Z"})
    assert refused.status_code == 409
    assert starts(Page(refused.text))[0] == "20261124T0700Z"


def test_the_button_of_another_day_books_from_that_day_on(client: TestClient) -> None:
    for page in (look(client, DAY), look(client, f"{HERE}/week?day={START.date()}")):
        assert f"{HERE}/new?from={START.date()}" in links(page)
    services = look(client, f"{HERE}/new?from={START.date()}")
    assert all(f"from={START.date()}" in one for one in links(services) if "service=" in one)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def cells(page: Page) -> list[str]:
    return [unescape(one) for one in re.findall(r'class="appointments-free" href="([^"]+)"', page.html)]


def links(page: Page) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', page.html)]


def offered(page: Page) -> set[str]:
    return {found[1] for one in links(page) if (found := re.search(r"service=([\w-]+)", one))}


def with_of(link: str) -> str:
    found = re.search(r"with=([\w-]+)", link)
    return found[1] if found else ""


def starts(page: Page) -> list[str]:
    return re.findall(r'name="start" value="([^"]+)"', page.html)
