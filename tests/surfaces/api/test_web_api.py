"""The API for programs: services, bookings, tickets. Every answer is checked against the OpenAPI document."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import printers
from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from queue_system.store.queries import line
from queue_system.store.queries.access import devices
from queue_system.store.queries.settings import BranchSettings, branch_ids
from queue_system.store.tables import PrintJob, table
from tests.kit.api_program import EMBASSY, Program, allow_remote_tickets, facts, kiosk_token
from tests.kit.hall import Hall, enter, furnish
from tests.kit.services import set_service
from tests.kit.web_hall import application, furnished


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        client.headers.pop("sec-fetch-site")
        yield client, hall


@pytest.fixture
def program(here: tuple[TestClient, Hall]) -> Program:
    return Program(here[0])


@pytest.fixture
def kiosk(here: tuple[TestClient, Hall]) -> Program:
    return Program(here[0], kiosk_token(here[1]))


# ---------------------------------------------------------------- places


def test_branches_and_services_are_named_in_every_language(program: Program, hall: Hall) -> None:
    branches = program.get("branches").body["branches"]
    assert branches[0]["branch"] == "doha-main"
    assert branches[0]["gives_tickets"] is True
    assert branches[0]["remote_tickets"] is False
    services = program.get(f"{EMBASSY}/services").body["services"]
    assert len(services) == len(hall.branch.services)
    single = next(service for service in services if service["service"] == "attest-single")
    assert set(single["names"]) >= {"ar", "en"}
    assert single["documents"]
    assert single["queue"] == "q-attest"


def test_protected_services_tell_nothing(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    furnish(database, "social-work")
    branches = [enter(database, slug).branch for slug in database.read_now(branch_ids)]
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, _):
        del client.headers["sec-fetch-site"]
        program = Program(client)
        found = [slug for branch in branches for slug in told_of_protected(program, branch)]
    assert found == []


def told_of_protected(program: Program, branch: BranchSettings) -> list[str]:
    """Everything that the API says about a branch's protected services, and about queues that serve only them."""
    services = program.get(f"branches/{branch.slug}/services").body["services"]
    queues = program.get(f"branches/{branch.slug}/queues").body["queues"]
    told = {queue["queue"] for queue in queues} | {service["service"] for service in services}
    told |= {service["queue"] for service in services}
    hidden = [service for service in branch.services.values() if service.confidentiality.hides_service]
    open_queues = {service.queue_id for service in branch.services.values()} - {service.queue_id for service in hidden}
    secret = {service.slug for service in hidden} | {
        branch.queue_of(service).slug for service in hidden if service.queue_id not in open_queues
    }
    # The list names what is offered, as the pages do, with the name to use elsewhere beside it.
    shown = {service["service"]: service["neutral_names"] for service in services}
    assert all(shown[str(service.id)] == service.shown_names != service.names for service in hidden)
    assert len(secret) >= 2 * bool(hidden)
    return sorted(told & secret)


def test_there_are_protected_services_to_look_for(sqlite_url: str, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    furnish(database, "social-work")
    branches = [enter(database, slug).branch for slug in database.read_now(branch_ids)]
    database.close()
    assert any(s.confidentiality.hides_service for branch in branches for s in branch.services.values())


def test_a_service_is_as_long_as_on_this_day(program: Program, hall: Hall) -> None:
    terms = [{"first": "2026-11-01", "duration_min": 35}]
    set_service(hall, "attest-single", duration_min=10, terms=terms)
    found = program.get(f"{EMBASSY}/services").body["services"]
    assert [one["duration_min"] for one in found if one["service"] == "attest-single"] == [35]


def test_slots_lie_in_the_days_asked_for(program: Program) -> None:
    answer = program.get(f"{EMBASSY}/services/attest-single/slots", **{"from": "2026-11-23", "to": "2026-11-24"})
    assert [day["day"] for day in answer.body["days"]] == ["2026-11-23", "2026-11-24"]
    slots = answer.body["days"][0]["slots"]
    assert slots
    assert all(slot["starts_at"].startswith("2026-11-23T") and slot["starts_at"].endswith("+03:00") for slot in slots)


def test_days_that_cannot_be_booked_say_why(program: Program) -> None:
    answer = program.get(f"{EMBASSY}/services/attest-single/slots", **{"from": "2026-11-20", "to": "2026-11-21"})
    assert answer.body["days"][0]["refusal"] == "day-past"
    assert answer.body["days"][0]["slots"] == []


def test_a_service_that_is_not_booked_on_the_internet_says_so(program: Program, hall: Hall) -> None:
    walk_in = next(service for service in hall.branch.services.values() if service.mode == "walkin_only")
    answer = program.get(f"{EMBASSY}/services/{walk_in.slug}/slots")
    assert (answer.status, answer.code) == (409, "booking-walkin-only")


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-23", "to": "2026-11-22"},
        {"from": "2026-11-23", "to": "2027-11-22"},
        {"from": "tomorrow"},
        {"from": "0"},
        {"from": "2026-02-30"},
        {"from": "9999-12-31"},
        {"until": "2026-11-22"},
        {"from": ["2026-11-22", "2026-11-23"]},
    ],
)
def test_days_that_are_none_are_refused(program: Program, query: dict[str, str]) -> None:
    assert program.get(f"{EMBASSY}/services/attest-single/slots", **query).status == 422


