"""The API for staff: sessions, counters, actions on tickets. Every answer is checked against the OpenAPI document."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.queries import line
from queue_system.surfaces.api import operations
from queue_system.surfaces.api.operation import Key, Operation
from tests.kit.api_program import BASE, EMBASSY, Program, facts, kiosk_token
from tests.kit.hall import PASSWORD, Hall
from tests.kit.people import let_choose
from tests.kit.web_hall import application, furnished

COUNTER = f"{EMBASSY}/counters/c4"
NOBODY = {"expected": None}


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        client.headers.pop("sec-fetch-site")
        yield client, hall


@pytest.fixture
def program(here: tuple[TestClient, Hall]) -> Program:
    return Program(here[0])


@pytest.fixture
def layla(program: Program) -> Program:
    """A clerk's program, at counter 4."""
    clerk = program.sign_in("layla")
    assert clerk.post(f"{COUNTER}/sitting").status == 200
    return clerk


# ---------------------------------------------------------------- signing in


def test_a_session_lasts_until_it_is_ended(program: Program) -> None:
    clerk = program.sign_in()
    assert clerk.get(f"{EMBASSY}/counters").status == 200
    assert clerk.delete("sessions/current").body == {"signed_out": True}
    assert clerk.get(f"{EMBASSY}/counters").code == "signed-out"


def test_a_session_that_is_left_idle_ends(program: Program, clock: FrozenClock) -> None:
    clerk = program.sign_in()
    for _ in range(3):
        clock.move(timedelta(minutes=20))
        assert clerk.get(f"{EMBASSY}/counters").status == 200
    clock.move(timedelta(minutes=31))
    assert clerk.get(f"{EMBASSY}/counters").status == 401


