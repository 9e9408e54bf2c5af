"""People in line in the office: listed with what a change takes away, decided with the save or from Today."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from tests.kit.editing_flow import send, through
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import another, sign_in

CLOSING = "/office/closing/doha-main"
UNDECIDED = "/office/undecided"
LINE = "line-closed/doha-main/q-legal"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


@pytest.fixture
def today(clock: FrozenClock) -> list[tuple[str, str]]:
    """The form that closes today."""
    day = f"{clock.now().date()}"
    names = {"names.ar": "طارئ", "names.en": "Emergency"}
    return [("first", day), ("last", ""), ("for", "branch"), ("closes", ""), ("opens", ""), *names.items()]


def state(hall: Hall, ticket: TicketView) -> TicketState:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id).state


def test_they_are_listed_and_decided_by_line_or_one_by_one(
    client: TestClient, hall: Hall, today: list[tuple[str, str]]
) -> None:
    ended, served = hall.issue("legal-advice").ticket, hall.issue("legal-advice").ticket
    page = send(client, CLOSING, today).text
    assert "visitors in line lose what they wait for" in page
    assert f'name="{LINE}"' in page
    assert ended.code in page
    # Nothing is given on a closed day, so nobody can be sent anywhere.
    assert "send:" not in page
    decided = {LINE: "end", f"ticket-{served.id}": "serve"}
    assert through(client, CLOSING, today, **decided).status_code == 303
    assert (state(hall, ended), state(hall, served)) == (TicketState.VOID, TicketState.WAITING)
    telephone = another(client)
    telephone.cookies.set("language", "en")
    assert "can no longer be served today" in telephone.get(f"/t/{ended.token}?lang=en").text
    assert "can no longer be served today" not in telephone.get(f"/t/{served.token}?lang=en").text
    assert "is no longer served" not in client.get("/office").text


def test_who_is_put_off_is_on_today_until_somebody_decides(
    client: TestClient, hall: Hall, today: list[tuple[str, str]]
) -> None:
    ticket = hall.issue("legal-advice").ticket
    assert through(client, CLOSING, today).status_code == 303
    assert "One visitor in line is no longer served" in client.get("/office").text
    listed = client.get(UNDECIDED).text
    assert ticket.code in listed
    assert f'name="{LINE}"' in listed
    answer = client.post(f"{UNDECIDED}/doha-main/line", data={LINE: "end"})
    assert answer.status_code == 303
    assert state(hall, ticket) is TicketState.VOID
    assert ticket.code not in client.get(answer.headers["location"]).text


def test_only_who_may_decide_on_appointments_decides_on_people_in_line(
    client: TestClient, hall: Hall, today: list[tuple[str, str]]
) -> None:
    ticket = hall.issue("legal-advice").ticket
    hall.person("nour", ((hall.branch.id, add_role(hall, "closers", "close_day")),))
    closer = another(client)
    sign_in(closer, "nour", "en")
    page = send(closer, CLOSING, today).text
    assert ticket.code in page
    assert 'value="end"' not in page
    assert through(closer, CLOSING, today, **{LINE: "end"}).status_code == 403
    assert through(closer, CLOSING, today).status_code == 303
    assert state(hall, ticket) is TicketState.WAITING
    assert closer.post(f"{UNDECIDED}/doha-main/line", data={LINE: "end"}).status_code == 403