def test_queues_show_what_screens_show(program: Program, kiosk: Program, hall: Hall) -> None:
    kiosk.take()
    hall.sit(hall.person("nour"), "c4")
    queues = {queue["queue"]: queue for queue in program.get(f"{EMBASSY}/queues").body["queues"]}
    assert queues["q-attest"]["waiting"] == 1
    served = [hall.branch.queues[queue].slug for queue in hall.branch.counters[hall.counter("c4")].queues]
    assert {slug for slug, queue in queues.items() if queue["open_counters"]} == set(served) & set(queues)


# ---------------------------------------------------------------- bookings


def test_a_booking_from_hold_to_cancellation(program: Program) -> None:
    first, second, *_ = program.slots(**{"from": "2026-11-23", "to": "2026-11-23"})
    held = program.hold(first)
    assert (held.status, held.body["state"], held.body["starts_at"]) == (201, "held", first)
    address = f"bookings/{held.body['token']}"
    assert first in program.slots(**{"from": "2026-11-23", "to": "2026-11-23"}) or held.body["held_until"]
    assert program.post(f"{address}/confirmation").body["state"] == "confirmed"
    assert program.post(f"{address}/confirmation", {}).body["state"] == "confirmed"
    moved = program.send("PUT", f"{address}/start", {"starts_at": second})
    assert (moved.body["starts_at"], moved.body["changes"]) == (second, 1)
    assert program.get(address).body == moved.body
    assert program.delete(address).body["state"] == "cancelled"
    assert program.delete(address).body["state"] == "cancelled"
    assert program.post(f"{address}/confirmation").status == 409


def test_what_was_made_says_where_it_is_found(program: Program, kiosk: Program) -> None:
    held = program.hold(program.slots()[0])
    assert program.get(held.headers["location"]).body == held.body
    taken = kiosk.post(f"{EMBASSY}/tickets", {"request_id": "c" * 16, "service": "attest-single"})
    assert program.get(taken.headers["location"]).body["token"] == taken.body["token"]


@pytest.mark.parametrize("path", ["branches", f"{EMBASSY}/services"])
def test_whoever_asks_again_is_not_sent_the_same_again(program: Program, path: str) -> None:
    first = program.get(path)
    again = program.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body, again.headers["etag"]) == (304, None, first.headers["etag"])
    assert program.get(path, headers={"if-none-match": '"another"'}).body == first.body


def test_a_refusal_has_the_title_of_its_status_and_no_marks_of_direction(program: Program) -> None:
    refused = program.get(f"{EMBASSY}/services/attest-single/slots", **{"from": "2026-11-23", "to": "2030-01-01"})
    assert (refused.status, refused.body["title"]) == (422, "Unprocessable Entity")
    assert "62" in refused.body["detail"]
    assert not any(mark in refused.body["detail"] for mark in "\u2066\u2067\u2068\u2069")


def test_answers_carry_neither_name_nor_contact(program: Program) -> None:
    held = program.hold(program.slots()[0], name="Salma Atassi", contact="salma@example.org")
    shown = program.get(f"bookings/{held.body['token']}")
    assert "Salma" not in str(held.body) + str(shown.body)
    assert "salma@" not in str(held.body) + str(shown.body)


