"""Several appointments of a day get other times: chosen, shown with what is proposed, and offered all or none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.bookings import Booker
from queue_system.core.messages import Level
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall, edit, enter
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import SAME_ORIGIN, Page, another, sign_in
from tests.kit.whole_answers import whole_answers

HERE = "/appointments/istanbul"
MOVES = f"{HERE}/moves"
TUESDAY, WEDNESDAY = "2026-11-24", "2026-11-25"
LANDLINE = "+902122345678"
DAY = timedelta(days=1)


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.person("mover", ((hall.branch.id, add_role(hall, "moves", "move_bookings", "see_bookings")),))
    hall.person("books", ((hall.branch.id, add_role(hall, "books", "book_for_visitor")),))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with whole_answers(TestClient(app, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        sign_in(client, "mover", "en")
        yield client, enter(app.state.installation.database, "istanbul")


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def test_what_is_ticked_on_a_day_is_offered_another_day_and_the_rest_becomes_the_call_list(
    client: TestClient, hall: Hall
) -> None:
    hall.db.sends = frozenset(Level)
    written, called = booked(hall, START), booked(hall, START + HOUR, asked="amal", contact=LANDLINE)
    stays = booked(hall, START + HOUR * 2)
    day = look(client, f"{HERE}?day={TUESDAY}&view=list")
    assert f'name="booking" value="{written.id}"' in day.html
    chosen = Page(client.post(MOVES, data={"day": TUESDAY, "booking": [str(written.id), str(called.id)]}).text)
    assert chosen.html.count(" checked") - chosen.html.count('type="radio" name="to" value="day" id="to" checked') == 2
    wanted = {"step": "propose", "day": TUESDAY, "to": "day", "to_day": WEDNESDAY}
    shown = client.post(MOVES, data=wanted | {"booking": [str(written.id), str(called.id)]})
    page = Page(shown.text)
    for sentence in (
        "2 of 2 appointments get a new time",
        "Wednesday 25 November 2026",
        "gets an email",
        "is put on the call list",
        "With whom the visitor was promised",
    ):
        assert sentence in page.text
    for hidden in ("هالة", "902122", "hala@", str(stays.id)):
        assert hidden not in page.html
    assert as_stored(hall, written).offered_starts_at is None
    done = client.post(MOVES, data=fields(page, written.id, called.id))
    said = look(client, done.headers["location"])
    assert "Another time is offered for 2 appointments" in said.text
    assert "1 visitor gets no message" in said.text
    assert said.html.count(" disabled") == 2, "both wait for an answer"
    assert [as_stored(hall, one).offered_starts_at for one in (written, called, stays)] == [
        START + DAY,
        START + HOUR + DAY,
        None,
    ]
    assert [one.booking.id for one in hall.db.read_now(phone_calls, hall.branch)] == [called.id]
    # Sent again, as by a second press, it is done already.
    assert client.post(MOVES, data=fields(page, written.id, called.id)).status_code == 303


def test_scenario_4_where_one_has_become_another_none_is_offered_and_the_new_list_is_shown_with_the_ticks(
    client: TestClient, hall: Hall
) -> None:
    one, other = booked(hall, START), booked(hall, START + HOUR)
    page = proposed(client, one, other, to="first", to_day=WEDNESDAY)
    there = hall.branch.id
    hall.db.write_in_now(there, set_contact_ways, there, other.id, SYSTEM, {0: ("none", "")})
    refused = client.post(MOVES, data=fields(page, other.id))
    assert refused.status_code == 409
    assert "nothing was done" in refused.text
    assert "did not agree to be contacted" in refused.text
    assert [as_stored(hall, each).offered_starts_at for each in (one, other)] == [None, None]
    again = Page(refused.text)
    assert (ticked(again, one.id), ticked(again, other.id)) == (False, True)
    assert client.post(MOVES, data=fields(again, other.id)).status_code == 303
    assert as_stored(hall, one).offered_starts_at is None
    assert as_stored(hall, other).offered_starts_at is not None


@pytest.mark.parametrize("became", ["cancelled", "of another day", "begun"])
def test_where_one_can_no_longer_be_moved_the_others_are_not_offered_without_it(
    client: TestClient, hall: Hall, clock: FrozenClock, became: str
) -> None:
    gone, other = booked(hall, START), booked(hall, START + HOUR)
    page, there = proposed(client, gone, other, to="day", to_day=WEDNESDAY), hall.branch.id
    if became == "cancelled":
        hall.db.write_in_now(there, bookings.cancel_booking, there, gone.id, SYSTEM, Booker.STAFF)
    elif became == "of another day":
        hall.db.write_in_now(there, bookings.change_booking, there, gone.id, START + 2 * DAY, SYSTEM, Booker.STAFF)
    else:
        clock.set(START + timedelta(minutes=1))
        sign_in(client, "mover", "en")
    refused = client.post(MOVES, data=fields(page, gone.id, other.id))
    assert (refused.status_code, "nothing was done" in refused.text) == (409, True)
    assert [as_stored(hall, one).offered_starts_at for one in (gone, other)] == [None, None]
    again = Page(refused.text)
    assert (str(gone.id) in again.html, ticked(again, other.id)) == (False, True)
    assert client.post(MOVES, data=fields(again, other.id)).status_code == 303
    assert as_stored(hall, other).offered_starts_at is not None


def test_scenario_18_where_a_time_has_gone_none_is_offered_and_the_list_has_other_times(
    client: TestClient, hall: Hall
) -> None:
    one, other = booked(hall, START, asked="amal"), booked(hall, START + HOUR, asked="amal")
    page = proposed(client, one, other, to="day", to_day=WEDNESDAY)
    booked(hall, START + HOUR + DAY, asked="amal", name="رنا", contact="rana@example.org")
    refused = client.post(MOVES, data=fields(page, one.id, other.id))
    assert refused.status_code == 409
    assert other.code in refused.text
    assert as_stored(hall, one).offered_starts_at is None
    assert "At another time of day than now" in refused.text
    assert client.post(MOVES, data=fields(Page(refused.text), one.id, other.id)).status_code == 303
    assert as_stored(hall, one).offered_starts_at == START + DAY


def test_an_appointment_without_a_new_time_says_why_and_what_would_help(client: TestClient, hall: Hall) -> None:
    one, other = booked(hall, START, asked="amal"), booked(hall, START + HOUR * 3, asked="amal")
    page = proposed(client, one, other, to="minutes", minutes="180", way="later")
    assert "1 of 2 appointments get a new time" in page.text
    assert "Nothing is free then" in page.text or "not free" in page.text
    assert f"{HERE}/{one.id}/time" in page.html
    assert ticked(page, other.id)
    closed = proposed(client, one, to="day", to_day="2026-11-29")
    assert "Its service is not given on that day" in closed.text
    assert "The first free time" in closed.text
    assert "Offer the new times" not in closed.text


def test_only_parts_of_the_visit_that_get_no_new_time_are_said_to_stay(client: TestClient, hall: Hall) -> None:
    one, other = booked(hall, START), booked(hall, START + HOUR)
    edit(hall, lambda tx: tx.execute(sa.update(table(Booking)).values(together_id=one.id)))
    stays = "Other parts of the visit stay at their times"
    assert stays in proposed(client, one, to="day", to_day=WEDNESDAY).text
    assert stays not in proposed(client, one, other, to="day", to_day=WEDNESDAY).text


def test_what_is_missing_is_asked_for_with_everything_kept(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START)
    sent: dict[str, Any] = {"step": "propose", "day": TUESDAY, "booking": [str(one.id)]}
    for wrong, words in (
        ({"to": "day", "to_day": ""}, "enter a day from today on"),
        ({"to": "first", "to_day": "2026-11-21"}, "enter a day from today on"),
        ({"to": "minutes", "minutes": "ten"}, "enter how many minutes"),
        ({"to": "minutes", "minutes": "1440"}, "enter how many minutes"),
    ):
        answer = client.post(MOVES, data=sent | wrong)
        assert (answer.status_code, words in answer.text) == (422, True), wrong
        page = Page(answer.text)
        assert ticked(page, one.id)
        assert f'name="to" value="{wrong["to"]}"' in page.html
        assert all(f'value="{value}"' in page.html for value in wrong.values() if value)
    nothing = client.post(MOVES, data={"step": "propose", "day": TUESDAY, "to": "day", "to_day": WEDNESDAY})
    assert (nothing.status_code, "tick at least one" in nothing.text) == (422, True)


def test_the_day_of_one_member_is_ticked_as_a_whole_and_what_is_over_is_not_listed(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    of_amal, of_basel = booked(hall, START, asked="amal"), booked(hall, START + HOUR, asked="basel")
    page = look(client, f"{MOVES}?day={TUESDAY}&member=amal")
    assert ticked(page, of_amal.id)
    assert str(of_basel.id) not in page.html
    whole = look(client, f"{MOVES}?day={TUESDAY}")
    assert [ticked(whole, one.id) for one in (of_amal, of_basel)] == [False, False]
    clock.set(START + timedelta(minutes=30))
    sign_in(client, "mover", "en")
    assert str(of_amal.id) not in look(client, f"{MOVES}?day={TUESDAY}").html


def test_only_whoever_moves_appointments_is_led_there(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START)
    books = another(client)
    sign_in(books, "books", "en")
    day = look(books, f"{HERE}?day={TUESDAY}&view=list")
    assert MOVES not in day.html
    assert 'name="booking"' not in day.html
    assert books.get(MOVES).status_code == 403
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, one.id, SYSTEM, Booker.STAFF)
    sent = {"step": "do", "day": TUESDAY, "to": "day", "to_day": WEDNESDAY, "booking": str(one.id)}
    assert client.post(MOVES, data=sent).status_code == 422


def test_appointments_of_another_department_are_neither_listed_nor_moved(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START)
    mine = hall.branch.departments[hall.branch.services[one.service_id].department_id].slug
    theirs = next(each.slug for each in hall.branch.departments.values() if each.slug != mine)
    hall.person("nadia", ())
    give_in_department(hall, "nadia", "moves", theirs)
    other = another(client)
    sign_in(other, "nadia", "en")
    assert one.code not in look(other, f"{MOVES}?day={TUESDAY}").html
    sent = fields(proposed(client, one, to="day", to_day=WEDNESDAY), one.id)
    assert other.post(MOVES, data=sent).status_code == 409
    assert as_stored(hall, one).offered_starts_at is None


def proposed(client: TestClient, *found: Any, **aim: str) -> Page:
    sent = {"step": "propose", "day": TUESDAY, "booking": [str(one.id) for one in found], **aim}
    answer = client.post(MOVES, data=sent)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def fields(page: Page, *ids: object) -> dict[str, Any]:
    """What the last form of a page sends with these appointments ticked; each was listed."""
    form = [one for one in page.forms if one.action == MOVES][-1]
    listed = [part.partition('"')[0] for part in page.html.split('name="listed" value="')[1:]]
    return form.values | {"listed": listed, "booking": [str(one) for one in ids]}


def ticked(page: Page, booking: object) -> bool:
    return f'name="booking" value="{booking}" checked' in page.html


def look(client: TestClient, address: str) -> Page:
    answer: Any = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)
