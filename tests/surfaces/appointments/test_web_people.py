"""The people of an appointment on the pages of staff: asked for without a script, kept, and named later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views
from queue_system.store.queries.participants import others_of
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, opened, sign_in

HERE = "/appointments/wifaq"
WIFE, HUSBAND, COUNSEL = "سلمى الأتاسي", "باسل الحسن", "رنا القدسي"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    def people(hall: Hall) -> None:
        hall.person("salma", ((hall.branch.id, "case_worker"),))

    with opened(sqlite_url, tmp_path, clock, "social-work", "wifaq", people) as found:
        sign_in(found[0], "salma", "en")
        yield found


def test_a_mediation_asks_for_the_other_party(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    held, page = hold(client, hall, "mediation")
    assert page.html.count("<fieldset") == 1
    wrong = send(client, page, name=WIFE)
    assert wrong.status_code == 422
    assert 'href="#other-1-name"' in wrong.text
    assert f'value="{WIFE}"' in wrong.text
    assert send(client, Page(wrong.text), later="1").status_code == 303
    one = look(client, f"{HERE}/{held.id}")
    assert "One party has no name yet." in one.text
    naming = look(client, f"{HERE}/{held.id}/people")
    assert send(client, naming, **{"other-1-name": HUSBAND}).status_code == 303
    one = look(client, f"{HERE}/{held.id}")
    assert f"{HUSBAND} – The other party" in one.text
    assert "no name yet" not in one.text


def test_one_more_person_keeps_what_was_typed(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    held, page = hold(client, hall, "mediation")
    said = {"name": WIFE, "contact": "55512345", "reference": "ق-7", "other-1-name": HUSBAND, "one-more": "1"}
    more = send(client, page, **said)
    assert more.status_code == 200
    again = Page(more.text)
    assert again.html.count("<fieldset") == 2
    # The keyboard goes on where the new person is typed.
    assert re.findall(r'id="([^"]+)"[^>]* autofocus', again.html) == ["other-2-name"]
    assert (read(hall, held).state, people(hall, held)) == (BookingState.HELD, [])
    assert send(client, again, **{"other-2-name": COUNSEL, "other-2-role": "counsel"}).status_code == 303
    booked = read(hall, held)
    assert (booked.name, booked.contact, booked.reference) == (WIFE, "+97455512345", "ق-7")
    assert people(hall, held) == [("other_side", HUSBAND), ("counsel", COUNSEL)]


def test_people_stay_when_the_time_has_gone(place: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = place
    _, page = hold(client, hall, "mediation")
    clock.move(timedelta(minutes=11))
    typed = {"reference": "ق-7", "way": "none", "other-1-name": HUSBAND, "other-1-contact": "12"}
    gone = send(client, page, name=WIFE, **typed)
    assert gone.status_code == 409
    times = Page(gone.text)
    form = [one for one in times.forms if one.action.endswith("/new")][-1]
    answer = client.post(form.action, data={**form.values, "start": starts(times)[0]})
    again = look(client, answer.headers["location"])
    assert f'value="{WIFE}"' in again.html
    assert 'value="ق-7"' in again.html
    assert 'value="none" selected' in again.html
    # What is no number is asked for again.
    assert f'value="{HUSBAND}"' in again.html
    assert 'value="12"' not in again.html
    # And with yet another time.
    times = look(client, f"{HERE}/new?service=mediation&instead={answer.headers['location'].rsplit('/')[-1]}")
    form = [one for one in times.forms if one.action.endswith("/new")][-1]
    answer = client.post(form.action, data={**form.values, "start": starts(times)[1]})
    assert f'value="{HUSBAND}"' in look(client, answer.headers["location"]).html


def test_two_pages_that_were_open_at_once_lose_nobody(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    held, page = hold(client, hall, "mediation")
    assert send(client, page, name=WIFE, **{"other-1-name": HUSBAND}).status_code == 303
    first, second = look(client, f"{HERE}/{held.id}/people"), look(client, f"{HERE}/{held.id}/people")
    counsel = {"others": "2", "other-2-name": COUNSEL, "other-2-role": "counsel"}
    companion = {"others": "2", "other-2-name": "هدى", "other-2-role": "companion"}
    assert send(client, second, **counsel).status_code == 303
    # One more field keeps what the page was about.
    more = Page(send(client, first, **companion, **{"one-more": "1"}).text)
    late = send(client, more)
    assert late.status_code == 409
    assert "Somebody else has changed who comes" in late.text
    assert people(hall, held) == [("other_side", HUSBAND), ("counsel", COUNSEL)]
    again = Page(late.text)
    assert re.findall(r'id="other-[0-9]-name"[^>]*value="([^"]*)"', again.html) == [HUSBAND, COUNSEL, "هدى"]
    assert send(client, again).status_code == 303
    assert [called for _, called in people(hall, held)] == [HUSBAND, COUNSEL, "هدى"]


def hold(client: TestClient, hall: Hall, service: str) -> tuple[BookingView, Page]:
    times = look(client, f"{HERE}/new?service={service}")
    form = [one for one in times.forms if one.action.endswith("/new")][-1]
    answer = client.post(form.action, data={**form.values, "start": starts(times)[0]})
    assert answer.status_code == 303, answer.text
    held = next(one for one in hall.db.read_now(booking_views, table(Booking).c.source == "staff"))
    return held, look(client, answer.headers["location"])


def send(client: TestClient, page: Page, **values: str) -> Any:
    """Send the form of the page with people."""
    form = next(one for one in page.forms if "others" in one.values)
    chosen = re.findall(r'<select id="[^"]*" name="([^"]*)"[^>]*>(.*?)</select>', page.html, re.DOTALL)
    lists = {name: re.findall(r'value="([^"]*)" selected', options)[0] for name, options in chosen}
    typed = {name: value for name, value in form.values.items() if name != "later"}
    return client.post(form.action, data={**typed, **lists, **values})


def starts(page: Page) -> list[str]:
    return re.findall(r'name="start" value="([^"]+)"', page.html)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def people(hall: Hall, booking: BookingView) -> list[tuple[str, str]]:
    return [(one.role, one.name) for one in hall.db.read_now(others_of, hall.branch.id, booking.id)]


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