def test_the_same_request_holds_once(program: Program, hall: Hall) -> None:
    request_id, start = str(uuid.uuid4()), program.slots()[0]
    first = program.hold(start, request_id=request_id)
    before = facts(hall)
    assert program.hold(start, request_id=request_id).body == first.body
    assert facts(hall) == before
    other = program.hold(program.slots()[1], request_id=request_id)
    assert (other.status, other.code) == (409, "request-reused")


def test_times_are_compared_as_instants(program: Program) -> None:
    start = datetime.fromisoformat(program.slots()[0])
    held = program.hold(f"{start - timedelta(hours=3):%Y-%m-%dT%H:%M}Z")
    assert datetime.fromisoformat(held.body["starts_at"]) == start


@pytest.mark.parametrize(
    ("starts_at", "status", "code"),
    [
        ("2026-11-22T06:00:00Z", 409, "slot-past"),
        ("2020-01-01T09:00:00Z", 409, "slot-past"),
        # A Friday: closed.
        ("2026-11-27T09:00:00+03:00", 422, "slot-unknown"),
        ("2026-11-23T09:01:00+03:00", 422, "slot-unknown"),
        ("2026-11-23T03:00:00+03:00", 422, "slot-unknown"),
    ],
)
def test_times_that_are_not_offered_are_refused(
    program: Program, hall: Hall, starts_at: str, status: int, code: str
) -> None:
    before = facts(hall)
    answer = program.hold(starts_at)
    assert (answer.status, answer.code) == (status, code)
    assert facts(hall) == before


def test_a_name_that_is_none_is_told_by_its_field(program: Program) -> None:
    answer = program.hold(program.slots()[0], name="7")
    assert (answer.status, answer.code, answer.body["field"]) == (422, "name-signs", "name")


# ---------------------------------------------------------------- tickets


def test_numbers_are_taken_on_the_spot(program: Program, hall: Hall) -> None:
    before = facts(hall)
    answer = program.take()
    assert (answer.status, answer.code) == (403, "tickets-on-the-spot")
    assert facts(hall) == before
    allow_remote_tickets(hall)
    assert program.take().status == 201


def test_a_ticket_from_the_number_to_leaving(kiosk: Program, program: Program) -> None:
    first, second = kiosk.take(), kiosk.take()
    assert [first.body["ahead"], second.body["ahead"]] == [0, 1]
    shown = program.get(f"tickets/{second.body['token']}")
    assert shown.body == second.body
    assert program.delete(f"tickets/{first.body['token']}").body["state"] == "left"
    assert program.delete(f"tickets/{first.body['token']}").body["state"] == "left"
    assert program.get(f"tickets/{second.body['token']}").body["ahead"] == 0


def test_a_called_ticket_cannot_leave_and_names_its_counter(kiosk: Program, program: Program, hall: Hall) -> None:
    taken = kiosk.take()
    hall.call_next(hall.sit(hall.person("nour"), "c4"))
    shown = program.get(f"tickets/{taken.body['token']}").body
    assert (shown["state"], shown["ahead"]) == ("called", None)
    assert shown["counter"] == hall.branch.counter("c4").number
    assert program.delete(f"tickets/{taken.body['token']}").code == "ticket-step"


def test_the_same_request_ten_times_at_once_gives_one_ticket_and_one_slip(kiosk: Program, hall: Hall) -> None:
    body = {"request_id": str(uuid.uuid4()), "service": "attest-single", "slip": True}
    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0]
    found_at = {"transport": "tcp9100", "host": "127.0.0.1", "port": 9}
    hall.db.write_in_now(hall.branch.id, printers.set_printer, hall.branch.id, printer.id, found_at)
    kiosk.get("branches")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: kiosk.post(f"{EMBASSY}/tickets", body), range(10)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["token"] for answer in answers}) == 1
    assert len(hall.db.read_now(line.open_tickets, hall.branch.id)) == 1
    assert hall.db.read_now(lambda tx: len(tx.rows(sa.select(table(PrintJob).c.id)))) == 1


