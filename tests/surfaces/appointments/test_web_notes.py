"""The page of notes about an appointment: who opens it, what it shows of notes, and where it can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.staff_notes import LONGEST_NOTE
from queue_system.store import log
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from tests.kit.hall import Hall
from tests.kit.levels import give_rules
from tests.kit.people import add_role
from tests.kit.web_hall import another, application, furnished, sign_in

SERVICE = "attest-single"
DAY = date(2026, 11, 24)
TEXT = "زمرّدة تحضر مع مترجمة"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        yield client, give_rules(hall, SERVICE, staff_note="restricted_encrypted")


def booked(hall: Hall, service: str = SERVICE) -> BookingView:
    (day,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(service), DAY, DAY, public=False)
    start = day.slots[0].start
    order = HoldOrder(
        hall.branch.id, hall.service(service), start, "سلمى الأتاسي", "s@example.org", "ar", SYSTEM, booker=Booker.STAFF
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM)


def browser(client: TestClient, login: str) -> TestClient:
    found = another(client)
    sign_in(found, login, "en")
    return found


def test_a_restricted_note_is_read_by_its_writer_and_the_trusted_and_by_nobody_else(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    booking = booked(hall)
    hall.person("books", ((hall.branch.id, add_role(hall, "books", "book_for_visitor")),))
    hall.person("trusted", ((hall.branch.id, add_role(hall, "trusted", "case_notes_privileged")),))
    rana, books, trusted, layla = (browser(client, login) for login in ("rana", "books", "trusted", "layla"))
    one = f"/appointments/doha-main/{booking.id}"
    notes = f"{one}/notes"
    assert notes in rana.get(one).text
    assert "stored encrypted" in rana.get(notes).text
    assert rana.post(notes, data={"text": TEXT}, follow_redirects=False).status_code == 303
    assert TEXT in rana.get(notes).text
    assert TEXT in trusted.get(notes).text
    assert "<textarea" not in trusted.get(notes).text
    assert trusted.post(notes, data={"text": TEXT}).status_code == 403
    others = books.get(notes).text
    assert TEXT not in others
    assert "One more note is not shown here" in others
    assert layla.get(notes).status_code == 404, "who serves others has nothing to do with it"
    assert "has no text" in rana.post(notes, data={"text": " "}).text
    shown = rana.get(notes).text
    corrects = shown.split("?corrects=")[1].split('"')[0]
    assert TEXT in rana.get(f"{notes}?corrects={corrects}").text
    again = {"text": "بعيداً عن الباب", "corrects": corrects}
    assert books.post(notes, data=again).status_code == 404
    assert rana.post(notes, data=again, follow_redirects=False).status_code == 303
    assert "worded again" in rana.get(notes).text
    for address in (one, f"/b/{booking.token}", f"/b/{booking.token}.ics", f"/appointments/doha-main/paper?day={DAY}"):
        page = rana.get(address)
        assert page.status_code == 200, address
        assert TEXT not in page.text, address


def test_a_long_note_is_kept_whole_or_refused_whole(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    rana, notes = browser(client, "rana"), f"/appointments/doha-main/{booked(hall).id}/notes"
    lines = ["سطر"] * 490
    long = "\r\n".join(lines) + "\r\nالنهاية"
    assert len(long.replace("\r", "")) < LONGEST_NOTE < len(long)
    assert rana.post(notes, data={"text": long}, follow_redirects=False).status_code == 303
    assert "النهاية" in rana.get(notes).text
    assert rana.post(notes, data={"text": "س" * (LONGEST_NOTE + 1)}, follow_redirects=False).status_code == 422


def test_the_clerk_at_the_counter_reaches_the_notes_from_the_desk(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    ticket = hall.check_in("edu-attest", clock)
    layla = browser(client, "layla")
    layla.post("/counters/doha-main/c4/sitting")
    notes = f"/appointments/doha-main/{ticket.booking_id}/notes"
    assert notes not in layla.get("/desk/doha-main/c4").text
    layla.post("/counters/doha-main/c4/calls", data={"expected": ""})
    assert notes in layla.get("/desk/doha-main/c4").text
    assert layla.post(notes, data={"text": TEXT}, follow_redirects=False).status_code == 303
    assert TEXT in layla.get(notes).text


def test_a_receptionist_corrects_a_typing_error_and_is_told_what_is_none(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booking = booked(hall)
    hall.person("mends", ((hall.branch.id, add_role(hall, "mends", "correct_typo", "check_in")),))
    rana, mends, layla = (browser(client, login) for login in ("rana", "mends", "layla"))
    one = f"/appointments/doha-main/{booking.id}"
    typo = f"{one}/typo"
    assert typo in rana.get(one).text
    assert typo in mends.post("/reception/doha-main/search", data={"text": "سلمى"}).text
    assert typo not in layla.post("/reception/doha-main/search", data={"text": booking.code}).text
    assert layla.get(typo).status_code == 403
    shown = mends.get(typo).text
    assert "سلمى الأتاسي" in shown
    answer = mends.post(typo, data={"name": "سلمى الأتاسي", "contact": "other@example.net"})
    assert answer.status_code == 409
    assert "more than a typing error" in answer.text
    assert mends.post(typo, data={"name": "سلما الأتاسي", "contact": "s@example.org"}).status_code == 303
    assert "سلما الأتاسي" in mends.get(typo).text
    assert mends.post(f"{one}/time", data={"start": ""}).status_code == 403, "it moves nothing"
    seen = [entry for entry in hall.db.read_now(log.after, hall.branch.id, 0) if entry.kind == "booking.looked_up"]
    assert [(entry.data["code"], entry.data["by"]) for entry in seen][-2:] == [(booking.code, "call")] * 2


def test_two_who_correct_one_appointment_lose_nothing_of_each_other(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booking = booked(hall)
    typo = f"/appointments/doha-main/{booking.id}/typo"
    rana = browser(client, "rana")
    as_it_was = {f"shown-{name}": text for name, text in (("name", booking.name), ("contact", booking.contact))}
    page = rana.get(typo).text
    assert all(f'name="{name}" value="{text}"' in page for name, text in as_it_was.items())

    def sends(name: str, contact: str, shown: dict[str, str]) -> Response:
        return rana.post(typo, data={"name": name, "contact": contact, **shown}, follow_redirects=False)

    def stored() -> tuple[str, str]:
        now = hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
        return now.name, now.contact

    # Each corrects another field of what both saw.
    assert sends("سلما الأتاسي", "s@example.org", as_it_was).status_code == 303
    assert sends("سلمى الأتاسي", "z@example.org", as_it_was).status_code == 303
    assert stored() == ("سلما الأتاسي", "z@example.org")
    # Both correct the same field: the second is told, and keeps what was typed.
    answer = sends("سلمى الأناسي", "s@example.org", as_it_was)
    assert answer.status_code == 409
    assert stored() == ("سلما الأتاسي", "z@example.org")
    assert "A colleague has corrected the same field" in answer.text
    assert 'value="سلمى الأناسي"' in answer.text
    assert answer.text.count("Stored now: ") == 1
    assert all(
        f'name="shown-{name}" value="{text}"' in answer.text
        for name, text in zip(("name", "contact"), stored(), strict=True)
    )
    assert re.search(r'<input class="input"[^>]* name="contact"[^>]* value="z@example.org"', answer.text)
    seen = {"shown-name": stored()[0], "shown-contact": stored()[1]}
    assert sends("سلمى الأناسي", "z@example.org", seen).status_code == 303
    assert stored() == ("سلمى الأناسي", "z@example.org")


def test_who_wants_not_to_be_contacted_is_not_reached_by_the_form_either(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    booking = booked(hall)
    here = hall.branch.id
    hall.db.write_in_now(here, set_contact_ways, here, booking.id, SYSTEM, {0: ("none", "")})
    hall.person("mends", ((here, add_role(hall, "mends", "correct_typo", "check_in")),))
    mends, typo = browser(client, "mends"), f"/appointments/doha-main/{booking.id}/typo"
    shown = mends.get(typo).text
    assert booking.name in shown
    assert booking.contact not in shown
    assert 'name="contact"' not in shown
    typed = {"name": "سلما الأتاسي", "contact": "x@example.org"}
    assert mends.post(typo, data=typed).status_code == 303
    now = hall.db.read_now(booking_by_id, here, booking.id)
    assert (now.name, now.contact) == ("سلما الأتاسي", booking.contact)


def test_names_of_discreet_services_are_corrected_only_by_whoever_books_them(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    booking = booked(give_rules(hall, "passport-lost", display="code_random"), "passport-lost")
    hall.person("mends", ((hall.branch.id, add_role(hall, "mends", "correct_typo", "check_in")),))
    typo = f"/appointments/doha-main/{booking.id}/typo"
    assert browser(client, "mends").get(typo).status_code == 404
    assert browser(client, "rana").get(typo).status_code == 200
