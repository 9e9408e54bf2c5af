"""Scenario 5: a branch is closed for some days, or for ever, and nobody is forgotten and nobody counted twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.messages import Level
from queue_system.core.promises import Decided
from queue_system.core.support import Why
from queue_system.store.queries import audit
from queue_system.store.queries.bookings import free_days
from queue_system.store.queries.hours import declared_hours
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.queries.settings import branch_settings
from tests.kit.deciding import as_stored, booked, held
from tests.kit.editing_flow import send, through
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in

CLOSING = "/office/closing/doha-main"
END = "/office/branches/doha-main/end"
REASON = (("names.ar", "صيانة"), ("names.en", "Maintenance"))
LANDLINE, MAIL = "+97444123456", "a@example.org"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


@pytest.fixture
def start(clock: FrozenClock) -> datetime:
    """08:30 in Doha, in two days, a Tuesday."""
    return clock.now().replace(hour=5, minute=30) + timedelta(days=2)


def test_scenario_5_past_reversed_and_too_many_days_are_refused_and_one_day_or_ninety_are_not(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    today = clock.now().date()
    for first, last, wrong in (
        (today - timedelta(days=1), today, "first"),
        (today, today - timedelta(days=1), "last"),
        (today, today + timedelta(days=90), "last"),
    ):
        answer = send(client, CLOSING, dates(first, last))
        assert answer.status_code == 422
        assert re.findall(r'id="(\w+)-error"', answer.text) == [wrong]
        assert f'value="{last}"' in answer.text, "what was typed stays"
    assert closures(hall) == []
    assert through(client, CLOSING, dates(today, today)).status_code == 303
    later = today + timedelta(days=7)
    assert through(client, CLOSING, dates(later, later + timedelta(days=89))).status_code == 303
    assert closures(hall) == [(today, today), (later, later + timedelta(days=89))]


def test_scenario_5_closing_twice_counts_once_and_what_is_outside_stays(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    inside = [booked(hall, start + timedelta(days=n), contact=f"v{n}@example.org") for n in range(2)]
    outside = [booked(hall, start + timedelta(days=n), contact=f"w{n}@example.org") for n in (-1, 5)]
    days = dates(start.date(), start.date() + timedelta(days=1))
    page = send(client, CLOSING, days).text
    assert [one.code in page for one in (*inside, *outside)] == [True, True, False, False]
    through(client, CLOSING, days)
    # The same once more, and for longer.
    for again in (days, dates(start.date(), start.date() + timedelta(days=2))):
        page = send(client, CLOSING, again).text
        assert not [one.code for one in (*inside, *outside) if one.code in page]
        through(client, CLOSING, again)
    assert [as_stored(hall, one).decision for one in (*inside, *outside)] == [Decided.LATER, Decided.LATER, None, None]
    assert {as_stored(hall, one).state for one in outside} == {BookingState.CONFIRMED}
    assert len(facts(hall, "booking.put_off")) == 2


def test_scenario_5_who_has_a_landline_only_is_on_the_call_list_and_the_others_are_written_to(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    hall.db.sends = frozenset(Level)
    called, written = booked(hall, start, contact=LANDLINE), booked(hall, start + timedelta(hours=1), contact=MAIL)
    through(client, CLOSING, dates(start.date(), start.date()), **{"why-closed": "cancel"})
    assert {as_stored(hall, one).state for one in (called, written)} == {BookingState.CANCELLED}
    assert [one.booking.code for one in calls(hall)] == [called.code]
    assert called.code in client.get("/appointments/doha-main/calls").text


def test_scenario_5_a_branch_ends_with_what_belongs_to_it_and_nothing_of_before_is_touched(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    hall.db.sends = frozenset(Level)
    last = start.date()
    stays, beside = booked(hall, start, contact=MAIL), held(hall, start + timedelta(hours=1), contact="b@example.org")
    called = booked(hall, start + timedelta(days=1), contact=LANDLINE)
    written = booked(hall, start + timedelta(days=2), contact="c@example.org")
    hold = held(hall, start + timedelta(days=2, hours=1), contact="d@example.org")
    page = client.post(END, data={"until": f"{last}"}).text
    assert [one.code in page for one in (stays, called, written, hold)] == [False, True, True, False]
    assert through(client, END, [("until", f"{last}")], **{"why-service": "cancel"}).status_code == 303
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    things = (branch.services, branch.queues, branch.counters, branch.resources)
    assert {one.until for of in things for one in of.values()} == {last}
    assert [as_stored(hall, one).state for one in (stays, beside)] == [BookingState.CONFIRMED, BookingState.HELD]
    assert {as_stored(hall, one).state for one in (called, written)} == {BookingState.CANCELLED}
    assert (as_stored(hall, hold).state, as_stored(hall, hold).lost_why) == (BookingState.EXPIRED, Why.SERVICE)
    assert [one.booking.code for one in calls(hall)] == [called.code]
    for service in branch.services.values():
        (on, after) = hall.db.read_now(free_days, branch, service, last, last + timedelta(days=1), public=False)
        assert not after.slots
        assert on.slots or service.slug != "civil-extract"
    # The same day once more changes nothing, and calls nobody off again.
    again = client.post(END, data={"until": f"{last}"})
    assert (again.status_code, again.headers["location"]) == (303, "/office/branches/doha-main?saved=nothing")
    assert len(facts(hall, "booking.called_off")) == 2
    assert [one.booking.code for one in calls(hall)] == [called.code]


def dates(first: date, last: date) -> list[tuple[str, str]]:
    return [("first", f"{first}"), ("last", f"{last}"), ("for", "branch"), ("closes", ""), ("opens", ""), *REASON]


def closures(hall: Hall) -> list[tuple[date, date]]:
    """The closures of the branch's own."""
    found = hall.db.read_now(declared_hours, hall.branch.id).branch.closures
    return sorted((one.first, one.last) for one in found)


def calls(hall: Hall) -> Sequence[Any]:
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    return hall.db.read_now(phone_calls, branch)


def facts(hall: Hall, kind: str) -> Sequence[Any]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 50)
