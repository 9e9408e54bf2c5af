"""Before an appointment is moved a page says what changes and who is told, in the legal aid of the forum."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.participants import name_participants
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.bookings import Booker
from queue_system.core.messages import Level
from queue_system.core.participants import Person, Role
from queue_system.core.series import SeriesRule
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import booking_views
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall, enter
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid, who
from tests.kit.people import add_role
from tests.kit.repeating import WEEKLY, repeat
from tests.kit.web_hall import SAME_ORIGIN, Page, another, sign_in
from tests.kit.whole_answers import whole_answers

HERE = "/appointments/istanbul"
LANDLINE = "+902122345678"
DESK = ("move_bookings", "book_for_visitor", "see_contacts")
NEW = START + timedelta(days=1)
AT_ONCE = "another appointment at the same time"
KEY = f"{NEW:%Y%m%dT%H%MZ}"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.person("desk", ((hall.branch.id, add_role(hall, "desk", *DESK)),))
    hall.person("books", ((hall.branch.id, add_role(hall, "books", "book_for_visitor")),))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with whole_answers(TestClient(app, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        sign_in(client, "desk", "en")
        yield client, enter(app.state.installation.database, "istanbul")


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def test_nothing_moves_before_it_was_said_from_when_to_when_and_who_is_told(client: TestClient, hall: Hall) -> None:
    hall.db.sends = frozenset(Level)
    one = booked(hall, START, asked="amal")
    there = hall.branch.id
    company = [Person(Role.COMPANION, "سمر", "samar@example.org")]
    hall.db.write_in_now(there, name_participants, there, one.id, SYSTEM, company)
    times = look(client, f"{HERE}/{one.id}/time?from=2026-11-25")
    asked = look(client, f"{HERE}/{one.id}/time?start={KEY}&from=2026-11-25&with=amal")
    assert f'value="{KEY}"' in times.html
    for said in ("Tuesday 24 November 2026", "Wednesday 25 November 2026", "gets an email", "Amal is there at the new"):
        assert said in asked.text
    assert "1 person who comes along gets a message" in asked.text
    assert as_stored(hall, one).starts_at == START
    form = fields(asked)
    done = client.post(f"{HERE}/{one.id}/time", data=form)
    assert done.headers["location"] == f"{HERE}/{one.id}?done=moved"
    assert as_stored(hall, one).starts_at == NEW


def test_whom_no_message_reaches_staff_must_tell_unless_the_person_wants_no_contact(
    client: TestClient, hall: Hall
) -> None:
    hall.db.sends = frozenset(Level)
    one = booked(hall, START, contact=LANDLINE)
    asked = f"{HERE}/{one.id}/time?start={KEY}"
    assert "gets no message: please tell them" in look(client, asked).text
    there = hall.branch.id
    hall.db.write_in_now(there, set_contact_ways, there, one.id, SYSTEM, {0: ("none", "")})
    assert "did not agree to be contacted" in look(client, asked).text


def test_an_appointment_that_has_become_another_one_is_not_moved_and_everything_is_kept(
    client: TestClient, hall: Hall
) -> None:
    one, there = booked(hall, START), hall.branch.id
    form = fields(look(client, f"{HERE}/{one.id}/time?start={KEY}&with=basel"))
    hall.db.write_in_now(there, bookings.change_booking, there, one.id, START + HOUR, SYSTEM, Booker.STAFF)
    refused = client.post(f"{HERE}/{one.id}/time", data=form)
    assert refused.status_code == 409
    assert "What was shown has changed" in refused.text
    assert as_stored(hall, one).starts_at == START + HOUR
    again = fields(Page(refused.text))
    assert {name: again[name] for name in ("start", "with")} == {"start": KEY, "with": "basel"}
    assert client.post(f"{HERE}/{one.id}/time", data=again).status_code == 303
    assert as_stored(hall, one).starts_at == NEW
    # The button was pressed twice.
    assert client.post(f"{HERE}/{one.id}/time", data=again).status_code == 303


def test_who_is_told_in_another_way_by_now_is_asked_about_again(client: TestClient, hall: Hall) -> None:
    hall.db.sends = frozenset(Level)
    one, there = booked(hall, START), hall.branch.id
    form = fields(look(client, f"{HERE}/{one.id}/time?start={KEY}"))
    hall.db.write_in_now(there, set_contact_ways, there, one.id, SYSTEM, {0: ("none", "")})
    refused = client.post(f"{HERE}/{one.id}/time", data=form)
    assert refused.status_code == 409
    assert "did not agree to be contacted" in refused.text
    assert as_stored(hall, one).starts_at == START


def test_a_visitor_who_was_not_asked_yet_is_offered_the_time_and_called_where_no_message_goes(
    client: TestClient, hall: Hall
) -> None:
    one = booked(hall, START, asked="amal", contact=LANDLINE)
    asked = look(client, f"{HERE}/{one.id}/time?start={KEY}&with=basel")
    assert "is put on the call list" in asked.text
    done = client.post(f"{HERE}/{one.id}/time", data=fields(asked) | {"how": "offer"})
    said = look(client, done.headers["location"])
    for sentence in ("The new time is offered", "Offered instead", "Wednesday 25 November 2026"):
        assert sentence in said.text
    stored = as_stored(hall, one)
    assert (stored.starts_at, stored.offered_starts_at) == (START, NEW)
    assert who(hall, one) == ["amal", "basel"]
    assert one.code in look(client, f"{HERE}/calls").html
    # It waits for the answer now; only what was agreed on is done.
    again = look(client, f"{HERE}/{one.id}/time?start={KEY}")
    assert "Another time is offered for it now" in again.text
    assert 'value="offer"' not in again.html
    assert client.post(f"{HERE}/{one.id}/time", data=fields(again)).status_code == 303
    assert as_stored(hall, one).starts_at == NEW


def test_a_time_is_offered_only_where_both_can_be_held_and_by_whoever_moves_appointments(
    client: TestClient, hall: Hall
) -> None:
    one = booked(hall, START)
    near = f"{START + timedelta(minutes=30):%Y%m%dT%H%MZ}"
    assert 'value="offer"' not in look(client, f"{HERE}/{one.id}/time?start={near}").html
    form = fields(look(client, f"{HERE}/{one.id}/time?start={KEY}"))
    books = another(client)
    sign_in(books, "books", "en")
    assert 'value="offer"' not in look(books, f"{HERE}/{one.id}/time?start={KEY}").html
    assert books.post(f"{HERE}/{one.id}/time", data=form | {"how": "offer"}).status_code == 403
    assert as_stored(hall, one).offered_starts_at is None


def test_what_the_person_has_at_the_new_time_is_said_before_and_forbids_nothing(client: TestClient, hall: Hall) -> None:
    one, there = booked(hall, START), booked(hall, NEW)
    later, others = booked(hall, NEW + HOUR * 3), booked(hall, NEW + HOUR * 5, name="سمر الحسن")
    page = look(client, f"{HERE}/{one.id}/time?start={KEY}")
    assert AT_ONCE in page.text
    assert f'href="{HERE}/{there.id}"' in page.html
    assert str(later.id) not in page.html
    # Somebody else with the same contact.
    assert AT_ONCE not in look(client, f"{HERE}/{one.id}/time?start={others.starts_at:%Y%m%dT%H%MZ}").text
    # Whoever moves appointments but sees of nobody whose they are learns that there is one, and not which.
    mover = another(client)
    hall.person("moves", ((hall.branch.id, add_role(hall, "moves", "move_bookings")),))
    sign_in(mover, "moves", "en")
    seen = look(mover, f"{HERE}/{one.id}/time?start={KEY}")
    assert AT_ONCE in seen.text
    assert str(there.id) not in seen.html
    assert client.post(f"{HERE}/{one.id}/time", data=fields(page)).status_code == 303
    assert as_stored(hall, one).starts_at == NEW


def test_what_stays_where_it_is_is_said(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START)
    repeat(hall, one, SeriesRule(WEEKLY, dates=3))
    assert "number 1 of 3 of a series" in look(client, f"{HERE}/{one.id}/time?start={KEY}").text


def test_other_parts_of_the_visit_stay_and_a_part_that_moves_meanwhile_is_shown_again(
    client: TestClient, hall: Hall
) -> None:
    times = look(client, f"{HERE}/common?s1=assoc-compliance&n1=2&gap=30&from=2026-11-24")
    form = next(one for one in times.forms if "request_id" in one.values)
    start = times.html.partition('name="start" value="')[2].partition('"')[0]
    held = look(client, client.post(form.action, data=form.values | {"start": start}).headers["location"])
    (confirms,) = [one for one in held.forms if one.action.endswith("/confirmation")]
    done = client.post(confirms.action, data=confirms.values | {"name1": "Salma Atassi", "name2": "Mahmud"})
    assert done.status_code == 303, done.text
    one, other = hall.db.read_now(booking_views, table(Booking).c.together_id.is_not(None))
    address = f"{HERE}/{one.id}/time"
    asked = look(client, f"{address}?start={KEY}")
    assert "Another part of the visit stays at its time" in asked.text
    there = hall.branch.id
    to = START + timedelta(days=2)
    hall.db.write_in_now(there, bookings.change_booking, there, other.id, to, SYSTEM, Booker.STAFF)
    assert client.post(address, data=fields(asked)).status_code == 409
    assert as_stored(hall, one).starts_at == one.starts_at


def test_a_time_that_is_none_leads_back_to_the_times(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START)
    wrong = client.get(f"{HERE}/{one.id}/time?start=tomorrow")
    assert wrong.status_code == 422
    assert "First times" in wrong.text


def look(client: TestClient, address: str) -> Page:
    answer: Any = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def fields(page: Page) -> dict[str, str]:
    """What the form sends that moves the appointment."""
    (form,) = [one for one in page.forms if one.action.endswith("/time")]
    return form.values