@pytest.mark.parametrize(("login", "password"), [("layla", "wrong"), ("nobody", PASSWORD), ("layla2", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_look_the_same(program: Program, login: str, password: str) -> None:
    answer = program.post("sessions", {"login": login, "password": password})
    assert (answer.status, answer.code) == (401, "sign-in-wrong")


def test_tries_are_limited(program: Program) -> None:
    answers = [program.post("sessions", {"login": "layla", "password": "wrong"}) for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    # Now the right password does not help either.
    assert program.post("sessions", {"login": "layla", "password": PASSWORD}).status == 429


@pytest.mark.parametrize("login", ["", "a\x00b", "x" * 201])
def test_names_that_cannot_be_are_refused(program: Program, login: str) -> None:
    assert program.post("sessions", {"login": login, "password": "x"}).wrong == {"login": "format"}


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("operation", [o for o in operations if o.key is Key.STAFF], ids=lambda o: o.name)
def test_nobody_but_staff_gets_in(program: Program, hall: Hall, operation: Operation) -> None:
    path = BASE + operation.path.format(branch="doha-main", counter="c4")
    body = BODIES.get(path.rpartition("/")[2], NOBODY) if operation.has_body else None
    body = None if path.endswith(("/sitting", "/alarms", "/answers")) else body
    before = facts(hall)
    assert program.send(operation.method, path, body).status == 401
    assert Program(program.client, "made-up").send(operation.method, path, body).status == 401
    assert Program(program.client, kiosk_token(hall)).send(operation.method, path, body).status == 401
    # Making the kiosk's token adds one entry to its branch; nothing else has happened.
    before[hall.branch.id] += 1
    assert facts(hall) == before
    if path.endswith(("/current", "/raises", "/appointments", "/search", "/arrivals")):
        # Requests that reception staff may send too.
        return
    if operation.name.endswith(("-alarms", "-alarm")) and operation.name != "raise-alarm":
        # Whoever sees the hall sees calls for help there, and goes.
        return
    # Reception staff are not at a counter; another branch is answered as one that does not exist.
    reception = program.sign_in("rana")
    assert reception.send(operation.method, path, body).code == "not-allowed"


BODIES = {
    "search": {"text": "nobody"},
    "arrivals": {"code": "no code"},
    "raises": {"ticket": str(uuid.uuid4()), "priority": "bereavement", "reason": "seen"},
    "transfers": {"expected": None, "service": "attest-single"},
    "services": {"expected": None, "service": "poa"},
    "returns": {"ticket": str(uuid.uuid4())},
    "notes": {"expected": None, "text": "x"},
    "breaks": {"reason": "prayer", "minutes": 20},
}


# ---------------------------------------------------------------- a day at a counter


def test_a_visit_from_the_call_to_its_end(layla: Program, hall: Hall, program: Program, clock: FrozenClock) -> None:
    issued = hall.issue().ticket
    called = layla.post(f"{COUNTER}/calls", NOBODY).body
    assert (called["ticket"]["code"], called["ticket"]["state"]) == (issued.code, "called")
    here = {"expected": called["expected"]}
    assert layla.post(f"{COUNTER}/recalls", here).code == "recall-too-soon"
    clock.move(timedelta(seconds=15))
    assert layla.post(f"{COUNTER}/recalls", here).body["ticket"]["calls"] == 2
    assert layla.post(f"{COUNTER}/starts", here).body["ticket"]["state"] == "serving"
    desk = layla.get(COUNTER).body
    assert (desk["current"]["id"], desk["counter"]["mine"]) == (called["expected"], True)
    assert layla.post(f"{COUNTER}/services", here | {"service": "poa"}).body["ticket"]["state"] == "serving"
    done = layla.post(f"{COUNTER}/finishes", here | {"outcome": "documents_missing"}).body
    assert (done["ticket"]["state"], done["expected"]) == ("served", None)
    assert program.get(f"tickets/{issued.token}").body["state"] == "served"


def test_nobody_waits(layla: Program) -> None:
    assert layla.post(f"{COUNTER}/calls", NOBODY).body == {"ticket": None, "expected": None}


def test_a_repeated_call_is_stale_and_calls_nobody(layla: Program, hall: Hall) -> None:
    hall.issue()
    hall.issue()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: layla.post(f"{COUNTER}/calls", NOBODY), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert {answer.code for answer in answers if answer.status == 409} == {"desk-stale"}
    assert layla.get(COUNTER).body["waiting"] == 1


def test_park_and_call_back(layla: Program, hall: Hall) -> None:
    hall.issue()
    called = layla.post(f"{COUNTER}/calls", NOBODY).body
    assert layla.post(f"{COUNTER}/parkings", {"expected": called["expected"]}).body["expected"] is None
    parked = layla.get(COUNTER).body["parked"]
    assert [ticket["id"] for ticket in parked] == [called["expected"]]
    again = layla.post(f"{COUNTER}/calls", {"expected": None, "ticket": called["expected"]}).body
    # The visitor who was at the counter has missed no call.
    assert again["ticket"]["calls"] == 1


def test_who_was_called_too_seldom_or_too_lately_is_passed_over(layla: Program, hall: Hall) -> None:
    hall.issue()
    called = layla.post(f"{COUNTER}/calls", NOBODY).body
    assert layla.post(f"{COUNTER}/absences", {"expected": called["expected"]}).body["ticket"]["state"] == "waiting"
    assert [ticket["id"] for ticket in layla.get(COUNTER).body["line"]] == [called["expected"]]


def test_the_next_is_called_only_when_it_is_said_what_became_of_the_one_before(layla: Program, hall: Hall) -> None:
    for _ in range(3):
        hall.issue()
    first = layla.post(f"{COUNTER}/calls", NOBODY).body
    here = {"expected": first["expected"]}
    assert layla.post(f"{COUNTER}/calls", here).code == "visitor-not-begun"
    assert layla.post(f"{COUNTER}/calls", here | {"current": "gone"}).wrong == {"current": "choice"}
    second = layla.post(f"{COUNTER}/calls", here | {"current": "absent"}).body
    assert second["expected"] not in (None, first["expected"])
    desk = layla.get(COUNTER).body
    # The absent visitor is behind the others.
    assert [ticket["id"] for ticket in desk["line"]][-1] == first["expected"]


def test_out_of_turn_takes_a_right_and_a_reason(layla: Program, hall: Hall) -> None:
    hall.issue()
    second = hall.issue().ticket
    wanted = {"expected": None, "ticket": str(second.id)}
    assert layla.post(f"{COUNTER}/calls", wanted | {"reason": "unwell"}).code == "choose-not-allowed"
    let_choose(hall, "layla")
    assert layla.post(f"{COUNTER}/calls", wanted).code == "call-reason-missing"
    assert layla.post(f"{COUNTER}/calls", wanted | {"reason": "friend"}).wrong == {"reason": "choice"}
    assert layla.post(f"{COUNTER}/calls", wanted | {"reason": "unwell"}).body["ticket"]["id"] == str(second.id)


def test_a_program_raises_and_takes_back(layla: Program, hall: Hall, program: Program) -> None:
    hall.issue()
    urgent = hall.issue().ticket
    body = {"ticket": str(urgent.id), "priority": "bereavement", "reason": "document"}
    reception = program.sign_in("rana")
    assert reception.post(f"{EMBASSY}/raises", body).body["ticket"]["priority"] == "bereavement"
    assert reception.post(f"{EMBASSY}/raises", body).code == "raise-not-heavier"
    called = layla.post(f"{COUNTER}/calls", NOBODY).body
    assert called["expected"] == str(urgent.id)
    assert layla.post(f"{COUNTER}/take-backs", {"expected": called["expected"]}).body["ticket"]["state"] == "waiting"
    assert layla.post(f"{COUNTER}/take-backs", NOBODY).code == "take-back-nothing"


def test_who_did_not_come_can_come_back(layla: Program, hall: Hall, clock: FrozenClock) -> None:
    hall.issue()
    called = layla.post(f"{COUNTER}/calls", NOBODY).body
    for _ in range(2):
        clock.move(timedelta(seconds=15))
        layla.post(f"{COUNTER}/recalls", {"expected": called["expected"]})
    clock.move(timedelta(minutes=5))
    assert layla.post(f"{COUNTER}/absences", {"expected": called["expected"]}).body["ticket"]["state"] == "no_show"
    assert [ticket["id"] for ticket in layla.get(COUNTER).body["missed"]] == [called["expected"]]
    back = layla.post(f"{COUNTER}/returns", {"ticket": called["expected"]}).body
    assert (back["ticket"]["state"], back["expected"]) == ("waiting", None)


def test_transfer_to_another_service(layla: Program, hall: Hall) -> None:
    other = next(service for service in hall.branch.services.values() if service.walk_in)
    hall.issue()
    called = layla.post(f"{COUNTER}/calls", NOBODY).body
    sent = layla.post(f"{COUNTER}/transfers", {"expected": called["expected"], "service": other.slug}).body
    assert (sent["ticket"]["service"], sent["ticket"]["state"]) == (other.slug, "waiting")


def test_transfer_to_whoever_sits_at_another_counter(layla: Program, hall: Hall) -> None:
    hall.issue()
    called = layla.post(f"{COUNTER}/calls", NOBODY).body
    send = {"expected": called["expected"], "service": "attest-single"}
    assert layla.post(f"{COUNTER}/transfers", send | {"to_person": True}).status == 404
    to = send | {"to_counter": "c5", "to_person": True}
    assert layla.post(f"{COUNTER}/transfers", to).code == "reserve-closed"
    nour = hall.person("nour")
    hall.sit(nour, "c5")
    assert layla.post(f"{COUNTER}/transfers", to).body["ticket"]["state"] == "waiting"
    [sent] = hall.db.read_now(line.in_hall, hall.branch)
    assert (sent.reserved_counter_id, sent.reserved_staff_id) == (None, nour)


@pytest.mark.parametrize("act", ["recalls", "starts", "finishes", "absences", "parkings"])
def test_without_a_visitor_nothing_can_be_done(layla: Program, act: str) -> None:
    assert layla.post(f"{COUNTER}/{act}", NOBODY).code == "nobody-at-counter"
    assert layla.post(f"{COUNTER}/{act}", {"expected": str(uuid.uuid4())}).code == "desk-stale"


@pytest.mark.parametrize(
    ("act", "body", "wrong"),
    [
        ("calls", {}, {"expected": "missing"}),
        ("calls", {"expected": "A001"}, {"expected": "format"}),
        ("calls", {"expected": "{" + str(uuid.UUID(int=0)) + "}"}, {"expected": "format"}),
        ("calls", {"expected": False}, {"expected": "type"}),
        ("finishes", {"expected": None, "outcome": 7}, {"outcome": "type"}),
        ("starts", {"expected": None, "ticket": None}, {"ticket": "unknown"}),
        ("transfers", {"expected": None, "service": 7}, {"service": "type"}),
    ],
)
def test_what_is_sent_is_read_strictly(
    layla: Program, act: str, body: dict[str, object], wrong: dict[str, str]
) -> None:
    assert layla.post(f"{COUNTER}/{act}", body).wrong == wrong


def test_a_transfer_needs_a_goal(layla: Program) -> None:
    answer = layla.post(f"{COUNTER}/transfers", NOBODY)
    assert (answer.status, answer.code) == (422, "service-not-chosen")


def test_a_break_begins_and_ends(layla: Program, hall: Hall) -> None:
    said = {"reason": "prayer", "minutes": 20}
    assert layla.post(f"{COUNTER}/breaks", said | {"minutes": 0}).wrong.keys() == {"minutes"}
    assert layla.post(f"{COUNTER}/breaks", said).status == 200
    assert layla.delete(f"{COUNTER}/breaks").status == 200
    kinds = [entry.kind for entry in hall.db.read_now(log.after, hall.branch.id, 0)]
    assert kinds[-2:] == ["counter.paused", "counter.resumed"]


def test_foreign_ids_are_not_found(layla: Program) -> None:
    assert layla.post(f"{COUNTER}/calls", {"expected": None, "ticket": str(uuid.uuid4())}).code == "ticket"
    assert layla.post(f"{COUNTER}/returns", {"ticket": str(uuid.uuid4())}).code == "ticket"
    assert layla.get(f"{EMBASSY}/counters/c99").code == "counter"
    assert layla.get("branches/nowhere/counters").code == "branch"


def test_a_counter_belongs_to_who_sits_there(layla: Program, program: Program) -> None:
    omar = program.sign_in("omar")
    assert omar.post(f"{COUNTER}/sitting").code == "counter-taken"
    assert omar.post(f"{COUNTER}/calls", NOBODY).code == "not-your-counter"
    assert omar.delete(f"{COUNTER}/sitting").code == "not-your-counter"
    counters = {counter["counter"]: counter for counter in omar.get(f"{EMBASSY}/counters").body["counters"]}
    assert (counters["c4"]["open"], counters["c4"]["mine"]) == (True, False)
    assert layla.delete(f"{COUNTER}/sitting").body["counter"]["open"] is False
    assert omar.post(f"{COUNTER}/sitting").body["counter"]["mine"] is True


def test_a_counter_with_a_visitor_is_not_left(layla: Program, hall: Hall) -> None:
    hall.issue()
    layla.post(f"{COUNTER}/calls", NOBODY)
    assert layla.delete(f"{COUNTER}/sitting").code == "counter-busy"