def test_the_same_request_cannot_be_for_another_service(kiosk: Program, hall: Hall) -> None:
    request_id = str(uuid.uuid4())
    other = next(service for service in hall.branch.services.values() if service.walk_in)
    assert other.slug != "attest-single"
    kiosk.take(request_id=request_id)
    assert kiosk.take(other.slug, request_id=request_id).code == "request-reused"


def test_slips_come_out_of_kiosks_alone(program: Program, hall: Hall) -> None:
    allow_remote_tickets(hall)
    assert program.take(slip=True).code == "slip-at-kiosks"
    assert hall.db.read_now(line.open_tickets, hall.branch.id) == []


def test_a_kiosk_of_another_branch_is_refused(kiosk: Program, hall: Hall) -> None:
    other = kiosk.post("branches/mobile-consulate/tickets", {"request_id": "x" * 16, "service": "attest-single"})
    assert other.status in (403, 404)
    assert hall.db.read_now(line.open_tickets, hall.branch.id) == []


def test_reception_gives_numbers_and_the_log_names_it(program: Program, hall: Hall) -> None:
    assert program.sign_in("rana").take().status == 201
    assert program.sign_in("layla").take().status == 201
    assert program.sign_in("rana").take("travel-doc").status == 201


def test_only_reception_gives_numbers_for_what_only_staff_give(kiosk: Program) -> None:
    assert kiosk.take("travel-doc").code == "number-by-reception"


@pytest.mark.parametrize("token", ["x", "Ω", "a b"])
def test_a_token_that_is_none_is_no_visitor_without_one(program: Program, hall: Hall, token: str) -> None:
    allow_remote_tickets(hall)
    body = {"request_id": "x" * 16, "service": "attest-single"}
    answer = program.post(f"{EMBASSY}/tickets", body, headers={"authorization": f"Bearer {token}"})
    assert (answer.status, answer.code) == (401, "signed-out")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_numbers_from_afar_are_limited(program: Program, hall: Hall) -> None:
    allow_remote_tickets(hall)
    assert {program.take("attest-single").status for _ in range(60)} == {201}
    assert program.take().status == 429


def test_closed_is_closed(kiosk: Program, clock: FrozenClock) -> None:
    clock.move(timedelta(hours=14))
    assert kiosk.take().code == "closed"


def test_a_booking_becomes_a_ticket_when_its_visitor_has_come(
    kiosk: Program, program: Program, hall: Hall, clock: FrozenClock
) -> None:
    held = program.hold(program.slots(**{"from": "2026-11-23", "to": "2026-11-23"})[0])
    address = f"bookings/{held.body['token']}"
    program.post(f"{address}/confirmation")
    assert kiosk.post(f"{address}/ticket", {"slip": True}).code == "too-early"
    clock.set(datetime.fromisoformat(held.body["starts_at"]) - timedelta(minutes=5))
    assert program.post(f"{address}/ticket").code == "tickets-on-the-spot"
    ticket = kiosk.post(f"{address}/ticket", {"slip": True})
    assert (ticket.status, ticket.body["state"]) == (201, "waiting")
    assert kiosk.post(f"{address}/ticket").body["token"] == ticket.body["token"]
    assert program.get(address).body["state"] == "checked_in"


@pytest.mark.parametrize("path", ["tickets/{}", "bookings/{}"])
@pytest.mark.parametrize("token", ["nobody", "KEY", "KEY%00", "KEY%00%00", "KEY%FF", "KEY%ED%A0%80"])
def test_foreign_secrets_open_nothing(program: Program, hall: Hall, path: str, token: str) -> None:
    answer = program.get(path.format(token.replace("KEY", hall.branch.key)))
    assert answer.status == 404


def test_unknown_places_are_not_found(program: Program) -> None:
    assert program.get("branches/nowhere/services").code == "branch"
    assert program.get(f"{EMBASSY}/services/nothing/slots").code == "service"
    assert program.hold("2026-11-23T09:00:00+03:00", service="nothing").code == "service"
    assert program.hold("2026-11-23T09:00:00+03:00", service=str(uuid.uuid4())).code == "service"


def test_a_language_that_the_branch_does_not_speak_is_refused(kiosk: Program) -> None:
    assert kiosk.take(language="en").status == 201
    assert (kiosk.take(language="xx").status, kiosk.take(language="xx").body["field"]) == (422, "language")
