"""The rules of a level of confidentiality, where people meet them: screens, slips, telephones, desks, pages on the web."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from uuid_utils.compat import uuid7

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.staff_roles import give_role
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.spooler.slips import slip_of
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.board import board
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.messages import level_for
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.overlaps import is_twice_at_once
from queue_system.store.queries.place import place
from queue_system.store.tables import Booking, table
from queue_system.surfaces.booking.times import start_key
from queue_system.web.calendar_file import calendar_file
from queue_system.web.kit import words_of
from tests.displays.test_seen_calls import turn_on
from tests.kit.hall import Hall, enter
from tests.kit.levels import give_rules
from tests.kit.people import add_role
from tests.kit.web_hall import another, application, clerk, furnished, sign_in

SERVICE = "attest-single"
DAY = date(2026, 11, 24)


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def slip(hall: Hall) -> tuple[str | None, str | None, str | None]:
    issued = hall.issue(SERVICE)
    stands = hall.db.read_now(place, hall.branch, issued.ticket.token)
    made = slip_of(stands, hall.branch, hall.db.read_now(organisation), "https://queue.example")
    return made.service, made.office, made.instruction


def test_no_public_display_keeps_calls_and_counts_off_screens_and_other_telephones(
    here: tuple[TestClient, Hall],
) -> None:
    client, open_hall = here
    hall = give_rules(open_hall, SERVICE, "no_public_display")
    turn_on(hall, "d1")
    layla = clerk(client, hall, "layla")
    layla.sit()
    first, second = hall.issue(SERVICE).ticket, hall.issue(SERVICE).ticket
    waiting = dict(hall.db.read_now(board, hall.branch.id, None).board.waiting)
    assert waiting[hall.branch.queue_of(hall.branch.service(SERVICE)).slug] == 0
    layla.press("calls")
    assert hall.db.read_now(board, hall.branch.id, None).board.calls == ()
    assert first.code not in client.get(f"/t/{second.token}").text
    queues = client.get("/api/v1/branches/doha-main/queues").json()["queues"]
    assert [one["waiting"] for one in queues if one["waiting"]] == []
    assert "لا يُعرض هذا الرقم على الشاشات" in layla.look().text


def test_a_fetched_visitor_is_neither_on_screens_nor_called_by_a_voice(here: tuple[TestClient, Hall]) -> None:
    client, open_hall = here
    hall = give_rules(open_hall, SERVICE, "staff_escort")
    turn_on(hall, "d1")
    layla = clerk(client, hall, "layla")
    layla.sit()
    first, second = hall.issue(SERVICE).ticket, hall.issue(SERVICE).ticket
    layla.press("calls")
    assert hall.db.read_now(board, hall.branch.id, None).board.calls == ()
    assert first.code not in client.get(f"/t/{second.token}").text
    assert not hall.branch.service(SERVICE).confidentiality.is_spoken


def test_no_voice_call_is_on_the_screen_and_nobody_says_it(here: tuple[TestClient, Hall]) -> None:
    client, open_hall = here
    hall = give_rules(open_hall, SERVICE, "no_voice_call")
    layla = clerk(client, hall, "layla")
    layla.sit()
    words = words_of("ar", hall.branch)
    assert slip(hall)[2] == words.text("slip.instruction-staff"), "no screen is on, so somebody goes to the visitor"
    layla.press("calls")
    assert "لا يُنادى بالصوت. يُرجى الذهاب" in layla.look().text
    turn_on(hall, "d1")
    assert slip(hall)[2] == words.text("slip.instruction")
    assert "ولا يُنادى بالصوت" in layla.look().text
    (call,) = hall.db.read_now(board, hall.branch.id, None).board.calls
    assert not call.spoken


def test_staff_escort_lists_at_reception_whom_to_fetch_and_the_desk_reads_who_does(
    here: tuple[TestClient, Hall],
) -> None:
    client, open_hall = here
    hall = give_rules(open_hall, SERVICE, "staff_escort")
    turn_on(hall, "d1")
    hall.person("amal", ((hall.branch.id, add_role(hall, "fetches", "escort")),))
    layla, rana, amal = clerk(client, hall, "layla"), another(client), another(client)
    sign_in(rana, "rana")
    sign_in(amal, "amal")
    layla.sit()
    assert slip(hall)[2] == words_of("ar", hall.branch).text("slip.instruction-staff")
    layla.press("calls")
    assert "يُرافَق صاحب هذا الرقم" in layla.look().text
    fetch = "/escort"
    assert "ينتظرون المرافقة" in rana.get("/reception/doha-main").text
    assert fetch not in rana.get("/reception/doha-main").text, "only whoever has the right takes it"
    page = amal.get("/reception/doha-main").text
    (action,) = [part.split('"')[0] for part in page.split('action="') if part.split('"')[0].endswith(fetch)]
    assert rana.post(action).status_code == 403
    assert amal.post(action, follow_redirects=False).status_code == 303
    for text in (layla.look().text, rana.get("/reception/doha-main").text):
        assert "amal name" in text
    hall.person("nour", ())
    hall.db.write_now(give_role, "nour", hall.branch.id, "fetches", "", SYSTEM)
    nour = another(client)
    sign_in(nour, "nour", "en")
    refused = nour.post(action)
    assert refused.status_code == 409
    assert "Somebody else is fetching" in refused.text


def test_no_service_name_on_ticket_names_it_on_no_slip_telephone_and_letter(here: tuple[TestClient, Hall]) -> None:
    client, open_hall = here
    name = open_hall.branch.service(SERVICE).names["ar"]
    assert slip(open_hall)[0] == name
    shown = client.get(f"/t/{open_hall.issue(SERVICE).ticket.token}").text
    assert name in shown
    hall = give_rules(open_hall, SERVICE, "no_service_name_on_ticket")
    assert slip(hall)[:2] == (None, None)
    page = client.get(f"/t/{hall.issue(SERVICE).ticket.token}").text
    assert name not in page
    booking = book(hall)
    level = level_for(hall.branch, booking)
    assert level.value == "neutral"
    words = words_of("ar", hall.branch)
    file = calendar_file(booking, hall.branch, words, hall.db.clock.now(), "https://queue.example", level)
    assert name not in file.decode().replace("\r\n ", "")


def test_quick_exit_on_web_is_on_every_page_and_the_telephone(here: tuple[TestClient, Hall]) -> None:
    client, open_hall = here
    assert "data-exit" not in client.get("/book/doha-main").text
    hall = give_rules(open_hall, SERVICE, "quick_exit_on_web")
    ticket = hall.issue(SERVICE).ticket
    for address in ("/", "/book/doha-main", f"/book/doha-main/{SERVICE}", f"/t/{ticket.token}"):
        text = client.get(address).text
        assert 'rel="noreferrer" aria-keyshortcuts="Escape" data-exit' in text, address
    other = hall.issue("passport-lost").ticket
    assert "data-exit" not in client.get(f"/t/{other.token}").text


def test_alias_allowed_says_so_where_the_name_is_asked(here: tuple[TestClient, Hall]) -> None:
    client, open_hall = here
    (day,) = open_hall.db.read_now(free_days, open_hall.branch, open_hall.branch.service(SERVICE), DAY, DAY)
    address = f"/book/doha-main/{SERVICE}/{DAY}/{start_key(day.slots[0].start)}"
    said = "ولا يلزم أن يكون الاسم الحقيقي"
    page = client.get(address)
    assert page.status_code == 200, address
    assert "كما في الوثيقة" in page.text
    assert said not in page.text
    give_rules(open_hall, SERVICE, "alias_allowed")
    page = client.get(address)
    assert "كما في الوثيقة" not in page.text
    assert said in page.text


def test_no_search_by_name_keeps_other_branches_from_learning_of_an_appointment(
    here: tuple[TestClient, Hall],
) -> None:
    _, hall = here
    mine = book(hall)
    assert not hall.db.read_now(is_twice_at_once, mine)
    elsewhere(hall, mine)
    assert hall.db.read_now(is_twice_at_once, mine), "without the rule the other branch is told"
    hall = give_rules(hall, SERVICE, "no_search_by_name_for_other_branches")
    assert not hall.db.read_now(is_twice_at_once, mine)


def elsewhere(hall: Hall, mine: BookingView) -> None:
    """The same person has an appointment at the same time at the other branch."""
    other, rows = enter(hall.db, "mobile-consulate"), table(Booking)
    row = hall.db.read_now(Tx.row, sa.select(rows).where(rows.c.id == mine.id))
    assert row is not None
    service = next(iter(other.branch.services))
    values = row._asdict() | {"branch_id": other.branch.id, "id": uuid7(), "service_id": service, "ticket_id": None}
    hall.db.write_now(Tx.execute, sa.insert(rows), values)


def book(hall: Hall) -> BookingView:
    (day,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), DAY, DAY, public=False)
    order = HoldOrder(
        hall.branch.id, hall.service(SERVICE), day.slots[0].start, "سلمى الأتاسي", "s@example.org", "ar", VISITOR,
        booker=Booker.STAFF,
    )  # fmt: skip
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)
