"""A role for one department opens reception and its interface for that department alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from tests.kit.api_program import EMBASSY, Program
from tests.kit.hall import Hall
from tests.kit.people import give_in_department
from tests.kit.web_hall import Page, application, furnished, sign_in

HERE = "/reception/doha-main"
NAME = "سلمى الأتاسي"
# A service of the consular section, which everybody may book and take a number for.
SERVICE = "passport-lost"
REQUEST_ID = "a-press-of-a-button"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    """A hall with receptionists for one section each, whose sign-in name is that section."""
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        for section in ("legal", "consular"):
            hall.person(section, ())
            give_in_department(hall, section, "receptionist", section)
        yield client, hall


def book(hall: Hall, clock: FrozenClock) -> BookingView:
    """An appointment in an hour, when its visitor may come soon."""
    starts_at = clock.now().replace(minute=0) + timedelta(hours=1)
    order = HoldOrder(hall.branch.id, hall.service(SERVICE), starts_at, NAME, "salma@example.org", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def results(html: str) -> str:
    start = html.index('id="results"')
    return html[start : html.index('id="reception-now"')]


def looked_up(hall: Hall) -> int:
    return sum(one.kind == "booking.looked_up" for one in hall.db.read_now(log.after, hall.branch.id, 0))


@pytest.mark.parametrize(("section", "sees"), [("legal", False), ("consular", True)])
def test_reception_shows_and_does_what_belongs_to_the_department(
    place: tuple[TestClient, Hall], clock: FrozenClock, section: str, sees: bool
) -> None:
    client, hall = place
    booked, waiting = book(hall, clock), hall.issue(SERVICE).ticket
    sign_in(client, section, "en")

    page = Page(client.get(HERE).text)
    assert (booked.code in page.text.replace(" ", "")) is sees
    assert (waiting.code in page.text) is sees
    assert (str(hall.service(SERVICE)) in client.get(HERE).text) is sees
    for typed in (NAME, booked.code):
        assert (NAME in results(client.post(f"{HERE}/search", data={"text": typed}).text)) is sees
    assert looked_up(hall) == int(sees)

    assert (client.get(f"{HERE}/tickets/{waiting.id}").status_code == 200) is sees
    form = {"service": str(hall.service(SERVICE)), "request_id": REQUEST_ID}
    assert client.post(f"{HERE}/tickets", data=form, follow_redirects=False).status_code == (303 if sees else 404)
    clock.move(timedelta(minutes=29))
    raised = client.post(
        f"{HERE}/tickets/{waiting.id}/raises", data={"class": "elderly", "reason": "told"}, follow_redirects=False
    )
    assert (raised.status_code == 404) is not sees
    clock.move(timedelta(minutes=11))
    sign_in(client, section, "en")
    arrived = client.post(f"{HERE}/bookings/{booked.id}/ticket", follow_redirects=False)
    assert arrived.status_code == (303 if sees else 404)


@pytest.mark.parametrize(("section", "sees"), [("legal", False), ("consular", True)])
def test_a_program_is_answered_for_the_department(
    place: tuple[TestClient, Hall], clock: FrozenClock, section: str, sees: bool
) -> None:
    client, hall = place
    client.headers.pop("sec-fetch-site")
    booked, waiting = book(hall, clock), hall.issue(SERVICE).ticket
    program = Program(client).sign_in(section)
    today = program.get(f"{EMBASSY}/appointments").body["appointments"]
    found = program.post(f"{EMBASSY}/appointments/search", {"text": NAME}).body["appointments"]
    assert [one["code"] for one in today] == [one["code"] for one in found] == ([booked.code] if sees else [])
    raised = program.post(f"{EMBASSY}/raises", {"ticket": str(waiting.id), "priority": "elderly", "reason": "told"})
    assert (raised.status == 404) is not sees
    assert program.take(SERVICE).status == (201 if sees else 403)
    clock.move(timedelta(minutes=29))
    clock.move(timedelta(minutes=11))
    program = program.sign_in(section)
    assert program.post(f"{EMBASSY}/arrivals", {"code": booked.code}).status == (201 if sees else 404)
