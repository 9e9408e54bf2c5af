"""The calendar file: a library can read it; it is complete, replaceable, and has no personal data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.messages import Level
from queue_system.core.promises import Choice
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView
from queue_system.web.calendar_file import calendar_file
from queue_system.web.kit import words_of
from tests.kit.deciding import closing, for_all, save
from tests.kit.hall import Hall, furnish
from tests.kit.legal_aid import START, booked, legal_aid
from tests.kit.public_visitor import NAME, Visitor, stored, token_of
from tests.kit.web_hall import application, furnished

ADDRESS = "https://queue.example.org"
KEY = b"the key of the installation"


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock, ADDRESS) as found:
        yield found


def test_an_appointment_for_the_calendar(visitor: Visitor, here: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    done = visitor.book()
    booking = stored(here[1], done)
    answer = visitor.follow(r"\.ics$")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["cache-control"] == "no-store"
    calendar, event = read(answer.html)
    assert (calendar["METHOD"], calendar["VERSION"]) == ("PUBLISH", "2.0")
    assert event["UID"] == str(booking.id)
    assert (event.start, event.end) == (
        datetime(2026, 11, 23, 5, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 5, 55, tzinfo=UTC),
    )
    assert (event["SEQUENCE"], event["STATUS"], event["DTSTAMP"].dt) == (0, "CONFIRMED", clock.now())
    assert event["SUMMARY"] == "بدل جواز سفر ضائع أو تالف"
    assert event["LOCATION"] == "مقر السفارة – الدوحة"
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == (ADDRESS, "مقر السفارة – الدوحة")
    assert f"{booking.code[:4]} {booking.code[4:]}" in event["DESCRIPTION"]
    assert event["DESCRIPTION"].endswith(f"\n{ADDRESS}/my-booking")
    for secret in (NAME, "55123456", token_of(done)):
        assert secret not in answer.html.replace("\r\n ", "")


def test_whoever_wants_neutral_words_gets_a_neutral_entry(visitor: Visitor, here: tuple[TestClient, Hall]) -> None:
    done, hall = visitor.book(), here[1]
    said, booking = {0: ("sms_neutral", "")}, stored(hall, done)
    hall.db.write_in_now(hall.branch.id, set_contact_ways, hall.branch.id, booking.id, SYSTEM, said)
    _, event = read(visitor.open(f"{done.url}.ics").html)
    assert event["SUMMARY"] == "موعد"
    assert "LOCATION" not in event


def test_nobody_learns_what_another_person_chose_by_booking_under_their_name(
    visitor: Visitor, here: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    hall, first = here[1], visitor.book()
    said, booking = {0: ("sms_neutral", "")}, stored(hall, first)
    hall.db.write_in_now(hall.branch.id, set_contact_ways, hall.branch.id, booking.id, SYSTEM, said)
    hall.db.write_in_now(hall.branch.id, actions.cancel_booking, hall.branch.id, booking.id, SYSTEM, Booker.STAFF)
    clock.move(timedelta(minutes=1))
    later = visitor.book(time=1)
    assert stored(hall, later).contact_way == "sms_neutral"
    _, event = read(visitor.open(f"{later.url}.ics").html)
    assert event["SUMMARY"] == "بدل جواز سفر ضائع أو تالف"
    # Everybody can have an entry without these words.
    visitor.open(later.url)
    _, event = read(visitor.follow(r"\.ics\?neutral$").html)
    assert (event["SUMMARY"], "LOCATION" in event) == ("موعد", False)


def test_a_day_before_the_telephone_reminds_until_it_is_cancelled(visitor: Visitor) -> None:
    done = visitor.book()
    _, event = read(visitor.open(f"{done.url}.ics").html)
    (alarm,) = event.walk("VALARM")
    assert (alarm["ACTION"], alarm["DESCRIPTION"]) == ("DISPLAY", event["SUMMARY"])
    assert alarm["TRIGGER"].dt == timedelta(days=-1)
    visitor.post(f"{done.url}/cancellation", {})
    _, event = read(visitor.open(f"{done.url}.ics").html)
    assert event.walk("VALARM") == []


def test_lines_are_folded_and_ended_as_the_standard_asks(visitor: Visitor) -> None:
    visitor.book()
    raw = visitor.client.get(visitor.page.hrefs(r"\.ics$")[0]).content
    assert raw.endswith(b"\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    assert b"DTSTART:20261123T053000Z" in raw


def test_a_change_replaces_and_a_cancellation_removes(visitor: Visitor, here: tuple[TestClient, Hall]) -> None:
    done = visitor.book()
    _, first = read(visitor.open(f"{done.url}.ics").html)
    visitor.open(f"{done.url}/change/2026-11-25/20261125T0555Z")
    visitor.send()
    _, moved = read(visitor.open(f"{done.url}.ics").html)
    assert moved["UID"] == first["UID"]
    assert (moved["SEQUENCE"], moved["STATUS"], moved.start) == (
        1,
        "CONFIRMED",
        datetime(2026, 11, 25, 5, 55, tzinfo=UTC),
    )
    visitor.post(f"{done.url}/cancellation", {})
    assert visitor.open(done.url).hrefs(r"\.ics$")
    answer = visitor.open(f"{done.url}.ics")
    assert answer.headers["content-type"].endswith("method=CANCEL")
    calendar, cancelled = read(answer.html)
    assert calendar["METHOD"] == "CANCEL"
    assert (cancelled["UID"], cancelled["SEQUENCE"], cancelled["STATUS"]) == (first["UID"], 2, "CANCELLED")


def test_an_offer_that_is_accepted_replaces_the_entry(
    visitor: Visitor, here: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    done, hall = visitor.book(), here[1]
    booking = stored(hall, done)
    clock.move(timedelta(minutes=1))
    save(hall, closing(hall, booking.starts_at.date()), for_all(Choice.MOVE))
    _, before = read(visitor.open(f"{done.url}.ics").html)
    clock.move(timedelta(minutes=1))
    offered = stored(hall, done).offered_starts_at
    assert offered is not None
    branch = hall.branch.id
    hall.db.write_in_now(branch, actions.change_booking, branch, booking.id, offered, VISITOR)
    assert stored(hall, done).changes == 0, "it counts as no change of the visitor's"
    _, after = read(visitor.open(f"{done.url}.ics").html)
    assert after.start == offered
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_a_service_that_letters_do_not_name_is_not_named_in_the_file_that_replaces_theirs(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    database = Database(sqlite_url, clock, secret=KEY)
    hall = legal_aid(database)
    one = booked(hall, START)
    service = hall.branch.services[one.service_id]
    assert service.confidentiality.sms == "minimal"
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, running):
        _, alone = read(client.get(f"/b/{one.token}.ics").text)
        assert alone["SUMMARY"] == service.names["ar"], "no letter has an entry that this one replaces"
        running.db.sends = frozenset({Level.MINIMAL})
        content = client.get(f"/b/{one.token}.ics").text
    _, event = read(content)
    assert event["SUMMARY"] == "موعد"
    assert "LOCATION" in event
    assert not [name for name in service.names.values() if name in content.replace("\r\n ", "")]


def test_a_hold_is_no_appointment_yet(visitor: Visitor) -> None:
    check = visitor.hold()
    assert visitor.open(f"/b/{token_of(check)}.ics").status == 404


def test_the_file_speaks_the_language_of_the_page(here: tuple[TestClient, Hall]) -> None:
    visitor = Visitor(here[0], "en")
    visitor.book()
    _, event = read(visitor.follow(r"\.ics$").html)
    assert event["SUMMARY"] == "Replacement of a lost or damaged passport"
    assert event["DESCRIPTION"].startswith("Appointment code: ")


@pytest.mark.parametrize(("branch", "level"), [("bhc", "protected"), ("wifaq", "sensitive")])
def test_a_discreet_service_is_just_an_appointment(
    sqlite_url: str, clock: FrozenClock, branch: str, level: str
) -> None:
    database = Database(sqlite_url, clock, secret=KEY)
    hall = furnish(database, "social-work", branch)
    service = next(service for service in hall.branch.services.values() if service.bookable)
    assert service.confidentiality.slug == level
    content = made(hall, service.id, datetime(2026, 11, 23, 5, 0, tzinfo=UTC))
    _, event = read(content)
    assert event["SUMMARY"] == "موعد"
    assert set(event) == {"UID", "DTSTAMP", "SEQUENCE", "STATUS", "DTSTART", "DTEND", "CLASS", "SUMMARY", "ORGANIZER"}
    assert event["ORGANIZER"] == f"urn:uuid:{event['UID']}"
    assert event.walk("VALARM") == []
    for name in [*service.names.values(), *hall.branch.names.values(), "queue.example.org"]:
        assert name not in content.replace("\r\n ", "")
    database.close()


def test_what_happens_elsewhere_has_no_place(sqlite_url: str, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock, secret=KEY)
    hall = furnish(database, "social-work", "wifaq")
    phone = next(s for s in hall.branch.services.values() if s.channel == "phone")
    service = phone.changed(confidentiality=phone.confidentiality.changed(display="code"))
    openly = hall.branch.changed(services=hall.branch.services | {service.id: service})
    hall = replace(hall, branch=openly)
    _, event = read(made(hall, service.id, datetime(2026, 11, 23, 5, 0, tzinfo=UTC)))
    assert "LOCATION" not in event
    assert event["SUMMARY"] == service.names["ar"]
    database.close()


def made(hall: Hall, service_id: Any, start: datetime) -> str:
    """The file of a new appointment."""
    order = actions.HoldOrder(hall.branch.id, service_id, start, NAME, "+97455123456", "ar", VISITOR)
    held: BookingView = hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)
    booking = hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)
    return calendar_file(booking, hall.branch, words_of("ar", hall.branch), start, ADDRESS).decode()


def read(content: str) -> tuple[Any, Any]:
    """The calendar and its only event."""
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    return calendar, event
