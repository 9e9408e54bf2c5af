"""Reception: who may enter, a number for a visitor, check-in, finding people, printing slips again."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings, calling
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.printers import set_printer
from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.log import VISITOR
from queue_system.store.queries import access, line
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, another, sign_in

HERE = "/reception/doha-main"
NAME = "سلمى الأتاسي"
CONTACT = "salma@example.org"


def book(hall: Hall, clock: FrozenClock, service: str = "passport-lost", name: str = NAME) -> BookingView:
    """An appointment in an hour."""
    starts_at = clock.now().replace(minute=0) + timedelta(hours=1)
    order = HoldOrder(hall.branch.id, hall.service(service), starts_at, name, CONTACT, "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def waiting(hall: Hall) -> list[TicketView]:
    return hall.db.read_now(line.open_tickets, hall.branch.id)


def look_up(client: TestClient, typed: str, status: int = 200) -> Page:
    answer = client.post(f"{HERE}/search", data={"text": typed})
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def results(page: Page) -> str:
    start = page.html.find('id="results"')
    return page.html[start : page.html.find('id="reception-now"')] if start >= 0 else ""


def facts(hall: Hall, kind: str) -> list[tuple[str, str, dict[str, object]]]:
    entries = hall.db.read_now(log.after, hall.branch.id, 0, 10_000)
    return [(entry.actor_id, entry.subject, entry.data) for entry in entries if entry.kind == kind]


def take(client: TestClient, hall: Hall, service: str = "attest-single", **more: str):  # type: ignore[no-untyped-def]
    values = _hidden(client) | {"service": str(hall.service(service)), "class": "walkin", "language": "ar"} | more
    return client.post(f"{HERE}/tickets", data=values)


def _hidden(client: TestClient) -> dict[str, str]:
    return next(form.values for form in Page(client.get(HERE).text).forms if form.action.endswith("/tickets"))


# ---------------------------------------------------------------- who may come in


def test_whoever_receives_people_in_one_hall_comes_straight_in(client: TestClient) -> None:
    assert client.get("/reception").headers["location"] == HERE
    # Whoever may find people by name may call them, too, and sees no other page that leads to the call list.
    assert 'href="/appointments/doha-main/calls"' in client.get(HERE).text
    assert client.get("/appointments/doha-main/calls").status_code == 200


def test_whoever_receives_people_in_several_halls_chooses(client: TestClient) -> None:
    sign_in(client, "admin")
    page = client.get("/reception")
    assert page.status_code == 200
    assert f'href="{HERE}"' in page.text


def test_whoever_receives_nobody_has_no_business_here(client: TestClient, hall: Hall) -> None:
    hall.person("tech", ((hall.branch.id, "it"),))
    sign_in(client, "tech")
    assert [client.get(path).status_code for path in ("/reception", HERE, f"{HERE}/state")] == [403, 403, 403]
    assert client.post(f"{HERE}/search", data={"text": NAME}).status_code == 403


# ---------------------------------------------------------------- a number


def test_a_visitor_who_cannot_use_the_kiosk_gets_a_number_with_its_class(client: TestClient, hall: Hall) -> None:
    answer = take(client, hall, **{"class": "elderly", "language": "en"})
    [ticket] = waiting(hall)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/tickets/{ticket.id}")
    assert (ticket.priority, ticket.language, ticket.source) == ("elderly", "en", "reception")
    page = Page(client.get(answer.headers["location"]).text)
    assert ticket.code in page.text
    assert f"/t/{ticket.token}" not in page.html.replace("svg", "")
    assert ticket.code in Page(client.get(HERE).text).text


def test_whom_the_pages_send_to_reception_gets_a_number_there(client: TestClient, hall: Hall) -> None:
    service = hall.branch.service("travel-doc")
    assert service.by_reception
    assert str(service.id) in client.get(HERE).text
    assert take(client, hall, "travel-doc").status_code == 303
    [ticket] = waiting(hall)
    assert ticket.service_id == service.id


def test_the_same_press_twice_gives_one_number(client: TestClient, hall: Hall) -> None:
    values = _hidden(client) | {"service": str(hall.service("attest-single"))}
    first, second = (client.post(f"{HERE}/tickets", data=values) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(waiting(hall)) == 1


def test_services_are_found_by_a_part_of_their_name(client: TestClient, hall: Hall) -> None:
    def offered(page: str) -> int:
        return page.count('name="service"')

    everything, some = client.get(HERE).text, client.get(HERE, params={"s": "passport"}).text
    assert 0 < offered(some) < offered(everything)
    assert str(hall.service("passport-lost")) in some
    assert "No matching service is giving out numbers now" in client.get(HERE, params={"s": "zzz"}).text


def test_before_the_hall_opens_it_says_when(client: TestClient, clock: FrozenClock, hall: Hall) -> None:
    clock.move(timedelta(hours=12))
    sign_in(client, "rana", "en")
    page = Page(client.get(HERE).text)
    assert "No numbers are being given out now." in page.text
    assert "Starts again" in page.text
    assert 'name="service"' not in page.html


def test_a_slip_comes_out_where_this_browser_wants_it(client: TestClient, hall: Hall) -> None:
    printers = {one.slug: one for one in hall.db.read_now(access.devices, hall.branch.id, "printer")}
    nowhere = {"transport": "tcp9100", "host": "127.0.0.1", "port": 9}
    for slug in ("p1", "p2"):
        hall.db.write_now(set_printer, hall.branch.id, printers[slug].id, nowhere)
    client.post(f"{HERE}/printer", data={"printer": "p2"})
    # Only printers of the list can be chosen, and the choice is kept.
    for unknown in ("طابعة", "p9", "k1", "", "a;b", "x" * 90):
        answer = client.post(f"{HERE}/printer", data={"printer": unknown})
        assert (answer.status_code, answer.headers.get("set-cookie")) == (303, None)
    take(client, hall)
    assert [data["printer"] for _, _, data in facts(hall, "slip.queued")] == [str(printers["p2"].id)]
    client.post(f"{HERE}/printer", data={"printer": "-"})
    answer = take(client, hall)
    assert len(facts(hall, "slip.queued")) == 1
    page = Page(client.get(answer.headers["location"]).text)
    assert "No slip was printed for this number." in page.text
    form = next(form for form in page.forms if form.action.endswith("/copies"))
    assert client.post(form.action, data={"printer": "p1"}).status_code == 303
    assert [data["printer"] for _, _, data in facts(hall, "slip.queued")][1:] == [str(printers["p1"].id)]


def test_the_class_of_a_waiting_number_is_raised_in_two_presses(client: TestClient, hall: Hall) -> None:
    first, second = hall.issue(), hall.issue()
    page = Page(client.get(f"{HERE}/tickets/{second.ticket.id}").text)
    form = next(form for form in page.forms if form.values.get("class") == "disability")
    assert form.values["reason"] == "told"
    assert client.post(form.action, data=form.values).headers["location"] == f"{HERE}/tickets/{second.ticket.id}"
    raised = hall.db.read_now(line.ticket, hall.branch.id, second.ticket.id)
    assert (raised.priority, hall.db.read_now(line.ticket, hall.branch.id, first.ticket.id).priority) == (
        "disability",
        "walkin",
    )
    [(_, _, data)] = facts(hall, "ticket.raised")
    assert (data["to_class"], data["basis"]) == ("disability", "told")
    # A class is never lowered, and a ticket that is being served gets no such button.
    page = Page(client.get(f"{HERE}/tickets/{second.ticket.id}").text)
    assert "elderly" not in {form.values.get("class") for form in page.forms}
    assert client.post(form.action, data=form.values).status_code == 409


def test_whoever_grants_priority_raises_a_class_and_does_nothing_else_here(client: TestClient, hall: Hall) -> None:
    hall.person("head", ((hall.branch.id, "supervisor"),))
    issued = hall.issue()
    sign_in(client, "head", "en")
    page = Page(client.get(HERE).text)
    assert issued.ticket.code in page.text
    assert 'name="service"' not in page.html
    here = f"{HERE}/tickets/{issued.ticket.id}"
    assert client.post(f"{here}/raises", data={"class": "elderly", "reason": "told"}).status_code == 303
    assert client.post(f"{here}/copies", data={"printer": "p1"}).status_code == 403
    assert client.post(f"{HERE}/tickets").status_code == 403


# ---------------------------------------------------------------- who waits


def test_what_is_urgent_stands_above_all_and_what_nobody_calls_says_so(client: TestClient, hall: Hall) -> None:
    ordinary, urgent = hall.issue(), hall.issue("death")
    page = Page(client.get(f"{HERE}/state").text)
    banner = page.html[page.html.index('id="reception-emergency"') : page.html.index("today-title")]
    assert urgent.ticket.code in banner
    assert ordinary.ticket.code not in banner
    assert page.text.count("no open counter") == 2
    number = f"{HERE}/tickets/{ordinary.ticket.id}"
    assert "no open counter" in Page(client.get(number).text).text
    hall.sit(hall.person("nour"))
    assert "no open counter" not in Page(client.get(number).text).text
    assert Page(client.get(f"{HERE}/state").text).text.count("no open counter") == 1


def test_who_is_kept_aside_does_not_count_as_waiting(client: TestClient, hall: Hall) -> None:
    for _ in range(2):
        hall.issue()
    here = hall.sit(hall.person("nour"))
    called = hall.call_next(here)
    assert called is not None
    hall.db.write_in_now(hall.branch.id, calling.park, replace(here, expected=called.id))
    page = Page(client.get(f"{HERE}/state").text)
    assert "1 person waiting · Parked: 1" in " ".join(page.text.split())


# ---------------------------------------------------------------- appointments


def test_a_visitor_with_an_appointment_is_checked_in(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    booked = book(hall, clock)
    clock.move(timedelta(minutes=40))
    sign_in(client, "rana", "en")
    page = Page(client.get(HERE).text)
    assert booked.code in page.text
    assert NAME not in page.text
    form = next(form for form in page.forms if form.action.endswith(f"/bookings/{booked.id}/ticket"))
    answer = client.post(form.action)
    [ticket] = waiting(hall)
    assert answer.headers["location"] == f"{HERE}/tickets/{ticket.id}"
    assert ticket.booking_id == booked.id
    page = Page(client.get(HERE).text)
    assert not [form for form in page.forms if "/bookings/" in form.action]


def test_who_comes_too_early_hears_when(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    booked = book(hall, clock)
    answer = client.post(f"{HERE}/bookings/{booked.id}/ticket")
    assert answer.status_code == 409
    assert not waiting(hall)


@pytest.mark.parametrize("typed", ["سلمي الاتاسى", "أتاسي", "SALMA@example.org", " salma@example.org "])
def test_a_booking_is_found_by_name_or_contact_and_the_log_says_who_looked(
    client: TestClient, hall: Hall, clock: FrozenClock, typed: str
) -> None:
    booked = book(hall, clock)
    found = results(look_up(client, typed))
    assert booked.code in found
    assert NAME in found
    [(who, subject, data)] = facts(hall, "booking.looked_up")
    assert (subject, data["code"]) == (str(booked.id), booked.code)
    assert who == str(next(iter(hall.db.read_now(access.staff_by_login, "rana") or ())))
    assert typed.strip() not in str(data)


def test_a_booking_is_found_by_its_code_or_its_scanned_link(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    booked = book(hall, clock)
    for typed in (booked.code.lower(), f"{booked.code[:4]} {booked.code[4:]}", f"https://x/b/{booked.token}?lang=ar"):
        assert booked.code in results(look_up(client, typed))
    assert not facts(hall, "booking.looked_up")


def test_what_fits_nobody_is_said_and_leaves_nothing_in_the_log(client: TestClient, hall: Hall) -> None:
    assert "No appointment at this branch" in look_up(client, "نزار قباني").text
    assert not facts(hall, "booking.looked_up")
    for typed in ("", "x", "a@b@c"):
        assert 'aria-invalid="true"' in look_up(client, typed, 422).html


def test_a_person_of_a_discreet_service_is_found_by_the_code_alone_and_never_named(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    discreet = next(
        one
        for one in hall.branch.services.values()
        if one.confidentiality.discreet and one.bookable and not one.confidentiality.hides_service
    )
    booked = book(hall, clock, discreet.slug)
    assert booked.code not in results(look_up(client, NAME))
    by_code = results(look_up(client, booked.code))
    assert booked.code in by_code
    assert NAME not in by_code


def test_a_clerk_without_reception_finds_by_code_alone(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    booked = book(hall, clock)
    sign_in(client, "layla", "en")
    assert booked.code in results(look_up(client, booked.code))
    assert NAME not in look_up(client, booked.code).text
    assert "for reception" in look_up(client, NAME, 403).text


def test_a_page_with_names_is_covered_when_it_is_left_open(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    book(hall, clock)
    page = look_up(client, NAME)
    assert f'data-cover="{HERE}"' in page.html
    assert f'<noscript><meta http-equiv="refresh" content="60; url={HERE}"></noscript>' in page.html
    assert "data-cover" not in client.get(HERE).text


def test_the_part_that_changes_by_itself_keeps_no_session_alive(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    hall.issue()
    for _ in range(3):
        clock.move(timedelta(minutes=9))
        assert waiting(hall)[0].code in client.get(f"{HERE}/state").text
    clock.move(timedelta(minutes=9))
    assert another(client).get(HERE).status_code == 303
    assert client.get(HERE).status_code == 303


def test_the_number_of_somebody_who_left_says_so(client: TestClient, hall: Hall) -> None:
    issued = hall.issue()
    here = hall.sit(hall.person("nour"))
    hall.call_next(here)
    page = client.get(f"{HERE}/tickets/{issued.ticket.id}")
    assert page.status_code == 200
    assert "called" in page.text.lower()
    assert hall.db.read_now(line.ticket, hall.branch.id, issued.ticket.id).state is TicketState.CALLED
    assert client.get(f"{HERE}/tickets/01890000-0000-7000-8000-000000000000").status_code == 404
    assert client.get(f"{HERE}/tickets/none").status_code == 404


def test_each_part_of_the_page_has_a_name_of_its_own(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    book(hall, clock)
    hall.issue()
    parts = re.findall(r"<(section|form|div)(?=[^>]* (?:role|aria-labelledby)=)([^>]*)>", client.get(HERE).text)
    found = [
        (role.group(1) if (role := re.search(r'role="(region|search)"', rest)) else "region", name)
        for tag, rest in parts
        if 'role="' not in rest or "region" in rest or "search" in rest
        for name in re.findall(r'aria-labelledby="([^"]+)"', rest) or [""]
    ]
    assert {"today-title", "waiting-title"} <= {name for _, name in found}
    assert len(found) == len(set(found)), found
