"""Whoever moves or calls off an appointment of somebody whom no message reaches finds whom to call, and only numbers are called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from queue_system.actions.safe_contact import set_contact_ways
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.messages import Level
from queue_system.core.support import Why
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from tests.kit.hall import Hall, enter
from tests.kit.legal_aid import START, as_stored, booked, legal_aid
from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, Page, another, sign_in
from tests.kit.whole_answers import whole_answers

HERE = "/appointments/istanbul"
LANDLINE, SHOWN, MAIL = "+902122345678", "+90 212 234 56 78", "hala@example.org"
NEW = START + timedelta(days=1)
KEY = f"{NEW:%Y%m%dT%H%MZ}"
SHOW, NO_NUMBER = "Show the number", "No telephone number known"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    for login, rights in (
        ("desk", ("move_bookings", "cancel_bookings", "book_for_visitor", "see_contacts", "attendance")),
        ("books", ("book_for_visitor", "move_bookings", "cancel_bookings")),
        ("records", ("attendance",)),
    ):
        hall.person(login, ((hall.branch.id, add_role(hall, login, *rights)),))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with whole_answers(TestClient(app, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        sign_in(client, "desk", "en")
        yield client, enter(app.state.installation.database, "istanbul")


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def test_whom_no_message_tells_of_a_move_is_called_from_the_page_that_asks(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START, contact=LANDLINE)
    asked = look(client, f"{HERE}/{one.id}/time?start={KEY}&from=2026-11-25")
    assert SHOW in asked.text
    assert SHOWN not in asked.text
    sent = {"start": KEY, "from": "2026-11-25"}
    answer = client.post(f"{HERE}/{one.id}/time/number", data=sent)
    page = Page(answer.text)
    assert f'href="tel:{LANDLINE}"' in page.html
    assert looked_up(hall) == [one.code]
    # The question is still there, with what was chosen.
    assert f'name="start" value="{KEY}"' in page.html
    assert urlencode({"from": "2026-11-25", "start": KEY}) in page.html.replace("&amp;", "&")
    form = [one for one in page.forms if one.action.endswith("/time")][-1]
    moved = client.post(f"{HERE}/{one.id}/time", data=form.values)
    done = look(client, moved.headers["location"])
    assert as_stored(hall, one).starts_at == NEW
    # Whoever calls afterwards finds it there, and nobody who opens the page without having moved it.
    assert "please tell them" in done.text
    assert f"{HERE}/{one.id}/number?done=moved" in done.html
    assert SHOWN in Page(client.post(f"{HERE}/{one.id}/number?done=moved").text).text
    assert SHOW not in look(client, f"{HERE}/{one.id}").text
    assert client.post(f"{HERE}/{one.id}/number").status_code == 404


def test_the_number_is_there_before_it_is_called_off_and_the_reason_stays(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START, contact=LANDLINE)
    asked = look(client, f"{HERE}/{one.id}?ask=call-off")
    assert SHOW in asked.text
    shown = client.post(f"{HERE}/{one.id}/number?ask=call-off", data={"why": Why.MEMBER.value})
    assert SHOWN in Page(shown.text).text
    assert f'<option value="{Why.MEMBER.value}" selected>' in shown.text
    assert "no message is sent: please tell the visitor" in Page(shown.text).text


def test_whom_messages_reach_who_wants_no_contact_and_who_may_not_see_it_have_none(
    client: TestClient, hall: Hall
) -> None:
    hall.db.sends = frozenset(Level)
    one, silent = booked(hall, START, contact=MAIL), booked(hall, START + timedelta(hours=2), contact=LANDLINE)
    there = hall.branch.id
    assert SHOW not in look(client, f"{HERE}/{one.id}/time?start={KEY}").text
    assert client.post(f"{HERE}/{one.id}/time/number", data={"start": KEY}).status_code == 404
    books = another(client)
    sign_in(books, "books", "en")
    assert SHOW not in look(books, f"{HERE}/{silent.id}/time?start={KEY}").text
    for address in (f"{silent.id}/time/number", f"{silent.id}/number?ask=call-off"):
        assert books.post(f"{HERE}/{address}", data={"start": KEY}).status_code == 404
    assert SHOW in look(client, f"{HERE}/{silent.id}/time?start={KEY}").text
    hall.db.write_in_now(there, set_contact_ways, there, silent.id, SYSTEM, {0: ("none", "")})
    assert SHOW not in look(client, f"{HERE}/{silent.id}/time?start={KEY}").text
    assert client.post(f"{HERE}/{silent.id}/time/number", data={"start": KEY}).status_code == 404
    assert not looked_up(hall)


def test_an_address_is_no_number_to_call(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START, contact=MAIL)
    client.post(f"{HERE}/{one.id}/cancellation", data={"why": Why.MEMBER.value})
    calls = Page(client.post(f"{HERE}/calls/{one.id}/contact").text)
    assert NO_NUMBER in calls.text
    assert f'href="mailto:{MAIL}"' in calls.html
    assert "tel:" not in calls.html


def test_another_time_is_looked_for_from_the_day_of_the_appointment_on(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START + timedelta(days=7))
    day = (START + timedelta(days=7)).date()
    page = look(client, f"{HERE}/{one.id}/time")
    assert f'value="{day}"' in page.html
    assert all(start >= f"{day:%Y%m%d}" for start in starts(page))
    earlier = look(client, f"{HERE}/{one.id}/time?from={START.date()}")
    assert starts(earlier)[0] < f"{day:%Y%m%d}"


def test_the_first_free_times_of_several_begin_with_their_own_day_and_the_page_says_so(
    client: TestClient, hall: Hall
) -> None:
    day = (START + timedelta(days=7)).date()
    one = booked(hall, START + timedelta(days=7))
    sent = {"step": "propose", "day": str(day), "booking": str(one.id), "to": "first", "to_day": ""}
    page = Page(client.post(f"{HERE}/moves", data=sent).text)
    (at,) = (value for form in page.forms for name, value in form.values.items() if name == f"at-{one.id}")
    assert at >= f"{day:%Y%m%d}"
    assert "The first free times from" in page.text
    assert f'href="{HERE}/{one.id}"' in page.html


def test_rows_of_who_came_and_of_moves_lead_to_their_appointment(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    one = booked(hall, START)
    link = f'href="{HERE}/{one.id}"'
    assert link in look(client, f"{HERE}/moves?day={START.date()}").html
    clock.set(one.ends_at)
    sign_in(client, "desk", "en")
    assert link in look(client, f"{HERE}/attendance").html
    records = another(client)
    sign_in(records, "records", "en")
    listed = look(records, f"{HERE}/attendance")
    assert one.code[:4] in listed.text
    assert link not in listed.html


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def starts(page: Page) -> list[str]:
    return [value.split('"')[0] for value in page.html.split('name="start" value="')[1:]]


def looked_up(hall: Hall) -> list[object]:
    entries = hall.db.read_now(log.after, hall.branch.id, 0, 10_000)
    return [one.data["code"] for one in entries if one.kind == "booking.looked_up"]
